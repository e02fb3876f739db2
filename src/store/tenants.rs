//! Tenants; registering a portal makes one.

use super::accounts::NewAccount;
use super::{Keyset, Store, StoreError, list, read, unit};
use crate::domain::application::Grant;
use crate::domain::contract::Contract;
use crate::domain::event::Trail;
use crate::domain::idempotency::RequestRecord;
use crate::domain::ids::{ApplicationId, TenantId};
use crate::domain::portal_name::PortalName;
use crate::domain::quota::QuotaUse;
use crate::domain::realm::Realm;
use crate::domain::tenant::{Tenant, TenantRef};

/// A portal to register: all of it in one unit of work.
#[derive(Clone, Debug)]
pub struct NewPortal {
    /// The tenant.
    pub tenant: Tenant,
    /// Its realm `internal`.
    pub realm: Realm,
    /// Its default contract.
    pub contract: Contract,
    /// The registering application's grant on it.
    pub grant: Grant,
    /// Its owner.
    pub owner: NewAccount,
    /// What it counts against, in the order in which a refusal is told.
    pub quotas: Vec<QuotaUse>,
    /// The row of its request id.
    pub request: Option<RequestRecord>,
    /// What is said of it.
    pub trail: Trail,
}

/// The tenants of a store.
#[derive(Clone, Copy)]
pub struct Tenants<'s>(pub(super) &'s Store);

impl Tenants<'_> {
    /// By any of its names.
    pub async fn get(self, name: &TenantRef) -> Result<Option<Tenant>, StoreError> {
        read!(self.0, tenants::get(name))
    }

    /// A page of those that an application has a grant on, by id.
    pub async fn list_granted(
        self,
        application: ApplicationId,
        page: Keyset<TenantId>,
    ) -> Result<Vec<Tenant>, StoreError> {
        list!(self.0, tenants::list_granted(&application, &page))
    }

    /// A page of all, by id.
    pub async fn list_all(self, page: Keyset<TenantId>) -> Result<Vec<Tenant>, StoreError> {
        list!(self.0, tenants::list_all(&page))
    }

    /// Changes what can be changed of one: language, time zone, link base, brands, annotations. Stale where another change came first.
    pub async fn update(self, tenant: Tenant, expected: i64, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, tenants::update(tenant, expected, trail))
    }

    /// Which of the names are taken.
    pub async fn names_taken(self, names: &[PortalName]) -> Result<Vec<PortalName>, StoreError> {
        list!(self.0, tenants::names_taken(names))
    }

    /// Writes a portal with its owner, or nothing.
    pub async fn register_portal(self, new: NewPortal) -> Result<(), StoreError> {
        unit!(self.0, portals::register(new))
    }
}
