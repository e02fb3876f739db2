//! Contracts: what applications may deliver and get back, made and versioned by those who hold `contracts.write` on their tenant.

use crate::domain::contract::{Contract, ContractTerms};
use crate::domain::ids::ContractId;
use crate::domain::permission::Permission;
use crate::domain::text::Label;
use crate::store::{Conflict, Keyset, StoreError};

use super::Provisioning;
use super::access::Access;
use super::etag;
use super::paging::{Cursor, ListScope, Page, PageRequest};
use super::principal::Call;
use super::refusal::{Refusal, ResourceKind, StateFault, TakenKind};
use super::trail::Deed;

/// What a request says of a contract.
#[derive(Clone, Debug)]
pub struct ContractDraft {
    /// Unique in the tenant, unchangeable.
    pub name: Label,
    /// The terms of the next version.
    pub terms: ContractTerms,
}

impl Provisioning {
    async fn named_contract(&self, access: &Access, contract_id: &str) -> Result<Contract, Refusal> {
        let not_found = || Refusal::not_found(ResourceKind::Contract, contract_id);
        let id = self.contract(access, contract_id).await?.id;
        self.store.contracts().get(access.tenant.id, id).await?.ok_or_else(not_found)
    }

    /// Makes version 1 of a contract.
    pub async fn create_contract(
        &self,
        call: &Call,
        tenant_id: &str,
        draft: Result<ContractDraft, Refusal>,
        validate_only: bool,
    ) -> Result<Contract, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ContractsWrite).await?;
        access.require_active()?;
        let ContractDraft { name, terms } = draft?;
        let now = self.clock.now();
        let id = ContractId::from_uuid(self.ids.uuid());
        let tenant_id = access.tenant.id;
        let contract = Contract { tenant_id, id, name, version: 1, terms, create_time: now, update_time: now };
        let taken = || Refusal::taken(TakenKind::Name, "contract.name");
        if validate_only {
            let other = self.store.contracts().by_name(tenant_id, &contract.name).await?;
            return if other.is_none() { Ok(contract) } else { Err(taken()) };
        }
        let deed = Deed::new("contract.created", format!("contracts/{id}"), "CREATED");
        let trail = self.trail(call, tenant_id, now, deed);
        match self.store.contracts().create(contract.clone(), trail).await {
            Ok(()) => Ok(contract),
            Err(StoreError::Conflict(Conflict::ContractName)) => Err(taken()),
            Err(error) => Err(error.into()),
        }
    }

    /// A version of a contract; 0 = the current one.
    pub async fn get_contract(
        &self,
        call: &Call,
        tenant_id: &str,
        contract_id: &str,
        version: u32,
    ) -> Result<Contract, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ContractsRead).await?;
        if contract_id.is_empty() {
            return Err(Refusal::required("contract_id"));
        }
        let current = self.named_contract(&access, contract_id).await?;
        let not_found = || Refusal::not_found(ResourceKind::Contract, format!("{}/versions/{version}", current.id));
        match i32::try_from(version).map_err(|_| not_found())? {
            0 => Ok(current),
            version if version == current.version => Ok(current),
            version => {
                let found = self.caches.contract_version(&self.store, access.tenant.id, current.id, version).await?;
                found.map(|contract| contract.as_ref().clone()).ok_or_else(not_found)
            }
        }
    }

    /// The contract and version that would govern a creation by this caller.
    pub async fn resolve_contract(&self, call: &Call, tenant_id: &str, contract_id: &str) -> Result<Contract, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ContractsRead).await?;
        Ok(self.contract(&access, contract_id).await?.as_ref().clone())
    }

    /// The current versions of the contracts of a tenant, in the order they were made.
    pub async fn list_contracts(
        &self,
        call: &Call,
        tenant_id: &str,
        page: &PageRequest,
    ) -> Result<Page<Contract>, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ContractsRead).await?;
        let scope = ListScope::new("contracts")
            .with(access.caller.application.id.to_string())
            .with(access.tenant.id.to_string());
        let cursor = Cursor::begin(&self.master_key, self.clock.now(), page, scope)?;
        let keyset = Keyset { after: cursor.after.map(ContractId::from_uuid), limit: cursor.limit() };
        let rows = self.store.contracts().list(access.tenant.id, keyset).await?;
        let mut page = cursor.finish(rows, &*self.ids, self.clock.now(), |contract| contract.id.as_uuid());
        if let Some(allowed) = &access.grant.allowed_contracts {
            page.items.retain(|contract| allowed.contains(&contract.id));
        }
        Ok(page)
    }

    /// Makes the next version: `change` makes the new terms of the current ones.
    pub async fn update_contract(
        &self,
        call: &Call,
        tenant_id: &str,
        contract_id: &str,
        given_etag: &str,
        change: impl FnOnce(&Contract) -> Result<ContractDraft, Refusal>,
        validate_only: bool,
    ) -> Result<Contract, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ContractsWrite).await?;
        if contract_id.is_empty() {
            return Err(Refusal::required("contract.contract_id"));
        }
        let current = self.named_contract(&access, contract_id).await?;
        let draft = change(&current)?;
        etag::check(given_etag, i64::from(current.version))?;
        let now = self.clock.now();
        let contract = Contract { version: current.version + 1, terms: draft.terms, update_time: now, ..current };
        if validate_only {
            return Ok(contract);
        }
        let deed = Deed::new("contract.updated", format!("contracts/{}", contract.id), "UPDATED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        let written = self.store.contracts().update(contract.clone(), current.version, trail).await;
        written.map_err(|error| etag::stale(given_etag, error))?;
        self.caches.contract_changed(access.tenant.id, contract.id);
        Ok(contract)
    }

    /// Deletes a contract, all its versions, where nothing was made under it and nothing names it as its default.
    pub async fn delete_contract(
        &self,
        call: &Call,
        tenant_id: &str,
        contract_id: &str,
        given_etag: &str,
    ) -> Result<(), Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ContractsWrite).await?;
        if contract_id.is_empty() {
            return Err(Refusal::required("contract_id"));
        }
        let contract = self.named_contract(&access, contract_id).await?;
        etag::check(given_etag, i64::from(contract.version))?;
        let now = self.clock.now();
        let resource = format!("contracts/{}", contract.id);
        let deed = Deed::new("contract.deleted", resource.clone(), "DELETED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        match self.store.contracts().delete(access.tenant.id, contract.id, Some(contract.version), trail).await {
            Ok(()) => {
                self.caches.contract_changed(access.tenant.id, contract.id);
                Ok(())
            }
            Err(StoreError::Conflict(Conflict::Referenced)) => {
                let description = "accounts, a tenant or grants depend on the contract";
                Err(Refusal::State(StateFault::InUse { resource, description }))
            }
            Err(error) => Err(etag::stale(given_etag, error)),
        }
    }
}
