//! Names of tenants.

use crate::domain::email::EmailDomain;
use crate::domain::portal_name::PortalName;
use crate::domain::tenant::TenantRef;
use crate::proto::v1;
use crate::proto::v1::tenant_ref::Ref;
use crate::provisioning::tenants::TenantName;

/// TenantRef; absent = the application's home tenant. A text that cannot be a name of its kind names no tenant.
pub fn name(name: Option<v1::TenantRef>) -> TenantName {
    let Some(name) = name.and_then(|name| name.r#ref) else { return TenantName::Home };
    match name {
        Ref::TenantId(id) if id.is_empty() => TenantName::Home,
        Ref::TenantId(id) => id.parse().map_or(TenantName::Nothing(id), |id| TenantName::Known(TenantRef::Id(id))),
        Ref::TenantNumber(number) => TenantName::Known(TenantRef::Number(number)),
        Ref::PortalName(name) => match PortalName::parse(&name) {
            Ok(name) => TenantName::Known(TenantRef::PortalName(name)),
            Err(_) => TenantName::Nothing(name),
        },
        Ref::Domain(domain) => match EmailDomain::parse(&domain) {
            Ok(domain) => TenantName::Known(TenantRef::Domain(domain.as_str().to_owned())),
            Err(_) => TenantName::Nothing(domain),
        },
    }
}
