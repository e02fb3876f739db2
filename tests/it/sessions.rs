//! `SessionService`: people log in, stay logged in, and are logged out.

mod ending;
mod login;
mod persons;
mod refresh;

use enroll::proto::v1;

use crate::support::requests::{create, login};
use crate::support::{Client, TestApp, made};

/// The tokens of a new account that logs in through the caller.
async fn logged_in(app: &TestApp, client: &Client, address: &str) -> (v1::Account, v1::SessionTokens) {
    made(app.operator().accounts().create_account(create(address)).await);
    let answer = made(client.sessions().create_session(login(address)).await);
    (answer.account.expect("an account"), answer.session.expect("tokens"))
}

/// Whose a bearer token is, asked by one who may.
async fn asked(client: &Client, bearer_token: &str) -> Result<tonic::Response<v1::GetSessionResponse>, tonic::Status> {
    let request = v1::GetSessionRequest { bearer_token: bearer_token.to_owned() };
    client.sessions().get_session(request).await
}
