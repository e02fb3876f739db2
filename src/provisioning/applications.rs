//! Applications, their grants and their keys. Nobody grants a permission that they lack on the tenant at hand.

mod grants;
mod keys;

use crate::domain::application::{Application, ApplicationSettings, ApplicationState, Grant};
use crate::domain::ids::ApplicationId;
use crate::domain::permission::Permission;
use crate::domain::text::{DisplayName, Label};
use crate::store::{ApplicationChange, Conflict, Keyset, NewApplication, StoreError};

pub use grants::GrantDraft;
pub use keys::KeyDraft;
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

    async fn viewed_one(&self, call: &Call, application: Application) -> Result<ApplicationView, Refusal> {
        let gone = || Refusal::Internal("an application has no view".into());
        self.viewed(call, vec![application]).await?.pop().ok_or_else(gone)
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
        let mut grants = self.grant_change(call, &access, id, &[], draft.grants).await?.all;
        if !grants.iter().any(|grant| grant.tenant_id == access.tenant.id) {
            // An application can always name its home tenant, within the bounds of whoever made it.
            grants.push(Grant {
                allowed_realms: access.grant.allowed_realms.clone(),
                allowed_contracts: access.grant.allowed_contracts.clone(),
                ..Grant::bare(id, access.tenant.id)
            });
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
        let taken = || Refusal::taken(TakenKind::Name, "application.name");
        if validate_only {
            let other = self.store.applications().by_name(access.tenant.id, &application.name).await?;
            return if other.is_none() { Ok(ApplicationView { application, grants }) } else { Err(taken()) };
        }
        let deed = Deed::new("application.created", format!("applications/{id}"), "CREATED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        let new = NewApplication { application: application.clone(), grants: grants.clone(), trail };
        match self.store.applications().create(new).await {
            Ok(()) => Ok(ApplicationView { application, grants }),
            Err(StoreError::Conflict(Conflict::ApplicationName)) => Err(taken()),
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
        self.viewed_one(call, application).await
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
        Ok(Page { items: self.viewed(call, items).await?, next_token })
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
        let current = self.viewed_one(call, current).await?;
        let draft = change(&current)?;
        etag::check(given_etag, current.application.version)?;
        if draft.state != current.application.state {
            self.require_all_of(call, &current.application).await?;
        }
        let now = self.clock.now();
        let id = current.application.id;
        let change = self.grant_change(call, &access, id, &current.grants, draft.grants).await?;
        let version = current.application.version;
        let application = Application {
            display_name: draft.display_name,
            state: draft.state,
            settings: draft.settings,
            update_time: now,
            version: version + 1,
            ..current.application
        };
        let view = ApplicationView { application: application.clone(), grants: change.all };
        if validate_only {
            return Ok(view);
        }
        let deed = Deed::new("application.updated", format!("applications/{id}"), "UPDATED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        let change = ApplicationChange {
            application,
            grants: change.written,
            grants_on: change.on,
            expected_version: version,
            trail,
        };
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
        self.require_all_of(call, &application).await?;
        let deed = Deed::new("application.deleted", resource, "DELETED");
        let trail = self.trail(call, access.tenant.id, self.clock.now(), deed);
        let deleted = self.store.applications().delete(application.id, Some(application.version), trail).await;
        deleted.map_err(|error| etag::stale(given_etag, error))?;
        self.caches.applications_changed();
        Ok(())
    }
}
