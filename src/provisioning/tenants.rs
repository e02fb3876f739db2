//! Tenants, read by those who have a grant on them.

use crate::domain::ids::TenantId;
use crate::domain::permission::Permission;
use crate::domain::tenant::{Tenant, TenantRef};
use crate::store::Keyset;

use super::Provisioning;
use super::paging::{Cursor, ListScope, Page, PageRequest};
use super::principal::Call;
use super::refusal::{Refusal, ResourceKind};

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
}
