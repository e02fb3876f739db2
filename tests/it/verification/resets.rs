//! Forgotten passwords and first ones.

use chrono::TimeDelta;

use enroll::domain::limits::LimitName;
use enroll::proto::v1;

use super::{TRUSTED, logs_in, logs_in_with, only, reset_token, tokens};
use crate::support::requests::{PASSWORD, create, login, password};
use crate::support::{Client, Engine, TestApp, Told, assert_snapshot, made, on_both_engines, refused, sent};

on_both_engines!(
    a_forgotten_password_is_replaced,
    a_first_password_is_set,
    a_refused_password_uses_nothing_up,
    each_fault_of_a_token_is_told_apart,
    nobody_is_told_whose_an_address_is,
    an_address_is_asked_about_three_times_an_hour,
    a_new_password_is_told_of,
);

const NEW: &str = "eleven herons at dawn";

fn start(address: &str) -> v1::StartPasswordResetRequest {
    v1::StartPasswordResetRequest { email: address.to_owned(), ..Default::default() }
}

fn finish(token: &str, new: &str) -> v1::FinishPasswordResetRequest {
    v1::FinishPasswordResetRequest { token: token.to_owned(), new_password: password(new) }
}

async fn told(client: &Client, request: v1::FinishPasswordResetRequest) -> Told {
    refused(client.credentials().finish_password_reset(request).await)
}

/// A token for an account that has been made.
async fn asked(app: &TestApp, client: &Client, address: &str) -> String {
    made(client.credentials().start_password_reset(start(address)).await);
    reset_token(app, address).await
}

async fn a_forgotten_password_is_replaced(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    for _ in 0..2 {
        made(client.sessions().create_session(login("ada@example.com")).await);
    }
    let token = asked(&app, &client, "ada@example.com").await;
    assert!(logs_in(&client, "", "ada@example.com").await, "asking changes nothing");
    let answer = made(client.credentials().finish_password_reset(finish(&token, NEW)).await);
    assert_eq!(answer.revoked_session_count, 3);
    assert!(answer.account.expect("an account").email.expect("an address").verified, "mail arrives there");
    assert!(!logs_in(&client, "", "ada@example.com").await);
    assert!(logs_in_with(&client, "", "ada@example.com", NEW).await);
    assert_eq!(app.database().count("sessions WHERE revoke_time IS NULL").await, 1);
}

async fn a_first_password_is_set(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { verify_email: true, ..Default::default() }).await;
    let client = app.app(&["accounts.create"]).await;
    let request =
        v1::CreateAccountRequest { realm_id: realm_id.clone(), credential: None, ..create("ada@example.com") };
    let answer = made(client.accounts().create_account(request).await);
    let verification = only(&answer.verifications);
    assert_eq!((verification.kind(), verification.token.as_str()), (v1::VerificationKind::Password, ""));
    assert!(!answer.account.expect("an account").password_set);
    let token = reset_token(&app, "ada@example.com").await;
    assert_eq!(sent::mails(&app).await.len(), 1, "one mail says it all");
    let account = made(client.credentials().finish_password_reset(finish(&token, PASSWORD)).await).account;
    let account = account.expect("an account");
    assert_eq!((account.password_set, account.state()), (true, v1::AccountState::Active));
    assert!(logs_in(&client, &realm_id, "ada@example.com").await);
}

async fn a_refused_password_uses_nothing_up(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    let token = asked(&app, &client, "ada@example.com").await;
    assert_eq!(told(&client, finish(&token, "short")).await.faults(), ["new_password.password PASSWORD_TOO_SHORT"]);
    let mismatch = v1::PasswordInput { password: NEW.to_owned(), password_confirmation: Some(PASSWORD.to_owned()) };
    let request = v1::FinishPasswordResetRequest { new_password: Some(mismatch), ..finish(&token, NEW) };
    let faults = ["new_password.password_confirmation PASSWORD_CONFIRMATION_MISMATCH"];
    assert_eq!(told(&client, request).await.faults(), faults);
    made(client.credentials().finish_password_reset(finish(&token, NEW)).await);
}

