//! Calls on behalf of a person: what their roles open, and what a restricted session is good for.

use std::time::Duration;

use enroll::domain::limits::{LimitName, RateLimit};
use enroll::proto::v1;

use super::asked;
use crate::support::requests::{PASSWORD, create, login, password, register};
use crate::support::{Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    an_administrator_opens_a_closed_realm_of_theirs,
    a_registration_can_log_in,
    a_password_that_must_be_changed_restricts_the_session,
    a_person_of_an_account_that_is_stopped_is_nobody,
    sessions_that_have_ended_keep_nobody_else_out,
);

async fn an_administrator_opens_a_closed_realm_of_theirs(engine: Engine) {
    let app = TestApp::start(engine).await;
    let closed = || v1::Realm { registration_mode: v1::RegistrationMode::Closed.into(), ..Default::default() };
    let (own, other) = (app.realm(closed()).await, app.realm(closed()).await);
    let client = app.app(&[]).await;
    let person = async |address: &str, role: &str| {
        let mut request = v1::CreateAccountRequest { realm_id: own.clone(), ..create(address) };
        request.account.as_mut().expect("an account").roles = vec![role.to_owned()];
        made(app.operator().accounts().create_account(request).await);
        let login = v1::CreateSessionRequest { realm_id: own.clone(), ..login(address) };
        let tokens = made(client.sessions().create_session(login).await).session.expect("tokens");
        client.saying("x-user-token", &tokens.bearer_token)
    };
    let register_in = |realm_id: &str, address: &str| v1::RegisterAccountRequest {
        realm_id: realm_id.to_owned(),
        ..register(address)
    };
    for (role, opens) in [("ADMIN", true), ("USERS_ADMIN", true), ("OWNER", false)] {
        let address = format!("{}@example.com", role.to_lowercase());
        let on_behalf = person(&address, role).await;
        let new = format!("new-{address}");
        let answer = on_behalf.registration().register_account(register_in(&own, &new)).await;
        if opens {
            made(answer);
            let elsewhere = on_behalf.registration().register_account(register_in(&other, &new)).await;
            assert_eq!(refused(elsewhere).reason, "REGISTRATION_CLOSED", "{role} of another realm");
        } else {
            assert_eq!(refused(answer).reason, "REGISTRATION_CLOSED", "{role}");
        }
    }
    let alone = client.registration().register_account(register_in(&own, "alone@example.com")).await;
    assert_eq!(refused(alone).reason, "REGISTRATION_CLOSED");
    let by = app
        .database()
        .count("(SELECT DISTINCT person_id FROM audit_entries WHERE person_id IS NOT NULL) AS persons")
        .await;
    assert_eq!(by, 2, "the audit says on whose behalf");
}

async fn a_registration_can_log_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let public = v1::Realm { registration_mode: v1::RegistrationMode::Public.into(), ..Default::default() };
    let realm_id = app.realm(public.clone()).await;
    let client = app.app(&["sessions.read"]).await;
    let request_id = uuid::Uuid::now_v7().to_string();
    let request = v1::RegisterAccountRequest {
        realm_id: realm_id.clone(),
        auto_login: true,
        request_id,
        ..register("ada@example.com")
    };
    let answer = made(client.registration().register_account(request.clone()).await);
    let tokens = answer.session.expect("a session");
    let seen = made(asked(&client, &tokens.bearer_token).await);
    assert_eq!(seen.account.expect("an account").account_id, answer.account.expect("an account").account_id);
    let again = made(client.registration().register_account(request).await);
    assert_eq!(again.session, None, "tokens are told once");
    let quiet = v1::RegisterAccountRequest { realm_id, ..register("eve@example.com") };
    assert_eq!(made(client.registration().register_account(quiet).await).session, None);
    let changes = app.realm(v1::Realm { password_change_on_first_login: true, ..public }).await;
    let request = v1::RegisterAccountRequest { realm_id: changes, auto_login: true, ..register("ada@example.com") };
    let tokens = made(client.registration().register_account(request).await).session.expect("a session");
    assert_eq!(tokens.restriction(), v1::SessionRestriction::ChangePassword);
}

