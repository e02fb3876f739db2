//! Applications, their grants and their keys. Nobody grants a permission that they lack on the tenant at hand.

mod keys;

use crate::domain::application::{Application, ApplicationSettings, ApplicationState, Grant};
use crate::domain::ids::{ApplicationId, ContractId, RealmId, TenantId};
use crate::domain::permission::{Permission, Permissions};
use crate::domain::text::{DisplayName, Label};
use crate::domain::violation::{FieldReason, Violations};
use crate::store::{ApplicationChange, Conflict, Keyset, NewApplication, StoreError};

pub(super) use keys::{key_name, new_key};

use super::Provisioning;
use super::access::Access;
use super::etag;
use super::paging::{Cursor, ListScope, Page, PageRequest};
use super::principal::Call;
use super::refusal::{Refusal, ResourceKind, StateFault, TakenKind};
use super::trail::Deed;

/// What a request says of an application.
#[derive(Clone, Debug)]
pub struct ApplicationDraft {
    /// Unique in the home tenant, unchangeable.
    pub name: Label,
    /// For people.
    pub display_name: Option<DisplayName>,
    /// In use or not.
    pub state: ApplicationState,
    /// Replaced whole.
    pub settings: ApplicationSettings,
    /// Replace the grants on the tenants that the caller has a grant on; others stay.
    pub grants: Vec<GrantDraft>,
}

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

/// An application with the grants that the caller may see.
#[derive(Clone, Debug)]
pub struct ApplicationView {
    /// The application.
    pub application: Application,
    /// Its grants on tenants that the caller has a grant on.
    pub grants: Vec<Grant>,
}

impl Provisioning {
    /// An application of the tenant that the caller works in.
    async fn named_application(&self, access: &Access, application_id: &str) -> Result<Application, Refusal> {
        let not_found = || Refusal::not_found(ResourceKind::Application, application_id);
        let id = match application_id {
            "" => access.caller.application.id,
            text => text.parse::<ApplicationId>().map_err(|_| not_found())?,
        };
        let application = self.store.applications().get(id).await?;
        application.filter(|application| application.home_tenant == access.tenant.id).ok_or_else(not_found)
    }

    async fn viewed(&self, call: &Call, application: Application) -> Result<ApplicationView, Refusal> {
        let mut grants = Vec::new();
        for grant in self.store.applications().grants(application.id).await? {
            if self.access(call, &grant.tenant_id.to_string()).await.is_ok() {
                grants.push(grant);
            }
        }
        Ok(ApplicationView { application, grants })
    }

    /// The grants of a draft, each checked against the caller's own grant on its tenant.
    async fn grants(
        &self,
        call: &Call,
        home: &Access,
        id: ApplicationId,
        drafts: Vec<GrantDraft>,
    ) -> Result<Vec<Grant>, Refusal> {
        let mut grants: Vec<Grant> = Vec::with_capacity(drafts.len());
        let mut faults = Violations::new();
        for (at, draft) in drafts.into_iter().enumerate() {
            let own = match draft.tenant_id.as_str() {
                "" => home.clone(),
                tenant_id => self.access_with(call, tenant_id, Permission::ApplicationsWrite).await?,
            };
            if let Some(lacking) = draft.permissions.iter().find(|permission| !own.permits(**permission)) {
                return Err(Refusal::PermissionMissing(*lacking));
            }
            let path = |field: &str| format!("application.grants[{at}].{field}");
            if grants.iter().any(|other| other.tenant_id == own.tenant.id) {
                faults.push(path("tenant_id"), FieldReason::FieldInvalid);
            }
            for (field, realm) in
                named_ids("default_realm_id", "allowed_realm_ids", draft.default_realm, &draft.allowed_realms)
            {
                if self.store.realms().get(own.tenant.id, realm).await?.is_none() {
                    faults.push(path(&field), FieldReason::FieldInvalid);
                }
            }
            for (field, contract) in named_ids(
                "default_contract_id",
                "allowed_contract_ids",
                draft.default_contract,
                &draft.allowed_contracts,
            ) {
                if self.store.contracts().get(own.tenant.id, contract).await?.is_none() {
                    faults.push(path(&field), FieldReason::FieldInvalid);
                }
            }
            grants.push(Grant {
                application_id: id,
                tenant_id: own.tenant.id,
                permissions: draft.permissions,
                default_realm: draft.default_realm,
                default_contract: draft.default_contract,
                allowed_realms: draft.allowed_realms,
                allowed_contracts: draft.allowed_contracts,
            });
        }
        if faults.is_empty() { Ok(grants) } else { Err(Refusal::Invalid(faults)) }
    }

