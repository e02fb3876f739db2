//! What a caller's credential and label are told.

use std::time::Duration;

use enroll::domain::limits::{LimitName, RateLimit};
use enroll::domain::secret::ApplicationKeySecret;
use enroll::proto::v1;

use crate::support::app::application;
use crate::support::{Client, Engine, TestApp, Told, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    every_fault_of_a_credential_has_its_reason,
    a_missing_right_is_named,
    guessing_keys_is_stopped_before_the_look_up,
    a_label_is_demanded_where_the_application_says_so,
    a_persons_token_is_not_ignored,
);

async fn call(client: &Client) -> Result<tonic::Response<v1::GetTenantResponse>, tonic::Status> {
    client.tenants().get_tenant(v1::GetTenantRequest::default()).await
}

async fn told(client: &Client) -> Told {
    refused(call(client).await)
}

async fn every_fault_of_a_credential_has_its_reason(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.read"]).await;
    made(call(&client).await);
    made(call(&client.saying("authorization", &format!("bearer {}", client.key))).await);
    let mut wrong_checksum = client.key.clone();
    let last = if wrong_checksum.ends_with('0') { "1" } else { "0" };
    wrong_checksum.replace_range(59.., last);
    let unknown = ApplicationKeySecret::from_bytes([9; 32]);
    let cases = [
        (app.anonymous(), "CREDENTIALS_MISSING"),
        (client.saying("authorization", "Bearer "), "CREDENTIALS_MISSING"),
        (client.saying("authorization", "Basic dXNlcjpwYXNz"), "AUTH_SCHEME_UNSUPPORTED"),
        (client.saying("authorization", &client.key), "AUTH_SCHEME_UNSUPPORTED"),
        (client.with_key("nonsense"), "CREDENTIALS_INVALID"),
        (client.with_key(&wrong_checksum), "CREDENTIALS_INVALID"),
        (client.with_key(&client.key.to_uppercase()), "CREDENTIALS_INVALID"),
        (client.with_key(unknown.expose()), "CREDENTIALS_INVALID"),
        (client.with_key(&format!("{} {}", client.key, client.key)), "CREDENTIALS_INVALID"),
    ];
    for (caller, reason) in cases {
        let told = told(&caller).await;
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unauthenticated", reason));
    }
    let missing = told(&app.anonymous()).await;
    assert_snapshot!(missing, @r"Unauthenticated CREDENTIALS_MISSING: The call brought no credential.");
}

async fn a_missing_right_is_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.read"]).await;
    let told = told(&client).await;
    assert_snapshot!(told, @r"
    PermissionDenied PERMISSION_MISSING: The caller lacks the permission tenants.read.
      permission = tenants.read
    ");
}

async fn guessing_keys_is_stopped_before_the_look_up(engine: Engine) {
    let twenty = RateLimit::new(20, Duration::from_secs(60));
    let app = TestApp::builder(engine).limit(LimitName::FailedCredentials, twenty).start().await;
    let (client, known) = (app.app(&["tenants.read"]).await, app.app(&["tenants.read"]).await);
    made(call(&known).await);
    for guess in 0..20_u8 {
        let guess = ApplicationKeySecret::from_bytes([guess; 32]);
        assert_eq!(told(&client.with_key(guess.expose())).await.reason, "CREDENTIALS_INVALID");
    }
    let guess = ApplicationKeySecret::from_bytes([200; 32]);
    let limited = told(&client.with_key(guess.expose())).await;
    assert_eq!((limited.code.as_str(), limited.reason.as_str()), ("ResourceExhausted", "RATE_LIMIT_EXCEEDED"));
    assert!(limited.retry_after.is_some());
    assert_eq!(told(&client).await.reason, "RATE_LIMIT_EXCEEDED", "nothing of this peer is looked up any more");
    made(call(&known).await);
    assert_eq!(told(&app.anonymous()).await.reason, "CREDENTIALS_MISSING");
}

async fn a_label_is_demanded_where_the_application_says_so(engine: Engine) {
    let app = TestApp::start(engine).await;
    let labelled = v1::Application {
        calling_apps: Some(v1::CallingApps { required: true, allowed: vec!["shop".to_owned(), "desk".to_owned()] }),
        ..application(&["tenants.read"])
    };
    let client = app.app_with(&app.operator().tenant_id, labelled).await;
    for caller in [client.clone(), client.saying("x-calling-app", "Shop"), client.saying("x-calling-app", "")] {
        let told = told(&caller).await;
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("PermissionDenied", "CALLING_APP_MISMATCH"));
    }
    made(call(&client.saying("x-calling-app", "desk")).await);
}

async fn a_persons_token_is_not_ignored(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.read"]).await.saying("x-user-token", "enroll_session_1");
    let told = told(&client).await;
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unauthenticated", "SESSION_INVALID"));
}
