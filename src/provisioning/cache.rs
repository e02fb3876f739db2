//! What changes rarely is read through bounded caches: applications by key, grants, tenants, realms and current contracts are at most
//! [`STALE_MAX`] old (a change made in this process is seen at once), versions of contracts never change and stay. Accounts are never cached.

mod bounded;

use std::sync::Arc;
use std::time::Duration;

use crate::domain::application::Grant;
use crate::domain::contract::Contract;
use crate::domain::ids::{ApplicationId, ContractId, RealmId, TenantId};
use crate::domain::realm::Realm;
use crate::domain::secret::KeyHash;
use crate::domain::tenant::{Tenant, TenantRef};
use crate::domain::text::Label;
use crate::store::{Store, StoreError};

use super::principal::Caller;
use bounded::Bounded;

/// How old a cached row may be: the time within which a revocation made by another replica takes effect here.
pub const STALE_MAX: Duration = Duration::from_secs(5);
/// How many rows of a kind are kept. A row is about 2 KiB; none is larger than the message that it came in, which is 256 KiB at most.
const ROWS_MAX: usize = 10_000;
/// How many unknown keys are remembered: 32 bytes each.
const UNKNOWN_MAX: usize = 100_000;

/// A realm by its id, or by the name that every tenant has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RealmKey {
    /// By id.
    Id(RealmId),
    /// The realm `internal`.
    Internal,
}

/// The caches of the house.
pub struct Caches {
    pub(super) callers: Bounded<KeyHash, Arc<Caller>>,
    pub(super) unknown_keys: Bounded<KeyHash, ()>,
    grants: Bounded<(ApplicationId, TenantId), Arc<Grant>>,
    tenants: Bounded<TenantId, Arc<Tenant>>,
    realms: Bounded<(TenantId, RealmKey), Arc<Realm>>,
    contracts: Bounded<(TenantId, ContractId), Arc<Contract>>,
    versions: Bounded<(TenantId, ContractId, i32), Arc<Contract>>,
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            callers: Bounded::short_lived(ROWS_MAX, STALE_MAX),
            unknown_keys: Bounded::short_lived(UNKNOWN_MAX, STALE_MAX),
            grants: Bounded::short_lived(ROWS_MAX, STALE_MAX),
            tenants: Bounded::short_lived(ROWS_MAX, STALE_MAX),
            realms: Bounded::short_lived(ROWS_MAX, STALE_MAX),
            contracts: Bounded::short_lived(ROWS_MAX, STALE_MAX),
            versions: Bounded::lasting(ROWS_MAX),
        }
    }
}

/// Makes a row shareable.
fn shared<T>(found: Option<T>) -> Option<Arc<T>> {
    found.map(Arc::new)
}

impl Caches {
    /// The grant of an application on a tenant.
    pub async fn grant(
        &self,
        store: &Store,
        application: ApplicationId,
        tenant: TenantId,
    ) -> Result<Option<Arc<Grant>>, StoreError> {
        let read = || async { store.applications().grant(application, tenant).await.map(shared) };
        self.grants.through((application, tenant), read).await
    }

    /// A tenant by id.
    pub async fn tenant(&self, store: &Store, id: TenantId) -> Result<Option<Arc<Tenant>>, StoreError> {
        let read = || async { store.tenants().get(&TenantRef::Id(id)).await.map(shared) };
        self.tenants.through(id, read).await
    }

    /// A realm of a tenant.
    pub async fn realm(
        &self,
        store: &Store,
        tenant: TenantId,
        key: RealmKey,
    ) -> Result<Option<Arc<Realm>>, StoreError> {
        let read = || async {
            let found = match &key {
                RealmKey::Id(id) => store.realms().get(tenant, *id).await,
                RealmKey::Internal => store.realms().by_name(tenant, &Label::internal()).await,
            };
            found.map(shared)
        };
        self.realms.through((tenant, key.clone()), read).await
    }

    /// The current version of a contract.
    pub async fn contract(
        &self,
        store: &Store,
        tenant: TenantId,
        id: ContractId,
    ) -> Result<Option<Arc<Contract>>, StoreError> {
        let read = || async { store.contracts().get(tenant, id).await.map(shared) };
        self.contracts.through((tenant, id), read).await
    }

    /// One version of a contract.
    pub async fn contract_version(
        &self,
        store: &Store,
        tenant: TenantId,
        id: ContractId,
        version: i32,
    ) -> Result<Option<Arc<Contract>>, StoreError> {
        let read = || async { store.contracts().version(tenant, id, version).await.map(shared) };
        self.versions.through((tenant, id, version), read).await
    }

    /// Forgets callers and grants: an application, a key or a grant changed.
    pub fn applications_changed(&self) {
        self.callers.forget_all();
        self.unknown_keys.forget_all();
        self.grants.forget_all();
    }

    /// Forgets a tenant.
    pub fn tenant_changed(&self, tenant: TenantId) {
        self.tenants.forget(&tenant);
    }

    /// Forgets a realm.
    pub fn realm_changed(&self, tenant: TenantId, id: RealmId) {
        self.realms.forget(&(tenant, RealmKey::Id(id)));
        self.realms.forget(&(tenant, RealmKey::Internal));
    }

    /// Forgets the current version of a contract.
    pub fn contract_changed(&self, tenant: TenantId, id: ContractId) {
        self.contracts.forget(&(tenant, id));
    }
}
