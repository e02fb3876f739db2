//! Of many who use one token at once exactly one does.

use enroll::proto::v1;

use super::{TRUSTED, by_id, only, register_in, registered, tokens, verified};
use crate::support::requests::{create, password, phone, portal};
use crate::support::together::{rounds, together};
use crate::support::told::read;
use crate::support::{Engine, TestApp, made, on_both_engines};

on_both_engines!(
    an_address_is_verified_once,
    a_portal_is_opened_once,
    equal_requests_get_equal_answers,
    a_code_is_used_once,
    a_password_is_set_once,
    one_of_many_claims_wins,
    both_halves_of_a_verification_meet,
);

/// Callers at once; there are many rounds of them.
const CALLERS: usize = 50;

/// How many succeeded, and that all others were told why.
fn successes<T>(answers: Vec<Result<T, tonic::Status>>, others: &[&str]) -> usize {
    let mut successes = 0;
    for answer in answers {
        match answer {
            Ok(_) => successes += 1,
            Err(status) => {
                let told = read(&status);
                assert!(others.contains(&told.reason.as_str()), "{told}");
            }
        }
    }
    successes
}

async fn an_address_is_verified_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    for round in 0..rounds() {
        let address = format!("ada-{round}@example.com");
        let answer = registered(&client, register_in(&realm_id, &address)).await;
        let id = only(&answer.verifications).verification_id;
        let token = super::confirmation(&app, &address).await;
        let calls = (0..CALLERS).map(|_| {
            let (client, request) = (client.clone(), by_id(&token, &id));
            async move { client.registration().confirm_verification(request).await }
        });
        assert_eq!(successes(together(calls).await, &["VERIFICATION_TOKEN_USED"]), 1, "round {round}");
    }
}

async fn a_portal_is_opened_once(engine: Engine) {
    let app = TestApp::builder(engine).with(|builder| builder.portals.owner_quota = 1_000_000).start().await;
    let client = app.app(&["tenants.create", "verifications.return_token"]).await;
    for round in 0..rounds() {
        let answer = made(client.registration().register_portal(portal(&format!("harbour-{round}"))).await);
        let token = answer.reference.split_once("?token=").expect("a link").1.to_owned();
        let id = only(&answer.verifications).verification_id;
        let calls = (0..CALLERS).map(|_| {
            let (client, request) = (client.clone(), by_id(&token, &id));
            async move { client.registration().confirm_verification(request).await }
        });
        assert_eq!(successes(together(calls).await, &["VERIFICATION_TOKEN_USED"]), 1, "round {round}");
    }
}

async fn equal_requests_get_equal_answers(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    for round in 0..rounds() {
        let address = format!("ada-{round}@example.com");
        let answer = registered(&client, register_in(&realm_id, &address)).await;
        let token = super::confirmation(&app, &address).await;
        let request = v1::ConfirmVerificationRequest {
            request_id: uuid::Uuid::now_v7().to_string(),
            ..by_id(&token, &only(&answer.verifications).verification_id)
        };
        let calls = (0..CALLERS).map(|_| {
            let (client, request) = (client.clone(), request.clone());
            async move { made(client.registration().confirm_verification(request).await) }
        });
        let answers = together(calls).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "round {round}");
    }
}

async fn a_code_is_used_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { verify_phone: true, ..Default::default() }).await;
    let client = app.app(&TRUSTED).await;
    for round in 0..rounds() {
        let mut request = v1::CreateAccountRequest {
            realm_id: realm_id.clone(),
            delivery: v1::Delivery::ReturnToken.into(),
            ..create(&format!("ada-{round}@example.com"))
        };
        request.account.as_mut().expect("an account").phone = phone(&format!("+4520{round:06}"));
        let issued = only(&made(client.accounts().create_account(request).await).verifications);
        let calls = (0..CALLERS).map(|_| {
            let (client, request) = (client.clone(), by_id(&issued.token, &issued.verification_id));
            async move { client.registration().confirm_verification(request).await }
        });
        let others = ["VERIFICATION_TOKEN_USED", "VERIFICATION_TOKEN_EXPIRED"];
        assert_eq!(successes(together(calls).await, &others), 1, "round {round}");
    }
}

async fn a_password_is_set_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["verifications.return_token"]).await;
    made(app.operator().accounts().create_account(create("ada@example.com")).await);
    for round in 0..rounds() {
        let start = v1::StartPasswordResetRequest {
            email: "ada@example.com".to_owned(),
            delivery: v1::Delivery::ReturnToken.into(),
            ..Default::default()
        };
        let token = only(&made(client.credentials().start_password_reset(start).await).verifications).token;
        let calls = (0..CALLERS).map(|caller| {
            let new_password = password(&format!("a flock of {caller} cranes"));
            let (client, token) = (client.clone(), token.clone());
            async move {
                let request = v1::FinishPasswordResetRequest { token, new_password };
                client.credentials().finish_password_reset(request).await
            }
        });
        assert_eq!(successes(together(calls).await, &["VERIFICATION_TOKEN_USED"]), 1, "round {round}");
    }
}

async fn one_of_many_claims_wins(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&["accounts.read", "verifications.return_token"]).await;
    for round in 0..rounds() {
        let address = format!("ada-{round}@example.com");
        let mut requests = Vec::new();
        for _ in 0..10 {
            let answer = registered(&app.app(&[]).await, register_in(&realm_id, &address)).await;
            requests.push(only(&answer.verifications).verification_id);
        }
        let mails = tokens(&app, &address, "enroll_confirm_").await;
        assert_eq!(mails.len(), 10);
        // Nobody knows which mail belongs to which: everybody tries all.
        let calls = requests.iter().flat_map(|id| {
            mails.iter().map(|token| {
                let (client, request) = (client.clone(), by_id(token, id));
                async move { client.registration().confirm_verification(request).await }
            })
        });
        let others = ["VERIFICATION_TOKEN_INVALID", "VERIFICATION_TOKEN_SUPERSEDED"];
        assert_eq!(successes(together(calls).await, &others), 1, "round {round}");
        let held = format!("identifiers WHERE held AND key = '{address}'");
        assert_eq!(app.database().count(&held).await, 1);
    }
}

async fn both_halves_of_a_verification_meet(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { verify_email: true, verify_phone: true, ..Default::default() }).await;
    let client = app.app(&TRUSTED).await;
    for round in 0..rounds() {
        let mut request = v1::CreateAccountRequest {
            realm_id: realm_id.clone(),
            delivery: v1::Delivery::ReturnToken.into(),
            ..create(&format!("ada-{round}@example.com"))
        };
        request.account.as_mut().expect("an account").phone = phone(&format!("+4520{round:06}"));
        let issued = made(client.accounts().create_account(request).await).verifications;
        let calls = issued.into_iter().map(|one| {
            let (client, request) = (client.clone(), by_id(&one.token, &one.verification_id));
            async move { client.registration().confirm_verification(request).await }
        });
        assert_eq!(successes(together(calls).await, &[]), 2);
    }
    let waiting = "accounts WHERE state = 'PENDING_VERIFICATION' OR verification_required";
    assert_eq!(app.database().count(waiting).await, 0);
}
