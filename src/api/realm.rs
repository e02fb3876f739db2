//! `RealmService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::realm_service_server::RealmService;
use crate::proto::v1::{
    CreateRealmRequest, CreateRealmResponse, DeleteRealmRequest, DeleteRealmResponse, GetRealmRequest,
    GetRealmResponse, ListRealmsRequest, ListRealmsResponse, UpdateRealmRequest, UpdateRealmResponse,
};
use crate::provisioning::Provisioning;
use crate::provisioning::paging::PageRequest;

use super::inbound::Inbound;
use super::{decode, encode, paging};

/// The adapter.
pub struct Realms(pub Arc<Provisioning>);

#[tonic::async_trait]
impl RealmService for Realms {
    async fn create_realm(
        &self,
        request: Request<CreateRealmRequest>,
    ) -> Result<Response<CreateRealmResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let unmade = message.validate_only;
        let draft = decode::realm::create(message.realm);
        let answer = self.0.create_realm(&inbound.call, &message.tenant_id, draft, unmade).await;
        inbound.answer(answer.map(|realm| CreateRealmResponse { realm: Some(encode::realm::made(&realm, unmade)) }))
    }

    async fn get_realm(&self, request: Request<GetRealmRequest>) -> Result<Response<GetRealmResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = self.0.get_realm(&inbound.call, &message.tenant_id, &message.realm_id).await;
        inbound.answer(answer.map(|realm| GetRealmResponse { realm: Some(encode::realm::realm(&realm)) }))
    }

    async fn list_realms(&self, request: Request<ListRealmsRequest>) -> Result<Response<ListRealmsResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let page = PageRequest { size: message.page_size, token: message.page_token };
        let answer = self.0.list_realms(&inbound.call, &message.tenant_id, &page).await;
        inbound.answer(answer.map(|page| {
            let (realms, next_page_token) =
                paging::page(page, |item| item.id.as_uuid(), |item| encode::realm::realm(&item));
            ListRealmsResponse { realms, next_page_token }
        }))
    }

    async fn update_realm(
        &self,
        request: Request<UpdateRealmRequest>,
    ) -> Result<Response<UpdateRealmResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let UpdateRealmRequest { tenant_id, realm, update_mask, validate_only } = message;
        let patch = realm.unwrap_or_default();
        let (realm_id, etag) = (patch.realm_id.clone(), patch.etag.clone());
        let change = |current: &_| decode::realm::update(current, patch, update_mask);
        let answer = self.0.update_realm(&inbound.call, &tenant_id, &realm_id, &etag, change, validate_only).await;
        inbound.answer(answer.map(|realm| UpdateRealmResponse { realm: Some(encode::realm::realm(&realm)) }))
    }

    async fn delete_realm(
        &self,
        request: Request<DeleteRealmRequest>,
    ) -> Result<Response<DeleteRealmResponse>, Status> {
        let (inbound, DeleteRealmRequest { tenant_id, realm_id, etag }) = Inbound::open(request)?;
        let answer = self.0.delete_realm(&inbound.call, &tenant_id, &realm_id, &etag).await;
        inbound.answer(answer.map(|()| DeleteRealmResponse {}))
    }
}
