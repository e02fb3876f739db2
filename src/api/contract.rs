//! `ContractService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::proto::v1::contract_service_server::ContractService;
use crate::proto::v1::{
    CreateContractRequest, CreateContractResponse, DeleteContractRequest, DeleteContractResponse, GetContractRequest,
    GetContractResponse, ListContractsRequest, ListContractsResponse, ResolveContractRequest, ResolveContractResponse,
    UpdateContractRequest, UpdateContractResponse,
};
use crate::provisioning::Provisioning;
use crate::provisioning::paging::PageRequest;

use super::inbound::Inbound;
use super::{decode, encode, paging};

/// The adapter.
pub struct Contracts(pub Arc<Provisioning>);

#[tonic::async_trait]
impl ContractService for Contracts {
    async fn create_contract(
        &self,
        request: Request<CreateContractRequest>,
    ) -> Result<Response<CreateContractResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let unmade = message.validate_only;
        let draft = decode::contract::create(message.contract);
        let answer = self.0.create_contract(&inbound.call, &message.tenant_id, draft, unmade).await;
        inbound.answer(
            answer.map(|contract| CreateContractResponse { contract: Some(encode::contract::made(&contract, unmade)) }),
        )
    }

    async fn get_contract(
        &self,
        request: Request<GetContractRequest>,
    ) -> Result<Response<GetContractResponse>, Status> {
        let (inbound, GetContractRequest { tenant_id, contract_id, version }) = Inbound::open(request)?;
        let answer = self.0.get_contract(&inbound.call, &tenant_id, &contract_id, version).await;
        inbound.answer(
            answer.map(|contract| GetContractResponse { contract: Some(encode::contract::contract(&contract)) }),
        )
    }

    async fn list_contracts(
        &self,
        request: Request<ListContractsRequest>,
    ) -> Result<Response<ListContractsResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let page = PageRequest { size: message.page_size, token: message.page_token };
        let answer = self.0.list_contracts(&inbound.call, &message.tenant_id, &page).await;
        inbound.answer(answer.map(|page| {
            let (contracts, next_page_token) =
                paging::page(page, |item| item.id.as_uuid(), |item| encode::contract::contract(&item));
            ListContractsResponse { contracts, next_page_token }
        }))
    }

    async fn update_contract(
        &self,
        request: Request<UpdateContractRequest>,
    ) -> Result<Response<UpdateContractResponse>, Status> {
        let (inbound, message) = Inbound::open(request)?;
        let UpdateContractRequest { tenant_id, contract, update_mask, validate_only } = message;
        let patch = contract.unwrap_or_default();
        let (id, etag) = (patch.contract_id.clone(), patch.etag.clone());
        let change = |current: &_| decode::contract::update(current, patch, update_mask);
        let answer = self.0.update_contract(&inbound.call, &tenant_id, &id, &etag, change, validate_only).await;
        inbound.answer(
            answer.map(|contract| UpdateContractResponse { contract: Some(encode::contract::contract(&contract)) }),
        )
    }

    async fn delete_contract(
        &self,
        request: Request<DeleteContractRequest>,
    ) -> Result<Response<DeleteContractResponse>, Status> {
        let (inbound, DeleteContractRequest { tenant_id, contract_id, etag }) = Inbound::open(request)?;
        let answer = self.0.delete_contract(&inbound.call, &tenant_id, &contract_id, &etag).await;
        inbound.answer(answer.map(|()| DeleteContractResponse {}))
    }

    async fn resolve_contract(
        &self,
        request: Request<ResolveContractRequest>,
    ) -> Result<Response<ResolveContractResponse>, Status> {
        let (inbound, ResolveContractRequest { tenant_id, contract_id }) = Inbound::open(request)?;
        let answer = self.0.resolve_contract(&inbound.call, &tenant_id, &contract_id).await;
        inbound.answer(
            answer.map(|contract| ResolveContractResponse { contract: Some(encode::contract::contract(&contract)) }),
        )
    }
}
