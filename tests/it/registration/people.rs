//! What a person says of themselves, and what becomes of it.

use prost_reflect::DescriptorPool;

use enroll::proto::v1;

use crate::support::requests::{PASSWORD, create, field, password, register};
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_person_is_active_at_once,
    every_fault_is_told_at_once,
    an_address_or_a_user_name_is_enough,
    a_display_name_falls_back,
    a_confirmation_counts_where_it_is_given,
    a_taken_identifier_is_told,
    only_readers_are_told_that_a_number_is_an_inactive_accounts,
    a_repeat_answers_what_the_first_success_did,
    checking_writes_nothing,
);

/// A realm where everybody may register.
pub fn public() -> v1::Realm {
    v1::Realm { registration_mode: v1::RegistrationMode::Public.into(), ..Default::default() }
}

/// A registration in a realm.
pub fn register_in(realm_id: &str, address: &str) -> v1::RegisterAccountRequest {
    v1::RegisterAccountRequest { realm_id: realm_id.to_owned(), ..register(address) }
}

async fn a_person_is_active_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm = v1::Realm {
        roles: vec![v1::Role { name: "READER".to_owned(), permissions: Vec::new() }],
        default_roles: vec!["READER".to_owned()],
        ..public()
    };
    let realm_id = app.realm(realm).await;
    let client = app.app(&[]).await;
    let mut request = register_in(&realm_id, "ada@example.com");
    request.annotations = [("campaign".to_owned(), "spring".to_owned())].into();
    let answer = made(client.registration().register_account(request).await);
    assert_eq!(answer.outcome(), v1::Outcome::Created);
    assert_eq!(answer.annotations.get("campaign").map(String::as_str), Some("spring"));
    let account = answer.account.expect("an account");
    assert_eq!((account.state(), account.verification_required), (v1::AccountState::Active, false));
    assert_eq!(
        (account.realm_id.as_str(), account.roles.as_slice()),
        (realm_id.as_str(), ["READER".to_owned()].as_slice())
    );
    assert!(account.password_set);
    assert!(!account.email.expect("an address").verified, "nobody has shown that mail arrives there");
    assert_eq!(app.database().count("identifiers WHERE held").await, 1);
}

async fn every_fault_is_told_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(public()).await;
    let client = app.app(&[]).await;
    let profile = v1::Profile {
        user_name: "no spaces".to_owned(),
        given_name: "\u{7}".to_owned(),
        language_code: "klingon-language-of-warriors".to_owned(),
        time_zone: "Atlantis".to_owned(),
        ..Default::default()
    };
    let request = v1::RegisterAccountRequest {
        realm_id,
        profile: Some(profile),
        email: "ada".to_owned(),
        phone: "0".to_owned(),
        password: Some(v1::PasswordInput {
            password: "secret".to_owned(),
            password_confirmation: Some("secrets".to_owned()),
        }),
        consents: vec![v1::Consent { document: "unheard-of".to_owned(), ..Default::default() }],
        annotations: [("k".repeat(64), String::new())].into(),
        request_id: "one".to_owned(),
        ..Default::default()
    };
    let told = refused(client.registration().register_account(request).await);
    assert!(told.violations.len() >= 10, "{told}");
    assert_snapshot!(told, @r"
    InvalidArgument VALIDATION_FAILED: The request breaks 12 rules.
      fieldReasons = FIELD_INVALID,LANGUAGE_UNSUPPORTED,TIME_ZONE_INVALID,EMAIL_INVALID,FIELD_TOO_LONG,USER_NAME_INVALID,PHONE_INVALID,FIELD_UNKNOWN,PASSWORD_CONFIRMATION_MISMATCH,PASSWORD_TOO_SHORT,PASSWORD_BREACHED
      v10-minLength = 8
      v5-maxLength = 63
      v5-unit = key
      violationCount = 12
    field request_id FIELD_INVALID: This is not valid.
    field profile.given_name FIELD_INVALID: This is not valid.
    field profile.language_code LANGUAGE_UNSUPPORTED: This language is not offered.
    field profile.time_zone TIME_ZONE_INVALID: This is not a time zone.
    field email EMAIL_INVALID: This is not an e-mail address.
    field annotations FIELD_TOO_LONG: This is too long: the most is 63.
    field profile.user_name USER_NAME_INVALID: This cannot be a user name.
    field phone PHONE_INVALID: This is not a phone number.
    field consents[0].document FIELD_UNKNOWN: This is not known.
    field password.password_confirmation PASSWORD_CONFIRMATION_MISMATCH: The confirmation is not the password.
    field password.password PASSWORD_TOO_SHORT: The password must have at least 8 characters.
    field password.password PASSWORD_BREACHED: The password is on a list of known passwords.
    ");
    assert_eq!(app.database().count("accounts").await, 0);
}

