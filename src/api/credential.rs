//! `CredentialService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::credential_service_server::CredentialService;
use crate::proto::v1::{
    ChangePasswordRequest, ChangePasswordResponse, CheckPasswordRequest, CheckPasswordResponse,
    FinishPasswordResetRequest, FinishPasswordResetResponse, SetPasswordRequest, SetPasswordResponse,
    StartPasswordResetRequest, StartPasswordResetResponse,
};
use crate::provisioning::Provisioning;

use super::inbound::Inbound;
use super::{decode, encode};

/// The adapter.
pub struct Credentials(pub Arc<Provisioning>);

#[tonic::async_trait]
impl CredentialService for Credentials {
    async fn check_password(
        &self,
        request: Request<CheckPasswordRequest>,
    ) -> Result<Response<CheckPasswordResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = self.0.check_password_rules(&inbound.call, decode::credential::check(message)).await;
        inbound.answer(answer.map(|faults| encode::credential::verdict(&faults)))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = self.0.change_password(&inbound.call, decode::credential::change(message)).await;
        inbound.answer(answer.map(|ended| ChangePasswordResponse { revoked_session_count: encode::count(ended) }))
    }

    async fn set_password(
        &self,
        request: Request<SetPasswordRequest>,
    ) -> Result<Response<SetPasswordResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = self.0.set_password(&inbound.call, decode::credential::set(message)).await;
        inbound.answer_repeatable(
            answer.map(|(ended, replayed)| {
                (SetPasswordResponse { revoked_session_count: encode::count(ended) }, replayed)
            }),
        )
    }

    async fn start_password_reset(
        &self,
        request: Request<StartPasswordResetRequest>,
    ) -> Result<Response<StartPasswordResetResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let issued = self.0.start_password_reset(&inbound.call, decode::credential::start_reset(message)).await;
        inbound.answer(
            issued.map(|issued| StartPasswordResetResponse { verifications: encode::verification::all(issued) }),
        )
    }

    async fn finish_password_reset(
        &self,
        request: Request<FinishPasswordResetRequest>,
    ) -> Result<Response<FinishPasswordResetResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = self.0.finish_password_reset(&inbound.call, decode::credential::finish_reset(message)).await;
        inbound.answer(answer.map(encode::credential::reset))
    }
}
