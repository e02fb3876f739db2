//! `request_id`, which makes a call safe to repeat, and `validate_only`, which does nothing but look.

use chrono::TimeDelta;
use tonic::Response;

use enroll::proto::v1;

use crate::support::requests::{create, credential};
use crate::support::{Engine, TestApp, made, on_both_engines, refused, sent};

on_both_engines!(
    a_repeat_answers_what_the_first_success_did,
    the_same_id_for_another_request_is_refused,
    an_error_is_not_remembered,
    a_request_id_belongs_to_its_application,
    a_request_id_is_forgotten_after_a_day,
    a_request_id_is_a_uuid,
    the_existing_account_is_remembered_too,
    checking_writes_nothing,
    checking_tells_what_doing_would,
);

const ID: &str = "0b5c2f2e-7d0d-4e0a-9a3c-5d3f0c8a1b2c";

fn repeatable(address: &str) -> v1::CreateAccountRequest {
    v1::CreateAccountRequest { request_id: ID.to_owned(), ..create(address) }
}

fn is_replay<T>(response: &Response<T>) -> bool {
    response.metadata().get("x-idempotent-replay").is_some_and(|value| value == "true")
}

async fn a_repeat_answers_what_the_first_success_did(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let first = client.accounts().create_account(repeatable("a@example.com")).await.expect("made");
    assert!(!is_replay(&first));
    let first = first.into_inner();
    for _ in 0..3 {
        // The fingerprint leaves secrets out, so that another password is the same request.
        let again =
            v1::CreateAccountRequest { credential: credential("another password"), ..repeatable("a@example.com") };
        let again = client.accounts().create_account(again).await.expect("repeated");
        assert!(is_replay(&again));
        assert_eq!(again.into_inner(), first);
    }
    assert_eq!(app.database().count("accounts").await, 1);
    assert_eq!(app.database().count("requests").await, 1);
}

async fn the_same_id_for_another_request_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    made(client.accounts().create_account(repeatable("a@example.com")).await);
    let told = refused(client.accounts().create_account(repeatable("b@example.com")).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", "REQUEST_ID_REUSED"));
    assert_eq!(app.database().count("accounts").await, 1);
}

async fn an_error_is_not_remembered(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    refused(client.accounts().create_account(repeatable("not an address")).await);
    made(client.accounts().create_account(create("a@example.com")).await);
    let told = refused(client.accounts().create_account(repeatable("a@example.com")).await);
    assert_eq!(told.reason, "EMAIL_ALREADY_EXISTS");
    let answer = client.accounts().create_account(repeatable("b@example.com")).await.expect("made");
    assert!(!is_replay(&answer));
}

async fn a_request_id_belongs_to_its_application(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (one, other) = (app.app(&["accounts.create"]).await, app.app(&["accounts.create"]).await);
    made(one.accounts().create_account(repeatable("a@example.com")).await);
    let answer = other.accounts().create_account(repeatable("b@example.com")).await.expect("made");
    assert!(!is_replay(&answer));
}

async fn a_request_id_is_forgotten_after_a_day(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    made(client.accounts().create_account(repeatable("a@example.com")).await);
    app.clock().advance(TimeDelta::hours(23));
    assert!(is_replay(&client.accounts().create_account(repeatable("a@example.com")).await.expect("repeated")));
    app.clock().advance(TimeDelta::hours(2));
    let answer = client.accounts().create_account(repeatable("b@example.com")).await.expect("made");
    assert!(!is_replay(&answer));
    assert!(is_replay(&client.accounts().create_account(repeatable("b@example.com")).await.expect("repeated")));
}

async fn a_request_id_is_a_uuid(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let request = v1::CreateAccountRequest { request_id: "mine".to_owned(), ..create("a@example.com") };
    let told = refused(client.accounts().create_account(request).await);
    assert_eq!(told.faults(), ["request_id FIELD_INVALID"]);
}

async fn the_existing_account_is_remembered_too(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    let account = made(client.accounts().create_account(create("a@example.com")).await).account;
    let request = v1::CreateAccountRequest {
        on_duplicate: v1::OnDuplicate::ReturnExisting.into(),
        ..repeatable("a@example.com")
    };
    for expected_replay in [false, true, true] {
        let answer = client.accounts().create_account(request.clone()).await.expect("answered");
        assert_eq!(is_replay(&answer), expected_replay);
        assert_eq!(answer.get_ref().outcome(), v1::Outcome::Existing);
        assert_eq!(answer.get_ref().account, account);
    }
}

/// Everything that a call could write.
async fn rows(app: &TestApp) -> Vec<i64> {
    let tables = ["accounts", "identifiers", "credentials", "external_keys", "consents", "requests", "events"];
    let more = ["audit_entries", "tenant_quota_uses", "quota_uses"];
    // Mails leave their table by themselves, so they are counted where they arrive.
    let mut counts = vec![i64::try_from(sent::mails(app).await.len()).expect("a count")];
    for table in tables.into_iter().chain(more) {
        counts.push(app.database().count(table).await);
    }
    counts
}

async fn checking_writes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let before = rows(&app).await;
    let check = v1::CreateAccountRequest { validate_only: true, ..repeatable("a@example.com") };
    for _ in 0..2 {
        let answer = client.accounts().create_account(check.clone()).await.expect("checked");
        assert!(!is_replay(&answer));
        let answer = answer.into_inner();
        assert_eq!(answer.outcome(), v1::Outcome::Validated);
        let account = answer.account.expect("the account that would be made");
        assert_eq!((account.account_id.as_str(), account.account_number, account.create_time), ("", 0, None));
        assert_eq!(account.email.expect("an address").address, "a@example.com");
        assert!(account.password_set && account.state == i32::from(v1::AccountState::Active));
    }
    assert_eq!(rows(&app).await, before);
    let answer = client.accounts().create_account(repeatable("a@example.com")).await.expect("made");
    assert!(!is_replay(&answer), "the check took no request id");
}

async fn checking_tells_what_doing_would(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    made(client.accounts().create_account(create("a@example.com")).await);
    let check = |request: v1::CreateAccountRequest| v1::CreateAccountRequest { validate_only: true, ..request };
    let told = refused(client.accounts().create_account(check(create("A@example.com"))).await);
    assert_eq!(told.reason, "EMAIL_ALREADY_EXISTS");
    let told = refused(client.accounts().create_account(check(create("no address"))).await);
    assert_eq!(told.faults(), ["account.email.address EMAIL_INVALID"]);
    let existing = v1::CreateAccountRequest {
        on_duplicate: v1::OnDuplicate::ReturnExisting.into(),
        ..check(create("a@example.com"))
    };
    assert_eq!(made(client.accounts().create_account(existing).await).outcome(), v1::Outcome::Validated);
}
