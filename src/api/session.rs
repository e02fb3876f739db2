//! `SessionService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::session_service_server::SessionService;
use crate::proto::v1::{
    CreateSessionRequest, CreateSessionResponse, GetSessionRequest, GetSessionResponse, ListSessionsRequest,
    ListSessionsResponse, RefreshSessionRequest, RefreshSessionResponse, RevokeAllSessionsRequest,
    RevokeAllSessionsResponse, RevokeSessionRequest, RevokeSessionResponse,
};
use crate::provisioning::Provisioning;

use super::inbound::Inbound;
use super::{decode, encode, paging};

/// The adapter.
pub struct Sessions(pub Arc<Provisioning>);

#[tonic::async_trait]
impl SessionService for Sessions {
    async fn create_session(
        &self,
        request: Request<CreateSessionRequest>,
    ) -> Result<Response<CreateSessionResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = self.0.create_session(&inbound.call, decode::session::create(message)).await;
        inbound.answer(answer.map(|(issued, account, view)| CreateSessionResponse {
            session: Some(encode::session::tokens(&issued)),
            account: Some(encode::account::account(account, &view)),
        }))
    }

    async fn refresh_session(
        &self,
        request: Request<RefreshSessionRequest>,
    ) -> Result<Response<RefreshSessionResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = match decode::session::refresh(&message) {
            Ok(request_id) => self.0.refresh_session(&inbound.call, &message.refresh_token, request_id).await,
            Err(refusal) => Err(refusal),
        };
        inbound.answer(answer.map(|issued| RefreshSessionResponse { session: Some(encode::session::tokens(&issued)) }))
    }

    async fn get_session(&self, request: Request<GetSessionRequest>) -> Result<Response<GetSessionResponse>, Status> {
        let (inbound, GetSessionRequest { bearer_token }) = Inbound::open(request)?;
        let answer = match decode::required(&bearer_token, "bearer_token") {
            Ok(()) => self.0.get_session(&inbound.call, &bearer_token).await,
            Err(refusal) => Err(refusal),
        };
        inbound.answer(answer.map(|(session, account, view)| GetSessionResponse {
            session: Some(encode::session::session(&session)),
            account: Some(encode::account::account(account, &view)),
        }))
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let (subject, page) = decode::session::list(message);
        let answer = self.0.list_sessions(&inbound.call, &subject, &page).await;
        inbound.answer(answer.map(|page| {
            let (sessions, next_page_token) =
                paging::page(page, |item| item.id.as_uuid(), |item| encode::session::session(&item));
            ListSessionsResponse { sessions, next_page_token }
        }))
    }

    async fn revoke_session(
        &self,
        request: Request<RevokeSessionRequest>,
    ) -> Result<Response<RevokeSessionResponse>, Status> {
        let (inbound, RevokeSessionRequest { tenant_id, session_id }) = Inbound::open(request)?;
        let answer = self.0.revoke_session(&inbound.call, &tenant_id, &session_id).await;
        inbound.answer(answer.map(|revoked| RevokeSessionResponse { revoked }))
    }

    async fn revoke_all_sessions(
        &self,
        request: Request<RevokeAllSessionsRequest>,
    ) -> Result<Response<RevokeAllSessionsResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let keep = message.keep_calling_session;
        let subject = decode::session::subject(message.tenant_id, message.realm_id, message.account);
        let answer = self.0.revoke_all_sessions(&inbound.call, &subject, keep).await;
        inbound.answer(answer.map(|ended| RevokeAllSessionsResponse { revoked_count: encode::count(ended) }))
    }
}
