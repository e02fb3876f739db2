//! Tenants, read and changed by those who have a grant on them.

use crate::domain::annotations::Annotations;
use crate::domain::brand::Brand;
use crate::domain::ids::TenantId;
use crate::domain::language::LanguageCode;
use crate::domain::link::LinkBase;
use crate::domain::permission::Permission;
use crate::domain::tenant::{Tenant, TenantRef};
use crate::domain::time_zone::TimeZone;
use crate::store::Keyset;

use super::Provisioning;
use super::etag;
use super::paging::{Cursor, ListScope, Page, PageRequest};
use super::principal::Call;
use super::refusal::{Refusal, ResourceKind};
use super::trail::Deed;

/// How a request names a tenant.
#[derive(Clone, Debug)]
pub enum TenantName {
    /// The application's home tenant.
    Home,
    /// By one of its names.
    Known(TenantRef),
    /// A text that names none, as it was given.
    Nothing(String),
}

/// What can be changed of a tenant.
#[derive(Clone, Debug)]
pub struct TenantDraft {
    /// The language of mails and defaults.
    pub language: LanguageCode,
    /// IANA time zone.
    pub time_zone: TimeZone,
    /// What links in mails begin with.
    pub link_base: Option<LinkBase>,
    /// Replaced whole.
    pub brands: Vec<Brand>,
    /// Replaced whole.
    pub annotations: Annotations,
}

/// The text of a reference, as a request gave it.
pub(super) fn ref_text(name: &TenantRef) -> String {
    match name {
        TenantRef::Id(id) => id.to_string(),
        TenantRef::Number(number) => number.to_string(),
        TenantRef::PortalName(name) => name.as_str().to_owned(),
        TenantRef::Domain(domain) => domain.clone(),
    }
}

impl Provisioning {
    /// One tenant, by any of its names, as it stands now.
    pub async fn get_tenant(&self, call: &Call, name: TenantName) -> Result<Tenant, Refusal> {
        let name = match name {
            TenantName::Home => TenantRef::Id(call.principal.caller()?.application.home_tenant),
            TenantName::Known(name) => name,
            TenantName::Nothing(text) => return Err(Refusal::not_found(ResourceKind::Tenant, text)),
        };
        let access = self.access_by_ref(call, &name).await?;
        access.require(Permission::TenantsRead)?;
        Ok(access.tenant.as_ref().clone())
    }

    /// The tenants that the caller has a grant on (`tenants.any`: all), in the order they were made.
    pub async fn list_tenants(&self, call: &Call, page: &PageRequest) -> Result<Page<Tenant>, Refusal> {
        let home = self.access_with(call, "", Permission::TenantsRead).await?;
        let application = home.caller.application.id;
        let any = home.permits(Permission::TenantsAny);
        let scope = ListScope::new("tenants").with(application.to_string()).with([u8::from(any)]);
        let cursor = Cursor::begin(&self.master_key, self.clock.now(), page, scope)?;
        let keyset = Keyset { after: cursor.after.map(TenantId::from_uuid), limit: cursor.limit() };
        let rows = match any {
            true => self.store.tenants().list_all(keyset).await?,
            false => self.store.tenants().list_granted(application, keyset).await?,
        };
        Ok(cursor.finish(rows, &*self.ids, self.clock.now(), |tenant| tenant.id.as_uuid()))
    }

    /// Changes a tenant: `change` makes the new values of the current ones.
    pub async fn update_tenant(
        &self,
        call: &Call,
        tenant_id: &str,
        given_etag: &str,
        change: impl FnOnce(&Tenant) -> Result<TenantDraft, Refusal>,
        validate_only: bool,
    ) -> Result<Tenant, Refusal> {
        let access = self.access_with(call, tenant_id, Permission::TenantsUpdate).await?;
        let not_found = || Refusal::not_found(ResourceKind::Tenant, tenant_id);
        let current = self.store.tenants().get(&TenantRef::Id(access.tenant.id)).await?.ok_or_else(not_found)?;
        let TenantDraft { language, time_zone, link_base, brands, annotations } = change(&current)?;
        etag::check(given_etag, current.version)?;
        let (now, version) = (self.clock.now(), current.version);
        let tenant = Tenant {
            language,
            time_zone,
            link_base,
            brands,
            annotations,
            update_time: now,
            version: version + 1,
            ..current
        };
        if validate_only {
            return Ok(tenant);
        }
        let deed = Deed::new("tenant.updated", format!("tenants/{}", tenant.id), "UPDATED");
        let trail = self.trail(call, tenant.id, now, deed);
        let written = self.store.tenants().update(tenant.clone(), version, trail).await;
        written.map_err(|error| etag::stale(given_etag, error))?;
        self.caches.tenant_changed(tenant.id);
        Ok(tenant)
    }
}
