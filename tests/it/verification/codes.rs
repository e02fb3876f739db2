//! Six digits to a phone: the four answers of dialogportal's verification, and as many guesses as there may be.

use chrono::TimeDelta;

use enroll::proto::v1;
use enroll::proto::v1::send_verification_request::Target;

use super::{TRUSTED, by_id, logs_in, once_more, only};
use crate::support::requests::{altered, create, phone};
use crate::support::{Client, Engine, TestApp, Told, made, on_both_engines, refused, sent};

on_both_engines!(
    a_number_is_verified_by_its_code,
    the_four_answers,
    five_guesses_and_no_more,
    a_code_ends_after_ten_minutes,
    both_are_needed_where_both_are_asked,
);

const NUMBER: &str = "+4520123456";

fn by_phone() -> v1::Realm {
    v1::Realm { verify_phone: true, ..Default::default() }
}

fn create_in(realm_id: &str, address: &str, number: &str) -> v1::CreateAccountRequest {
    let mut request = v1::CreateAccountRequest { realm_id: realm_id.to_owned(), ..create(address) };
    request.account.as_mut().expect("an account").phone = phone(number);
    request
}

/// An account whose number waits for its code; the verification has it.
async fn waiting(client: &Client, realm_id: &str) -> v1::Verification {
    let request = v1::CreateAccountRequest {
        delivery: v1::Delivery::ReturnToken.into(),
        ..create_in(realm_id, "ada@example.com", NUMBER)
    };
    only(&made(client.accounts().create_account(request).await).verifications)
}

fn another(code: &str) -> String {
    let other = (code.parse::<u32>().expect("digits") + 1) % 1_000_000;
    format!("{other:06}")
}

async fn told(client: &Client, code: &str, id: &str) -> Told {
    refused(client.registration().confirm_verification(by_id(code, id)).await)
}

async fn a_number_is_verified_by_its_code(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(by_phone()).await;
    let client = app.app(&["accounts.create"]).await;
    let answer = made(client.accounts().create_account(create_in(&realm_id, "ada@example.com", NUMBER)).await);
    let verification = only(&answer.verifications);
    assert_eq!((verification.kind(), verification.token.as_str()), (v1::VerificationKind::Phone, ""));
    assert!(!logs_in(&client, &realm_id, "ada@example.com").await);
    let code = sent::codes(&app, NUMBER).await.pop().expect("a code");
    let confirmed = made(client.registration().confirm_verification(by_id(&code, &verification.verification_id)).await);
    assert_eq!(confirmed.kind(), v1::VerificationKind::Phone);
    let account = confirmed.account.expect("an account");
    assert!(account.phone.expect("a number").verified && !account.email.expect("an address").verified);
    assert!(logs_in(&client, &realm_id, "ada@example.com").await);
}

async fn the_four_answers(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(by_phone()).await;
    let client = app.app(&TRUSTED).await;
    let v1::Verification { verification_id: id, token: code, .. } = waiting(&client, &realm_id).await;
    assert_eq!(told(&client, &another(&code), &id).await.reason, "VERIFICATION_TOKEN_INVALID");
    let unknown = altered(&id);
    assert_eq!(told(&client, &code, &unknown).await.reason, "VERIFICATION_NOT_FOUND");
    made(client.registration().confirm_verification(by_id(&code, &id)).await);
    assert_eq!(told(&client, &code, &id).await.reason, "VERIFICATION_TOKEN_USED");
}

async fn five_guesses_and_no_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(by_phone()).await;
    let client = app.app(&TRUSTED).await;
    let v1::Verification { verification_id: id, token: code, .. } = waiting(&client, &realm_id).await;
    for _ in 0..5 {
        assert_eq!(told(&client, &another(&code), &id).await.reason, "VERIFICATION_TOKEN_INVALID");
    }
    assert_eq!(told(&client, &code, &id).await.reason, "VERIFICATION_TOKEN_EXPIRED", "it is void");
    let more = v1::SendVerificationRequest {
        delivery: v1::Delivery::ReturnToken.into(),
        ..once_more(Target::VerificationId(id.clone()))
    };
    let newer = only(&made(client.registration().send_verification(more).await).verifications);
    assert_eq!(newer.verification_id, id, "the id stays");
    for _ in 0..4 {
        let wrong = another(&newer.token);
        assert_eq!(told(&client, &wrong, &id).await.reason, "VERIFICATION_TOKEN_INVALID");
    }
    made(client.registration().confirm_verification(by_id(&newer.token, &id)).await);
}

async fn a_code_ends_after_ten_minutes(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(by_phone()).await;
    let client = app.app(&TRUSTED).await;
    let v1::Verification { verification_id: id, token: code, .. } = waiting(&client, &realm_id).await;
    app.clock().advance(TimeDelta::minutes(11));
    assert_eq!(told(&client, &code, &id).await.reason, "VERIFICATION_TOKEN_EXPIRED");
}

async fn both_are_needed_where_both_are_asked(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { verify_email: true, verify_phone: true, ..Default::default() }).await;
    let client = app.app(&TRUSTED).await;
    let request = v1::CreateAccountRequest {
        delivery: v1::Delivery::ReturnToken.into(),
        ..create_in(&realm_id, "ada@example.com", NUMBER)
    };
    let verifications = made(client.accounts().create_account(request).await).verifications;
    let kinds: Vec<_> = verifications.iter().map(v1::Verification::kind).collect();
    assert_eq!(kinds, [v1::VerificationKind::Email, v1::VerificationKind::Phone]);
    let mut states = Vec::new();
    for v1::Verification { verification_id, token, .. } in verifications {
        let answer = made(client.registration().confirm_verification(by_id(&token, &verification_id)).await);
        states.push(answer.account.expect("an account").state());
    }
    assert_eq!(states, [v1::AccountState::PendingVerification, v1::AccountState::Active]);
}
