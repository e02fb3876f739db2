//! Realms and password policies.

use crate::domain::consent::Demand;
use crate::domain::password_policy::{PasswordPolicy, PolicyPreset};
use crate::domain::phone::PhoneFormat;
use crate::domain::realm::{DuplicatePolicy, Realm, RealmKind, RealmState, RegistrationMode};
use crate::proto::v1;
use crate::proto::v1::password_policy::Policy;
use crate::provisioning::etag::etag;

use super::{quota, timestamp};

/// A realm.
pub fn realm(realm: &Realm) -> v1::Realm {
    let rules = &realm.rules;
    v1::Realm {
        realm_id: realm.id.to_string(),
        tenant_id: realm.tenant_id.to_string(),
        name: realm.name.as_str().to_owned(),
        display_name: realm.display_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        kind: kind(realm.kind).into(),
        state: match realm.state {
            RealmState::Enabled => v1::RealmState::Enabled,
            RealmState::Disabled => v1::RealmState::Disabled,
        }
        .into(),
        create_time: Some(timestamp(realm.create_time)),
        update_time: Some(timestamp(realm.update_time)),
        etag: etag(realm.version),
        registration_mode: match rules.registration_mode {
            RegistrationMode::Public => v1::RegistrationMode::Public,
            RegistrationMode::Verified => v1::RegistrationMode::Verified,
            RegistrationMode::Closed => v1::RegistrationMode::Closed,
        }
        .into(),
        duplicate_policy: match rules.duplicate_policy {
            DuplicatePolicy::Reject => v1::DuplicatePolicy::Reject,
            DuplicatePolicy::Conceal => v1::DuplicatePolicy::Conceal,
        }
        .into(),
        allowed_email_domains: rules.allowed_email_domains.iter().map(|domain| domain.as_str().to_owned()).collect(),
        language_codes: rules.languages.iter().map(|language| language.as_str().to_owned()).collect(),
        consents: rules.consents.iter().map(consent).collect(),
        account_quota: quota(rules.account_quota),
        password_policy: Some(password_policy(&rules.password_policy)),
        password_change_on_first_login: rules.password_change_on_first_login,
        verify_email: rules.verify_email,
        verify_phone: rules.verify_phone,
        phone_format: phone_format(rules.phone_format).into(),
        default_region: rules.default_region.as_ref().map(|region| region.as_str().to_owned()).unwrap_or_default(),
        user_name_pattern: rules
            .user_name_pattern
            .as_ref()
            .map(|pattern| pattern.as_str().to_owned())
            .unwrap_or_default(),
        roles: rules
            .roles
            .iter()
            .map(|role| v1::Role { name: role.name.clone(), permissions: role.permissions.clone() })
            .collect(),
        default_roles: rules.default_roles.clone(),
        bearer_token_lifetime: Some(seconds(rules.sessions.bearer_seconds)),
        refresh_token_lifetime: Some(seconds(rules.sessions.refresh_seconds)),
        verification_lifetime: Some(seconds(rules.verification_seconds)),
        captcha_required: rules.captcha_required,
    }
}

fn seconds(seconds: u32) -> prost_types::Duration {
    prost_types::Duration { seconds: seconds.into(), nanos: 0 }
}

/// The answer of a creating rpc. A check (`unmade`) has made nothing, so what only making gives is taken away.
pub fn made(kept: &Realm, unmade: bool) -> v1::Realm {
    let mut made = realm(kept);
    if unmade {
        made.realm_id.clear();
        made.etag.clear();
        (made.create_time, made.update_time) = (None, None);
    }
    made
}

/// Whose people a realm keeps.
pub fn kind(kind: RealmKind) -> v1::RealmKind {
    match kind {
        RealmKind::Internal => v1::RealmKind::Internal,
        RealmKind::External => v1::RealmKind::External,
    }
}

/// How phone numbers are kept.
pub fn phone_format(format: PhoneFormat) -> v1::PhoneFormat {
    match format {
        PhoneFormat::E164 => v1::PhoneFormat::E164,
        PhoneFormat::AsTyped => v1::PhoneFormat::AsTyped,
    }
}

fn consent(demand: &crate::domain::consent::ConsentDemand) -> v1::ConsentRequirement {
    v1::ConsentRequirement {
        document: demand.document.clone(),
        version: demand.version.clone(),
        demand: match demand.demand {
            Demand::Answer => v1::ConsentDemand::Answer,
            Demand::Acceptance => v1::ConsentDemand::Acceptance,
        }
        .into(),
    }
}

/// A password policy: by the name of a preset where it is one.
pub fn password_policy(policy: &PasswordPolicy) -> v1::PasswordPolicy {
    let preset = PolicyPreset::ALL.iter().find(|preset| preset.policy() == *policy).map(|preset| match preset {
        PolicyPreset::Low => v1::PasswordPreset::Low,
        PolicyPreset::Standard => v1::PasswordPreset::Standard,
        PolicyPreset::High => v1::PasswordPreset::High,
        PolicyPreset::Nist => v1::PasswordPreset::Nist,
    });
    let policy = match preset {
        Some(preset) => Policy::Preset(preset.into()),
        None => Policy::Rules(v1::PasswordRules {
            length_min: policy.length_min,
            length_max: policy.length_max,
            check_common_passwords: policy.check_common,
            check_identifiers: policy.check_identifiers,
            require_lower: policy.require_lower,
            require_upper: policy.require_upper,
            require_digit: policy.require_digit,
            require_symbol: policy.require_symbol,
            strength_min: policy.strength_min.map(u32::from).unwrap_or_default(),
        }),
    };
    v1::PasswordPolicy { policy: Some(policy) }
}
