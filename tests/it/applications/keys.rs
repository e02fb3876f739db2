//! Keys: several at once, each with its own end.

use chrono::{DateTime, TimeDelta, Utc};
use prost_types::Timestamp;

use enroll::proto::v1;
use enroll::provisioning::seams::Clock;

use crate::support::{Client, Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    a_secret_is_shown_once_and_kept_as_a_hash,
    several_keys_open_at_once_and_a_revoked_one_no_more,
    a_key_has_an_end,
    an_end_lies_ahead,
    a_disabled_application_is_nobody,
    the_last_use_is_noted,
);

async fn new_key(client: &Client, expire_time: Option<DateTime<Utc>>) -> v1::CreateApplicationKeyResponse {
    let expire_time = expire_time.map(|end| Timestamp { seconds: end.timestamp(), nanos: 0 });
    let request = v1::CreateApplicationKeyRequest {
        application_id: client.application_id.clone(),
        key: Some(v1::ApplicationKey { display_name: "night shift".to_owned(), expire_time, ..Default::default() }),
        ..Default::default()
    };
    made(client.applications().create_application_key(request).await)
}

async fn keys(client: &Client) -> Vec<v1::ApplicationKey> {
    let list = v1::ListApplicationKeysRequest { application_id: client.application_id.clone(), ..Default::default() };
    made(client.applications().list_application_keys(list).await).keys
}

/// What a call with this key is told; nothing where it passes.
async fn told_with(client: &Client, key: &str) -> Option<String> {
    let answer = client.with_key(key).applications().get_application(v1::GetApplicationRequest::default()).await;
    answer.err().map(|status| crate::support::told::read(&status).reason)
}

const ALL: [&str; 2] = ["applications.read", "applications.write"];

async fn a_secret_is_shown_once_and_kept_as_a_hash(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let answer = new_key(&client, None).await;
    let key = answer.key.expect("a key");
    assert!(answer.secret.starts_with("enroll_app_") && answer.secret.len() == 60, "its form");
    assert!(answer.secret.starts_with(&key.prefix) && key.prefix.len() <= 16);
    assert_eq!(
        (key.display_name.as_str(), key.application_id.as_str()),
        ("night shift", client.application_id.as_str())
    );
    assert!(
        !format!("{:?}", v1::CreateApplicationKeyResponse { key: None, secret: answer.secret.clone() })
            .contains(&answer.secret)
    );
    let listed = keys(&client).await;
    assert_eq!(listed.len(), 2);
    assert!(!format!("{listed:?}").contains(&answer.secret));
    assert_eq!(app.database().count(&format!("application_keys WHERE prefix = '{}'", answer.secret)).await, 0);
}

async fn several_keys_open_at_once_and_a_revoked_one_no_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let second = new_key(&client, None).await;
    assert_eq!(told_with(&client, &client.key).await, None);
    assert_eq!(told_with(&client, &second.secret).await, None);
    let revoke = v1::RevokeApplicationKeyRequest {
        application_id: client.application_id.clone(),
        key_id: second.key.expect("a key").key_id,
        ..Default::default()
    };
    let revoked = made(client.applications().revoke_application_key(revoke.clone()).await).key.expect("a key");
    assert!(revoked.revoke_time.is_some());
    assert_eq!(told_with(&client, &second.secret).await.as_deref(), Some("CREDENTIALS_INVALID"), "at once");
    assert_eq!(told_with(&client, &client.key).await, None);
    app.clock().advance(TimeDelta::minutes(1));
    let again = made(client.applications().revoke_application_key(revoke.clone()).await).key.expect("a key");
    assert_eq!(again.revoke_time, revoked.revoke_time, "the first time counts");
    for key_id in ["018f0000-0000-7000-8000-000000000000", "none"] {
        let unknown = v1::RevokeApplicationKeyRequest { key_id: key_id.to_owned(), ..revoke.clone() };
        assert_eq!(
            refused(client.applications().revoke_application_key(unknown).await).reason,
            "APPLICATION_NOT_FOUND"
        );
    }
}

async fn a_key_has_an_end(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let key = new_key(&client, Some(app.clock().now() + TimeDelta::hours(1))).await;
    assert_eq!(told_with(&client, &key.secret).await, None);
    app.clock().advance(TimeDelta::minutes(61));
    assert_eq!(told_with(&client, &key.secret).await.as_deref(), Some("CREDENTIALS_EXPIRED"));
    assert_eq!(told_with(&client, &client.key).await, None);
}

async fn an_end_lies_ahead(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    for seconds in [0, -1, i64::MAX, 253_402_300_800] {
        let key = v1::ApplicationKey { expire_time: Some(Timestamp { seconds, nanos: 0 }), ..Default::default() };
        let request = v1::CreateApplicationKeyRequest {
            application_id: client.application_id.clone(),
            key: Some(key),
            ..Default::default()
        };
        let told = refused(client.applications().create_application_key(request).await);
        assert_eq!(told.faults(), ["key.expire_time FIELD_INVALID"], "{seconds}");
    }
}

async fn a_disabled_application_is_nobody(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    assert_eq!(told_with(&client, &client.key).await, None);
    let state = |state: v1::ApplicationState| {
        let application = v1::Application {
            application_id: client.application_id.clone(),
            state: state.into(),
            ..Default::default()
        };
        v1::UpdateApplicationRequest { application: Some(application), ..Default::default() }
    };
    let mut operator = app.operator().applications();
    made(operator.update_application(state(v1::ApplicationState::Disabled)).await);
    assert_eq!(told_with(&client, &client.key).await.as_deref(), Some("CREDENTIALS_INVALID"));
    made(operator.update_application(state(v1::ApplicationState::Enabled)).await);
    assert_eq!(told_with(&client, &client.key).await, None);
}

async fn the_last_use_is_noted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    // The use is written behind the call's back, so it is awaited, within bounds.
    for _ in 0..500 {
        if keys(&client).await[0].last_used_time.is_some() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the use of the key was not noted");
}
