//! A directory of people inside a tenant, and its rules.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::consent::ConsentDemand;
use super::email::EmailDomain;
use super::ids::{RealmId, TenantId};
use super::language::LanguageCode;
use super::password_policy::{PasswordPolicy, PolicyPreset};
use super::phone::{PhoneFormat, Region};
use super::session::SessionLifetimes;
use super::state::text_enum;
use super::text::{DisplayName, Label};
use super::user_name_pattern::UserNamePattern;

text_enum! {
    /// Who the people of a realm are. Only INTERNAL realms keep passwords and accept registrations.
    pub enum RealmKind {
        /// Kept here.
        Internal = "INTERNAL",
        /// Kept by somebody else.
        External = "EXTERNAL",
    }
}
text_enum! {
    /// Whether a realm may be used.
    pub enum RealmState {
        /// In use.
        Enabled = "ENABLED",
        /// Refused with REALM_UNAVAILABLE.
        Disabled = "DISABLED",
    }
}
text_enum! {
    /// Who may register (Fluid Topics).
    pub enum RegistrationMode {
        /// Everybody; active at once.
        Public = "PUBLIC",
        /// Everybody; active once the address is verified.
        Verified = "VERIFIED",
        /// Only holders of `accounts.create`.
        Closed = "CLOSED",
    }
}
text_enum! {
    /// What a self-registration is told about an address that is taken.
    pub enum DuplicatePolicy {
        /// ALREADY_EXISTS.
        Reject = "REJECT",
        /// The same answer as for a new address.
        Conceal = "CONCEAL",
    }
}

/// A role that accounts of the realm may have, and what it permits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Upper-case name, unique in the realm, such as `USERS_ADMIN`.
    pub name: String,
    /// Names of permissions, the tenant's own; enroll never reads them as its own.
    pub permissions: Vec<String>,
}

/// The role that RegisterPortal gives the owner beside [`ROLE_ADMIN`].
pub const ROLE_OWNER: &str = "OWNER";
/// May administrate a portal.
pub const ROLE_ADMIN: &str = "ADMIN";
/// May administrate people.
pub const ROLE_USERS_ADMIN: &str = "USERS_ADMIN";
/// The roles whose holders register others in a CLOSED realm of theirs (Fluid Topics).
pub const REGISTRARS: [&str; 2] = [ROLE_ADMIN, ROLE_USERS_ADMIN];

/// Most roles of a realm: each account can have as many.
pub const ROLES_MAX: usize = 64;

/// Most permissions of a role; an answer shows those of all of an account's roles.
pub const ROLE_PERMISSIONS_MAX: usize = 128;

/// Most documents that a realm demands an answer to: each account answers as many at most.
pub const CONSENTS_MAX: usize = 64;

/// Most domains that addresses may have: each address is held against all of them.
pub const EMAIL_DOMAINS_MAX: usize = 500;

/// Most languages that accounts may have; ISO 639-1 has fewer than 200.
pub const LANGUAGES_MAX: usize = 200;

/// The rules of a realm: one document, replaced whole by an update. It is read by versions before and after the one that wrote it: what it
/// does not say has its default, what this version does not know is passed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RealmRules {
    /// Who may register.
    pub registration_mode: RegistrationMode,
    /// What a password must be.
    pub password_policy: PasswordPolicy,
    /// What a user name must be; absent = ServiceStack's pattern.
    pub user_name_pattern: Option<UserNamePattern>,
    /// Whether an e-mail address has to be verified before the first login.
    pub verify_email: bool,
    /// Whether a phone number has to be verified; it also makes phones unique.
    pub verify_phone: bool,
    /// How a phone number is kept.
    pub phone_format: PhoneFormat,
    /// The region of a phone number without a country code, where the application has none.
    pub default_region: Option<Region>,
    /// The documents that a registration has to answer or accept.
    pub consents: Vec<ConsentDemand>,
    /// Domains whose addresses may register, by exact match or at a label boundary; empty = all.
    pub allowed_email_domains: Vec<EmailDomain>,
    /// Languages that an account may have; empty = all.
    pub languages: Vec<LanguageCode>,
    /// What a self-registration is told about a taken address.
    pub duplicate_policy: DuplicatePolicy,
    /// Whether the password given at creation has to be changed after the first login.
    pub password_change_on_first_login: bool,
    /// The roles that accounts may have.
    pub roles: Vec<Role>,
    /// The roles that a new account gets; each is one of `roles`.
    pub default_roles: Vec<String>,
    /// How many accounts the realm may hold.
    pub account_quota: Option<u64>,
    /// How long tokens hold.
    #[serde(default)]
    pub sessions: SessionLifetimes,
    /// Seconds of a token that verifies an address (Fluid Topics: 2 hours).
    pub verification_seconds: u32,
    /// Whether a person who registers has to solve a captcha.
    pub captcha_required: bool,
}

