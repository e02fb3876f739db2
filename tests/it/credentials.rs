//! `CredentialService`: passwords judged, changed and set.

use uuid::Uuid;

use enroll::proto::v1;
use enroll::proto::v1::change_password_request::Identifier;

use crate::support::requests::{PASSWORD, create, credential, login, password, password_hash};
use crate::support::{Client, Engine, TestApp, Told, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_password_is_judged_as_a_registration_would,
    who_knows_the_old_password_changes_it,
    a_wrong_old_password_counts_as_a_failed_login,
    a_new_password_is_judged,
    who_may_sets_a_password,
    a_repeat_is_the_same_password,
);

const NEW: &str = "eleven herons at dawn";

async fn logs_in(client: &Client, address: &str, password: &str) -> bool {
    let request = v1::CreateSessionRequest { password: password.to_owned(), ..login(address) };
    client.sessions().create_session(request).await.is_ok()
}

fn change(address: &str, old: &str, new: &str) -> v1::ChangePasswordRequest {
    v1::ChangePasswordRequest {
        identifier: Some(Identifier::Login(address.to_owned())),
        old_password: old.to_owned(),
        new_password: password(new),
        ..Default::default()
    }
}

async fn told(client: &Client, request: v1::ChangePasswordRequest) -> Told {
    refused(client.credentials().change_password(request).await)
}

