//! Applications, their grants and their keys.

use chrono::{DateTime, Utc};

use super::{Keyset, Store, StoreError, list, read, unit};
use crate::domain::application::{Application, ApplicationKey, Grant};
use crate::domain::contract::Contract;
use crate::domain::event::Trail;
use crate::domain::ids::{ApplicationId, ApplicationKeyId, TenantId};
use crate::domain::permission::Permissions;
use crate::domain::realm::Realm;
use crate::domain::secret::KeyHash;
use crate::domain::tenant::Tenant;
use crate::domain::text::Label;

/// What a new installation begins with.
#[derive(Clone, Debug)]
pub struct NewInstallation {
    /// The operator's tenant.
    pub tenant: Tenant,
    /// Its realm `internal`.
    pub realm: Realm,
    /// Its default contract.
    pub contract: Contract,
    /// The operator's application.
    pub application: Application,
    /// Its grant on the tenant.
    pub grant: Grant,
    /// Its key.
    pub key: ApplicationKey,
    /// What is said of it.
    pub trail: Trail,
}

/// An application to create.
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// The application.
    pub application: Application,
    /// Its grants.
    pub grants: Vec<Grant>,
    /// What is said of it.
    pub trail: Trail,
}

/// A change of an application.
#[derive(Clone, Debug)]
pub struct ApplicationChange {
    /// The new values; the version is the expected one + 1.
    pub application: Application,
    /// The grants to write, each on one of `grants_on`.
    pub grants: Vec<Grant>,
    /// The tenants whose grants are replaced; those on other tenants stay.
    pub grants_on: Vec<TenantId>,
    /// The version that the change was made from.
    pub expected_version: i64,
    /// What is said of it.
    pub trail: Trail,
}

/// The applications of a store.
#[derive(Clone, Copy)]
pub struct Applications<'s>(pub(super) &'s Store);

impl Applications<'_> {
    /// Makes the first application with all it needs; `false`, and nothing written, when there is one already.
    pub async fn bootstrap(self, new: NewInstallation) -> Result<bool, StoreError> {
        unit!(self.0, applications::bootstrap(new))
    }

    /// Creates one. [`ApplicationName`](super::Conflict::ApplicationName) or [`Grant`](super::Conflict::Grant) where taken.
    pub async fn create(self, new: NewApplication) -> Result<(), StoreError> {
        unit!(self.0, applications::create(new))
    }

    /// By id.
    pub async fn get(self, id: ApplicationId) -> Result<Option<Application>, StoreError> {
        read!(self.0, applications::get(&id))
    }

    /// By name in its home tenant.
    pub async fn by_name(self, home: TenantId, name: &Label) -> Result<Option<Application>, StoreError> {
        read!(self.0, applications::by_name(&home, name))
    }

    /// A page of those at home in a tenant, by id.
    pub async fn list(self, home: TenantId, page: Keyset<ApplicationId>) -> Result<Vec<Application>, StoreError> {
        list!(self.0, applications::list(&home, &page))
    }

    /// Changes one. Stale where another change came first.
    pub async fn update(self, change: ApplicationChange) -> Result<(), StoreError> {
        unit!(self.0, applications::update(change))
    }

    /// Deletes one with its keys and grants. Nothing in a tenant's data points at it.
    pub async fn delete(self, id: ApplicationId, expected: Option<i64>, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, applications::delete(id, expected, trail))
    }

    /// The key with that hash, and its application.
    pub async fn by_key(self, hash: KeyHash) -> Result<Option<(Application, ApplicationKey)>, StoreError> {
        read!(self.0, keys::by_hash(&hash))
    }

    /// The grant on a tenant.
    pub async fn grant(self, application: ApplicationId, tenant: TenantId) -> Result<Option<Grant>, StoreError> {
        read!(self.0, grants::get(&application, &tenant))
    }

    /// All grants, by tenant.
    pub async fn grants(self, application: ApplicationId) -> Result<Vec<Grant>, StoreError> {
        list!(self.0, grants::list(&application))
    }

    /// The first `limit` grants of these applications on tenants that `by` has a grant on itself (absent = on all), by application and tenant.
    pub async fn grants_seen(
        self,
        of: &[ApplicationId],
        by: Option<ApplicationId>,
        limit: i64,
    ) -> Result<Vec<Grant>, StoreError> {
        list!(self.0, grants::seen(of, &by, &limit))
    }

    /// The grants of `own` on the tenants that an application has one on.
    pub async fn grants_beside(self, application: ApplicationId, own: ApplicationId) -> Result<Vec<Grant>, StoreError> {
        list!(self.0, grants::beside(&application, &own))
    }

    /// The union of what all grants permit.
    pub async fn permissions(self, application: ApplicationId) -> Result<Permissions, StoreError> {
        list!(self.0, grants::permissions(&application))
    }

    /// Adds a key.
    pub async fn create_key(self, key: ApplicationKey, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, keys::create(key, trail))
    }

    /// A page of keys, revoked ones included, by id.
    pub async fn list_keys(
        self,
        application: ApplicationId,
        page: Keyset<ApplicationKeyId>,
    ) -> Result<Vec<ApplicationKey>, StoreError> {
        list!(self.0, keys::list(&application, &page))
    }

    /// Revokes a key; the first revocation's time stays.
    pub async fn revoke_key(
        self,
        application: ApplicationId,
        id: ApplicationKeyId,
        at: DateTime<Utc>,
        trail: Trail,
    ) -> Result<ApplicationKey, StoreError> {
        unit!(self.0, keys::revoke(application, id, at, trail))
    }

    /// Notes that a key was used; never sets the time back.
    pub async fn touch_key(self, id: ApplicationKeyId, at: DateTime<Utc>) -> Result<(), StoreError> {
        unit!(self.0, keys::touch(id, at))
    }

    /// Whether there is no application at all.
    pub async fn is_empty(self) -> Result<bool, StoreError> {
        read!(self.0, applications::is_empty())
    }
}
