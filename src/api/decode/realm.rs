//! Realms and password policies.

use std::ops::RangeInclusive;

use prost_types::FieldMask;

use crate::domain::consent::{ConsentDemand, Demand};
use crate::domain::email::EmailDomain;
use crate::domain::language::LanguageCode;
use crate::domain::password_policy::{PasswordPolicy, PolicyPreset};
use crate::domain::phone::{PhoneFormat, Region};
use crate::domain::realm::{
    CONSENTS_MAX, DuplicatePolicy, EMAIL_DOMAINS_MAX, LANGUAGES_MAX, ROLE_PERMISSIONS_MAX, ROLES_MAX, Realm, RealmKind,
    RealmRules, RealmState, RegistrationMode, Role,
};
use crate::domain::session::SessionLifetimes;
use crate::domain::text::{DisplayName, LABEL_LEN_MAX, Label};
use crate::domain::user_name_pattern::UserNamePattern;
use crate::domain::verification::VERIFICATION_SECONDS;
use crate::domain::violation::{Fault, FieldReason, Violations};
use crate::proto::v1;
use crate::proto::v1::password_policy::Policy;
use crate::provisioning::realms::RealmDraft;
use crate::provisioning::refusal::Refusal;

use super::{bounded, enum_value, list, mask, optional, short_text, texts, with_faults};
use crate::api::encode;

impl mask::Resource for v1::Realm {
    const NAME: &'static str = "enroll.v1.Realm";
    const OUTPUT_ONLY: &'static [&'static str] = &["realm_id", "tenant_id", "create_time", "update_time", "etag"];
}

/// The realm of CreateRealmRequest.
pub fn create(realm: Option<v1::Realm>) -> Result<RealmDraft, Refusal> {
    let realm = realm.ok_or_else(|| Refusal::required("realm"))?;
    draft(realm).map_err(Refusal::Invalid)
}

/// The realm of UpdateRealmRequest over the current one.
pub fn update(current: &Realm, patch: v1::Realm, mask: Option<FieldMask>) -> Result<RealmDraft, Refusal> {
    let merged = mask::merge(&encode::realm::realm(current), &patch, mask, "realm").map_err(Refusal::Invalid)?;
    let mut violations = Violations::new();
    let kind = v1::RealmKind::try_from(merged.kind).ok();
    let same_kind =
        kind.is_none_or(|kind| kind == v1::RealmKind::Unspecified || kind == encode::realm::kind(current.kind));
    for (field, same) in [("realm.name", merged.name == current.name.as_str()), ("realm.kind", same_kind)] {
        if !same {
            violations.push(field, FieldReason::FieldImmutable);
        }
    }
    with_faults(violations, draft(merged))
}

fn draft(realm: v1::Realm) -> Result<RealmDraft, Violations> {
    let mut violations = Violations::new();
    let faults = &mut violations;
    let name = faults.check("realm.name", Label::parse(&realm.name));
    let display_name = optional(&realm.display_name, "realm.display_name", faults, DisplayName::parse);
    let kind = enum_value(realm.kind, "realm.kind", faults, |kind| match kind {
        v1::RealmKind::Unspecified | v1::RealmKind::Internal => Some(RealmKind::Internal),
        v1::RealmKind::External => Some(RealmKind::External),
    });
    let state = enum_value(realm.state, "realm.state", faults, |state| match state {
        v1::RealmState::Unspecified | v1::RealmState::Enabled => Some(RealmState::Enabled),
        v1::RealmState::Disabled => Some(RealmState::Disabled),
    });
    let rules = rules(realm, faults);
    match (name, kind, state) {
        (Some(name), Some(kind), Some(state)) if violations.is_empty() => {
            Ok(RealmDraft { name, display_name, kind, state, rules })
        }
        _ => Err(violations),
    }
}

fn session_lifetimes(
    bearer: Option<prost_types::Duration>,
    refresh: Option<prost_types::Duration>,
    faults: &mut Violations,
) -> SessionLifetimes {
    let defaults = SessionLifetimes::default();
    let bearer = lifetime(bearer, "realm.bearer_token_lifetime", SessionLifetimes::BEARER_SECONDS, faults);
    let refresh = lifetime(refresh, "realm.refresh_token_lifetime", SessionLifetimes::REFRESH_SECONDS, faults);
    SessionLifetimes {
        bearer_seconds: bearer.unwrap_or(defaults.bearer_seconds),
        refresh_seconds: refresh.unwrap_or(defaults.refresh_seconds),
    }
}

