//! Listing sessions and ending them: by the person, and by whoever has the right.

use enroll::proto::v1;

use super::{asked, logged_in};
use crate::support::requests::login;
use crate::support::{Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(a_person_ends_their_own_sessions, an_administrator_ends_anybodys, a_list_comes_in_pages);

fn of(account_id: &str) -> Option<v1::AccountRef> {
    Some(v1::AccountRef { r#ref: Some(v1::account_ref::Ref::AccountId(account_id.to_owned())) })
}

async fn a_person_ends_their_own_sessions(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    let reader = app.app(&["sessions.read"]).await;
    let (account, first) = logged_in(&app, &client, "ada@example.com").await;
    let (_, eves) = logged_in(&app, &client, "eve@example.com").await;
    let second = made(client.sessions().create_session(login("ada@example.com")).await).session.expect("tokens");
    let ada = client.saying("x-user-token", &first.bearer_token);

    let list = v1::ListSessionsRequest { account: of(&account.account_id), ..Default::default() };
    for request in [v1::ListSessionsRequest::default(), list] {
        let sessions = made(ada.sessions().list_sessions(request).await).sessions;
        let ids: Vec<&str> = sessions.iter().map(|session| session.session_id.as_str()).collect();
        assert_eq!(ids, [first.session_id.as_str(), second.session_id.as_str()]);
    }
    let of_eve = v1::RevokeSessionRequest { session_id: eves.session_id.clone(), ..Default::default() };
    assert!(!made(ada.sessions().revoke_session(of_eve).await).revoked, "not hers");
    made(asked(&reader, &eves.bearer_token).await);
    let other = v1::RevokeSessionRequest { session_id: second.session_id.clone(), ..Default::default() };
    assert!(made(ada.sessions().revoke_session(other.clone()).await).revoked);
    assert!(!made(ada.sessions().revoke_session(other).await).revoked, "it has ended");
    assert_eq!(refused(asked(&reader, &second.bearer_token).await).reason, "SESSION_INVALID");

    for _ in 0..3 {
        made(client.sessions().create_session(login("ada@example.com")).await);
    }
    let all = v1::RevokeAllSessionsRequest { keep_calling_session: true, ..Default::default() };
    assert_eq!(made(ada.sessions().revoke_all_sessions(all).await).revoked_count, 3);
    made(asked(&reader, &first.bearer_token).await);
    assert!(made(ada.sessions().revoke_session(v1::RevokeSessionRequest::default()).await).revoked, "logged out");
    assert_eq!(refused(asked(&reader, &first.bearer_token).await).reason, "SESSION_INVALID");
    let again = ada.sessions().revoke_session(v1::RevokeSessionRequest::default()).await;
    assert_eq!(refused(again).reason, "SESSION_INVALID", "nobody is logged out twice");
}

async fn an_administrator_ends_anybodys(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["sessions.read", "sessions.revoke"]).await;
    let (account, tokens) = logged_in(&app, &client, "ada@example.com").await;
    let nobody = client.sessions().revoke_session(v1::RevokeSessionRequest::default()).await;
    assert_eq!(refused(nobody).faults(), ["session_id FIELD_REQUIRED"]);
    let nobody = client.sessions().list_sessions(v1::ListSessionsRequest::default()).await;
    assert_eq!(refused(nobody).faults(), ["account FIELD_REQUIRED"]);
    let email = v1::account_ref::Ref::Email("ADA@example.com".to_owned());
    let all =
        v1::RevokeAllSessionsRequest { account: Some(v1::AccountRef { r#ref: Some(email) }), ..Default::default() };
    assert_eq!(made(client.sessions().revoke_all_sessions(all.clone()).await).revoked_count, 1);
    assert_eq!(made(client.sessions().revoke_all_sessions(all).await).revoked_count, 0);
    assert_eq!(refused(asked(&client, &tokens.bearer_token).await).reason, "SESSION_INVALID");
    let list = v1::ListSessionsRequest { account: of(&account.account_id), ..Default::default() };
    assert_eq!(made(client.sessions().list_sessions(list).await).sessions, []);
}

async fn a_list_comes_in_pages(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["sessions.read"]).await;
    let (account, _) = logged_in(&app, &client, "ada@example.com").await;
    for _ in 0..2 {
        made(client.sessions().create_session(login("ada@example.com")).await);
    }
    let mut request = v1::ListSessionsRequest { account: of(&account.account_id), page_size: 2, ..Default::default() };
    let first = made(client.sessions().list_sessions(request.clone()).await);
    assert_eq!(first.sessions.len(), 2);
    request.page_token = first.next_page_token;
    let last = made(client.sessions().list_sessions(request).await);
    assert_eq!((last.sessions.len(), last.next_page_token.as_str()), (1, ""));
}