fn of(address: &str) -> Option<v1::AccountRef> {
    Some(v1::AccountRef { r#ref: Some(v1::account_ref::Ref::Email(address.to_owned())) })
}

async fn a_password_is_judged_as_a_registration_would(engine: Engine) {
    let app = TestApp::start(engine).await;
    let rules =
        v1::PasswordRules { length_min: 12, require_digit: true, check_common_passwords: true, ..Default::default() };
    let policy = v1::PasswordPolicy { policy: Some(v1::password_policy::Policy::Rules(rules)) };
    let strict = app.realm(v1::Realm { password_policy: Some(policy), ..Default::default() }).await;
    let client = app.app(&[]).await;
    let check = async |realm_id: &str, text: &str, identifiers: &[&str]| {
        let request = v1::CheckPasswordRequest {
            realm_id: realm_id.to_owned(),
            password: text.to_owned(),
            identifiers: identifiers.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        let verdict = made(client.credentials().check_password(request).await);
        assert_eq!(verdict.acceptable, verdict.faults.is_empty());
        let faults = verdict.faults.iter().map(|fault| format!("{} {}", fault.reason().as_str_name(), fault.detail));
        faults.collect::<Vec<_>>()
    };
    assert_eq!(check("", PASSWORD, &[]).await, [""; 0]);
    assert_eq!(
        check(&strict, "password", &[]).await,
        ["PASSWORD_TOO_SHORT 12", "PASSWORD_CHARACTER_CLASS_MISSING digit", "PASSWORD_BREACHED "]
    );
    assert_eq!(check("", "ada.byron.1815", &["ada.byron"]).await, ["PASSWORD_CONTAINS_IDENTIFIER "]);
    assert_eq!(check("", "tab\tinside it", &[]).await, ["FIELD_INVALID "]);
    let empty = refused(client.credentials().check_password(v1::CheckPasswordRequest::default()).await);
    assert_eq!(empty.faults(), ["password FIELD_REQUIRED"]);
}

async fn who_knows_the_old_password_changes_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["sessions.read"]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    let tokens = |answer: v1::CreateSessionResponse| answer.session.expect("tokens").bearer_token;
    let calling = tokens(made(client.sessions().create_session(login("ada@example.com")).await));
    let other = tokens(made(client.sessions().create_session(login("ada@example.com")).await));
    let person = client.saying("x-user-token", &calling);
    let request = v1::ChangePasswordRequest { identifier: None, ..change("", PASSWORD, NEW) };
    assert_eq!(made(person.credentials().change_password(request).await).revoked_session_count, 1);
    let asked = async |bearer_token: &str| {
        let request = v1::GetSessionRequest { bearer_token: bearer_token.to_owned() };
        client.sessions().get_session(request).await.is_ok()
    };
    assert!(asked(&calling).await, "the calling session goes on");
    assert!(!asked(&other).await, "every other one has ended");
    assert!(!logs_in(&client, "ada@example.com", PASSWORD).await);
    assert!(logs_in(&client, "ada@example.com", NEW).await);
    // By name, without a session: every session ends.
    let ended = made(client.credentials().change_password(change("ada@example.com", NEW, PASSWORD)).await);
    assert_eq!(ended.revoked_session_count, 2);
    assert!(!asked(&calling).await);
    let both = told(&person, change("ada@example.com", PASSWORD, NEW)).await;
    assert_eq!(both.reason, "SESSION_INVALID", "an ended session is never ignored");
    let neither = told(&client, v1::ChangePasswordRequest { identifier: None, ..change("", PASSWORD, NEW) }).await;
    assert_eq!(neither.faults(), ["login FIELD_REQUIRED"]);
}

async fn a_wrong_old_password_counts_as_a_failed_login(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    for address in ["ada@example.com", "nobody@example.com"] {
        for _ in 0..10 {
            let answer = told(&client, change(address, "wrong", NEW)).await;
            assert_snapshot!(answer, @"Unauthenticated LOGIN_FAILED: The login was refused.");
        }
        assert_eq!(told(&client, change(address, PASSWORD, NEW)).await.reason, "RATE_LIMIT_EXCEEDED", "{address}");
    }
}

async fn a_new_password_is_judged(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    let short = told(&client, change("ada@example.com", PASSWORD, "short")).await;
    assert_eq!(short.faults(), ["new_password.password PASSWORD_TOO_SHORT"]);
    let same = told(&client, change("ada@example.com", PASSWORD, PASSWORD)).await;
    assert_eq!(same.faults(), ["new_password.password FIELD_INVALID"]);
    let mut request = change("ada@example.com", "", NEW);
    request.new_password.as_mut().expect("a password").password_confirmation = Some("another".to_owned());
    let told = told(&client, request).await;
    assert_eq!(
        told.faults(),
        ["old_password FIELD_REQUIRED", "new_password.password_confirmation PASSWORD_CONFIRMATION_MISMATCH"]
    );
    assert!(logs_in(&client, "ada@example.com", PASSWORD).await);
}

async fn who_may_sets_a_password(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["credentials.set"]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    let without = v1::CreateAccountRequest { credential: None, ..create("bare@example.com") };
    made(app.operator().accounts().create_account(without).await);
    assert!(logs_in(&client, "ada@example.com", PASSWORD).await);
    for (address, ended) in [("ada@example.com", 1), ("bare@example.com", 0)] {
        let request =
            v1::SetPasswordRequest { account: of(address), credential: credential(NEW), ..Default::default() };
        let answer = made(client.credentials().set_password(request).await);
        assert_eq!(answer.revoked_session_count, ended, "{address}");
        assert!(logs_in(&client, address, NEW).await, "{address}");
    }
    let request = v1::SetPasswordRequest {
        account: of("ada@example.com"),
        credential: password_hash("$1$salt$unknown"),
        ..Default::default()
    };
    let told = refused(client.credentials().set_password(request).await);
    assert_eq!(told.faults(), ["credential.password_hash.encoded PASSWORD_HASH_UNSUPPORTED"]);
    let told = refused(client.credentials().set_password(v1::SetPasswordRequest::default()).await);
    assert_eq!(told.faults(), ["credential FIELD_REQUIRED", "account FIELD_REQUIRED"]);
}

async fn a_repeat_is_the_same_password(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["credentials.set"]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    let request = v1::SetPasswordRequest {
        account: of("ada@example.com"),
        credential: credential(NEW),
        request_id: Uuid::now_v7().to_string(),
        ..Default::default()
    };
    made(client.credentials().set_password(request.clone()).await);
    assert!(logs_in(&client, "ada@example.com", NEW).await);
    let again = client.credentials().set_password(request.clone()).await.expect("a repeat");
    assert_eq!(again.metadata().get("x-idempotent-replay").and_then(|value| value.to_str().ok()), Some("true"));
    assert_eq!(again.into_inner().revoked_session_count, 0, "a repeat ends nothing");
    let other = v1::SetPasswordRequest { credential: credential(PASSWORD), ..request };
    assert_eq!(refused(client.credentials().set_password(other).await).reason, "REQUEST_ID_REUSED");
}
