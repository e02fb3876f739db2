//! Tenants, portals and verdicts on their names.

use secrecy::ExposeSecret;

use crate::domain::brand::Brand;
use crate::domain::idempotency::Outcome;
use crate::domain::link::LinkBase;
use crate::domain::tenant::{Tenant, TenantState};
use crate::domain::violation::FieldReason;
use crate::proto::v1;
use crate::provisioning::etag::etag;
use crate::provisioning::portals::{PortalAnswer, PortalNameFault, PortalNameVerdict};

use super::account::{self, account, outcome};
use super::timestamp;

/// A tenant.
pub fn tenant(tenant: Tenant) -> v1::Tenant {
    v1::Tenant {
        tenant_id: tenant.id.to_string(),
        tenant_number: tenant.number,
        portal_name: tenant.portal_name.map(|name| name.as_str().to_owned()).unwrap_or_default(),
        domain: tenant.domain.unwrap_or_default(),
        language_code: tenant.language.as_str().to_owned(),
        time_zone: tenant.time_zone.as_str().to_owned(),
        owner_account_id: tenant.owner.map(|id| id.to_string()).unwrap_or_default(),
        state: state(tenant.state).into(),
        annotations: tenant.annotations.into_map(),
        create_time: Some(timestamp(tenant.create_time)),
        update_time: Some(timestamp(tenant.update_time)),
        etag: etag(tenant.version),
        link_base: link_base(tenant.link_base),
        brands: tenant.brands.into_iter().map(brand).collect(),
    }
}

fn link_base(base: Option<LinkBase>) -> String {
    base.map(|base| base.as_str().to_owned()).unwrap_or_default()
}

fn brand(brand: Brand) -> v1::Brand {
    v1::Brand { brand: brand.brand, link_base: link_base(brand.link_base), editions: brand.editions }
}

fn state(state: TenantState) -> v1::TenantState {
    match state {
        TenantState::PendingActivation => v1::TenantState::PendingActivation,
        TenantState::Active => v1::TenantState::Active,
        TenantState::Suspended => v1::TenantState::Suspended,
        TenantState::Deleted => v1::TenantState::Deleted,
    }
}

/// RegisterPortalResponse.
pub fn portal(answer: PortalAnswer) -> v1::RegisterPortalResponse {
    let (made, owner) = answer.made.unzip();
    let (mut tenant, mut owner) = (made.map(tenant), owner.flatten().map(|owner| account(owner, &answer.view)));
    if answer.outcome == Outcome::Validated {
        tenant.iter_mut().for_each(unmade);
        owner.iter_mut().for_each(|owner| {
            account::unmade(owner);
            owner.tenant_id.clear();
            owner.realm_id.clear();
            owner.contract_id.clear();
        });
    }
    v1::RegisterPortalResponse {
        tenant,
        owner,
        outcome: outcome(answer.outcome).into(),
        reference: answer.reference.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default().to_owned(),
        verifications: super::verification::all(answer.verifications),
    }
}

/// Takes away what only making gives: a check has made nothing.
fn unmade(tenant: &mut v1::Tenant) {
    tenant.tenant_id.clear();
    tenant.tenant_number = 0;
    tenant.owner_account_id.clear();
    tenant.etag.clear();
    (tenant.create_time, tenant.update_time) = (None, None);
}

/// CheckPortalNameResponse.
pub fn verdict(verdict: PortalNameVerdict) -> v1::CheckPortalNameResponse {
    let reason = match &verdict.fault {
        None => v1::ErrorReason::Unspecified,
        Some(PortalNameFault::Taken) => v1::ErrorReason::PortalNameAlreadyExists,
        Some(PortalNameFault::Rule(reason)) => field_reason(*reason),
    };
    v1::CheckPortalNameResponse {
        portal_name: verdict.portal_name,
        available: verdict.fault.is_none(),
        reason: reason.into(),
        suggestions: verdict.suggestions.iter().map(|name| name.as_str().to_owned()).collect(),
    }
}

/// The contract's name of a field reason: they have the same text.
fn field_reason(reason: FieldReason) -> v1::ErrorReason {
    v1::ErrorReason::from_str_name(reason.as_str()).unwrap_or(v1::ErrorReason::FieldInvalid)
}
