//! Refreshing: each token once, and a second use ends the session.

use chrono::TimeDelta;
use tonic::{Response, Status};
use uuid::Uuid;

use enroll::proto::v1;

use super::{asked, logged_in};
use crate::support::together::{rounds, together};
use crate::support::{Client, Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_refresh_token_is_exchanged_once,
    the_same_request_may_come_again_for_a_moment,
    fifty_at_once_get_one_answer,
    tokens_end_when_their_time_is_over,
    a_refresh_token_is_its_applications_own,
);

async fn refresh(
    client: &Client,
    token: &str,
    request_id: &str,
) -> Result<Response<v1::RefreshSessionResponse>, Status> {
    let (refresh_token, request_id) = (token.to_owned(), request_id.to_owned());
    client.sessions().refresh_session(v1::RefreshSessionRequest { refresh_token, request_id }).await
}

async fn a_refresh_token_is_exchanged_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["sessions.read"]).await;
    let (_, first) = logged_in(&app, &client, "ada@example.com").await;
    let second = made(refresh(&client, &first.refresh_token, "").await).session.expect("tokens");
    assert_eq!(second.session_id, first.session_id);
    assert_eq!(refused(asked(&client, &first.bearer_token).await).reason, "SESSION_INVALID", "the old one is void");
    made(asked(&client, &second.bearer_token).await);
    // Whoever comes with the first token again is a thief, or was robbed: nobody goes on.
    let told = refused(refresh(&client, &first.refresh_token, "").await);
    assert_snapshot!(told, @r"Unauthenticated SESSION_INVALID: The session is not valid.");
    assert_eq!(refused(asked(&client, &second.bearer_token).await).reason, "SESSION_INVALID");
    assert_eq!(refused(refresh(&client, &second.refresh_token, "").await).reason, "SESSION_INVALID");
    let told = app.database().count("audit_entries WHERE resource LIKE 'sessions/%' AND outcome = 'REVOKED'").await;
    assert_eq!(told, 1, "the end of the family is in the audit");
}

async fn the_same_request_may_come_again_for_a_moment(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["sessions.read"]).await;
    let (_, first) = logged_in(&app, &client, "ada@example.com").await;
    let request_id = Uuid::now_v7().to_string();
    let lost = made(refresh(&client, &first.refresh_token, &request_id).await).session.expect("tokens");
    app.clock().advance(TimeDelta::seconds(9));
    let again = made(refresh(&client, &first.refresh_token, &request_id).await).session.expect("tokens");
    assert_ne!(again.refresh_token, lost.refresh_token, "tokens are told once");
    assert_eq!(refused(asked(&client, &lost.bearer_token).await).reason, "SESSION_INVALID");
    made(asked(&client, &again.bearer_token).await);
    assert_eq!(refused(refresh(&client, &lost.refresh_token, "").await).reason, "SESSION_INVALID", "it is void");
    made(asked(&client, &again.bearer_token).await);
    let third = made(refresh(&client, &again.refresh_token, "").await).session.expect("tokens");
    // The answer has arrived, as its use shows: the request has no second use any more.
    assert_eq!(refused(refresh(&client, &first.refresh_token, &request_id).await).reason, "SESSION_INVALID");
    assert_eq!(refused(asked(&client, &third.bearer_token).await).reason, "SESSION_INVALID");

    let (_, first) = logged_in(&app, &client, "eve@example.com").await;
    made(refresh(&client, &first.refresh_token, &request_id).await);
    app.clock().advance(TimeDelta::seconds(11));
    assert_eq!(refused(refresh(&client, &first.refresh_token, &request_id).await).reason, "SESSION_INVALID");
}

async fn fifty_at_once_get_one_answer(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    for round in 0..rounds() {
        let (_, tokens) = logged_in(&app, &client, &format!("ada{round}@example.com")).await;
        let calls = (0..50).map(|_| {
            let (client, token) = (client.clone(), tokens.refresh_token.clone());
            async move { refresh(&client, &token, "").await.is_ok() }
        });
        assert_eq!(together(calls).await.into_iter().filter(|renewed| *renewed).count(), 1, "round {round}");
    }
}

async fn tokens_end_when_their_time_is_over(engine: Engine) {
    let app = TestApp::start(engine).await;
    let lifetime = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let too_short =
        v1::Realm { bearer_token_lifetime: lifetime(59), refresh_token_lifetime: lifetime(60), ..Default::default() };
    let request = v1::CreateRealmRequest {
        realm: Some(v1::Realm { name: "short".to_owned(), ..too_short }),
        ..Default::default()
    };
    let told = refused(app.operator().realms().create_realm(request).await);
    assert_eq!(
        told.faults(),
        ["realm.bearer_token_lifetime FIELD_INVALID", "realm.refresh_token_lifetime FIELD_INVALID"]
    );
    let client = app.app(&["sessions.read"]).await;
    let (_, tokens) = logged_in(&app, &client, "ada@example.com").await;
    app.clock().advance(TimeDelta::minutes(15) + TimeDelta::seconds(1));
    assert_eq!(refused(asked(&client, &tokens.bearer_token).await).reason, "SESSION_INVALID");
    let tokens = made(refresh(&client, &tokens.refresh_token, "").await).session.expect("tokens");
    made(asked(&client, &tokens.bearer_token).await);
    app.clock().advance(TimeDelta::days(31));
    assert_eq!(refused(refresh(&client, &tokens.refresh_token, "").await).reason, "SESSION_INVALID");
}

async fn a_refresh_token_is_its_applications_own(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (client, other) = (app.app(&["sessions.read"]).await, app.app(&["sessions.read"]).await);
    let (_, tokens) = logged_in(&app, &client, "ada@example.com").await;
    assert_eq!(refused(refresh(&other, &tokens.refresh_token, "").await).reason, "SESSION_INVALID");
    made(asked(&other, &tokens.bearer_token).await);
    made(refresh(&client, &tokens.refresh_token, "").await);
    let stranger = app.app_of_another_tenant(&["sessions.read"]).await;
    let (_, tokens) = logged_in(&app, &client, "eve@example.com").await;
    assert_eq!(refused(asked(&stranger, &tokens.bearer_token).await).reason, "SESSION_INVALID");
    for text in ["", "enroll_session_", &tokens.refresh_token, &tokens.bearer_token.to_uppercase()] {
        let expected = if text.is_empty() { "VALIDATION_FAILED" } else { "SESSION_INVALID" };
        assert_eq!(refused(asked(&client, text).await).reason, expected, "{text}");
    }
}