async fn an_address_or_a_user_name_is_enough(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(public()).await;
    let client = app.app(&[]).await;
    let told = refused(client.registration().register_account(register_in(&realm_id, "")).await);
    assert_eq!(told.faults(), ["email FIELD_REQUIRED"]);
    made(client.registration().register_account(register_in(&realm_id, "ada@example.com")).await);
    let profile = v1::Profile { user_name: "ada".to_owned(), ..Default::default() };
    let by_name = v1::RegisterAccountRequest { profile: Some(profile), ..register_in(&realm_id, "") };
    made(client.registration().register_account(by_name).await);
    let without = v1::RegisterAccountRequest { password: None, ..register_in(&realm_id, "b@example.com") };
    let told = refused(client.registration().register_account(without).await);
    assert_eq!(told.faults(), ["password.password FIELD_REQUIRED"]);
}

async fn a_display_name_falls_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(public()).await;
    let client = app.app(&[]).await;
    let cases = [
        ("Ada L.", "ada.byron", "Ada", "Byron", "Ada L."),
        ("", "ada.lovelace", "Ada", "Byron", "ada.lovelace"),
        ("", "", "Ada", "Byron", "Ada Byron"),
        ("", "", "", "Byron", "Byron"),
        ("", "", "", "", ""),
    ];
    for (at, (display, user, given, family, expected)) in cases.into_iter().enumerate() {
        let profile = v1::Profile {
            display_name: display.to_owned(),
            user_name: user.to_owned(),
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            ..Default::default()
        };
        let request = v1::RegisterAccountRequest {
            profile: Some(profile),
            ..register_in(&realm_id, &format!("person-{at}@example.com"))
        };
        let account = made(client.registration().register_account(request).await).account.expect("an account");
        assert_eq!(account.profile.unwrap_or_default().display_name, expected, "case {at}");
    }
}

async fn a_confirmation_counts_where_it_is_given(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(public()).await;
    let client = app.app(&[]).await;
    let confirmed = |confirmation: &str| v1::RegisterAccountRequest {
        password: Some(v1::PasswordInput {
            password: PASSWORD.to_owned(),
            password_confirmation: Some(confirmation.to_owned()),
        }),
        ..register_in(&realm_id, "ada@example.com")
    };
    let told = refused(client.registration().register_account(confirmed("another one")).await);
    assert_eq!(told.faults(), ["password.password_confirmation PASSWORD_CONFIRMATION_MISMATCH"]);
    made(client.registration().register_account(confirmed(PASSWORD)).await);
}

async fn a_taken_identifier_is_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(public()).await;
    let client = app.app(&[]).await;
    let person = |user_name: &str, address: &str| v1::RegisterAccountRequest {
        profile: Some(v1::Profile { user_name: user_name.to_owned(), ..Default::default() }),
        ..register_in(&realm_id, address)
    };
    made(client.registration().register_account(person("ada", "ada@example.com")).await);
    let told = refused(client.registration().register_account(person("byron", "ADA@example.com")).await);
    assert_snapshot!(told, @r#"
    AlreadyExists EMAIL_ALREADY_EXISTS: The e-mail address belongs to another account.
      field = email
    field email EMAIL_ALREADY_EXISTS: The e-mail address belongs to another account.
    resource enroll.v1.Account ""
    "#);
    let told = refused(client.registration().register_account(person("Ada", "byron@example.com")).await);
    assert_eq!((told.reason.as_str(), told.said("field")), ("USER_NAME_ALREADY_EXISTS", Some("profile.user_name")));
    let told = refused(client.registration().register_account(person("ADA", "ada@example.com")).await);
    assert_eq!(told.reason, "MULTIPLE_IDENTIFIERS_EXIST");
    let reader = app.app(&["accounts.read"]).await;
    let told = refused(reader.registration().register_account(person("byron", "ada@example.com")).await);
    assert!(told.resource.expect("a resource").1.contains("/accounts/"), "a reader is told who");
}

