//! Accounts that somebody makes in advance with another person's address: the published variants of pre-hijacking (Sudhodanan and Paverd,
//! USENIX Security 2022) come to nothing.

use std::pin::Pin;

use enroll::proto::v1;
use enroll::proto::v1::send_verification_request::Target;

use super::{
    by_id, by_password, confirmation, logs_in, logs_in_with, once_more, only, register_in, registered, reset_token,
    tokens, verified,
};
use crate::support::requests::{PASSWORD, create, external_key, login, password};
use crate::support::together::together;
use crate::support::{Client, Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    a_merge_of_the_owners_account_with_the_squatters,
    a_session_that_goes_on_after_a_reset,
    a_login_that_is_under_way_during_a_reset,
    a_second_identifier_that_stays,
    a_change_that_waits_to_be_confirmed,
    an_identity_that_nobody_verified,
    a_link_that_the_owner_follows,
    a_message_that_the_owner_asks_for,
);

const SQUATTERS: &str = "a squatter's own password";
const ADDRESS: &str = "ada@example.com";

/// Somebody else registers the address in advance; what their application knows.
async fn squatted(client: &Client, realm_id: &str) -> v1::RegisterAccountResponse {
    let request = v1::RegisterAccountRequest { password: password(SQUATTERS), ..register_in(realm_id, ADDRESS) };
    registered(client, request).await
}

/// Classic: both use one account afterwards.
async fn a_merge_of_the_owners_account_with_the_squatters(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let squat = squatted(&client, &realm_id).await;
    let own = registered(&client, register_in(&realm_id, ADDRESS)).await;
    let id = only(&own.verifications).verification_id;
    let mut confirmed = 0;
    for token in tokens(&app, ADDRESS, "enroll_confirm_").await {
        confirmed += usize::from(client.registration().confirm_verification(by_id(&token, &id)).await.is_ok());
    }
    assert_eq!(confirmed, 1);
    assert_ne!(own.account.expect("an account").account_id, squat.account.expect("an account").account_id);
    assert!(logs_in(&client, &realm_id, ADDRESS).await);
    assert!(!logs_in_with(&client, &realm_id, ADDRESS, SQUATTERS).await);
}

/// Unexpired session: in a PUBLIC realm the squatter is logged in when the owner takes the account back.
async fn a_session_that_goes_on_after_a_reset(engine: Engine) {
    let app = TestApp::start(engine).await;
    let public = v1::Realm { registration_mode: v1::RegistrationMode::Public.into(), ..Default::default() };
    let realm_id = app.realm(public).await;
    let client = app.app(&["sessions.read"]).await;
    let request = v1::RegisterAccountRequest {
        auto_login: true,
        password: password(SQUATTERS),
        ..register_in(&realm_id, ADDRESS)
    };
    let squatter = registered(&client, request).await.session.expect("a session");
    let start =
        v1::StartPasswordResetRequest { realm_id: realm_id.clone(), email: ADDRESS.to_owned(), ..Default::default() };
    made(client.credentials().start_password_reset(start).await);
    let token = reset_token(&app, ADDRESS).await;
    let finish = v1::FinishPasswordResetRequest { token, new_password: password(PASSWORD) };
    assert_eq!(made(client.credentials().finish_password_reset(finish).await).revoked_session_count, 1);
    let told =
        refused(client.sessions().get_session(v1::GetSessionRequest { bearer_token: squatter.bearer_token }).await);
    assert_eq!(told.reason, "SESSION_INVALID");
    let refresh = v1::RefreshSessionRequest { refresh_token: squatter.refresh_token, ..Default::default() };
    assert_eq!(refused(client.sessions().refresh_session(refresh).await).reason, "SESSION_INVALID");
    assert!(!logs_in_with(&client, &realm_id, ADDRESS, SQUATTERS).await);
}

