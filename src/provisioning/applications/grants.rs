//! The grants of applications. Nobody hands on what they lack on the tenant at hand: no permission, and no realm or contract beyond those
//! that their own grant there allows. Only what a request changes is held against that; what it leaves alone is nobody's deed.

use std::collections::BTreeMap;

use crate::domain::application::{Application, GRANTS_MAX, Grant};
use crate::domain::ids::{ApplicationId, ContractId, RealmId, TenantId};
use crate::domain::permission::{Permission, Permissions};
use crate::domain::violation::{FieldReason, Violations};

use super::ApplicationView;
use crate::provisioning::Provisioning;
use crate::provisioning::access::Access;
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::{Refusal, ResourceKind};

/// What a request says of a grant.
#[derive(Clone, Debug)]
pub struct GrantDraft {
    /// Empty = the tenant of the request.
    pub tenant_id: String,
    /// What it permits.
    pub permissions: Permissions,
    /// See [`Grant`].
    pub default_realm: Option<RealmId>,
    /// See [`Grant`].
    pub default_contract: Option<ContractId>,
    /// See [`Grant`].
    pub allowed_realms: Option<Vec<RealmId>>,
    /// See [`Grant`].
    pub allowed_contracts: Option<Vec<ContractId>>,
}

impl GrantDraft {
    fn on(self, application_id: ApplicationId, tenant_id: TenantId) -> Grant {
        Grant {
            application_id,
            tenant_id,
            permissions: self.permissions,
            default_realm: self.default_realm,
            default_contract: self.default_contract,
            allowed_realms: self.allowed_realms,
            allowed_contracts: self.allowed_contracts,
        }
    }
}

/// What a request makes of the grants that its caller sees.
#[derive(Debug, Default)]
pub(super) struct GrantChange {
    /// All of them afterwards.
    pub all: Vec<Grant>,
    /// Those to write: new ones and changed ones.
    pub written: Vec<Grant>,
    /// The tenants of the written ones and of those that are to go.
    pub on: Vec<TenantId>,
}

impl Provisioning {
    /// Applications with those of their grants that are on tenants which the caller has a grant on itself. One query, however many there are.
    pub(super) async fn viewed(
        &self,
        call: &Call,
        applications: Vec<Application>,
    ) -> Result<Vec<ApplicationView>, Refusal> {
        let caller = call.principal.caller()?;
        let by = match self.grant_on_any(caller).await? {
            Some(_) => None,
            None => Some(caller.application.id),
        };
        let ids: Vec<ApplicationId> = applications.iter().map(|application| application.id).collect();
        let limit = i64::try_from(GRANTS_MAX).unwrap_or(i64::MAX);
        let mut grants: BTreeMap<ApplicationId, Vec<Grant>> = BTreeMap::new();
        for grant in self.store.applications().grants_seen(&ids, by, limit).await? {
            grants.entry(grant.application_id).or_default().push(grant);
        }
        let view = |application: Application| {
            let grants = grants.remove(&application.id).unwrap_or_default();
            ApplicationView { application, grants }
        };
        Ok(applications.into_iter().map(view).collect())
    }

    /// Holds the grants of a draft against the caller's own, as far as they differ from the `current` ones.
    pub(super) async fn grant_change(
        &self,
        call: &Call,
        home: &Access,
        id: ApplicationId,
        current: &[Grant],
        drafts: Vec<GrantDraft>,
    ) -> Result<GrantChange, Refusal> {
        let mut change = GrantChange::default();
        let mut faults = Violations::new();
        for (at, draft) in drafts.into_iter().enumerate() {
            let tenant_id = tenant_of(&draft, home)?;
            if change.all.iter().any(|other| other.tenant_id == tenant_id) {
                faults.push(format!("application.grants[{at}].tenant_id"), FieldReason::FieldInvalid);
                continue;
            }
            let grant = draft.on(id, tenant_id);
            if !current.contains(&grant) {
                let own = self.writable(call, home, tenant_id).await?;
                require_taken(&own, current.iter().find(|old| old.tenant_id == tenant_id), Some(&grant))?;
                self.check_grant(&own, &grant, at, &mut faults).await?;
                change.written.push(grant.clone());
                change.on.push(tenant_id);
            }
            change.all.push(grant);
        }
        for gone in current.iter().filter(|old| !change.all.iter().any(|grant| grant.tenant_id == old.tenant_id)) {
            let own = self.writable(call, home, gone.tenant_id).await?;
            require_taken(&own, Some(gone), None)?;
            change.on.push(gone.tenant_id);
        }
        if faults.is_empty() { Ok(change) } else { Err(Refusal::Invalid(faults)) }
    }