fn rules(realm: v1::Realm, faults: &mut Violations) -> RealmRules {
    let defaults = RealmRules::default();
    let (registration_mode, duplicate_policy) = registration(&realm, faults);
    let roles = roles(realm.roles, faults).unwrap_or(defaults.roles);
    let default_roles = bounded(realm.default_roles, ROLES_MAX, "realm.default_roles", faults);
    for (at, role) in default_roles.iter().enumerate() {
        if !roles.iter().any(|known| known.name == *role) {
            faults.push(format!("realm.default_roles[{at}]"), FieldReason::FieldUnknown);
        }
    }
    let sessions = session_lifetimes(realm.bearer_token_lifetime, realm.refresh_token_lifetime, faults);
    RealmRules {
        registration_mode,
        password_policy: password_policy(realm.password_policy, "realm.password_policy", faults),
        verify_email: realm.verify_email,
        verify_phone: realm.verify_phone,
        phone_format: phone_format(realm.phone_format, "realm.phone_format", faults),
        default_region: optional(&realm.default_region, "realm.default_region", faults, region),
        user_name_pattern: optional(
            &realm.user_name_pattern,
            "realm.user_name_pattern",
            faults,
            UserNamePattern::parse,
        ),
        consents: consents(realm.consents, faults),
        allowed_email_domains: list(
            &realm.allowed_email_domains,
            EMAIL_DOMAINS_MAX,
            "realm.allowed_email_domains",
            faults,
            EmailDomain::parse,
        ),
        languages: list(&realm.language_codes, LANGUAGES_MAX, "realm.language_codes", faults, LanguageCode::parse),
        duplicate_policy,
        password_change_on_first_login: realm.password_change_on_first_login,
        roles,
        default_roles,
        account_quota: Some(u64::from(realm.account_quota)).filter(|quota| *quota > 0),
        sessions,
        verification_seconds: lifetime(
            realm.verification_lifetime,
            "realm.verification_lifetime",
            VERIFICATION_SECONDS,
            faults,
        )
        .unwrap_or(defaults.verification_seconds),
        captcha_required: realm.captcha_required,
    }
}

/// Who may register, and what they are told of what is taken. Where an account is in use at once, the answer cannot be the same for an address
/// that is taken.
fn registration(realm: &v1::Realm, faults: &mut Violations) -> (RegistrationMode, DuplicatePolicy) {
    let mode = enum_value(realm.registration_mode, "realm.registration_mode", faults, |mode| match mode {
        v1::RegistrationMode::Unspecified | v1::RegistrationMode::Closed => Some(RegistrationMode::Closed),
        v1::RegistrationMode::Public => Some(RegistrationMode::Public),
        v1::RegistrationMode::Verified => Some(RegistrationMode::Verified),
    });
    let mode = mode.unwrap_or(RegistrationMode::Closed);
    let verifies = mode == RegistrationMode::Verified;
    let policy = enum_value(realm.duplicate_policy, "realm.duplicate_policy", faults, |policy| match policy {
        v1::DuplicatePolicy::Unspecified if verifies => Some(DuplicatePolicy::Conceal),
        v1::DuplicatePolicy::Unspecified | v1::DuplicatePolicy::Reject => Some(DuplicatePolicy::Reject),
        v1::DuplicatePolicy::Conceal => Some(DuplicatePolicy::Conceal),
    });
    if policy == Some(DuplicatePolicy::Conceal) && !verifies {
        faults.push("realm.duplicate_policy", FieldReason::FieldInvalid);
    }
    (mode, policy.unwrap_or(DuplicatePolicy::Reject))
}

/// Reads whole seconds within bounds; unsaid or none at all = the default.
fn lifetime(
    duration: Option<prost_types::Duration>,
    path: &str,
    bounds: RangeInclusive<i64>,
    faults: &mut Violations,
) -> Option<u32> {
    let prost_types::Duration { seconds, nanos } = duration.filter(|duration| *duration != Default::default())?;
    let lifetime = u32::try_from(seconds).ok().filter(|_| nanos == 0 && bounds.contains(&seconds));
    if lifetime.is_none() {
        let fault = Fault::new(FieldReason::FieldInvalid).with("min", bounds.start()).with("max", bounds.end());
        faults.push_with(path, fault);
    }
    lifetime
}

/// A region of a setting is FIELD_INVALID where there is no such region: the number is not what is wrong.
pub fn region(text: &str) -> Result<Region, FieldReason> {
    Region::parse(text).map_err(|_| FieldReason::FieldInvalid)
}

