//! An unverified registration claims an address and holds nothing of it.

use chrono::TimeDelta;
use enroll::domain::limits::LimitName;

use enroll::proto::v1;

use super::{by_id, by_password, confirmation, logs_in, only, register_in, registered, tokens, verified};
use crate::support::requests::{PASSWORD, create, field, password};
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused, sent};

on_both_engines!(
    a_person_registers_verifies_and_logs_in,
    who_verifies_first_has_the_address,
    a_claim_keeps_nobody_out,
    a_held_address_is_told_where_the_realm_tells,
    a_claim_ends_with_its_account,
    a_verified_account_outlives_its_claim,
    a_verified_address_needs_no_user_name,
    half_of_a_verification_ends_with_the_other_half,
    what_nobody_verifies_is_held_at_once,
    a_claim_lives_as_long_as_its_token,
    a_refused_registration_uses_up_no_message,
);

async fn a_person_registers_verifies_and_logs_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let request = v1::RegisterAccountRequest { auto_login: true, ..register_in(&realm_id, "Ada@Example.com") };
    let answer = registered(&client, request).await;
    assert_eq!(answer.outcome(), v1::Outcome::Created);
    assert_eq!(answer.session, None, "nobody is logged in before they are verified");
    let verification = only(&answer.verifications);
    assert_eq!(verification.kind(), v1::VerificationKind::Email);
    assert!(verification.verification_id.starts_with("enroll_verification_"));
    assert_eq!((verification.token.as_str(), verification.url.as_str()), ("", ""), "these are in the mail only");
    let account = answer.account.expect("an account");
    assert_eq!((account.state(), account.verification_required), (v1::AccountState::PendingVerification, true));
    let seconds = |time: Option<prost_types::Timestamp>| time.expect("a time").seconds;
    assert_eq!(seconds(verification.expire_time) - seconds(account.create_time), 7_200);
    assert!(!logs_in(&client, &realm_id, "ada@example.com").await);

    let token = confirmation(&app, "Ada@Example.com").await;
    let confirm = by_id(&token, &verification.verification_id);
    let answer = made(client.registration().confirm_verification(confirm).await);
    assert_eq!(answer.kind(), v1::VerificationKind::Email);
    let account = answer.account.expect("an account");
    assert_eq!((account.state(), account.verification_required), (v1::AccountState::Active, false));
    assert!(account.email.expect("an address").verified);
    assert!(logs_in(&client, &realm_id, "ada@example.com").await);
    assert_eq!(app.database().count("identifiers WHERE held").await, 1);
}

async fn who_verifies_first_has_the_address(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(only(&registered(&client, register_in(&realm_id, "ada@example.com")).await.verifications));
    }
    let mails = tokens(&app, "ada@example.com", "enroll_confirm_").await;
    assert_eq!(mails.len(), 2, "every claim has a mail of its own");
    let pairs = [(0, 0), (0, 1), (1, 0), (1, 1)];
    let mut confirmed = 0;
    for (id, token) in pairs {
        let request = by_id(&mails[token], &ids[id].verification_id);
        match client.registration().confirm_verification(request).await {
            Ok(_) => confirmed += 1,
            Err(status) => {
                let told = crate::support::told::read(&status);
                let expected = ["VERIFICATION_TOKEN_INVALID", "VERIFICATION_TOKEN_SUPERSEDED"];
                assert!(expected.contains(&told.reason.as_str()), "{told}");
            }
        }
    }
    assert_eq!(confirmed, 1);
    assert_eq!(app.database().count("accounts WHERE state = 'ACTIVE'").await, 1);
    assert_eq!(app.database().count("verifications WHERE void_time IS NOT NULL").await, 1);
}

async fn a_claim_keeps_nobody_out(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let create =
        v1::CreateAccountRequest { realm_id: realm_id.clone(), email_verified: true, ..create("ada@example.com") };
    made(app.operator().accounts().create_account(create).await);
    let told = refused(client.registration().register_account(register_in(&realm_id, "ADA@example.com")).await);
    assert_eq!(told.reason, "EMAIL_ALREADY_EXISTS");
}

