//! Names of tenants, and changes to them.

use std::collections::BTreeSet;

use prost_types::FieldMask;

use crate::domain::brand::{BRANDS_MAX, Brand};
use crate::domain::email::EmailDomain;
use crate::domain::language::LanguageCode;
use crate::domain::link::LinkBase;
use crate::domain::portal_name::PortalName;
use crate::domain::tenant::{Tenant, TenantRef};
use crate::domain::time_zone::TimeZone;
use crate::domain::violation::{Fault, FieldReason, Violations};
use crate::proto::v1;
use crate::proto::v1::tenant_ref::Ref;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::tenants::{TenantDraft, TenantName};

use super::{annotations, mask, optional, short_text, short_text_fault};
use crate::api::encode;

impl mask::Resource for v1::Tenant {
    const NAME: &'static str = "enroll.v1.Tenant";
    const OUTPUT_ONLY: &'static [&'static str] = &[
        "tenant_id",
        "tenant_number",
        "portal_name",
        "domain",
        "owner_account_id",
        "state",
        "create_time",
        "update_time",
        "etag",
    ];
}

/// The tenant of UpdateTenantRequest over the current one.
pub fn update(current: &Tenant, patch: v1::Tenant, mask: Option<FieldMask>) -> Result<TenantDraft, Refusal> {
    let current = encode::tenant::tenant(current.clone());
    let merged = mask::merge(&current, &patch, mask, "tenant").map_err(Refusal::Invalid)?;
    let mut violations = Violations::new();
    let faults = &mut violations;
    let language = faults.check("tenant.language_code", LanguageCode::parse(&merged.language_code));
    let time_zone = faults.check("tenant.time_zone", TimeZone::parse(&merged.time_zone));
    let link_base = optional(&merged.link_base, "tenant.link_base", faults, LinkBase::parse);
    let brands = brands(merged.brands, faults);
    let annotations = annotations(merged.annotations, "tenant.annotations", faults);
    match (language, time_zone) {
        (Some(language), Some(time_zone)) if violations.is_empty() => {
            Ok(TenantDraft { language, time_zone, link_base, brands, annotations })
        }
        _ => Err(Refusal::Invalid(violations)),
    }
}

fn brands(brands: Vec<v1::Brand>, faults: &mut Violations) -> Vec<Brand> {
    let too_many = || Fault::new(FieldReason::FieldTooLong).with("max", BRANDS_MAX);
    if brands.len() > BRANDS_MAX {
        faults.push_with("tenant.brands", too_many());
        return Vec::new();
    }
    let (mut read, mut names) = (Vec::with_capacity(brands.len()), BTreeSet::new());
    for (at, v1::Brand { brand, link_base, editions }) in brands.into_iter().enumerate() {
        let path = |field: &str| format!("tenant.brands[{at}].{field}");
        let link_base = optional(&link_base, &path("link_base"), faults, LinkBase::parse);
        if editions.len() > BRANDS_MAX {
            faults.push_with(path("editions"), too_many());
        }
        for (edition_at, edition) in editions.iter().enumerate().take(BRANDS_MAX) {
            let path = || path(&format!("editions[{edition_at}]"));
            match edition.is_empty() {
                true => faults.push(path(), FieldReason::FieldRequired),
                false => drop(faults.check(&path(), short_text_fault(edition))),
            }
        }
        if brand.is_empty() {
            faults.push(path("brand"), FieldReason::FieldRequired);
        } else if !names.insert(brand.clone()) {
            faults.push(path("brand"), FieldReason::FieldInvalid);
        }
        if let Some(brand) = short_text(brand, &path("brand"), faults) {
            read.push(Brand { brand, link_base, editions });
        }
    }
    read
}

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