/// Reads how phone numbers are kept.
pub fn phone_format(number: i32, path: &str, faults: &mut Violations) -> PhoneFormat {
    let format = enum_value(number, path, faults, |format| match format {
        v1::PhoneFormat::Unspecified | v1::PhoneFormat::E164 => Some(PhoneFormat::E164),
        v1::PhoneFormat::AsTyped => Some(PhoneFormat::AsTyped),
    });
    format.unwrap_or(PhoneFormat::E164)
}

fn roles(roles: Vec<v1::Role>, faults: &mut Violations) -> Option<Vec<Role>> {
    if roles.is_empty() {
        return None;
    }
    let roles = bounded(roles, ROLES_MAX, "realm.roles", faults);
    let mut read: Vec<Role> = Vec::with_capacity(roles.len());
    for (at, role) in roles.into_iter().enumerate() {
        let path = format!("realm.roles[{at}].name");
        let well_formed = !role.name.is_empty()
            && role.name.len() <= LABEL_LEN_MAX
            && role.name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !well_formed || read.iter().any(|other| other.name == role.name) {
            faults.push(path, FieldReason::FieldInvalid);
        }
        let permissions = format!("realm.roles[{at}].permissions");
        let permissions = texts(role.permissions, ROLE_PERMISSIONS_MAX, &permissions, faults);
        read.push(Role { name: role.name, permissions });
    }
    Some(read)
}

fn consents(demands: Vec<v1::ConsentRequirement>, faults: &mut Violations) -> Vec<ConsentDemand> {
    let demands = bounded(demands, CONSENTS_MAX, "realm.consents", faults);
    let mut read: Vec<ConsentDemand> = Vec::with_capacity(demands.len());
    for (at, demand) in demands.into_iter().enumerate() {
        let path = |field: &str| format!("realm.consents[{at}].{field}");
        let document = short_text(demand.document, &path("document"), faults).unwrap_or_default();
        if document.is_empty() {
            faults.push(path("document"), FieldReason::FieldRequired);
        } else if read.iter().any(|other| other.document == document) {
            faults.push(path("document"), FieldReason::FieldInvalid);
        }
        let version = short_text(demand.version, &path("version"), faults).unwrap_or_else(|| "1".to_owned());
        let wanted = enum_value(demand.demand, &path("demand"), faults, |demand| {
            Some(match demand {
                v1::ConsentDemand::Unspecified => None,
                v1::ConsentDemand::Answer => Some(Demand::Answer),
                v1::ConsentDemand::Acceptance => Some(Demand::Acceptance),
            })
        });
        match wanted {
            Some(None) => faults.push(path("demand"), FieldReason::FieldRequired),
            Some(Some(demand)) => read.push(ConsentDemand { document, version, demand }),
            None => {}
        }
    }
    read
}

/// Reads a password policy: a preset, or its own rules; unsaid = STANDARD.
pub fn password_policy(policy: Option<v1::PasswordPolicy>, path: &str, faults: &mut Violations) -> PasswordPolicy {
    let rules = match policy.and_then(|policy| policy.policy) {
        None => return PolicyPreset::Standard.policy(),
        Some(Policy::Preset(preset)) => {
            let preset = enum_value(preset, &format!("{path}.preset"), faults, |preset| match preset {
                v1::PasswordPreset::Unspecified | v1::PasswordPreset::Standard => Some(PolicyPreset::Standard),
                v1::PasswordPreset::Low => Some(PolicyPreset::Low),
                v1::PasswordPreset::High => Some(PolicyPreset::High),
                v1::PasswordPreset::Nist => Some(PolicyPreset::Nist),
            });
            return preset.unwrap_or(PolicyPreset::Standard).policy();
        }
        Some(Policy::Rules(rules)) => rules,
    };
    let standard = PolicyPreset::Standard.policy();
    let or = |given: u32, default: u32| if given == 0 { default } else { given };
    let policy = PasswordPolicy {
        length_min: or(rules.length_min, standard.length_min),
        length_max: or(rules.length_max, standard.length_max),
        check_common: rules.check_common_passwords,
        check_identifiers: rules.check_identifiers,
        require_lower: rules.require_lower,
        require_upper: rules.require_upper,
        require_digit: rules.require_digit,
        require_symbol: rules.require_symbol,
        strength_min: Some(rules.strength_min).filter(|min| *min > 0).map(|min| u8::try_from(min).unwrap_or(u8::MAX)),
    };
    for fault in policy.check_definition() {
        faults.push_with(format!("{path}.rules.{}", fault.member()), fault);
    }
    policy
}