    /// Makes an application with its grants; its keys come after it.
    pub async fn create_application(
        &self,
        call: &Call,
        tenant_id: &str,
        draft: Result<ApplicationDraft, Refusal>,
        validate_only: bool,
    ) -> Result<ApplicationView, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ApplicationsWrite).await?;
        access.require_active()?;
        let draft = draft?;
        let now = self.clock.now();
        let id = ApplicationId::from_uuid(self.ids.uuid());
        let mut grants = self.grants(call, &access, id, draft.grants).await?;
        if !grants.iter().any(|grant| grant.tenant_id == access.tenant.id) {
            // An application can always name its home tenant.
            grants.push(Grant::bare(id, access.tenant.id));
        }
        let application = Application {
            id,
            home_tenant: access.tenant.id,
            name: draft.name,
            display_name: draft.display_name,
            state: draft.state,
            settings: draft.settings,
            create_time: now,
            update_time: now,
            version: 1,
        };
        if validate_only {
            return Ok(ApplicationView { application, grants });
        }
        let deed = Deed::new("application.created", format!("applications/{id}"), "CREATED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        let new = NewApplication { application: application.clone(), grants: grants.clone(), trail };
        match self.store.applications().create(new).await {
            Ok(()) => Ok(ApplicationView { application, grants }),
            Err(StoreError::Conflict(Conflict::ApplicationName)) => {
                Err(Refusal::taken(TakenKind::Name, "application.name"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One application of a tenant; an empty id is the caller itself.
    pub async fn get_application(
        &self,
        call: &Call,
        tenant_id: &str,
        application_id: &str,
    ) -> Result<ApplicationView, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ApplicationsRead).await?;
        let application = self.named_application(&access, application_id).await?;
        self.viewed(call, application).await
    }

    /// The applications of a tenant, in the order they were made.
    pub async fn list_applications(
        &self,
        call: &Call,
        tenant_id: &str,
        page: &PageRequest,
    ) -> Result<Page<ApplicationView>, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ApplicationsRead).await?;
        let scope = ListScope::new("applications")
            .with(access.caller.application.id.to_string())
            .with(access.tenant.id.to_string());
        let cursor = Cursor::begin(&self.master_key, self.clock.now(), page, scope)?;
        let keyset = Keyset { after: cursor.after.map(ApplicationId::from_uuid), limit: cursor.limit() };
        let rows = self.store.applications().list(access.tenant.id, keyset).await?;
        let Page { items, next_token } = cursor.finish(rows, &*self.ids, self.clock.now(), |row| row.id.as_uuid());
        let mut views = Vec::with_capacity(items.len());
        for application in items {
            views.push(self.viewed(call, application).await?);
        }
        Ok(Page { items: views, next_token })
    }

    /// Changes an application: `change` makes the new values of the current ones.
    pub async fn update_application(
        &self,
        call: &Call,
        tenant_id: &str,
        application_id: &str,
        given_etag: &str,
        change: impl FnOnce(&ApplicationView) -> Result<ApplicationDraft, Refusal>,
        validate_only: bool,
    ) -> Result<ApplicationView, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ApplicationsWrite).await?;
        if application_id.is_empty() {
            return Err(Refusal::required("application.application_id"));
        }
        let current = self.named_application(&access, application_id).await?;
        let current = self.viewed(call, current).await?;
        let draft = change(&current)?;
        etag::check(given_etag, current.application.version)?;
        let now = self.clock.now();
        let id = current.application.id;
        let grants_on: Vec<TenantId> = current.grants.iter().map(|grant| grant.tenant_id).collect();
        let grants = self.grants(call, &access, id, draft.grants).await?;
        let version = current.application.version;
        let application = Application {
            display_name: draft.display_name,
            state: draft.state,
            settings: draft.settings,
            update_time: now,
            version: version + 1,
            ..current.application
        };
        let view = ApplicationView { application: application.clone(), grants: grants.clone() };
        if validate_only {
            return Ok(view);
        }
        let deed = Deed::new("application.updated", format!("applications/{id}"), "UPDATED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        let change =
            ApplicationChange { application, grants: Some(grants), grants_on, expected_version: version, trail };
        let written = self.store.applications().update(change).await;
        written.map_err(|error| etag::stale(given_etag, error))?;
        self.caches.applications_changed();
        Ok(view)
    }

    /// Deletes an application with its keys and grants.
    pub async fn delete_application(
        &self,
        call: &Call,
        tenant_id: &str,
        application_id: &str,
        given_etag: &str,
    ) -> Result<(), Refusal> {
        let access = self.access_with(call, tenant_id, Permission::ApplicationsWrite).await?;
        if application_id.is_empty() {
            return Err(Refusal::required("application_id"));
        }
        let application = self.named_application(&access, application_id).await?;
        etag::check(given_etag, application.version)?;
        let resource = format!("applications/{}", application.id);
        if application.id == access.caller.application.id {
            let description = "an application cannot delete itself";
            return Err(Refusal::State(StateFault::InUse { resource, description }));
        }
        let deed = Deed::new("application.deleted", resource, "DELETED");
        let trail = self.trail(call, access.tenant.id, self.clock.now(), deed);
        let deleted = self.store.applications().delete(application.id, Some(application.version), trail).await;
        deleted.map_err(|error| etag::stale(given_etag, error))?;
        self.caches.applications_changed();
        Ok(())
    }
}

/// The ids that a grant names, each with its field.
fn named_ids<Id: Copy>(single: &str, list: &str, default: Option<Id>, allowed: &Option<Vec<Id>>) -> Vec<(String, Id)> {
    let default = default.map(|id| (single.to_owned(), id));
    let allowed = allowed.iter().flatten().enumerate().map(|(at, id)| (format!("{list}[{at}]"), *id));
    default.into_iter().chain(allowed).collect()
}