    /// The caller's access to a tenant where it may write grants.
    async fn writable(&self, call: &Call, home: &Access, tenant_id: TenantId) -> Result<Access, Refusal> {
        match tenant_id {
            id if id == home.tenant.id => Ok(home.clone()),
            id => self.access_with(call, &id.to_string(), Permission::ApplicationsWrite).await,
        }
    }

    async fn check_grant(
        &self,
        own: &Access,
        grant: &Grant,
        at: usize,
        faults: &mut Violations,
    ) -> Result<(), Refusal> {
        if let Some(lacking) = grant.permissions.iter().find(|permission| !own.permits(**permission)) {
            return Err(Refusal::PermissionMissing(*lacking));
        }
        let path = |field: &str| format!("application.grants[{at}].{field}");
        let realms =
            named_ids("default_realm_id", "allowed_realm_ids", grant.default_realm, grant.allowed_realms.as_deref());
        let ids: Vec<RealmId> = realms.iter().map(|(_, id)| *id).collect();
        let there = self.store.realms().present(own.tenant.id, &ids).await?;
        for (field, id) in realms {
            if !there.contains(&id) || !own.allows_realm(id) {
                faults.push(path(&field), FieldReason::FieldInvalid);
            }
        }
        let contracts = named_ids(
            "default_contract_id",
            "allowed_contract_ids",
            grant.default_contract,
            grant.allowed_contracts.as_deref(),
        );
        let ids: Vec<ContractId> = contracts.iter().map(|(_, id)| *id).collect();
        let there = self.store.contracts().present(own.tenant.id, &ids).await?;
        for (field, id) in contracts {
            if !there.contains(&id) || !own.allows_contract(id) {
                faults.push(path(&field), FieldReason::FieldInvalid);
            }
        }
        // An absent list allows all, which is more than a bounded caller may hand on.
        if own.grant.allowed_realms.is_some() && grant.allowed_realms.is_none() {
            faults.push(path("allowed_realm_ids"), FieldReason::FieldRequired);
        }
        if own.grant.allowed_contracts.is_some() && grant.allowed_contracts.is_none() {
            faults.push(path("allowed_contract_ids"), FieldReason::FieldRequired);
        }
        Ok(())
    }

    /// Whoever holds a key of an application has its permissions: so a key is made only by those who have them all, wherever it has them; and
    /// so is one revoked, and the application stopped or deleted, for that takes them all away.
    pub(super) async fn require_all_of(&self, call: &Call, application: &Application) -> Result<(), Refusal> {
        let caller = call.principal.caller()?;
        if application.id == caller.application.id {
            return Ok(());
        }
        let everywhere = self.grant_on_any(caller).await?;
        let own = self.store.applications().grants_beside(application.id, caller.application.id).await?;
        let own: BTreeMap<TenantId, Grant> = own.into_iter().map(|grant| (grant.tenant_id, grant)).collect();
        for grant in self.store.applications().grants(application.id).await? {
            let own = own.get(&grant.tenant_id);
            let permits = |permission: Permission| {
                own.is_some_and(|own| own.permits(permission))
                    || everywhere.as_ref().is_some_and(|any| any.permits(permission))
            };
            if let Some(lacking) = grant.permissions.iter().find(|permission| !permits(**permission)) {
                return Err(Refusal::PermissionMissing(*lacking));
            }
            let reaches = match own {
                Some(own) => own.bounds(&grant),
                None => everywhere.is_some(),
            };
            if !reaches {
                return Err(Refusal::PermissionMissing(Permission::ApplicationsWrite));
            }
        }
        Ok(())
    }
}

/// Nobody takes a permission away that they lack: else the weakest who may write applications could strip the operator.
fn require_taken(own: &Access, old: Option<&Grant>, new: Option<&Grant>) -> Result<(), Refusal> {
    let stays = |permission: &Permission| new.is_some_and(|new| new.permits(*permission));
    let mut taken = old.into_iter().flat_map(|old| &old.permissions).filter(|permission| !stays(permission));
    taken
        .find(|permission| !own.permits(**permission))
        .map_or(Ok(()), |lacking| Err(Refusal::PermissionMissing(*lacking)))
}

/// The tenant that a draft speaks of; empty = the tenant of the request.
fn tenant_of(draft: &GrantDraft, home: &Access) -> Result<TenantId, Refusal> {
    match draft.tenant_id.as_str() {
        "" => Ok(home.tenant.id),
        text => text.parse().map_err(|_| Refusal::not_found(ResourceKind::Tenant, text)),
    }
}

/// The ids that a grant names, each with its field.
fn named_ids<Id: Copy>(single: &str, list: &str, default: Option<Id>, allowed: Option<&[Id]>) -> Vec<(String, Id)> {
    let default = default.map(|id| (single.to_owned(), id));
    let allowed = allowed.into_iter().flatten().enumerate().map(|(at, id)| (format!("{list}[{at}]"), *id));
    default.into_iter().chain(allowed).collect()
}