async fn a_held_address_is_told_where_the_realm_tells(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let with_name = |name: &str, address: &str| v1::RegisterAccountRequest {
        profile: Some(v1::Profile { user_name: name.to_owned(), ..Default::default() }),
        ..register_in(&realm_id, address)
    };
    let first = registered(&client, with_name("ada", "ada@example.com")).await;
    let told = refused(client.registration().register_account(with_name("ADA", "other@example.com")).await);
    assert_snapshot!(told, @r#"
    AlreadyExists USER_NAME_ALREADY_EXISTS: The user name belongs to another account.
      field = profile.user_name
    field profile.user_name USER_NAME_ALREADY_EXISTS: The user name belongs to another account.
    resource enroll.v1.Account ""
    "#);
    let token = confirmation(&app, "ada@example.com").await;
    let id = only(&first.verifications).verification_id;
    made(client.registration().confirm_verification(by_id(&token, &id)).await);
    let told = refused(client.registration().register_account(with_name("Ada", "ada@example.com")).await);
    assert_eq!(told.reason, "MULTIPLE_IDENTIFIERS_EXIST");
    let faults = ["email EMAIL_ALREADY_EXISTS", "profile.user_name USER_NAME_ALREADY_EXISTS"];
    assert_eq!(told.faults(), faults);
}

async fn a_claim_ends_with_its_account(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { account_quota: 1, ..verified() }).await;
    let client = app.app(&[]).await;
    let request = v1::RegisterAccountRequest {
        profile: Some(v1::Profile { user_name: "ada".to_owned(), ..Default::default() }),
        ..register_in(&realm_id, "ada@example.com")
    };
    registered(&client, request.clone()).await;
    let end_claims = async || app.house().provisioning().end_claims(100).await.expect("a sweep");
    assert_eq!(end_claims().await, 0, "it has not ended");
    app.clock().advance(TimeDelta::hours(25));
    assert_eq!(end_claims().await, 1);
    for rows in ["accounts", "identifiers", "credentials", "tenant_quota_uses WHERE used > 0"] {
        assert_eq!(app.database().count(rows).await, 0, "{rows}");
    }
    assert_eq!(app.database().count("events WHERE kind = 'account.expired'").await, 1);
    registered(&client, request).await;
}

async fn a_verified_account_outlives_its_claim(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
    registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let token = tokens(&app, "ada@example.com", "enroll_confirm_").await;
    let id = only(&answer.verifications).verification_id;
    for token in token {
        let _ = client.registration().confirm_verification(by_id(&token, &id)).await;
    }
    app.clock().advance(TimeDelta::hours(25));
    app.house().provisioning().end_claims(100).await.expect("a sweep");
    assert_eq!(app.database().count("accounts").await, 1, "the rival is gone");
    assert!(logs_in(&client, &realm_id, "ada@example.com").await);
}

async fn a_verified_address_needs_no_user_name(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let nameless = v1::RegisterAccountRequest {
        realm_id: realm_id.clone(),
        profile: Some(v1::Profile { user_name: "ada".to_owned(), ..Default::default() }),
        password: password(PASSWORD),
        ..Default::default()
    };
    let told = refused(client.registration().register_account(nameless).await);
    assert_eq!(told.faults(), ["email FIELD_REQUIRED"], "there would be nothing to verify");
    // An application that vouches for an address needs no token.
    let vouched =
        v1::CreateAccountRequest { realm_id: realm_id.clone(), email_verified: true, ..create("ada@example.com") };
    let answer = made(app.operator().accounts().create_account(vouched).await);
    assert_eq!(answer.verifications, []);
    assert!(logs_in(&client, &realm_id, "ada@example.com").await);
    // One that does not gets an account to be verified, which holds its address from the beginning.
    let answer = made(
        app.operator()
            .accounts()
            .create_account(v1::CreateAccountRequest { realm_id: realm_id.clone(), ..create("bea@example.com") })
            .await,
    );
    assert_eq!(answer.outcome(), v1::Outcome::Created);
    let told = refused(client.registration().register_account(register_in(&realm_id, "bea@example.com")).await);
    assert_eq!(told.reason, "EMAIL_ALREADY_EXISTS");
    let token = confirmation(&app, "bea@example.com").await;
    made(client.registration().confirm_verification(by_password(&token, PASSWORD)).await);
    assert!(logs_in(&client, &realm_id, "bea@example.com").await);
}

