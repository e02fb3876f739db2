//! `TenantService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::tenant_service_server::TenantService;
use crate::proto::v1::{
    GetTenantRequest, GetTenantResponse, ListTenantsRequest, ListTenantsResponse, UpdateTenantRequest,
    UpdateTenantResponse,
};
use crate::provisioning::Provisioning;
use crate::provisioning::paging::PageRequest;

use super::inbound::Inbound;
use super::{decode, encode, paging};

/// The adapter.
pub struct Tenants(pub Arc<Provisioning>);

#[tonic::async_trait]
impl TenantService for Tenants {
    async fn get_tenant(&self, request: Request<GetTenantRequest>) -> Result<Response<GetTenantResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let answer = self.0.get_tenant(&inbound.call, decode::tenant::name(message.tenant)).await;
        inbound.answer(answer.map(|tenant| GetTenantResponse { tenant: Some(encode::tenant::tenant(tenant)) }))
    }

    async fn list_tenants(
        &self,
        request: Request<ListTenantsRequest>,
    ) -> Result<Response<ListTenantsResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let page = PageRequest { size: message.page_size, token: message.page_token };
        let answer = self.0.list_tenants(&inbound.call, &page).await;
        inbound.answer(answer.map(|page| {
            let (tenants, next_page_token) = paging::page(page, |item| item.id.as_uuid(), encode::tenant::tenant);
            ListTenantsResponse { tenants, next_page_token }
        }))
    }

    async fn update_tenant(
        &self,
        request: Request<UpdateTenantRequest>,
    ) -> Result<Response<UpdateTenantResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let UpdateTenantRequest { tenant, update_mask, validate_only } = message;
        let patch = tenant.unwrap_or_default();
        let (tenant_id, etag) = (patch.tenant_id.clone(), patch.etag.clone());
        let change = |current: &_| decode::tenant::update(current, patch, update_mask);
        let answer = self.0.update_tenant(&inbound.call, &tenant_id, &etag, change, validate_only).await;
        inbound.answer(answer.map(|tenant| UpdateTenantResponse { tenant: Some(encode::tenant::tenant(tenant)) }))
    }
}
