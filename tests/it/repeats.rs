//! One `request_id` many ways at one moment, and again after a restart: one thing is made, and everybody gets the same answer.

use std::fmt::Debug;
use std::time::Duration;

use chrono::TimeDelta;
use tonic::{Response, Status};
use uuid::Uuid;

use enroll::proto::v1;

use crate::support::binary::Binary;
use crate::support::database::Database;
use crate::support::state::half_made;
use crate::support::together::together;
use crate::support::{Engine, TestApp, made, on_both_engines, refused, requests};

/// Callers at one moment.
const CALLERS: usize = 50;

on_both_engines!(
    a_registration_is_done_once,
    a_creation_is_done_once,
    a_portal_is_registered_once,
    a_password_is_set_once,
    an_id_belongs_to_one_request,
    a_restart_forgets_nothing,
    expired_requests_are_forgotten_for_good,
);

/// Every answer is the same; all but the first say that they repeat it.
fn assert_one_answer<T: Debug + PartialEq>(answers: Vec<Result<Response<T>, Status>>) {
    let answers: Vec<Response<T>> = answers.into_iter().map(|answer| answer.expect("every call is answered")).collect();
    let repeats = answers.iter().filter(|answer| replayed(answer)).count();
    assert_eq!(repeats, answers.len() - 1, "all but one are repeats");
    let first = answers[0].get_ref();
    for answer in &answers {
        assert_eq!(answer.get_ref(), first);
    }
}

fn replayed<T>(answer: &Response<T>) -> bool {
    answer.metadata().get("x-idempotent-replay").is_some_and(|value| value == "true")
}

async fn a_registration_is_done_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let request = v1::RegisterAccountRequest { request_id: id(), ..requests::register("ada@example.org") };
    let calls = (0..CALLERS).map(|_| {
        let (operator, request) = (app.operator(), request.clone());
        async move { operator.registration().register_account(request).await }
    });
    assert_one_answer(together(calls).await);
    assert_eq!(app.database().count("accounts").await, 1);
    assert_eq!(half_made(app.database()).await, [""; 0]);
}

async fn a_creation_is_done_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let request = v1::CreateAccountRequest { request_id: id(), ..requests::create("ada@example.org") };
    let calls = (0..CALLERS).map(|_| {
        let (operator, request) = (app.operator(), request.clone());
        async move { operator.accounts().create_account(request).await }
    });
    assert_one_answer(together(calls).await);
    assert_eq!(app.database().count("accounts").await, 1);
    assert_eq!(half_made(app.database()).await, [""; 0]);
}

async fn a_portal_is_registered_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let request = v1::RegisterPortalRequest { request_id: id(), ..requests::portal("harbour") };
    let calls = (0..CALLERS).map(|_| {
        let (operator, request) = (app.operator(), request.clone());
        async move { operator.registration().register_portal(request).await }
    });
    // What opens the portal is told once.
    let known = |answer: Result<Response<v1::RegisterPortalResponse>, Status>| {
        answer.map(|mut answer| {
            answer.get_mut().verifications.clear();
            answer.get_mut().reference.clear();
            answer
        })
    };
    assert_one_answer(together(calls).await.into_iter().map(known).collect());
    assert_eq!(app.database().count("tenants WHERE portal_name IS NOT NULL").await, 1);
    assert_eq!(app.database().count("accounts").await, 1);
    assert_eq!(app.database().count("quota_uses WHERE used <> 1").await, 0);
    assert_eq!(half_made(app.database()).await, [""; 0]);
}

async fn a_password_is_set_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let account = made(app.operator().accounts().create_account(requests::create("ada@example.com")).await).account;
    let account_id = v1::account_ref::Ref::AccountId(account.expect("an account").account_id);
    let request = v1::SetPasswordRequest {
        account: Some(v1::AccountRef { r#ref: Some(account_id) }),
        credential: requests::credential("eleven herons at dawn"),
        request_id: Uuid::now_v7().to_string(),
        ..Default::default()
    };
    let calls = (0..CALLERS).map(|_| {
        let (client, request) = (app.operator(), request.clone());
        async move { client.credentials().set_password(request).await }
    });
    assert_one_answer(together(calls).await);
    assert_eq!(app.database().count("requests").await, 1);
}

async fn an_id_belongs_to_one_request(engine: Engine) {
    let app = TestApp::start(engine).await;
    let request_id = id();
    let calls = (0..CALLERS).map(|at| {
        let address = if at % 2 == 0 { "ada@example.org" } else { "grace@example.org" };
        let request = v1::RegisterAccountRequest { request_id: request_id.clone(), ..requests::register(address) };
        let operator = app.operator();
        async move { operator.registration().register_account(request).await }
    });
    let (done, reused): (Vec<_>, Vec<_>) = together(calls).await.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), CALLERS / 2);
    for answer in reused {
        assert_eq!(refused(answer).reason, "REQUEST_ID_REUSED");
    }
    assert_eq!(app.database().count("accounts").await, 1);
}

async fn a_restart_forgets_nothing(engine: Engine) {
    let database = Database::fresh(engine).await;
    let request = v1::CreateAccountRequest { request_id: id(), ..requests::create("ada@example.org") };
    let binary = Binary::start(&database).await;
    let before = made(binary.operator().accounts().create_account(request.clone()).await);
    binary.kill();
    let binary = Binary::start(&database).await;
    let after = binary.operator().accounts().create_account(request).await.expect("the repeat is answered");
    assert!(replayed(&after));
    assert_eq!(after.into_inner(), before);
    assert_eq!(database.count("accounts").await, 1);
}

fn id() -> String {
    Uuid::now_v7().to_string()
}

async fn expired_requests_are_forgotten_for_good(engine: Engine) {
    let often = |builder: &mut crate::support::app::Builder| builder.server.sweep_interval = Duration::from_millis(10);
    let app = TestApp::builder(engine).with(often).start().await;
    let request = v1::CreateAccountRequest { request_id: id(), ..requests::create("ada@example.org") };
    let portal = v1::RegisterPortalRequest { request_id: id(), ..requests::portal("portal") };
    made(app.operator().accounts().create_account(request.clone()).await);
    made(app.operator().registration().register_portal(portal).await);
    let rows = async || (app.database().count("requests").await, app.database().count("portal_requests").await);
    assert_eq!(rows().await, (1, 1));
    // Expired here, but maybe not by the clock of another replica.
    app.clock().advance(TimeDelta::hours(24) + TimeDelta::minutes(30));
    let young = v1::CreateAccountRequest { request_id: id(), ..requests::create("grace@example.org") };
    made(app.operator().accounts().create_account(young).await);
    assert_eq!(rows().await, (2, 1));
    app.clock().advance(TimeDelta::hours(1));
    let swept = async {
        while rows().await != (1, 0) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), swept)
        .await
        .expect("what has expired is swept, what is young is not");
}
