//! Contracts of a tenant and their versions.

use super::{Keyset, Store, StoreError, list, read, unit};
use crate::domain::contract::Contract;
use crate::domain::event::Trail;
use crate::domain::ids::{ContractId, TenantId};
use crate::domain::text::Label;

/// The contracts of a store.
#[derive(Clone, Copy)]
pub struct Contracts<'s>(pub(super) &'s Store);

impl Contracts<'_> {
    /// Creates one with its first version. [`ContractName`](super::Conflict::ContractName) where the name is taken.
    pub async fn create(self, contract: Contract, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, contracts::create(contract, trail))
    }

    /// The current version.
    pub async fn get(self, tenant: TenantId, id: ContractId) -> Result<Option<Contract>, StoreError> {
        read!(self.0, contracts::get(&tenant, &id))
    }

    /// The current version of the contract of a name.
    pub async fn by_name(self, tenant: TenantId, name: &Label) -> Result<Option<Contract>, StoreError> {
        read!(self.0, contracts::by_name(&tenant, name))
    }

    /// A certain version. It never changes but for the contract's name.
    pub async fn version(self, tenant: TenantId, id: ContractId, version: i32) -> Result<Option<Contract>, StoreError> {
        read!(self.0, contracts::version(&tenant, &id, &version))
    }

    /// Which of these ids there are.
    pub async fn present(self, tenant: TenantId, ids: &[ContractId]) -> Result<Vec<ContractId>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        list!(self.0, contracts::present(&tenant, ids))
    }

    /// A page of current versions, by id.
    pub async fn list(self, tenant: TenantId, page: Keyset<ContractId>) -> Result<Vec<Contract>, StoreError> {
        list!(self.0, contracts::list(&tenant, &page))
    }

    /// Writes the next version. Stale where another came first.
    pub async fn update(self, contract: Contract, expected: i32, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, contracts::update(contract, expected, trail))
    }

    /// Deletes one with its versions. [`Referenced`](super::Conflict::Referenced) while accounts were made under it, or a tenant or a grant
    /// names it.
    pub async fn delete(
        self,
        tenant: TenantId,
        id: ContractId,
        expected: Option<i32>,
        trail: Trail,
    ) -> Result<(), StoreError> {
        unit!(self.0, contracts::delete(tenant, id, expected, trail))
    }
}
