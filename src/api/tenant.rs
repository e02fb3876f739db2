//! `TenantService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::tenant_service_server::TenantService;
use crate::proto::v1::{GetTenantRequest, GetTenantResponse, ListTenantsRequest, ListTenantsResponse};
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
}
