//! Refusals come from the layer that has to make them, and are told, counted and answered like every other end of a call.

use std::time::Duration;

use tonic::Code;

use enroll::domain::limits::{LimitName, RateLimit};
use enroll::domain::secret::ApplicationKeySecret;
use enroll::proto::v1;

use crate::support::binary::Binary;
use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::hold::Hold;
use crate::support::{Client, Engine, TestApp, made, on_both_engines, raw, refused, requests, told};

use super::scrape::{counter, exchange};

on_both_engines!(
    authorization_comes_before_the_message_is_read,
    a_flood_without_a_credential_takes_nothing_from_an_application,
    a_deadline_is_told_and_the_unit_of_work_ends,
    a_browsers_deadline_is_kept,
);

/// A path below enroll.v1 that every caller of these tests is refused at, or not.
const LIST: &str = "enroll.v1.TenantService/ListTenants";
const CREATE: &str = "enroll.v1.AccountService/CreateAccount";

/// Bytes that are no message of any type.
const GARBAGE: [u8; 3] = [0xff; 3];

#[test]
fn a_refused_call_has_its_request_id_and_is_counted() {
    run(async {
        let database = Database::fresh(Engine::Sqlite).await;
        let binary = Binary::start(&database).await;
        let nobody = binary.anonymous().saying("x-request-id", "mine-1");
        let request = v1::ListTenantsRequest::default();
        let status = nobody.tenants().list_tenants(request.clone()).await.expect_err("refused");
        assert_eq!(status.metadata().get("x-request-id").map(|id| id.as_bytes()), Some(&b"mine-1"[..]));
        assert_eq!(told::read(&status).request_id, "mine-1");
        made(binary.operator().tenants().list_tenants(request).await);
        let unknown = raw::call(&binary.operator(), "enroll.v1.TenantService/Nothing", Vec::new()).await;
        assert_eq!(refused(unknown).reason, "METHOD_UNKNOWN");

        let admin = binary.admin_address();
        let ended =
            async |rpc: &str, code: &str| counter(admin, "enroll_calls_total", &[("rpc", rpc), ("code", code)]).await;
        assert_eq!(ended(LIST, "UNAUTHENTICATED").await, 1);
        assert_eq!(ended(LIST, "OK").await, 1);
        assert_eq!(ended("unknown", "UNIMPLEMENTED").await, 1);
        let refusals = [("rpc", LIST), ("reason", "CREDENTIALS_MISSING")];
        assert_eq!(counter(admin, "enroll_refusals_total", &refusals).await, 1);
    });
}

async fn authorization_comes_before_the_message_is_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (without, with) = (app.app(&["accounts.read"]).await, app.app(&["accounts.create"]).await);
    let reason =
        async |client: &Client, message: &[u8]| refused(raw::call(client, CREATE, message.to_vec()).await).reason;
    let (anonymous, too_large) = (app.anonymous(), vec![0; 1 << 20]);
    for message in [&GARBAGE[..], &[], &too_large] {
        assert_eq!(reason(&anonymous, message).await, "CREDENTIALS_MISSING");
        assert_eq!(reason(&without, message).await, "PERMISSION_MISSING");
    }
    assert_eq!(reason(&with, &GARBAGE).await, "MESSAGE_MALFORMED");
    assert_eq!(reason(&with, &too_large).await, "MESSAGE_TOO_LARGE");
    assert_eq!(reason(&with, &[]).await, "VALIDATION_FAILED");
}

async fn a_flood_without_a_credential_takes_nothing_from_an_application(engine: Engine) {
    const BURST: u32 = 30;
    let rate = RateLimit::new(1, Duration::from_secs(3600)).with_burst(BURST);
    let app = TestApp::builder(engine).limit(LimitName::ApplicationCalls, rate).start().await;
    let reader = app.app(&["accounts.read"]).await;
    let request = v1::ListAccountsRequest::default;

    // Each of these would cost 20 of the 30, or 1, if it were counted for an application.
    let wrong = app.anonymous().with_key(ApplicationKeySecret::from_bytes([9; 32]).expose());
    for _ in 0..100 {
        let answer = app.anonymous().accounts().create_account(v1::CreateAccountRequest::default()).await;
        assert_eq!(refused(answer).reason, "CREDENTIALS_MISSING");
        assert_eq!(refused(wrong.accounts().list_accounts(request()).await).reason, "CREDENTIALS_INVALID");
        // Refused by authorization, which comes before the limiter as well.
        let answer = reader.accounts().create_account(v1::CreateAccountRequest::default()).await;
        assert_eq!(refused(answer).reason, "PERMISSION_MISSING");
    }
    for at in 0..BURST {
        let answer = reader.accounts().list_accounts(request()).await;
        assert!(answer.is_ok(), "call {at} of {BURST}: {answer:?}");
    }
    // Control: the application's own calls do count.
    let refusal = refused(reader.accounts().list_accounts(request()).await);
    assert_eq!((refusal.reason.as_str(), refusal.said("limit")), ("RATE_LIMIT_EXCEEDED", Some("application_calls")));
    assert!(refusal.retry_after.is_some());
}

async fn a_deadline_is_told_and_the_unit_of_work_ends(engine: Engine) {
    let started =
        TestApp::builder(engine).with(|app| app.server.deadline_max = Duration::from_millis(500)).start().await;
    let app = started;
    let request = v1::CreateAccountRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        ..requests::create("ada@example.org")
    };
    let hold = Hold::take(app.database()).await;
    let status = app.operator().accounts().create_account(request.clone()).await.expect_err("nobody can write");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(told::read(&status).reason, "REQUEST_DEADLINE_EXCEEDED");
    hold.release().await;

    // The unit that the call began ends by itself; whoever asks again gets what it made.
    let answer = app.operator().accounts().create_account(request).await.expect("the repeat is answered");
    assert_eq!(answer.get_ref().outcome(), v1::Outcome::Created);
    assert_eq!(app.database().count("accounts").await, 1);
}

/// gRPC-Web over HTTP/1.1 as a browser speaks it, with the header that tonic's own client would answer by itself.
async fn a_browsers_deadline_is_kept(engine: Engine) {
    let app = TestApp::start(engine).await;
    let method = raw::methods().into_iter().find(|method| raw::path(method) == CREATE).expect("a method");
    let message = raw::encode(
        &method,
        serde_json::json!({"account": {"email": {"address": "ada@example.org"}}, "credential": {"password": {"password": requests::PASSWORD}}}),
    );
    let hold = Hold::take(app.database()).await;
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).expect("a short message").to_be_bytes());
    body.extend(message);
    let key = app.operator().key;
    let mut request = format!(
        "POST /{CREATE} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\ngrpc-timeout: 300m\r\n\
         authorization: Bearer {key}\r\nx-request-id: from-a-browser\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        app.address(),
        body.len(),
    )
    .into_bytes();
    request.extend(body);
    let answer = exchange(app.address(), &request).await;
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(answer.contains("x-request-id: from-a-browser"), "{answer}");
    let code = i32::from(Code::DeadlineExceeded);
    assert!(
        answer.contains(&format!("grpc-status: {code}")) || answer.contains(&format!("grpc-status:{code}")),
        "{answer}"
    );
    assert!(answer.contains("grpc-status-details-bin"), "{answer}");
    hold.release().await;
}
