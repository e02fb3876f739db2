//! May this caller do this, on this tenant, in this realm, under this contract? The method layer has asked whether it may call the method
//! at all; here the grant on the tenant at hand decides. What the caller has no grant on is not there.

use std::str::FromStr;
use std::sync::Arc;

use crate::domain::application::Grant;
use crate::domain::contract::Contract;
use crate::domain::ids::{ContractId, RealmId, TenantId};
use crate::domain::permission::Permission;
use crate::domain::realm::Realm;
use crate::domain::tenant::{Tenant, TenantRef, TenantState};

use super::Provisioning;
use super::cache::RealmKey;
use super::principal::{Call, Caller};
use super::refusal::{Refusal, ResourceKind, StateFault};

/// A caller on a tenant that it has a grant on.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who.
    pub caller: Arc<Caller>,
    /// Where.
    pub tenant: Arc<Tenant>,
    /// What it may do there.
    pub grant: Arc<Grant>,
}

impl Access {
    /// Whether the grant permits it.
    pub fn permits(&self, permission: Permission) -> bool {
        self.grant.permits(permission)
    }

    /// PERMISSION_MISSING unless the grant permits it.
    pub fn require(&self, permission: Permission) -> Result<(), Refusal> {
        if self.permits(permission) { Ok(()) } else { Err(Refusal::PermissionMissing(permission)) }
    }

    /// Whether the grant lets the caller use a realm; one that it may not use is not there for it.
    pub fn allows_realm(&self, realm: RealmId) -> bool {
        self.grant.allowed_realms.as_ref().is_none_or(|allowed| allowed.contains(&realm))
    }

    /// Whether the grant lets the caller use a contract.
    pub fn allows_contract(&self, contract: ContractId) -> bool {
        self.grant.allowed_contracts.as_ref().is_none_or(|allowed| allowed.contains(&contract))
    }

    /// TENANT_NOT_ACTIVE unless things can be made in the tenant.
    pub fn require_active(&self) -> Result<(), Refusal> {
        match self.tenant.state {
            TenantState::Active => Ok(()),
            _ => Err(Refusal::State(StateFault::TenantNotActive(self.tenant.id))),
        }
    }
}

/// Reads an id of a request; a text that is no id names nothing.
fn named<Id: FromStr>(kind: ResourceKind, text: &str) -> Result<Id, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(kind, text))
}

impl Provisioning {
    /// The caller's access to the tenant that a request names; empty = the home tenant.
    pub(super) async fn access(&self, call: &Call, tenant_id: &str) -> Result<Access, Refusal> {
        let caller = call.principal.caller()?;
        let id = match tenant_id {
            "" => caller.application.home_tenant,
            text => named::<TenantId>(ResourceKind::Tenant, text)?,
        };
        let tenant = self.caches.tenant(&self.store, id).await?;
        let not_found = || Refusal::not_found(ResourceKind::Tenant, tenant_id);
        let access = self.granted(caller, tenant.ok_or_else(not_found)?).await?;
        access.ok_or_else(not_found)
    }

    /// [`Self::access`] for somebody who needs a permission there.
    pub(super) async fn access_with(
        &self,
        call: &Call,
        tenant_id: &str,
        permission: Permission,
    ) -> Result<Access, Refusal> {
        let access = self.access(call, tenant_id).await?;
        access.require(permission)?;
        Ok(access)
    }

    /// The caller's access to the tenant that a token names. That it has none is told like a token that is not there.
    pub(super) async fn access_by_token(
        &self,
        call: &Call,
        tenant: TenantId,
        unknown: impl FnOnce() -> Refusal,
    ) -> Result<Access, Refusal> {
        match self.access(call, &tenant.to_string()).await {
            Err(Refusal::NotFound { .. }) => Err(unknown()),
            access => access,
        }
    }

    /// The caller's access to a tenant by any of its names, as it stands now.
    pub(super) async fn access_by_ref(&self, call: &Call, name: &TenantRef) -> Result<Access, Refusal> {
        let caller = call.principal.caller()?;
        let not_found = || Refusal::not_found(ResourceKind::Tenant, super::tenants::ref_text(name));
        let tenant = self.store.tenants().get(name).await?.ok_or_else(not_found)?;
        self.granted(caller, Arc::new(tenant)).await?.ok_or_else(not_found)
    }

    /// The caller with its grant on a tenant. Holders of `tenants.any` have everywhere what they have at home, beside their own grant.
    async fn granted(&self, caller: &Arc<Caller>, tenant: Arc<Tenant>) -> Result<Option<Access>, Refusal> {
        let application = &caller.application;
        let own = self.caches.grant(&self.store, application.id, tenant.id).await?;
        if tenant.id == application.home_tenant {
            return Ok(own.map(|grant| Access { caller: caller.clone(), tenant, grant }));
        }
        let grant = match (own, self.grant_on_any(caller).await?) {
            (own, None) => own,
            (Some(own), Some(home)) => {
                let permissions = own.permissions.union(&home.permissions).copied().collect();
                Some(Arc::new(Grant { permissions, ..Grant::clone(&own) }))
            }
            (None, Some(home)) => {
                Some(Arc::new(Grant::bare(application.id, tenant.id).permitting(home.permissions.clone())))
            }
        };
        Ok(grant.map(|grant| Access { caller: caller.clone(), tenant, grant }))
    }

    /// The home grant of a holder of `tenants.any`, which holds on every tenant.
    pub(super) async fn grant_on_any(&self, caller: &Caller) -> Result<Option<Arc<Grant>>, Refusal> {
        if !caller.permissions.contains(&Permission::TenantsAny) {
            return Ok(None);
        }
        let home = caller.application.home_tenant;
        let grant = self.caches.grant(&self.store, caller.application.id, home).await?;
        Ok(grant.filter(|grant| grant.permits(Permission::TenantsAny)))
    }

    /// The realm that a request names; empty = the grant's default, else `internal`.
    pub(super) async fn realm(&self, access: &Access, realm_id: &str) -> Result<Arc<Realm>, Refusal> {
        let key = match (realm_id, access.grant.default_realm) {
            ("", Some(id)) => RealmKey::Id(id),
            ("", None) => RealmKey::Internal,
            (text, _) => RealmKey::Id(named::<RealmId>(ResourceKind::Realm, text)?),
        };
        let realm = self.caches.realm(&self.store, access.tenant.id, key).await?;
        realm
            .filter(|realm| access.allows_realm(realm.id))
            .ok_or_else(|| Refusal::not_found(ResourceKind::Realm, realm_id))
    }

    /// The realm that a request names, where people can be made in it.
    pub(super) async fn usable_realm(&self, access: &Access, realm_id: &str) -> Result<Arc<Realm>, Refusal> {
        let realm = self.realm(access, realm_id).await?;
        if realm.is_usable() { Ok(realm) } else { Err(Refusal::RealmUnavailable(realm.id.to_string())) }
    }

    /// The contract that governs a request: the one it names, else the grant's default, else the tenant's.
    pub(super) async fn contract(&self, access: &Access, contract_id: &str) -> Result<Arc<Contract>, Refusal> {
        let id = match contract_id {
            "" => access.grant.default_contract.unwrap_or(access.tenant.default_contract),
            text => named::<ContractId>(ResourceKind::Contract, text)?,
        };
        let allowed = access.allows_contract(id);
        let contract = self.caches.contract(&self.store, access.tenant.id, id).await?;
        contract.filter(|_| allowed).ok_or_else(|| Refusal::not_found(ResourceKind::Contract, contract_id))
    }
}
