//! A token is used once, with its second key, in its time.

use chrono::TimeDelta;
use uuid::Uuid;

use enroll::proto::v1;
use enroll::proto::v1::send_verification_request::Target;

use super::{by_id, by_password, confirmation, once_more, only, register_in, registered, tokens, verified};
use crate::support::requests::{PASSWORD, altered};
use crate::support::{Engine, TestApp, Told, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    both_keys_are_needed,
    each_fault_of_a_token_is_told_apart,
    only_the_newest_three_can_be_used,
    a_repeat_answers_what_the_first_success_did,
    what_is_missing_is_told,
    tokens_are_kept_as_hashes,
);

async fn told(client: &crate::support::Client, request: v1::ConfirmVerificationRequest) -> Told {
    refused(client.registration().confirm_verification(request).await)
}

async fn both_keys_are_needed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let other = registered(&client, register_in(&realm_id, "bea@example.com")).await;
    let (id, other) = (only(&answer.verifications).verification_id, only(&other.verifications).verification_id);
    let token = confirmation(&app, "ada@example.com").await;
    let said = told(&client, by_id(&token, &other)).await;
    assert_snapshot!(said, @"InvalidArgument VERIFICATION_TOKEN_INVALID: The verification token or code is wrong.");
    assert_eq!(told(&client, by_password(&token, "another password")).await.reason, "LOGIN_FAILED");
    let unknown = altered(&id);
    let said = told(&client, by_id(&token, &unknown)).await;
    assert_snapshot!(said, @r#"
    NotFound VERIFICATION_NOT_FOUND: There is no such verification.
    resource enroll.v1.Verification ""
    "#);
    assert_eq!(told(&client, by_id(&id, &id)).await.reason, "VERIFICATION_TOKEN_INVALID");
    assert_eq!(told(&client, by_id("123456", &id)).await.reason, "VERIFICATION_TOKEN_INVALID");
    // An application without a grant on the tenant learns nothing of its tokens.
    let stranger = app.app_of_another_tenant(&[]).await;
    assert_eq!(told(&stranger, by_id(&token, &id)).await.reason, "VERIFICATION_TOKEN_INVALID");
    made(client.registration().confirm_verification(by_password(&token, PASSWORD)).await);
}

async fn each_fault_of_a_token_is_told_apart(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let id = only(&answer.verifications).verification_id;
    let token = confirmation(&app, "ada@example.com").await;
    app.clock().advance(TimeDelta::hours(3));
    let said = told(&client, by_id(&token, &id)).await;
    assert_snapshot!(said, @"FailedPrecondition VERIFICATION_TOKEN_EXPIRED: The verification token or code has expired.");
    made(client.registration().send_verification(once_more(Target::VerificationId(id.clone()))).await);
    let newer = confirmation(&app, "ada@example.com").await;
    assert_ne!(token, newer);
    made(client.registration().confirm_verification(by_id(&newer, &id)).await);
    for token in [&token, &newer] {
        let said = told(&client, by_id(token, &id)).await;
        assert_snapshot!(said, @"FailedPrecondition VERIFICATION_TOKEN_USED: The verification token or code was used before.");
    }
    let again = refused(client.registration().send_verification(once_more(Target::VerificationId(id))).await);
    assert_eq!(again.reason, "VERIFICATION_TOKEN_USED", "there is nothing to verify any more");
}

async fn only_the_newest_three_can_be_used(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let id = only(&answer.verifications).verification_id;
    let mut mails = vec![confirmation(&app, "ada@example.com").await];
    for _ in 0..3 {
        app.clock().advance(TimeDelta::seconds(1));
        made(client.registration().send_verification(once_more(Target::VerificationId(id.clone()))).await);
        let all = tokens(&app, "ada@example.com", "enroll_confirm_").await;
        mails.extend(all.into_iter().find(|token| !mails.contains(token)));
    }
    assert_eq!(mails.len(), 4);
    let said = told(&client, by_id(&mails[0], &id)).await;
    assert_snapshot!(said, @"FailedPrecondition VERIFICATION_TOKEN_SUPERSEDED: Another verification has taken its place.");
    made(client.registration().confirm_verification(by_id(&mails[1], &id)).await);
}

async fn a_repeat_answers_what_the_first_success_did(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let id = only(&answer.verifications).verification_id;
    let token = confirmation(&app, "ada@example.com").await;
    let request_id = Uuid::now_v7().to_string();
    let request = v1::ConfirmVerificationRequest { request_id, ..by_id(&token, &id) };
    let first = client.registration().confirm_verification(request.clone()).await.expect("confirmed");
    assert_eq!(first.metadata().get("x-idempotent-replay"), None);
    let repeat = client.registration().confirm_verification(request.clone()).await.expect("repeated");
    assert_eq!(repeat.metadata().get("x-idempotent-replay").map(|value| value.as_bytes()), Some(&b"true"[..]));
    assert_eq!(first.into_inner(), repeat.into_inner());
    let other = v1::ConfirmVerificationRequest { token: "enroll_confirm_other".to_owned(), ..request.clone() };
    assert_eq!(told(&client, other).await.reason, "VERIFICATION_TOKEN_INVALID", "it is not even a token");
    let other = v1::ConfirmVerificationRequest { second_key: by_password("", PASSWORD).second_key, ..request };
    assert_eq!(told(&client, other).await.reason, "REQUEST_ID_REUSED");
    // The secrets of a registration are told once.
    let request_id = Uuid::now_v7().to_string();
    let request = v1::RegisterAccountRequest { request_id, ..register_in(&realm_id, "bea@example.com") };
    assert_eq!(registered(&client, request.clone()).await.verifications.len(), 1);
    assert_eq!(registered(&client, request).await.verifications, []);
    assert_eq!(tokens(&app, "bea@example.com", "enroll_confirm_").await.len(), 1, "a repeat sends nothing");
}

async fn what_is_missing_is_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    let nothing = told(&client, v1::ConfirmVerificationRequest::default()).await;
    assert_eq!(nothing.faults(), ["token FIELD_REQUIRED", "verification_id FIELD_REQUIRED"]);
    let code = told(&client, by_password("123456", PASSWORD)).await;
    assert_eq!(code.faults(), ["verification_id FIELD_REQUIRED"], "a code means nothing by itself");
    let nothing = refused(client.registration().send_verification(v1::SendVerificationRequest::default()).await);
    assert_eq!(nothing.faults(), ["verification_id FIELD_REQUIRED"]);
    let nowhere = v1::SendVerificationRequest {
        delivery: v1::Delivery::Suppress.into(),
        ..once_more(Target::Email("ada".to_owned()))
    };
    let told = refused(client.registration().send_verification(nowhere).await);
    assert_eq!(told.faults(), ["delivery FIELD_INVALID", "email EMAIL_INVALID"]);
}

async fn tokens_are_kept_as_hashes(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let answer = registered(&client, register_in(&realm_id, "ada@example.com")).await;
    let (id, token) = (only(&answer.verifications).verification_id, confirmation(&app, "ada@example.com").await);
    made(client.registration().confirm_verification(by_id(&token, &id)).await);
    let hashed = "verifications WHERE length(token_hash) = 32 AND length(verification_hash) = 32";
    assert_eq!(app.database().count(hashed).await, 1);
    let rows = app.database().texts("SELECT kind || key AS text FROM verifications").await;
    assert_eq!(rows, ["EMAILada@example.com"]);
}
