//! What people prove by what was sent to them: `SendVerification`, `ConfirmVerification`, VERIFIED realms, password resets.

mod alike;
mod claims;
mod codes;
mod hijacking;
mod portals;
mod races;
mod resets;
mod sending;
mod tokens;

use enroll::proto::v1;
use enroll::proto::v1::confirm_verification_request::SecondKey;
use enroll::proto::v1::send_verification_request::Target;

use crate::support::requests::{PASSWORD, register};
use crate::support::sent::tokens;
use crate::support::{Client, TestApp, made};

/// What an application needs that gets tokens in its answers.
const TRUSTED: [&str; 3] = ["accounts.create", "accounts.read", "verifications.return_token"];

/// A realm whose people are verified before their first login, and told what is taken.
fn verified() -> v1::Realm {
    let duplicate_policy = v1::DuplicatePolicy::Reject.into();
    v1::Realm { registration_mode: v1::RegistrationMode::Verified.into(), duplicate_policy, ..Default::default() }
}

/// The same where nobody is told that an address is taken.
fn concealing() -> v1::Realm {
    v1::Realm { registration_mode: v1::RegistrationMode::Verified.into(), ..Default::default() }
}

fn register_in(realm_id: &str, address: &str) -> v1::RegisterAccountRequest {
    v1::RegisterAccountRequest { realm_id: realm_id.to_owned(), ..register(address) }
}

async fn registered(client: &Client, request: v1::RegisterAccountRequest) -> v1::RegisterAccountResponse {
    made(client.registration().register_account(request).await)
}

/// The only verification of an answer.
#[track_caller]
fn only(verifications: &[v1::Verification]) -> v1::Verification {
    assert_eq!(verifications.len(), 1, "{verifications:?}");
    verifications[0].clone()
}

fn by_id(token: &str, verification_id: &str) -> v1::ConfirmVerificationRequest {
    let second_key = Some(SecondKey::VerificationId(verification_id.to_owned()));
    v1::ConfirmVerificationRequest { token: token.to_owned(), second_key, ..Default::default() }
}

fn by_password(token: &str, password: &str) -> v1::ConfirmVerificationRequest {
    let second_key = Some(SecondKey::Password(password.to_owned()));
    v1::ConfirmVerificationRequest { token: token.to_owned(), second_key, ..Default::default() }
}

fn once_more(target: Target) -> v1::SendVerificationRequest {
    v1::SendVerificationRequest { target: Some(target), ..Default::default() }
}

fn login_in(realm_id: &str, address: &str) -> v1::CreateSessionRequest {
    v1::CreateSessionRequest { realm_id: realm_id.to_owned(), ..crate::support::requests::login(address) }
}

/// Whether a person logs in with the password that every test has.
async fn logs_in(client: &Client, realm_id: &str, address: &str) -> bool {
    logs_in_with(client, realm_id, address, PASSWORD).await
}

async fn logs_in_with(client: &Client, realm_id: &str, address: &str, password: &str) -> bool {
    let request = v1::CreateSessionRequest { password: password.to_owned(), ..login_in(realm_id, address) };
    client.sessions().create_session(request).await.is_ok()
}

/// The last token that verifies an address.
async fn confirmation(app: &TestApp, address: &str) -> String {
    tokens(app, address, "enroll_confirm_").await.pop().expect("a mail with a token")
}

/// The last token that sets a password.
async fn reset_token(app: &TestApp, address: &str) -> String {
    tokens(app, address, "enroll_password_").await.pop().expect("a mail with a token")
}
