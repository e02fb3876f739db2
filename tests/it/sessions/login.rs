//! Logging in: by any name, and refused in one way whatever is wrong.

use chrono::TimeDelta;
use std::time::Duration;

use enroll::domain::limits::{LimitName, RateLimit};
use enroll::proto::v1;
use enroll::proto::v1::create_session_request::Identifier;

use super::{asked, logged_in};
use crate::support::requests::{create, field, login, password_hash, phone};
use crate::support::{Client, Engine, TestApp, Told, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_person_logs_in_by_any_name,
    a_refused_login_tells_nothing,
    an_account_that_cannot_be_used_is_told_to_its_owner_only,
    failures_make_strangers_wait_and_not_the_owner,
    attempts_with_one_name_are_limited,
    an_outdated_hash_is_renewed_at_the_login,
    nothing_is_kept_in_clear,
);

fn by(identifier: Identifier) -> v1::CreateSessionRequest {
    v1::CreateSessionRequest { identifier: Some(identifier), ..login("") }
}

fn with_password(address: &str, password: &str) -> v1::CreateSessionRequest {
    v1::CreateSessionRequest { password: password.to_owned(), ..login(address) }
}

async fn told(client: &Client, request: v1::CreateSessionRequest) -> Told {
    refused(client.sessions().create_session(request).await)
}

async fn a_person_logs_in_by_any_name(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm::default()).await;
    let unique = v1::ContractField { unique: true, ..field("phone.number") };
    let fields = ["profile.user_name", "email.address", "password"].map(field);
    let contract_id =
        app.contract(v1::Contract { fields: fields.into_iter().chain([unique]).collect(), ..Default::default() }).await;
    let mut request = v1::CreateAccountRequest { realm_id: realm_id.clone(), contract_id, ..create("Ada@Example.com") };
    let account = request.account.as_mut().expect("an account");
    account.phone = phone("+4520123456");
    account.profile = Some(v1::Profile { user_name: "ada.b".to_owned(), ..Default::default() });
    let account = made(app.operator().accounts().create_account(request).await).account.expect("an account");
    let client = app.app(&[]).await;
    let names = [
        Identifier::Email("ADA@example.com".to_owned()),
        Identifier::UserName("Ada.B".to_owned()),
        Identifier::Phone("+45 20 12 34 56".to_owned()),
        Identifier::Login("ada@EXAMPLE.com".to_owned()),
        Identifier::Login(" ADA.B ".to_owned()),
        Identifier::Login("+4520123456".to_owned()),
    ];
    for (at, name) in names.into_iter().enumerate() {
        let request = v1::CreateSessionRequest { realm_id: realm_id.clone(), ..by(name) };
        let answer = made(client.sessions().create_session(request).await);
        assert_eq!(answer.account.expect("an account").account_id, account.account_id, "name {at}");
        let tokens = answer.session.expect("tokens");
        assert!(tokens.bearer_token.starts_with("enroll_session_"), "name {at}");
        assert!(tokens.refresh_token.starts_with("enroll_refresh_"), "name {at}");
        assert_eq!(tokens.restriction(), v1::SessionRestriction::Unspecified);
        let seconds = |end: Option<prost_types::Timestamp>| end.expect("a time").seconds;
        let lifetime = seconds(tokens.refresh_token_expire_time) - seconds(tokens.bearer_token_expire_time);
        assert_eq!(lifetime, 30 * 86_400 - 15 * 60, "name {at}");
    }
}

async fn a_refused_login_tells_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    let without_password = v1::CreateAccountRequest { credential: None, ..create("bare@example.com") };
    made(app.operator().accounts().create_account(without_password).await);
    let answers = [
        told(&client, with_password("ada@example.com", "not the password")).await,
        told(&client, with_password("ada@example.com", "\u{7}")).await,
        told(&client, login("nobody@example.com")).await,
        told(&client, login("bare@example.com")).await,
        told(&client, login("not an address@")).await,
        told(&client, by(Identifier::Phone("12".to_owned()))).await,
    ];
    for answer in &answers {
        assert_snapshot!(answer, @r"Unauthenticated LOGIN_FAILED: The login was refused.");
    }
    let empty = told(&client, v1::CreateSessionRequest::default()).await;
    assert_eq!(empty.faults(), ["login FIELD_REQUIRED", "password FIELD_REQUIRED"]);
}

