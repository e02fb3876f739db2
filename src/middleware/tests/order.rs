//! Each refusal comes from the layer that has to make it, before the ones behind it have seen the call.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tonic::Code;
use tonic_types::StatusExt;

use crate::domain::limits::LimitName;
use crate::middleware::authorize::ReflectionAccess;
use crate::telemetry::metric;

use super::support::{CREATE_ACCOUNT, HEALTH, House, Notes, REGISTER_ACCOUNT, counter, ended, recorded};

const CREATOR: (&str, &str) = ("authorization", "Bearer creator");
const READER: (&str, &str) = ("authorization", "Bearer reader");

fn refusal(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

/// That nothing behind the authorization saw a call.
fn nothing_behind(house: &House) {
    assert!(house.limiter.taken.lock().expect("not poisoned").is_empty(), "the limiter was asked");
    assert!(house.calls.lock().expect("not poisoned").is_empty(), "the service was reached");
}

#[tokio::test]
async fn a_call_that_passes_hands_over_what_the_layers_learnt() {
    let house = House::default();
    let before = Instant::now();
    let headers = [CREATOR, ("x-calling-app", "desk"), ("x-request-id", "mine-1"), ("grpc-timeout", "3S")];
    let answer = house.call(CREATE_ACCOUNT, &headers).await;
    assert_eq!(answer.status.code(), Code::Ok);
    assert!(!answer.code_in_headers);
    assert_eq!(answer.headers["x-request-id"], "mine-1");
    let calls = house.calls.lock().expect("not poisoned");
    let [call] = &calls[..] else { panic!("one call") };
    assert_eq!(
        (call.rpc, call.request_id.as_str(), call.calling_app.as_deref()),
        ("CreateAccount", "mine-1", Some("desk"))
    );
    assert!(call.principal.caller().is_ok());
    let left = call.deadline - before;
    assert!(left > Duration::from_secs(2) && left < Duration::from_secs(4), "{left:?}");
    let taken = house.limiter.taken.lock().expect("not poisoned");
    assert_eq!(
        taken[..].iter().map(|(limit, _, cost)| (*limit, *cost)).collect::<Vec<_>>(),
        [(LimitName::ApplicationCalls, 20)]
    );
}

#[tokio::test]
async fn who_has_no_credential_gets_no_further_than_authorization() {
    let house = House::default();
    for path in [
        CREATE_ACCOUNT,
        REGISTER_ACCOUNT,
        "/enroll.v1.AccountService/Nothing",
        "/",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ] {
        let answer = house.call(path, &[]).await;
        assert_eq!(answer.refusal(), refusal(Code::Unauthenticated, "CREDENTIALS_MISSING"), "{path}");
        assert!(answer.code_in_headers);
    }
    nothing_behind(&house);
}

#[tokio::test]
async fn a_bad_credential_is_refused_whatever_it_is_for() {
    let house = House::default();
    for path in [CREATE_ACCOUNT, "/enroll.v1.AccountService/Nothing"] {
        let answer = house.call(path, &[("authorization", "Bearer stolen")]).await;
        assert_eq!(answer.refusal(), refusal(Code::Unauthenticated, "CREDENTIALS_INVALID"), "{path}");
        let answer = house.call(path, &[CREATOR, CREATOR]).await;
        assert_eq!(answer.refusal(), refusal(Code::Unauthenticated, "CREDENTIALS_INVALID"), "two of them");
    }
    nothing_behind(&house);
}

#[tokio::test]
async fn health_is_told_without_looking_at_a_credential() {
    let house = House::default();
    let answer = house.call(HEALTH, &[("authorization", "Bearer stolen")]).await;
    assert_eq!(answer.status.code(), Code::Ok);
    assert_eq!(house.keys.asked.load(Ordering::Relaxed), 0);
    let taken = house.limiter.taken.lock().expect("not poisoned");
    assert_eq!(taken[0].0, LimitName::PeerCalls);
}

#[tokio::test]
async fn a_caller_is_told_which_methods_there_are_and_which_permission_it_lacks() {
    let house = House::default();
    let unknown = house.call("/enroll.v1.AccountService/Nothing", &[READER]).await;
    assert_eq!(unknown.refusal(), refusal(Code::Unimplemented, "METHOD_UNKNOWN"));
    let lacking = house.call(CREATE_ACCOUNT, &[READER]).await;
    assert_eq!(lacking.refusal(), refusal(Code::PermissionDenied, "PERMISSION_MISSING"));
    nothing_behind(&house);
    assert_eq!(house.call(REGISTER_ACCOUNT, &[READER]).await.status.code(), Code::Ok);
}

#[tokio::test]
async fn the_label_is_judged_after_the_permission() {
    let house = House::default();
    let label = ("x-calling-app", "somebody's");
    let answer = house.call(CREATE_ACCOUNT, &[CREATOR, label]).await;
    assert_eq!(answer.refusal(), refusal(Code::PermissionDenied, "CALLING_APP_MISMATCH"));
    let answer = house.call(CREATE_ACCOUNT, &[READER, label]).await;
    assert_eq!(answer.refusal(), refusal(Code::PermissionDenied, "PERMISSION_MISSING"));
    nothing_behind(&house);
}

#[tokio::test]
async fn a_persons_token_comes_beside_a_key_and_is_never_ignored() {
    let house = House::default();
    let answer = house.call(CREATE_ACCOUNT, &[CREATOR, ("x-user-token", "t")]).await;
    assert_eq!(answer.refusal(), refusal(Code::Unauthenticated, "SESSION_INVALID"));
    let answer = house.call(CREATE_ACCOUNT, &[CREATOR, ("x-user-token", "person"), ("x-user-token", "person")]).await;
    assert_eq!(answer.refusal(), refusal(Code::Unauthenticated, "SESSION_INVALID"));
    let answer = house.call(CREATE_ACCOUNT, &[("authorization", "Bearer stolen"), ("x-user-token", "person")]).await;
    assert_eq!(answer.refusal(), refusal(Code::Unauthenticated, "CREDENTIALS_INVALID"));
    let answer = house.call(CREATE_ACCOUNT, &[("x-user-token", "person")]).await;
    assert_eq!(answer.refusal(), refusal(Code::Unauthenticated, "CREDENTIALS_MISSING"));
    let answer = house.call(CREATE_ACCOUNT, &[CREATOR, ("x-user-token", "restricted")]).await;
    assert_eq!(answer.refusal(), refusal(Code::FailedPrecondition, "PASSWORD_CHANGE_REQUIRED"));
    nothing_behind(&house);
}

#[tokio::test]
async fn the_limit_refuses_before_the_service_and_says_when_to_come_back() {
    for asks in [false, true] {
        let house = House { limiter: Notes::with_room(1, asks), ..House::default() };
        assert_eq!(house.call(CREATE_ACCOUNT, &[CREATOR]).await.status.code(), Code::Ok);
        let answer = house.call(CREATE_ACCOUNT, &[CREATOR]).await;
        assert_eq!(answer.refusal(), refusal(Code::ResourceExhausted, "RATE_LIMIT_EXCEEDED"));
        let retry = answer.status.get_details_retry_info().and_then(|info| info.retry_delay);
        assert_eq!(retry, Some(Duration::from_secs(3)));
        assert_eq!(house.calls.lock().expect("not poisoned").len(), 1);
    }
}

#[tokio::test]
async fn reflection_is_shown_to_whom_the_settings_say() {
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let code = async |reflection, headers: &[(&'static str, &str)]| {
        let house = House { reflection, ..House::default() };
        house.call(path, headers).await.status.code()
    };
    assert_eq!(code(ReflectionAccess::Anonymous, &[]).await, Code::Ok);
    // The call that comes after it tells what is wrong with the credential.
    let wrong = [("authorization", "Bearer stolen"), ("x-user-token", "t")];
    assert_eq!(code(ReflectionAccess::Anonymous, &wrong).await, Code::Ok);
    assert_eq!(code(ReflectionAccess::Application, &wrong).await, Code::Unauthenticated);
    assert_eq!(code(ReflectionAccess::Application, &[]).await, Code::Unauthenticated);
    assert_eq!(code(ReflectionAccess::Application, &[READER]).await, Code::Ok);
    assert_eq!(code(ReflectionAccess::Nobody, &[READER]).await, Code::Unimplemented);
}

#[test]
fn every_end_is_counted_refusals_first() {
    let recorded = recorded(async {
        let house = House::default();
        house.call(CREATE_ACCOUNT, &[]).await;
        house.call(CREATE_ACCOUNT, &[CREATOR]).await;
        house.call("/no/such", &[READER]).await;
        // Sent, and its body dropped unread.
        drop(house.send(CREATE_ACCOUNT, &[CREATOR]).await);
    });
    assert_eq!(ended(&recorded, CREATE_ACCOUNT, "UNAUTHENTICATED"), 1, "{recorded}");
    assert_eq!(ended(&recorded, CREATE_ACCOUNT, "OK"), 1, "{recorded}");
    assert_eq!(ended(&recorded, CREATE_ACCOUNT, "CANCELLED"), 1, "{recorded}");
    assert_eq!(ended(&recorded, "unknown", "UNIMPLEMENTED"), 1, "{recorded}");
    assert_eq!(counter(&recorded, metric::REFUSALS, &[("reason", "CREDENTIALS_MISSING")]), 1, "{recorded}");
    assert!(!recorded.contains("no/such"), "a caller's text is no label: {recorded}");
}