async fn half_of_a_verification_ends_with_the_other_half(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { verify_phone: true, ..verified() }).await;
    let client = app.app(&[]).await;
    let request =
        v1::RegisterAccountRequest { phone: "+4520123456".to_owned(), ..register_in(&realm_id, "ada@example.com") };
    let answer = registered(&client, request).await;
    assert_eq!(answer.verifications.len(), 2);
    let token = confirmation(&app, "ada@example.com").await;
    let confirmed =
        made(client.registration().confirm_verification(by_id(&token, &answer.verifications[0].verification_id)).await);
    assert_eq!(confirmed.account.expect("an account").state(), v1::AccountState::PendingVerification);
    app.clock().advance(TimeDelta::hours(25));
    assert_eq!(app.house().provisioning().end_claims(100).await.expect("a sweep"), 1);
    assert_eq!(app.database().count("accounts").await, 0);
    assert_eq!(app.house().provisioning().end_claims(100).await.expect("a sweep"), 0);
}

async fn what_nobody_verifies_is_held_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let unique = v1::ContractField { unique: true, ..field("phone.number") };
    let fields = ["email.address", "password"].map(field).into_iter().chain([unique]).collect();
    let contract_id = app.contract(v1::Contract { fields, ..Default::default() }).await;
    let client = app.app(&[]).await;
    let with_phone = |address: &str| v1::RegisterAccountRequest {
        contract_id: contract_id.clone(),
        phone: "+4520123456".to_owned(),
        ..register_in(&realm_id, address)
    };
    registered(&client, with_phone("ada@example.com")).await;
    let told = refused(client.registration().register_account(with_phone("bea@example.com")).await);
    assert_eq!(told.faults(), ["phone PHONE_ALREADY_EXISTS"], "the realm verifies no numbers");
}

async fn a_claim_lives_as_long_as_its_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let days = |days: i64| Some(prost_types::Duration { seconds: days * 86_400, nanos: 0 });
    let realm_id = app.realm(v1::Realm { verification_lifetime: days(3), ..verified() }).await;
    let client = app.app(&[]).await;
    let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let id = only(&answer.verifications).verification_id;
    // A message that is on its way when days pass is none that was sent in time.
    sent::mails(&app).await;
    app.clock().advance(TimeDelta::hours(71));
    let again = super::once_more(v1::send_verification_request::Target::VerificationId(id.clone()));
    made(client.registration().send_verification(again).await);
    sent::mails(&app).await;
    app.clock().advance(TimeDelta::hours(71));
    assert_eq!(app.house().provisioning().end_claims(100).await.expect("a sweep"), 0);
    let token = confirmation(&app, "ada@example.com").await;
    made(client.registration().confirm_verification(by_id(&token, &id)).await);
}

async fn a_refused_registration_uses_up_no_message(engine: Engine) {
    let messages = LimitName::VerificationMessages;
    let app = TestApp::builder(engine).limit(messages, messages.default_rate()).start().await;
    let concealing = v1::Realm { duplicate_policy: v1::DuplicatePolicy::Conceal.into(), ..verified() };
    let realm_id = app.realm(concealing).await;
    let client = app.app(&[]).await;
    let named = |address: &str| v1::RegisterAccountRequest {
        profile: Some(v1::Profile { user_name: "ada".to_owned(), ..Default::default() }),
        ..register_in(&realm_id, address)
    };
    registered(&client, named("ada@example.com")).await;
    for _ in 0..12 {
        let told = refused(client.registration().register_account(named("bea@example.com")).await);
        assert_eq!(told.reason, "USER_NAME_ALREADY_EXISTS");
    }
    registered(&client, register_in(&realm_id, "bea@example.com")).await;
    assert_eq!(tokens(&app, "bea@example.com", "enroll_confirm_").await.len(), 1);
}
