//! `RegistrationService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::registration_service_server::RegistrationService;
use crate::proto::v1::{
    CheckPortalNameRequest, CheckPortalNameResponse, ConfirmVerificationRequest, ConfirmVerificationResponse,
    RegisterAccountRequest, RegisterAccountResponse, RegisterPortalRequest, RegisterPortalResponse,
    SendVerificationRequest, SendVerificationResponse,
};
use crate::provisioning::Provisioning;

use super::inbound::Inbound;
use super::{decode, encode};

/// The adapter.
pub struct Registration(pub Arc<Provisioning>);

#[tonic::async_trait]
impl RegistrationService for Registration {
    async fn register_account(
        &self,
        request: Request<RegisterAccountRequest>,
    ) -> Result<Response<RegisterAccountResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = self.0.register_account(&inbound.call, decode::registration::account(message)).await;
        inbound.answer_outcome(answer.map(|registered| {
            let (outcome, replayed) = (registered.answer.outcome, registered.answer.replayed);
            (encode::account::registered(registered), outcome, replayed)
        }))
    }

    async fn register_portal(
        &self,
        request: Request<RegisterPortalRequest>,
    ) -> Result<Response<RegisterPortalResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let end_user = decode::registration::end_user(message.end_user.clone());
        let request = decode::registration::portal(message);
        let answer = self.0.register_portal(&inbound.call, &end_user, request).await;
        inbound.answer_outcome(answer.map(|answer| {
            let (outcome, replayed) = (answer.outcome, answer.replayed);
            (encode::tenant::portal(answer), outcome, replayed)
        }))
    }

    async fn send_verification(
        &self,
        request: Request<SendVerificationRequest>,
    ) -> Result<Response<SendVerificationResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let issued = self.0.send_verification(&inbound.call, decode::verification::send(message)).await;
        inbound
            .answer(issued.map(|issued| SendVerificationResponse { verifications: encode::verification::all(issued) }))
    }

    async fn confirm_verification(
        &self,
        request: Request<ConfirmVerificationRequest>,
    ) -> Result<Response<ConfirmVerificationResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let confirmed = self.0.confirm_verification(&inbound.call, decode::verification::confirm(message)).await;
        inbound.answer_repeatable(confirmed.map(|confirmed| {
            let replayed = confirmed.replayed;
            (encode::verification::confirmed(confirmed), replayed)
        }))
    }

    async fn check_portal_name(
        &self,
        request: Request<CheckPortalNameRequest>,
    ) -> Result<Response<CheckPortalNameResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let end_user = decode::registration::end_user(message.end_user);
        let verdict = self.0.check_portal_name(&inbound.call, &message.portal_name, &end_user).await;
        inbound.answer(verdict.map(encode::tenant::verdict))
    }
}