impl RealmRules {
    /// Whether an account is in use only after its e-mail address was verified.
    pub fn verifies_email(&self) -> bool {
        self.verify_email || self.registration_mode == RegistrationMode::Verified
    }
}

impl Default for RealmRules {
    fn default() -> Self {
        Self {
            registration_mode: RegistrationMode::Closed,
            password_policy: PolicyPreset::Standard.policy(),
            verify_email: false,
            verify_phone: false,
            phone_format: PhoneFormat::E164,
            default_region: None,
            user_name_pattern: None,
            consents: Vec::new(),
            allowed_email_domains: Vec::new(),
            languages: Vec::new(),
            duplicate_policy: DuplicatePolicy::Reject,
            password_change_on_first_login: false,
            roles: [ROLE_OWNER, ROLE_ADMIN, ROLE_USERS_ADMIN]
                .map(|name| Role { name: name.to_owned(), permissions: Vec::new() })
                .to_vec(),
            default_roles: Vec::new(),
            account_quota: None,
            sessions: SessionLifetimes::default(),
            verification_seconds: 7_200,
            captcha_required: false,
        }
    }
}

/// The name of the realm that every tenant has.
pub const INTERNAL_REALM: &str = "internal";

/// A realm as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Realm {
    /// The tenant it belongs to.
    pub tenant_id: TenantId,
    /// UUIDv7.
    pub id: RealmId,
    /// Unique in the tenant.
    pub name: Label,
    /// For people.
    pub display_name: Option<DisplayName>,
    /// See [`RealmKind`].
    pub kind: RealmKind,
    /// See [`RealmState`].
    pub state: RealmState,
    /// See [`RealmRules`].
    pub rules: RealmRules,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
    /// Counts changes; the etag is made of it.
    pub version: i64,
}

impl Realm {
    /// The realm that every tenant has.
    pub fn internal(tenant_id: TenantId, id: RealmId, rules: RealmRules, now: DateTime<Utc>) -> Self {
        Self {
            tenant_id,
            id,
            name: Label::internal(),
            display_name: None,
            kind: RealmKind::Internal,
            state: RealmState::Enabled,
            rules,
            create_time: now,
            update_time: now,
            version: 1,
        }
    }

    /// Whether people may be created in it at all.
    pub fn is_usable(&self) -> bool {
        self.kind == RealmKind::Internal && self.state == RealmState::Enabled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_another_version_are_read() {
        let mut document = serde_json::to_value(RealmRules::default()).expect("JSON");
        let members = document.as_object_mut().expect("an object");
        members.remove("languages").expect("a member");
        members.remove("captcha_required").expect("a member");
        members.insert("invented_later".to_owned(), serde_json::json!({ "on": true }));
        let policy = members.get_mut("password_policy").and_then(|policy| policy.as_object_mut()).expect("a policy");
        policy.insert("invented_later".to_owned(), true.into());
        assert_eq!(serde_json::from_value::<RealmRules>(document).expect("rules"), RealmRules::default());
    }
}
