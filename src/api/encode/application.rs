//! Applications, their grants, dialects and keys; never a key's text.

use crate::domain::application::{ApplicationKey, ApplicationState, Grant, OnDuplicate, PortalDefaults};
use crate::domain::idempotency::Outcome;
use crate::domain::legacy::{ANY, LegacyCodes};
use crate::proto::v1;
use crate::provisioning::applications::ApplicationView;
use crate::provisioning::etag::etag;

use super::realm::{password_policy, phone_format};
use super::{quota, timestamp};

/// An application with the grants that the caller may see.
pub fn application(view: &ApplicationView) -> v1::Application {
    let application = &view.application;
    let settings = &application.settings;
    v1::Application {
        application_id: application.id.to_string(),
        home_tenant_id: application.home_tenant.to_string(),
        name: application.name.as_str().to_owned(),
        display_name: application.display_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        state: match application.state {
            ApplicationState::Enabled => v1::ApplicationState::Enabled,
            ApplicationState::Disabled => v1::ApplicationState::Disabled,
        }
        .into(),
        create_time: Some(timestamp(application.create_time)),
        update_time: Some(timestamp(application.update_time)),
        etag: etag(application.version),
        grants: view.grants.iter().map(grant).collect(),
        external_key_type: settings.external_key_type.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        on_duplicate: match settings.on_duplicate {
            OnDuplicate::Fail => v1::OnDuplicate::Fail,
            OnDuplicate::ReturnExisting => v1::OnDuplicate::ReturnExisting,
        }
        .into(),
        default_region: settings.default_region.as_ref().map(|region| region.as_str().to_owned()).unwrap_or_default(),
        portal_quota: quota(settings.portal_quota),
        calling_apps: Some(v1::CallingApps {
            required: settings.calling_apps.required,
            allowed: settings.calling_apps.allowed.clone(),
        }),
        third_party_ids: settings.third_party_ids.clone().unwrap_or_default(),
        redirect_urls: settings.redirect_urls.clone(),
        error_views: settings.error_views.clone(),
        strict_templates: settings.strict_templates,
        legacy_codes: Some(legacy_codes(&settings.legacy_codes)),
        portal_defaults: Some(portal_defaults(&settings.portal_defaults)),
        portal_captcha_required: settings.portal_captcha_required,
    }
}

/// The answer of a creating rpc. A check (`unmade`) has made nothing, so what only making gives is taken away.
pub fn made(view: &ApplicationView, unmade: bool) -> v1::Application {
    let mut made = application(view);
    if unmade {
        made.application_id.clear();
        made.etag.clear();
        (made.create_time, made.update_time) = (None, None);
    }
    made
}

fn grant(grant: &Grant) -> v1::Grant {
    v1::Grant {
        tenant_id: grant.tenant_id.to_string(),
        permissions: grant.permissions.iter().map(|permission| permission.as_str().to_owned()).collect(),
        default_realm_id: grant.default_realm.map(|id| id.to_string()).unwrap_or_default(),
        default_contract_id: grant.default_contract.map(|id| id.to_string()).unwrap_or_default(),
        allowed_contract_ids: grant.allowed_contracts.iter().flatten().map(ToString::to_string).collect(),
        allowed_realm_ids: grant.allowed_realms.iter().flatten().map(ToString::to_string).collect(),
    }
}

fn portal_defaults(defaults: &PortalDefaults) -> v1::PortalDefaults {
    v1::PortalDefaults {
        password_policy: Some(password_policy(&defaults.password_policy)),
        phone_format: phone_format(defaults.phone_format).into(),
        default_region: defaults.default_region.as_ref().map(|region| region.as_str().to_owned()).unwrap_or_default(),
        base_domain: defaults.base_domain.clone().unwrap_or_default(),
        active_at_once: defaults.active_at_once,
    }
}

/// `*` is empty on the wire.
fn but_any(text: &str) -> String {
    if text == ANY { String::new() } else { text.to_owned() }
}

fn legacy_codes(codes: &LegacyCodes) -> v1::LegacyCodes {
    let rules = codes.rules.iter().map(|rule| v1::LegacyErrorCode {
        rpc: but_any(&rule.rpc),
        field: but_any(&rule.field),
        reason: v1::ErrorReason::from_str_name(&rule.reason).unwrap_or(v1::ErrorReason::Unspecified).into(),
        code: rule.code.clone(),
    });
    let outcomes = codes.outcomes.iter().map(|row| v1::LegacyOutcomeCode {
        rpc: but_any(&row.rpc),
        outcome: Outcome::from_text(&row.outcome).map_or(v1::Outcome::Unspecified, super::account::outcome).into(),
        code: row.code.clone(),
        message: row.message.clone(),
    });
    v1::LegacyCodes {
        rules: rules.collect(),
        default_code: codes.default_code.clone().unwrap_or_default(),
        reason_as_default: codes.reason_as_default,
        outcomes: outcomes.collect(),
    }
}

/// A key as it is listed.
pub fn key(key: &ApplicationKey) -> v1::ApplicationKey {
    v1::ApplicationKey {
        key_id: key.id.to_string(),
        application_id: key.application_id.to_string(),
        display_name: key.display_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        prefix: key.prefix.clone(),
        create_time: Some(timestamp(key.create_time)),
        expire_time: key.expire_time.map(timestamp),
        revoke_time: key.revoke_time.map(timestamp),
        last_used_time: key.last_used_time.map(timestamp),
    }
}