/// Unexpired session, once more: logins with the squatter's password that began before the reset and end after it.
async fn a_login_that_is_under_way_during_a_reset(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["verifications.return_token"]).await;
    let squatted =
        v1::CreateAccountRequest { credential: crate::support::requests::credential(SQUATTERS), ..create(ADDRESS) };
    made(app.operator().accounts().create_account(squatted).await);
    for round in 0..5 {
        let start = v1::StartPasswordResetRequest {
            email: ADDRESS.to_owned(),
            delivery: v1::Delivery::ReturnToken.into(),
            ..Default::default()
        };
        let token = only(&made(client.credentials().start_password_reset(start).await).verifications).token;
        let logins = (0..30).map(|_| {
            let request = v1::CreateSessionRequest { password: SQUATTERS.to_owned(), ..login(ADDRESS) };
            let client = client.clone();
            Box::pin(async move {
                let _ = client.sessions().create_session(request).await;
            }) as Pin<Box<dyn Future<Output = ()> + Send>>
        });
        let owner = client.clone();
        let reset = Box::pin(async move {
            let new_password = password(&format!("{round} lanterns over Skagen"));
            let finish = v1::FinishPasswordResetRequest { token, new_password };
            made(owner.credentials().finish_password_reset(finish).await);
        }) as Pin<Box<dyn Future<Output = ()> + Send>>;
        together(logins.chain([reset])).await;
        assert_eq!(app.database().count("sessions WHERE revoke_time IS NULL").await, 0, "round {round}");
        let set = v1::SetPasswordRequest {
            account: Some(v1::AccountRef { r#ref: Some(v1::account_ref::Ref::Email(ADDRESS.to_owned())) }),
            credential: crate::support::requests::credential(SQUATTERS),
            ..Default::default()
        };
        made(app.operator().credentials().set_password(set).await);
    }
}

/// Trojan identifier: a user name that the squatter has beside the address opens nothing once the password is the owner's.
async fn a_second_identifier_that_stays(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    let mut request = create(ADDRESS);
    let account = request.account.as_mut().expect("an account");
    account.profile = Some(v1::Profile { user_name: "intruder".to_owned(), ..Default::default() });
    request.credential = crate::support::requests::credential(SQUATTERS);
    made(app.operator().accounts().create_account(request).await);
    let by_name = v1::CreateSessionRequest { password: SQUATTERS.to_owned(), ..login("intruder") };
    made(client.sessions().create_session(by_name.clone()).await);
    let start = v1::StartPasswordResetRequest { email: ADDRESS.to_owned(), ..Default::default() };
    made(client.credentials().start_password_reset(start).await);
    let token = reset_token(&app, ADDRESS).await;
    let finish = v1::FinishPasswordResetRequest { token, new_password: password(PASSWORD) };
    made(client.credentials().finish_password_reset(finish).await);
    assert_eq!(refused(client.sessions().create_session(by_name).await).reason, "LOGIN_FAILED");
    // Nor can the name be written to: resets go to the address only.
    let start = v1::StartPasswordResetRequest { email: "intruder".to_owned(), ..Default::default() };
    assert_eq!(refused(client.credentials().start_password_reset(start).await).reason, "VALIDATION_FAILED");
}

/// Unexpired change: what the squatter began before is void afterwards.
async fn a_change_that_waits_to_be_confirmed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    let squat = only(&squatted(&client, &realm_id).await.verifications).verification_id;
    let own = only(&registered(&client, register_in(&realm_id, ADDRESS)).await.verifications).verification_id;
    let mails = tokens(&app, ADDRESS, "enroll_confirm_").await;
    for token in &mails {
        let _ = client.registration().confirm_verification(by_id(token, &own)).await;
    }
    let mut reasons = Vec::new();
    for token in &mails {
        reasons.push(refused(client.registration().confirm_verification(by_id(token, &squat)).await).reason);
    }
    reasons.sort();
    assert_eq!(reasons, ["VERIFICATION_TOKEN_INVALID", "VERIFICATION_TOKEN_SUPERSEDED"]);
    let again = refused(client.registration().send_verification(once_more(Target::VerificationId(squat))).await);
    assert_eq!(again.reason, "VERIFICATION_TOKEN_SUPERSEDED");
    assert_eq!(app.database().count("accounts WHERE state = 'ACTIVE'").await, 1);
}

/// Non-verifying identity provider: an application that knows a person by a key of its own does not thereby have their address.
async fn an_identity_that_nobody_verified(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    let own = registered(&app.app(&[]).await, register_in(&realm_id, ADDRESS)).await;
    let id = only(&own.verifications).verification_id;
    let token = confirmation(&app, ADDRESS).await;
    made(client.registration().confirm_verification(by_id(&token, &id)).await);
    let federated = v1::CreateAccountRequest {
        realm_id,
        external_keys: vec![external_key("idp", "squatter")],
        credential: None,
        ..create(ADDRESS)
    };
    let told = refused(client.accounts().create_account(federated).await);
    assert_eq!(told.reason, "EMAIL_ALREADY_EXISTS", "nothing is merged");
    assert_eq!(app.database().count("external_keys").await, 0);
}

/// A victim who follows the link of an account that they did not make hands nothing over.
async fn a_link_that_the_owner_follows(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    squatted(&client, &realm_id).await;
    let token = confirmation(&app, ADDRESS).await;
    // The page asks for a password, and the owner's is none of this account's.
    let told = refused(client.registration().confirm_verification(by_password(&token, PASSWORD)).await);
    assert_eq!(told.reason, "LOGIN_FAILED");
    assert_eq!(app.database().count("accounts WHERE state = 'PENDING_VERIFICATION'").await, 1);
}

/// A victim who asks for another mail gets no key to an account that they did not make.
async fn a_message_that_the_owner_asks_for(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(verified()).await;
    let client = app.app(&[]).await;
    squatted(&client, &realm_id).await;
    let request =
        v1::SendVerificationRequest { realm_id: realm_id.clone(), ..once_more(Target::Email(ADDRESS.to_owned())) };
    let answer = made(client.registration().send_verification(request).await);
    assert_eq!(answer.verifications, [], "the id would be the second key");
    assert!(!logs_in_with(&client, &realm_id, ADDRESS, SQUATTERS).await);
}