async fn a_password_that_must_be_changed_restricts_the_session(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { password_change_on_first_login: true, ..Default::default() }).await;
    let client = app.app(&["sessions.read", "realms.read", "accounts.read"]).await;
    let request = v1::CreateAccountRequest { realm_id: realm_id.clone(), ..create("ada@example.com") };
    let account = made(app.operator().accounts().create_account(request).await).account.expect("an account");
    assert!(account.password_change_required);
    let request = v1::CreateSessionRequest { realm_id: realm_id.clone(), ..login("ada@example.com") };
    let tokens = made(client.sessions().create_session(request.clone()).await).session.expect("tokens");
    assert_eq!(tokens.restriction(), v1::SessionRestriction::ChangePassword);
    let person = client.saying("x-user-token", &tokens.bearer_token);
    for told in [
        refused(asked(&client, &tokens.bearer_token).await),
        refused(person.realms().list_realms(v1::ListRealmsRequest::default()).await),
        refused(person.sessions().list_sessions(v1::ListSessionsRequest::default()).await),
        refused(
            client
                .sessions()
                .refresh_session(v1::RefreshSessionRequest {
                    refresh_token: tokens.refresh_token.clone(),
                    ..Default::default()
                })
                .await,
        ),
    ] {
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", "PASSWORD_CHANGE_REQUIRED"));
    }
    let change = v1::ChangePasswordRequest {
        old_password: PASSWORD.to_owned(),
        new_password: password("eleven herons at dawn"),
        ..Default::default()
    };
    made(person.credentials().change_password(change).await);
    made(asked(&client, &tokens.bearer_token).await);
    made(person.realms().list_realms(v1::ListRealmsRequest::default()).await);
    let login = v1::CreateSessionRequest { password: "eleven herons at dawn".to_owned(), ..request };
    let tokens = made(client.sessions().create_session(login).await).session.expect("tokens");
    assert_eq!(tokens.restriction(), v1::SessionRestriction::Unspecified);
}

async fn a_person_of_an_account_that_is_stopped_is_nobody(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["sessions.read"]).await;
    let (_, tokens) = super::logged_in(&app, &client, "ada@example.com").await;
    let person = client.saying("x-user-token", &tokens.bearer_token);
    made(person.sessions().list_sessions(v1::ListSessionsRequest::default()).await);
    app.database().execute("UPDATE accounts SET state = 'DISABLED'").await;
    let list = person.sessions().list_sessions(v1::ListSessionsRequest::default()).await;
    assert_eq!(refused(list).reason, "SESSION_INVALID");
    assert_eq!(refused(asked(&client, &tokens.bearer_token).await).reason, "SESSION_INVALID");
}

async fn sessions_that_have_ended_keep_nobody_else_out(engine: Engine) {
    let few = RateLimit::new(3, Duration::from_secs(60));
    let app = TestApp::builder(engine).limit(LimitName::FailedCredentials, few).start().await;
    let client = app.app(&[]).await;
    let (_, ended) = super::logged_in(&app, &client, "ada@example.com").await;
    let person = client.saying("x-user-token", &ended.bearer_token);
    made(person.sessions().revoke_session(v1::RevokeSessionRequest::default()).await);
    for _ in 0..10 {
        let list = person.sessions().list_sessions(v1::ListSessionsRequest::default()).await;
        assert_eq!(refused(list).reason, "SESSION_INVALID");
    }
    let (_, tokens) = super::logged_in(&app, &client, "eve@example.com").await;
    let other = client.saying("x-user-token", &tokens.bearer_token);
    made(other.sessions().list_sessions(v1::ListSessionsRequest::default()).await);
}