async fn each_fault_of_a_token_is_told_apart(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&TRUSTED).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    let reason = async |token: &str| told(&client, finish(token, NEW)).await.reason;
    assert_eq!(reason("enroll_password_nonsense").await, "VERIFICATION_TOKEN_INVALID");
    assert_eq!(told(&client, finish("", NEW)).await.faults(), ["token FIELD_REQUIRED"]);
    let old = asked(&app, &client, "ada@example.com").await;
    app.clock().advance(TimeDelta::minutes(61));
    assert_eq!(reason(&old).await, "VERIFICATION_TOKEN_EXPIRED");
    let given = async || {
        app.clock().advance(TimeDelta::seconds(1));
        let request =
            v1::StartPasswordResetRequest { delivery: v1::Delivery::ReturnToken.into(), ..start("ada@example.com") };
        only(&made(client.credentials().start_password_reset(request).await).verifications).token
    };
    let first = given().await;
    let newer = [given().await, given().await, given().await];
    assert_eq!(reason(&first).await, "VERIFICATION_TOKEN_SUPERSEDED", "three can be used");
    made(client.credentials().finish_password_reset(finish(&newer[0], NEW)).await);
    for token in &newer {
        assert_eq!(reason(token).await, "VERIFICATION_TOKEN_USED");
    }
    // A token of one kind is none of another.
    let confirm = super::by_password(&given().await, NEW);
    let told = refused(client.registration().confirm_verification(confirm).await);
    assert_eq!(told.reason, "VERIFICATION_TOKEN_INVALID");
}

async fn nobody_is_told_whose_an_address_is(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["verifications.return_token"]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    made(app.operator().accounts().create_account(create("gone@example.com")).await);
    app.database().execute("UPDATE accounts SET state = 'DISABLED' WHERE email = 'gone@example.com'").await;
    for address in ["ada@example.com", "gone@example.com", "nobody@example.com"] {
        let answer = made(client.credentials().start_password_reset(start(address)).await);
        assert_eq!(answer.verifications, [], "{address}");
    }
    let sent: usize = {
        let mut sent = 0;
        for address in ["gone@example.com", "nobody@example.com"] {
            sent += tokens(&app, address, "enroll_password_").await.len();
        }
        sent
    };
    assert_eq!(sent, 0);
    assert_eq!(tokens(&app, "ada@example.com", "enroll_password_").await.len(), 1);
    assert_eq!(app.database().count("verifications").await, 3, "the work is the same");
}

async fn an_address_is_asked_about_three_times_an_hour(engine: Engine) {
    let resets = LimitName::PasswordResets;
    let app = TestApp::builder(engine).limit(resets, resets.default_rate()).start().await;
    let client = app.app(&[]).await;
    for address in ["ada@example.com", "nobody@example.com"] {
        if address.starts_with("ada") {
            made(app.operator().accounts().create_account(create(address)).await);
        }
        for _ in 0..3 {
            made(client.credentials().start_password_reset(start(address)).await);
        }
        let told = refused(client.credentials().start_password_reset(start(&address.to_uppercase())).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("ResourceExhausted", "RATE_LIMIT_EXCEEDED"));
        assert!(told.retry_after.is_some());
    }
    let told = refused(client.credentials().start_password_reset(start("ada")).await);
    assert_snapshot!(told, @r"
    InvalidArgument VALIDATION_FAILED: The request breaks one rule.
      fieldReasons = EMAIL_INVALID
      violationCount = 1
    field email EMAIL_INVALID: This is not an e-mail address.
    ");
}

async fn a_new_password_is_told_of(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["credentials.set"]).await;
    let silent = |address: &str| v1::CreateAccountRequest {
        delivery: v1::Delivery::Suppress.into(),
        email_verified: address.starts_with("ada"),
        ..create(address)
    };
    for address in ["ada@example.com", "unverified@example.com"] {
        made(app.operator().accounts().create_account(silent(address)).await);
    }
    let notices = async || {
        let mails = sent::mails(&app).await;
        mails.iter().filter(|mail| mail.contains("Your password was changed")).count()
    };
    for address in ["unverified@example.com", "ada@example.com"] {
        let change = v1::ChangePasswordRequest {
            identifier: Some(v1::change_password_request::Identifier::Login(address.to_owned())),
            old_password: PASSWORD.to_owned(),
            new_password: password(NEW),
            ..Default::default()
        };
        made(client.credentials().change_password(change).await);
    }
    assert_eq!(notices().await, 2, "an address that is held is told, verified or not");
    let set = v1::SetPasswordRequest {
        account: Some(v1::AccountRef { r#ref: Some(v1::account_ref::Ref::Email("ada@example.com".to_owned())) }),
        credential: crate::support::requests::credential(PASSWORD),
        ..Default::default()
    };
    made(client.credentials().set_password(set).await);
    assert_eq!(notices().await, 3);
    let token = asked(&app, &client, "ada@example.com").await;
    made(client.credentials().finish_password_reset(finish(&token, NEW)).await);
    assert_eq!(notices().await, 4);
}
