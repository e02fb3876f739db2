//! `AccountService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::account_service_server::AccountService;
use crate::proto::v1::{
    CreateAccountRequest, CreateAccountResponse, GetAccountRequest, GetAccountResponse, ListAccountsRequest,
    ListAccountsResponse,
};
use crate::provisioning::Provisioning;
use crate::provisioning::accounts::SeenAccount;

use super::inbound::Inbound;
use super::{decode, encode, paging};

/// The adapter.
pub struct Accounts(pub Arc<Provisioning>);

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn create_account(
        &self,
        request: Request<CreateAccountRequest>,
    ) -> Result<Response<CreateAccountResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = self.0.create_account(&inbound.call, decode::account::create(message)).await;
        inbound.answer_outcome(answer.map(|answer| {
            let (outcome, replayed) = (answer.outcome, answer.replayed);
            (encode::account::created(answer), outcome, replayed)
        }))
    }

    async fn get_account(&self, request: Request<GetAccountRequest>) -> Result<Response<GetAccountResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let tenant_id = message.tenant_id.clone();
        let answer = self.0.get_account(&inbound.call, &tenant_id, decode::account::get(message)).await;
        inbound.answer(
            answer
                .map(|(account, view)| GetAccountResponse { account: Some(encode::account::account(account, &view)) }),
        )
    }

    async fn list_accounts(
        &self,
        request: Request<ListAccountsRequest>,
    ) -> Result<Response<ListAccountsResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let tenant_id = message.tenant_id.clone();
        let answer = self.0.list_accounts(&inbound.call, &tenant_id, decode::account::list(message)).await;
        inbound.answer(answer.map(|(page, view)| {
            let id = |seen: &SeenAccount| seen.account.id.as_uuid();
            let (accounts, next_page_token) = paging::page(page, id, |seen| encode::account::account(seen, &view));
            ListAccountsResponse { accounts, next_page_token }
        }))
    }
}
