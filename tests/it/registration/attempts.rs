//! How often one person may try.

use std::time::Duration;

use enroll::domain::limits::{LimitName, RateLimit};
use enroll::proto::v1;

use super::people::{public, register_in};
use crate::support::{Engine, TestApp, Told, made, on_both_engines, refused};

on_both_engines!(an_address_has_ten_attempts, only_a_trusted_application_says_whose_attempt_it_is);

/// As the service has it by default.
fn ten_in_five_minutes() -> RateLimit {
    RateLimit::new(10, Duration::from_secs(300))
}

fn from(realm_id: &str, ip_address: &str, email: &str) -> v1::RegisterAccountRequest {
    let end_user = v1::EndUser { ip_address: ip_address.to_owned(), user_agent: "a browser".to_owned() };
    v1::RegisterAccountRequest { end_user: Some(end_user), ..register_in(realm_id, email) }
}

fn assert_limited(told: &Told) {
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("ResourceExhausted", "RATE_LIMIT_EXCEEDED"));
    let wait = told.retry_after.expect("when to try again");
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(300), "{wait:?}");
    assert_eq!(told.quotas.len(), 1);
}

async fn an_address_has_ten_attempts(engine: Engine) {
    let app = TestApp::builder(engine).limit(LimitName::AccountRegistrations, ten_in_five_minutes()).start().await;
    let realm_id = app.realm(public()).await;
    let client = app.app(&["end_user.assert"]).await;
    for _ in 0..10 {
        let told =
            refused(client.registration().register_account(from(&realm_id, "192.0.2.1", "not an address")).await);
        assert_eq!(told.reason, "VALIDATION_FAILED", "an attempt counts whatever comes of it");
    }
    let told = refused(client.registration().register_account(from(&realm_id, "192.0.2.1", "a@example.com")).await);
    assert_limited(&told);
    assert_eq!(app.database().count("accounts").await, 0);
    made(client.registration().register_account(from(&realm_id, "192.0.2.2", "a@example.com")).await);
    // A household has a whole /64.
    for host in 0..10 {
        let address = format!("2001:db8::{host}");
        refused(client.registration().register_account(from(&realm_id, &address, "not an address")).await);
    }
    let told =
        refused(client.registration().register_account(from(&realm_id, "2001:db8::ffff", "b@example.com")).await);
    assert_limited(&told);
    made(client.registration().register_account(from(&realm_id, "2001:db8:0:1::1", "b@example.com")).await);
}

async fn only_a_trusted_application_says_whose_attempt_it_is(engine: Engine) {
    let app = TestApp::builder(engine).limit(LimitName::AccountRegistrations, ten_in_five_minutes()).start().await;
    let realm_id = app.realm(public()).await;
    let client = app.app(&[]).await;
    for host in 1..=10 {
        let address = format!("192.0.2.{host}");
        refused(client.registration().register_account(from(&realm_id, &address, "not an address")).await);
    }
    let told = refused(client.registration().register_account(from(&realm_id, "192.0.2.11", "a@example.com")).await);
    assert_limited(&told);
    let trusted = app.app(&["end_user.assert"]).await;
    let told =
        refused(trusted.registration().register_account(from(&realm_id, "not an address", "a@example.com")).await);
    assert_limited(&told);
    made(trusted.registration().register_account(from(&realm_id, "192.0.2.11", "a@example.com")).await);
}
