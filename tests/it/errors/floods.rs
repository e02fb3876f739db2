//! Too many calls in a short time.

use std::time::Duration;

use enroll::domain::limits::{LimitName, RateLimit};
use enroll::proto::v1;

use crate::support::requests::create;
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    an_application_that_floods_is_told_to_wait,
    a_costly_call_takes_more,
    a_flood_of_strangers_stays_with_them
);

/// So slow that nothing comes back while a test runs.
fn slowly(burst: u32) -> RateLimit {
    RateLimit::new(1, Duration::from_secs(3_600)).with_burst(burst)
}

fn get() -> v1::GetTenantRequest {
    v1::GetTenantRequest::default()
}

async fn an_application_that_floods_is_told_to_wait(engine: Engine) {
    let app = TestApp::builder(engine).limit(LimitName::ApplicationCalls, slowly(100)).start().await;
    let (client, other) = (app.app(&["tenants.read"]).await, app.app(&["tenants.read"]).await);
    for _ in 0..100 {
        made(client.tenants().get_tenant(get()).await);
    }
    let told = refused(client.tenants().get_tenant(get()).await);
    assert_snapshot!(told, @r"
    ResourceExhausted RATE_LIMIT_EXCEEDED: There were too many attempts in a short time.
      limit = application_calls
    quota of application_calls
    retry
    ");
    assert!(told.retry_after.is_some_and(|wait| wait > Duration::ZERO), "{:?}", told.retry_after);
    made(other.tenants().get_tenant(get()).await);
}

async fn a_costly_call_takes_more(engine: Engine) {
    let app = TestApp::builder(engine).limit(LimitName::ApplicationCalls, slowly(100)).start().await;
    let client = app.app(&["accounts.create", "tenants.read"]).await;
    for at in 0..5 {
        made(client.accounts().create_account(create(&format!("person-{at}@example.com"))).await);
    }
    let told = refused(client.accounts().create_account(create("person-5@example.com")).await);
    assert_eq!(told.reason, "RATE_LIMIT_EXCEEDED");
    assert_eq!(refused(client.tenants().get_tenant(get()).await).reason, "RATE_LIMIT_EXCEEDED");
    assert_eq!(app.database().count("accounts").await, 5);
}

async fn a_flood_of_strangers_stays_with_them(engine: Engine) {
    let app = TestApp::builder(engine).limit(LimitName::ApplicationCalls, slowly(100)).start().await;
    let client = app.app(&["tenants.read"]).await;
    for _ in 0..200 {
        assert_eq!(refused(app.anonymous().tenants().get_tenant(get()).await).reason, "CREDENTIALS_MISSING");
    }
    made(client.tenants().get_tenant(get()).await);
}
