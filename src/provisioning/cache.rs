//! What changes rarely is read through bounded caches: applications by key, grants, tenants, realms and current contracts are at most
//! [`STALE_MAX`] old (a change made in this process is seen at once), versions of contracts never change and stay. Accounts are never cached.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use crate::domain::application::Grant;
use crate::domain::contract::Contract;
use crate::domain::ids::{ApplicationId, ContractId, RealmId, TenantId};
use crate::domain::realm::Realm;
use crate::domain::secret::KeyHash;
use crate::domain::tenant::Tenant;
use crate::domain::text::Label;
use crate::store::{Store, StoreError};

use super::principal::Caller;

/// How old a cached row may be: the time within which a revocation made by another replica takes effect here.
pub const STALE_MAX: Duration = Duration::from_secs(5);
/// How many rows of a kind are kept. A row is about 2 KiB; none is larger than the message that it came in, which is 256 KiB at most.
const ROWS_MAX: u64 = 10_000;
/// How many unknown keys are remembered: 32 bytes each.
const UNKNOWN_MAX: u64 = 100_000;

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
    pub(super) callers: Cache<KeyHash, Arc<Caller>>,
    pub(super) unknown_keys: Cache<KeyHash, ()>,
    grants: Cache<(ApplicationId, TenantId), Arc<Grant>>,
    tenants: Cache<TenantId, Arc<Tenant>>,
    realms: Cache<(TenantId, RealmKey), Arc<Realm>>,
    contracts: Cache<(TenantId, ContractId), Arc<Contract>>,
    versions: Cache<(TenantId, ContractId, i32), Arc<Contract>>,
}

fn short_lived<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>(rows: u64) -> Cache<K, V> {
    Cache::builder().max_capacity(rows).time_to_live(STALE_MAX).build()
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            callers: short_lived(ROWS_MAX),
            unknown_keys: short_lived(UNKNOWN_MAX),
            grants: short_lived(ROWS_MAX),
            tenants: short_lived(ROWS_MAX),
            realms: short_lived(ROWS_MAX),
            contracts: short_lived(ROWS_MAX),
            versions: Cache::new(ROWS_MAX),
        }
    }
}

/// The cached row, else the one read; what is not there is not remembered.
async fn through<K, V>(
    cache: &Cache<K, Arc<V>>,
    key: K,
    read: impl Future<Output = Result<Option<V>, StoreError>>,
) -> Result<Option<Arc<V>>, StoreError>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    if let Some(row) = cache.get(&key).await {
        return Ok(Some(row));
    }
    let Some(row) = read.await?.map(Arc::new) else { return Ok(None) };
    cache.insert(key, row.clone()).await;
    Ok(Some(row))
}

impl Caches {
    /// The grant of an application on a tenant.
    pub async fn grant(
        &self,
        store: &Store,
        application: ApplicationId,
        tenant: TenantId,
    ) -> Result<Option<Arc<Grant>>, StoreError> {
        let key = (application, tenant);
        through(&self.grants, key, async { store.applications().grant(application, tenant).await }).await
    }

    /// A tenant by id.
    pub async fn tenant(&self, store: &Store, id: TenantId) -> Result<Option<Arc<Tenant>>, StoreError> {
        let name = crate::domain::tenant::TenantRef::Id(id);
        through(&self.tenants, id, async { store.tenants().get(&name).await }).await
    }

    /// A realm of a tenant.
    pub async fn realm(
        &self,
        store: &Store,
        tenant: TenantId,
        key: RealmKey,
    ) -> Result<Option<Arc<Realm>>, StoreError> {
        let read = async {
            match &key {
                RealmKey::Id(id) => store.realms().get(tenant, *id).await,
                RealmKey::Internal => store.realms().by_name(tenant, &Label::internal()).await,
            }
        };
        through(&self.realms, (tenant, key.clone()), read).await
    }

    /// The current version of a contract.
    pub async fn contract(
        &self,
        store: &Store,
        tenant: TenantId,
        id: ContractId,
    ) -> Result<Option<Arc<Contract>>, StoreError> {
        through(&self.contracts, (tenant, id), async { store.contracts().get(tenant, id).await }).await
    }

    /// One version of a contract.
    pub async fn contract_version(
        &self,
        store: &Store,
        tenant: TenantId,
        id: ContractId,
        version: i32,
    ) -> Result<Option<Arc<Contract>>, StoreError> {
        let read = async { store.contracts().version(tenant, id, version).await };
        through(&self.versions, (tenant, id, version), read).await
    }

    /// Forgets callers and grants: an application, a key or a grant changed.
    pub fn applications_changed(&self) {
        self.callers.invalidate_all();
        self.unknown_keys.invalidate_all();
        self.grants.invalidate_all();
    }

    /// Forgets a realm.
    pub async fn realm_changed(&self, tenant: TenantId, id: RealmId) {
        self.realms.invalidate(&(tenant, RealmKey::Id(id))).await;
        self.realms.invalidate(&(tenant, RealmKey::Internal)).await;
    }

    /// Forgets the current version of a contract.
    pub async fn contract_changed(&self, tenant: TenantId, id: ContractId) {
        self.contracts.invalidate(&(tenant, id)).await;
    }
}
