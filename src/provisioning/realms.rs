//! Realms: directories of people, made and ruled by those who hold `realms.write` on their tenant.

use crate::domain::ids::RealmId;
use crate::domain::permission::Permission;
use crate::domain::realm::{INTERNAL_REALM, Realm, RealmKind, RealmRules, RealmState};
use crate::domain::text::{DisplayName, Label};
use crate::store::{Conflict, Keyset, StoreError};

use super::Provisioning;
use super::access::Access;
use super::etag;
use super::paging::{Cursor, ListScope, Page, PageRequest};
use super::principal::Call;
use super::refusal::{Refusal, ResourceKind, StateFault, TakenKind};
use super::trail::Deed;

/// What a request says of a realm.
#[derive(Clone, Debug)]
pub struct RealmDraft {
    /// Unique in the tenant, unchangeable.
    pub name: Label,
    /// For people.
    pub display_name: Option<DisplayName>,
    /// Unchangeable.
    pub kind: RealmKind,
    /// In use or not.
    pub state: RealmState,
    /// Replaced whole.
    pub rules: RealmRules,
}

impl Provisioning {
    async fn named_realm(&self, access: &Access, realm_id: &str) -> Result<Realm, Refusal> {
        let not_found = || Refusal::not_found(ResourceKind::Realm, realm_id);
        let id = self.realm(access, realm_id).await?.id;
        self.store.realms().get(access.tenant.id, id).await?.ok_or_else(not_found)
    }

    /// Makes a realm.
    pub async fn create_realm(
        &self,
        call: &Call,
        tenant_id: &str,
        draft: Result<RealmDraft, Refusal>,
        validate_only: bool,
    ) -> Result<Realm, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::RealmsWrite).await?;
        access.require_active()?;
        let draft = draft?;
        may_give_roles(&access, &[], &draft.rules.default_roles)?;
        let now = self.clock.now();
        let realm = Realm {
            tenant_id: access.tenant.id,
            id: RealmId::from_uuid(self.ids.uuid()),
            name: draft.name,
            display_name: draft.display_name,
            kind: draft.kind,
            state: draft.state,
            rules: draft.rules,
            create_time: now,
            update_time: now,
            version: 1,
        };
        let taken = || Refusal::taken(TakenKind::Name, "realm.name");
        if validate_only {
            let other = self.store.realms().by_name(access.tenant.id, &realm.name).await?;
            return if other.is_none() { Ok(realm) } else { Err(taken()) };
        }
        let deed = Deed::new("realm.created", format!("realms/{}", realm.id), "CREATED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        match self.store.realms().create(realm.clone(), trail).await {
            Ok(()) => Ok(realm),
            Err(StoreError::Conflict(Conflict::RealmName)) => Err(taken()),
            Err(error) => Err(error.into()),
        }
    }

    /// One realm, as it stands now; an empty id is the caller's default.
    pub async fn get_realm(&self, call: &Call, tenant_id: &str, realm_id: &str) -> Result<Realm, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::RealmsRead).await?;
        self.named_realm(&access, realm_id).await
    }

    /// The realms of a tenant, in the order they were made.
    pub async fn list_realms(&self, call: &Call, tenant_id: &str, page: &PageRequest) -> Result<Page<Realm>, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::RealmsRead).await?;
        let scope =
            ListScope::new("realms").with(access.caller.application.id.to_string()).with(access.tenant.id.to_string());
        let cursor = Cursor::begin(&self.master_key, self.clock.now(), page, scope)?;
        let keyset = Keyset { after: cursor.after.map(RealmId::from_uuid), limit: cursor.limit() };
        let rows = self.store.realms().list(access.tenant.id, keyset).await?;
        let mut page = cursor.finish(rows, &*self.ids, self.clock.now(), |realm| realm.id.as_uuid());
        if let Some(allowed) = &access.grant.allowed_realms {
            page.items.retain(|realm| allowed.contains(&realm.id));
        }
        Ok(page)
    }

    /// Changes a realm: `change` makes the new values of the current ones.
    pub async fn update_realm(
        &self,
        call: &Call,
        tenant_id: &str,
        realm_id: &str,
        given_etag: &str,
        change: impl FnOnce(&Realm) -> Result<RealmDraft, Refusal>,
        validate_only: bool,
    ) -> Result<Realm, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::RealmsWrite).await?;
        if realm_id.is_empty() {
            return Err(Refusal::required("realm.realm_id"));
        }
        let current = self.named_realm(&access, realm_id).await?;
        let draft = change(&current)?;
        may_give_roles(&access, &current.rules.default_roles, &draft.rules.default_roles)?;
        etag::check(given_etag, current.version)?;
        let now = self.clock.now();
        let realm = Realm {
            display_name: draft.display_name,
            state: draft.state,
            rules: draft.rules,
            update_time: now,
            version: current.version + 1,
            ..current
        };
        if validate_only {
            return Ok(realm);
        }
        let deed = Deed::new("realm.updated", format!("realms/{}", realm.id), "UPDATED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        let written = self.store.realms().update(realm.clone(), current.version, trail).await;
        written.map_err(|error| etag::stale(given_etag, error))?;
        self.caches.realm_changed(access.tenant.id, realm.id);
        Ok(realm)
    }

    /// Deletes a realm that nothing depends on.
    pub async fn delete_realm(
        &self,
        call: &Call,
        tenant_id: &str,
        realm_id: &str,
        given_etag: &str,
    ) -> Result<(), Refusal> {
        let access = self.access_with(call, tenant_id, Permission::RealmsWrite).await?;
        if realm_id.is_empty() {
            return Err(Refusal::required("realm_id"));
        }
        let realm = self.named_realm(&access, realm_id).await?;
        etag::check(given_etag, realm.version)?;
        let in_use =
            |description| Refusal::State(StateFault::InUse { resource: format!("realms/{}", realm.id), description });
        if realm.name.as_str() == INTERNAL_REALM {
            return Err(in_use("every tenant keeps its realm internal"));
        }
        let now = self.clock.now();
        let deed = Deed::new("realm.deleted", format!("realms/{}", realm.id), "DELETED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        match self.store.realms().delete(access.tenant.id, realm.id, Some(realm.version), trail).await {
            Ok(()) => {
                self.caches.realm_changed(access.tenant.id, realm.id);
                Ok(())
            }
            Err(StoreError::Conflict(Conflict::Referenced)) => Err(in_use("accounts or grants depend on the realm")),
            Err(error) => Err(etag::stale(given_etag, error)),
        }
    }
}

/// Roles that every new account gets are given to accounts: who changes them needs the permission to.
fn may_give_roles(access: &Access, current: &[String], wanted: &[String]) -> Result<(), Refusal> {
    if current == wanted { Ok(()) } else { access.require(Permission::AccountsAssignRoles) }
}
