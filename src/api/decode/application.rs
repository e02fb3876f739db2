//! Applications, their grants, dialects and keys.

use prost_types::FieldMask;

use crate::domain::application::{
    ALLOWED_IDS_MAX, ApplicationSettings, ApplicationState, CALLING_APPS_MAX, CallingApps, ERROR_VIEWS_MAX, GRANTS_MAX,
    OnDuplicate, PERMISSIONS_MAX, PortalDefaults, REDIRECT_URLS_MAX, THIRD_PARTY_IDS_MAX,
};
use crate::domain::email::EmailDomain;
use crate::domain::external_key::ExternalKeyType;
use crate::domain::link::Link;
use crate::domain::permission::Permission;
use crate::domain::text::{DisplayName, Label};
use crate::domain::violation::{FieldReason, Violations};
use crate::proto::v1;
use crate::provisioning::applications::{ApplicationDraft, ApplicationView, GrantDraft, KeyDraft};
use crate::provisioning::refusal::Refusal;

use super::legacy::legacy_codes;
use super::realm::{password_policy, phone_format, region};
use super::{bounded, enum_value, ids, list, mask, optional, texts, time, with_faults};
use crate::api::encode;

impl mask::Resource for v1::Application {
    const NAME: &'static str = "enroll.v1.Application";
    const OUTPUT_ONLY: &'static [&'static str] =
        &["application_id", "home_tenant_id", "create_time", "update_time", "etag"];
}

/// The application of CreateApplicationRequest.
pub fn create(application: Option<v1::Application>) -> Result<ApplicationDraft, Refusal> {
    let application = application.ok_or_else(|| Refusal::required("application"))?;
    draft(application).map_err(Refusal::Invalid)
}

/// The application of UpdateApplicationRequest over the current one.
pub fn update(
    current: &ApplicationView,
    patch: v1::Application,
    mask: Option<FieldMask>,
) -> Result<ApplicationDraft, Refusal> {
    let merged = mask::merge(&encode::application::application(current), &patch, mask, "application")
        .map_err(Refusal::Invalid)?;
    let mut violations = Violations::new();
    if merged.name != current.application.name.as_str() {
        violations.push("application.name", FieldReason::FieldImmutable);
    }
    with_faults(violations, draft(merged))
}

fn draft(application: v1::Application) -> Result<ApplicationDraft, Violations> {
    let mut violations = Violations::new();
    let faults = &mut violations;
    let name = faults.check("application.name", Label::parse(&application.name));
    let display_name = optional(&application.display_name, "application.display_name", faults, DisplayName::parse);
    let state = enum_value(application.state, "application.state", faults, |state| match state {
        v1::ApplicationState::Unspecified | v1::ApplicationState::Enabled => Some(ApplicationState::Enabled),
        v1::ApplicationState::Disabled => Some(ApplicationState::Disabled),
    });
    let grants = grants(&bounded(application.grants.clone(), GRANTS_MAX, "application.grants", faults), faults);
    let settings = settings(application, faults);
    match (name, state) {
        (Some(name), Some(state)) if violations.is_empty() => {
            Ok(ApplicationDraft { name, display_name, state, settings, grants })
        }
        _ => Err(violations),
    }
}

fn settings(application: v1::Application, faults: &mut Violations) -> ApplicationSettings {
    let key_type = &application.external_key_type;
    let calling_apps = application.calling_apps.unwrap_or_default();
    let on_duplicate = enum_value(application.on_duplicate, "application.on_duplicate", faults, |value| match value {
        v1::OnDuplicate::Unspecified | v1::OnDuplicate::Fail => Some(OnDuplicate::Fail),
        v1::OnDuplicate::ReturnExisting => Some(OnDuplicate::ReturnExisting),
    });
    let third_party_ids =
        texts(application.third_party_ids, THIRD_PARTY_IDS_MAX, "application.third_party_ids", faults);
    ApplicationSettings {
        external_key_type: optional(key_type, "application.external_key_type", faults, ExternalKeyType::parse),
        on_duplicate: on_duplicate.unwrap_or(OnDuplicate::Fail),
        redirect_urls: list(
            &application.redirect_urls,
            REDIRECT_URLS_MAX,
            "application.redirect_urls",
            faults,
            |url| Link::parse(url).map(|_| url.to_owned()),
        ),
        error_views: texts(application.error_views, ERROR_VIEWS_MAX, "application.error_views", faults),
        third_party_ids: Some(third_party_ids).filter(|ids| !ids.is_empty()),
        strict_templates: application.strict_templates,
        calling_apps: CallingApps {
            required: calling_apps.required,
            allowed: texts(calling_apps.allowed, CALLING_APPS_MAX, "application.calling_apps.allowed", faults),
        },
        default_region: optional(&application.default_region, "application.default_region", faults, region),
        legacy_codes: legacy_codes(application.legacy_codes.unwrap_or_default(), faults),
        portal_quota: Some(u64::from(application.portal_quota)).filter(|quota| *quota > 0),
        portal_defaults: portal_defaults(application.portal_defaults.unwrap_or_default(), faults),
        portal_captcha_required: application.portal_captcha_required,
    }
}

fn portal_defaults(defaults: v1::PortalDefaults, faults: &mut Violations) -> PortalDefaults {
    let path = |field: &str| format!("application.portal_defaults.{field}");
    PortalDefaults {
        password_policy: password_policy(defaults.password_policy, &path("password_policy"), faults),
        phone_format: phone_format(defaults.phone_format, &path("phone_format"), faults),
        default_region: optional(&defaults.default_region, &path("default_region"), faults, region),
        base_domain: optional(&defaults.base_domain, &path("base_domain"), faults, |domain| {
            EmailDomain::parse(domain).map(|domain| domain.as_str().to_owned()).map_err(|_| FieldReason::FieldInvalid)
        }),
        active_at_once: defaults.active_at_once,
    }
}

fn grants(grants: &[v1::Grant], faults: &mut Violations) -> Vec<GrantDraft> {
    let read = grants.iter().enumerate().map(|(at, grant)| {
        let path = |field: &str| format!("application.grants[{at}].{field}");
        let id = |text: &str| text.parse().map_err(|_| FieldReason::FieldInvalid);
        let contract = |text: &str| text.parse().map_err(|_| FieldReason::FieldInvalid);
        let permissions = list(&grant.permissions, PERMISSIONS_MAX, &path("permissions"), faults, |text| {
            text.parse::<Permission>().map_err(|_| FieldReason::FieldUnknown)
        });
        GrantDraft {
            tenant_id: grant.tenant_id.clone(),
            permissions: permissions.into_iter().collect(),
            default_realm: optional(&grant.default_realm_id, &path("default_realm_id"), faults, id),
            default_contract: optional(&grant.default_contract_id, &path("default_contract_id"), faults, contract),
            allowed_realms: ids(&grant.allowed_realm_ids, ALLOWED_IDS_MAX, &path("allowed_realm_ids"), faults),
            allowed_contracts: ids(&grant.allowed_contract_ids, ALLOWED_IDS_MAX, &path("allowed_contract_ids"), faults),
        }
    });
    read.collect()
}

/// What CreateApplicationKeyRequest says of the key: its name and its end.
pub fn key(key: Option<v1::ApplicationKey>) -> Result<KeyDraft, Refusal> {
    let key = key.unwrap_or_default();
    let mut violations = Violations::new();
    let display_name = optional(&key.display_name, "key.display_name", &mut violations, DisplayName::parse);
    let expire_time = time(key.expire_time, "key.expire_time", &mut violations);
    violations.into_result(KeyDraft { display_name, expire_time }).map_err(Refusal::Invalid)
}