async fn an_account_that_cannot_be_used_is_told_to_its_owner_only(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    let states = [
        ("PENDING_VERIFICATION", "ACCOUNT_NOT_VERIFIED"),
        ("LOCKED", "ACCOUNT_LOCKED"),
        ("DISABLED", "ACCOUNT_DISABLED"),
        ("DELETED", "ACCOUNT_DELETED"),
    ];
    for (state, reason) in states {
        app.database().execute(&format!("UPDATE accounts SET state = '{state}'")).await;
        let told = refused(client.sessions().create_session(login("ada@example.com")).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", reason));
        assert!(told.preconditions[0].1.starts_with("accounts/"), "it says which account: {told}");
        let wrong = refused(client.sessions().create_session(with_password("ada@example.com", "wrong one")).await);
        assert_eq!(wrong.reason, "LOGIN_FAILED", "{state}");
    }
}

async fn failures_make_strangers_wait_and_not_the_owner(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["end_user.assert"]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    let from = |address: &str, request: v1::CreateSessionRequest| v1::CreateSessionRequest {
        end_user: Some(v1::EndUser { ip_address: address.to_owned(), ..Default::default() }),
        ..request
    };
    made(client.sessions().create_session(from("192.0.2.1", login("ada@example.com"))).await);
    // Whether or not there is such an account, the wait is the same.
    for address in ["ada@example.com", "nobody@example.com"] {
        for _ in 0..10 {
            let wrong = from("198.51.100.7", with_password(address, "wrong"));
            assert_eq!(told(&client, wrong).await.reason, "LOGIN_FAILED");
        }
        let told = told(&client, from("198.51.100.7", login(address))).await;
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("ResourceExhausted", "RATE_LIMIT_EXCEEDED"));
        let wait = told.retry_after.expect("a wait");
        assert!(wait <= Duration::from_secs(30) && wait > Duration::from_secs(25), "{address}: {wait:?}");
    }
    // The owner, where they have been before, is not locked out by strangers; and a success begins the count anew.
    made(client.sessions().create_session(from("192.0.2.1", login("ada@example.com"))).await);
    assert_eq!(
        told(&client, from("198.51.100.7", with_password("ada@example.com", "wrong"))).await.reason,
        "LOGIN_FAILED"
    );
    app.clock().advance(TimeDelta::seconds(31));
    assert_eq!(told(&client, from("198.51.100.7", login("nobody@example.com"))).await.reason, "LOGIN_FAILED");
    let told = told(&client, from("198.51.100.7", login("nobody@example.com"))).await;
    assert!(told.retry_after.expect("a wait") > Duration::from_secs(50), "the wait has grown: {told}");
}

async fn attempts_with_one_name_are_limited(engine: Engine) {
    let rate = RateLimit::new(3, Duration::from_secs(300));
    let app = TestApp::builder(engine).limit(LimitName::Logins, rate).start().await;
    let client = app.app(&[]).await;
    for _ in 0..3 {
        assert_eq!(told(&client, login("nobody@example.com")).await.reason, "LOGIN_FAILED");
    }
    let limited = told(&client, login("nobody@EXAMPLE.com")).await;
    assert_eq!((limited.reason.as_str(), limited.said("limit")), ("RATE_LIMIT_EXCEEDED", Some("logins")));
    assert_eq!(told(&client, login("somebody@example.com")).await.reason, "LOGIN_FAILED", "another name has its own");
}

async fn an_outdated_hash_is_renewed_at_the_login(engine: Engine) {
    /// Of `password`, at a cost that no server of these tests hashes with (argon2-cffi 25.1).
    const ELSEWHERE: &str =
        "$argon2id$v=19$m=128,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$HkE2dkVO01E3wHCU3iihHO/url3LrXX2sTVXSJghS+o";
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    let request = v1::CreateAccountRequest { credential: password_hash(ELSEWHERE), ..create("ada@example.com") };
    made(app.operator().accounts().create_account(request).await);
    let stored = async |phc: &str| app.database().count(&format!("credentials WHERE phc LIKE '{phc}%'")).await == 1;
    assert!(stored(ELSEWHERE).await);
    assert_eq!(told(&client, with_password("ada@example.com", "wrong")).await.reason, "LOGIN_FAILED");
    assert!(stored(ELSEWHERE).await, "a wrong password renews nothing");
    for _ in 0..2 {
        made(client.sessions().create_session(with_password("ada@example.com", "password")).await);
        assert!(stored("$argon2id$v=19$m=64,t=1,p=1$").await);
    }
}

async fn nothing_is_kept_in_clear(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["sessions.read"]).await;
    let (account, tokens) = logged_in(&app, &client, "ada@example.com").await;
    let seen = made(asked(&client, &tokens.bearer_token).await);
    assert_eq!(seen.account.expect("an account").account_id, account.account_id);
    let session = seen.session.expect("a session");
    assert_eq!((session.session_id, session.application_id), (tokens.session_id, client.application_id.clone()));
    for kept in ["sessions WHERE length(bearer_hash) = 32", "refresh_tokens WHERE length(hash) = 32"] {
        assert_eq!(app.database().count(kept).await, 1, "{kept}");
    }
}
