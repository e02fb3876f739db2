//! `ApplicationService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::application_service_server::ApplicationService;
use crate::proto::v1::{
    CreateApplicationKeyRequest, CreateApplicationKeyResponse, CreateApplicationRequest, CreateApplicationResponse,
    DeleteApplicationRequest, DeleteApplicationResponse, GetApplicationRequest, GetApplicationResponse,
    ListApplicationKeysRequest, ListApplicationKeysResponse, ListApplicationsRequest, ListApplicationsResponse,
    RevokeApplicationKeyRequest, RevokeApplicationKeyResponse, UpdateApplicationRequest, UpdateApplicationResponse,
};
use crate::provisioning::Provisioning;
use crate::provisioning::paging::PageRequest;

use super::inbound::Inbound;
use super::{decode, encode, paging};

/// The adapter.
pub struct Applications(pub Arc<Provisioning>);

#[tonic::async_trait]
impl ApplicationService for Applications {
    async fn create_application(
        &self,
        request: Request<CreateApplicationRequest>,
    ) -> Result<Response<CreateApplicationResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let unmade = message.validate_only;
        let draft = decode::application::create(message.application);
        let answer = self.0.create_application(&inbound.call, &message.tenant_id, draft, unmade).await;
        inbound.answer(
            answer
                .map(|view| CreateApplicationResponse { application: Some(encode::application::made(&view, unmade)) }),
        )
    }

    async fn get_application(
        &self,
        request: Request<GetApplicationRequest>,
    ) -> Result<Response<GetApplicationResponse>, Status> {
        let (inbound, GetApplicationRequest { tenant_id, application_id }) = Inbound::open(request)?;
        let answer = self.0.get_application(&inbound.call, &tenant_id, &application_id).await;
        inbound.answer(
            answer.map(|view| GetApplicationResponse { application: Some(encode::application::application(&view)) }),
        )
    }

    async fn list_applications(
        &self,
        request: Request<ListApplicationsRequest>,
    ) -> Result<Response<ListApplicationsResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let page = PageRequest { size: message.page_size, token: message.page_token };
        let answer = self.0.list_applications(&inbound.call, &message.tenant_id, &page).await;
        inbound.answer(answer.map(|page| {
            let (applications, next_page_token) = paging::page(
                page,
                |item| item.application.id.as_uuid(),
                |item| encode::application::application(&item),
            );
            ListApplicationsResponse { applications, next_page_token }
        }))
    }

    async fn update_application(
        &self,
        request: Request<UpdateApplicationRequest>,
    ) -> Result<Response<UpdateApplicationResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let UpdateApplicationRequest { tenant_id, application, update_mask, validate_only } = message;
        let patch = application.unwrap_or_default();
        let (id, etag) = (patch.application_id.clone(), patch.etag.clone());
        let change = |current: &_| decode::application::update(current, patch, update_mask);
        let answer = self.0.update_application(&inbound.call, &tenant_id, &id, &etag, change, validate_only).await;
        inbound.answer(
            answer.map(|view| UpdateApplicationResponse { application: Some(encode::application::application(&view)) }),
        )
    }

    async fn delete_application(
        &self,
        request: Request<DeleteApplicationRequest>,
    ) -> Result<Response<DeleteApplicationResponse>, Status> {
        let (inbound, DeleteApplicationRequest { tenant_id, application_id, etag }) = Inbound::open(request)?;
        let answer = self.0.delete_application(&inbound.call, &tenant_id, &application_id, &etag).await;
        inbound.answer(answer.map(|()| DeleteApplicationResponse {}))
    }

    async fn create_application_key(
        &self,
        request: Request<CreateApplicationKeyRequest>,
    ) -> Result<Response<CreateApplicationKeyResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let CreateApplicationKeyRequest { tenant_id, application_id, key } = message;
        let draft = decode::application::key(key);
        let answer = self.0.create_application_key(&inbound.call, &tenant_id, &application_id, draft).await;
        inbound.answer(answer.map(|(key, secret)| CreateApplicationKeyResponse {
            key: Some(encode::application::key(&key)),
            secret: secret.expose().to_owned(),
        }))
    }

    async fn list_application_keys(
        &self,
        request: Request<ListApplicationKeysRequest>,
    ) -> Result<Response<ListApplicationKeysResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let page = PageRequest { size: message.page_size, token: message.page_token };
        let (tenant_id, application_id) = (&message.tenant_id, &message.application_id);
        let answer = self.0.list_application_keys(&inbound.call, tenant_id, application_id, &page).await;
        inbound.answer(answer.map(|page| {
            let (keys, next_page_token) =
                paging::page(page, |item| item.id.as_uuid(), |item| encode::application::key(&item));
            ListApplicationKeysResponse { keys, next_page_token }
        }))
    }

    async fn revoke_application_key(
        &self,
        request: Request<RevokeApplicationKeyRequest>,
    ) -> Result<Response<RevokeApplicationKeyResponse>, Status> {
        let (inbound, RevokeApplicationKeyRequest { tenant_id, application_id, key_id }) = Inbound::open(request)?;
        let answer = self.0.revoke_application_key(&inbound.call, &tenant_id, &application_id, &key_id).await;
        inbound.answer(answer.map(|key| RevokeApplicationKeyResponse { key: Some(encode::application::key(&key)) }))
    }
}