async fn only_readers_are_told_that_a_number_is_an_inactive_accounts(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(public()).await;
    let unique = v1::ContractField { unique: true, ..field("phone.number") };
    let fields = vec![field("email.address"), field("password"), unique];
    let contract_id = app.contract(v1::Contract { fields, ..Default::default() }).await;
    let person = |address: &str| v1::RegisterAccountRequest {
        contract_id: contract_id.clone(),
        phone: "+4532123456".to_owned(),
        ..register_in(&realm_id, address)
    };
    let creator = app.app(&["accounts.create"]).await;
    let reader = app.app(&["accounts.read"]).await;
    made(creator.registration().register_account(person("a@example.com")).await);
    app.database().execute("UPDATE accounts SET state = 'DISABLED'").await;
    let told = refused(creator.registration().register_account(person("b@example.com")).await);
    assert_eq!((told.reason.as_str(), told.said("field")), ("PHONE_ALREADY_EXISTS", Some("phone")));
    let told = refused(reader.registration().register_account(person("b@example.com")).await);
    assert_eq!(told.reason, "PHONE_HELD_BY_INACTIVE_ACCOUNT");
}

async fn a_repeat_answers_what_the_first_success_did(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(public()).await;
    let client = app.app(&["accounts.create"]).await;
    let request_id = "0b5c2f2e-7d0d-4e0a-9a3c-5d3f0c8a1b2c".to_owned();
    let request =
        v1::RegisterAccountRequest { request_id: request_id.clone(), ..register_in(&realm_id, "a@example.com") };
    let first = client.registration().register_account(request.clone()).await.expect("made");
    assert!(first.metadata().get("x-idempotent-replay").is_none());
    let again = v1::RegisterAccountRequest { password: password("quite another"), ..request.clone() };
    let again = client.registration().register_account(again).await.expect("repeated");
    assert_eq!(again.metadata().get("x-idempotent-replay").map(|value| value.as_bytes()), Some(&b"true"[..]));
    assert_eq!(again.into_inner(), first.into_inner());
    let other = v1::RegisterAccountRequest { email: "b@example.com".to_owned(), ..request };
    assert_eq!(refused(client.registration().register_account(other).await).reason, "REQUEST_ID_REUSED");
    // Another rpc has request ids of its own.
    made(client.accounts().create_account(v1::CreateAccountRequest { request_id, ..create("c@example.com") }).await);
}

async fn checking_writes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(public()).await;
    let client = app.app(&[]).await;
    let check = v1::RegisterAccountRequest { validate_only: true, ..register_in(&realm_id, "a@example.com") };
    let answer = made(client.registration().register_account(check.clone()).await);
    assert_eq!(answer.outcome(), v1::Outcome::Validated);
    let account = answer.account.expect("the account that would be made");
    assert_eq!(
        (account.account_id.as_str(), account.email.expect("an address").address.as_str()),
        ("", "a@example.com")
    );
    assert_eq!(app.database().count("accounts").await, 0);
    made(client.registration().register_account(register_in(&realm_id, "a@example.com")).await);
    let told = refused(client.registration().register_account(check).await);
    assert_eq!(told.reason, "EMAIL_ALREADY_EXISTS");
}

#[test]
fn nothing_privileged_exists_in_the_message() {
    let pool = DescriptorPool::decode(enroll::proto::FILE_DESCRIPTOR_SET).expect("a descriptor set");
    let privileged = [
        "roles",
        "permissions",
        "state",
        "password_hash",
        "credential",
        "email_verified",
        "phone_verified",
        "verified",
        "external_keys",
        "account_id",
        "account_number",
        "on_duplicate",
    ];
    for name in ["enroll.v1.RegisterAccountRequest", "enroll.v1.PasswordInput", "enroll.v1.Profile"] {
        let message = pool.get_message_by_name(name).expect("a message");
        for field in message.fields() {
            assert!(!privileged.contains(&field.name()), "{name} has {}", field.name());
        }
    }
}
