//! Realms of a tenant.

use super::{Keyset, Store, StoreError, list, read, unit};
use crate::domain::event::Trail;
use crate::domain::ids::{RealmId, TenantId};
use crate::domain::realm::Realm;
use crate::domain::text::Label;

/// The realms of a store.
#[derive(Clone, Copy)]
pub struct Realms<'s>(pub(super) &'s Store);

impl Realms<'_> {
    /// Creates one. [`RealmName`](super::Conflict::RealmName) where the name is taken, Missing where the tenant is not there.
    pub async fn create(self, realm: Realm, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, realms::create(realm, trail))
    }

    /// By id.
    pub async fn get(self, tenant: TenantId, id: RealmId) -> Result<Option<Realm>, StoreError> {
        read!(self.0, realms::get(&tenant, &id))
    }

    /// By name.
    pub async fn by_name(self, tenant: TenantId, name: &Label) -> Result<Option<Realm>, StoreError> {
        read!(self.0, realms::by_name(&tenant, name))
    }

    /// Which of these ids there are.
    pub async fn present(self, tenant: TenantId, ids: &[RealmId]) -> Result<Vec<RealmId>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        list!(self.0, realms::present(&tenant, ids))
    }

    /// A page, by id.
    pub async fn list(self, tenant: TenantId, page: Keyset<RealmId>) -> Result<Vec<Realm>, StoreError> {
        list!(self.0, realms::list(&tenant, &page))
    }

    /// Changes one. Stale where another change came first.
    pub async fn update(self, realm: Realm, expected: i64, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, realms::update(realm, expected, trail))
    }

    /// Deletes one. [`Referenced`](super::Conflict::Referenced) while it has accounts or is a grant's default.
    pub async fn delete(
        self,
        tenant: TenantId,
        id: RealmId,
        expected: Option<i64>,
        trail: Trail,
    ) -> Result<(), StoreError> {
        unit!(self.0, realms::delete(tenant, id, expected, trail))
    }
}
