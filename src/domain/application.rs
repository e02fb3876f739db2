//! A calling service: its settings, its grants and its keys. Applications, grants and keys are global rows.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::external_key::ExternalKeyType;
use super::ids::{ApplicationId, ApplicationKeyId, ContractId, RealmId, TenantId};
use super::legacy::LegacyCodes;
use super::password_policy::{PasswordPolicy, PolicyPreset};
use super::permission::{Permission, Permissions};
use super::phone::{PhoneFormat, Region};
use super::secret::KeyHash;
use super::state::text_enum;
use super::text::{DisplayName, Label};

text_enum! {
    /// Whether an application may call.
    pub enum ApplicationState {
        /// In use.
        Enabled = "ENABLED",
        /// Its keys are refused as invalid.
        Disabled = "DISABLED",
    }
}
text_enum! {
    /// What CreateAccount answers when an identifier is taken and the request does not say.
    pub enum OnDuplicate {
        /// ALREADY_EXISTS.
        Fail = "FAIL",
        /// The account that holds it (dialogportal's 303).
        ReturnExisting = "RETURN_EXISTING",
    }
}

/// Which `x-calling-app` labels an application sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallingApps {
    /// Whether the label has to be there (Fluid Topics).
    pub required: bool,
    /// The labels allowed; empty = any.
    pub allowed: Vec<String>,
}

/// What the portals that an application registers begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PortalDefaults {
    /// The password policy of the portal's realm.
    pub password_policy: PasswordPolicy,
    /// How the portal's realm keeps phone numbers.
    pub phone_format: PhoneFormat,
    /// The region of a phone number without a country code.
    pub default_region: Option<Region>,
    /// A portal's domain is its name, a dot and this; absent = the installation's base domain.
    pub base_domain: Option<String>,
    /// Whether a portal is in use from the moment it is registered; else its owner has to activate it by a link.
    pub active_at_once: bool,
}

impl Default for PortalDefaults {
    fn default() -> Self {
        Self {
            password_policy: PolicyPreset::Standard.policy(),
            phone_format: PhoneFormat::E164,
            default_region: None,
            base_domain: None,
            active_at_once: false,
        }
    }
}

/// Most redirect URLs: each is up to 2 KiB of a document that every call of the application reads.
pub const REDIRECT_URLS_MAX: usize = 50;

/// Most error views.
pub const ERROR_VIEWS_MAX: usize = 100;

/// Most third-party ids: an id is searched among them for each account.
pub const THIRD_PARTY_IDS_MAX: usize = 500;

/// Most labels of calling apps: a label is searched among them at each call.
pub const CALLING_APPS_MAX: usize = 100;

/// The settings of an application: one document, replaced whole by an update, and read by versions before and after the one that wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApplicationSettings {
    /// The type of external key that its accounts get, given or minted; absent = none.
    pub external_key_type: Option<ExternalKeyType>,
    /// See [`OnDuplicate`].
    pub on_duplicate: OnDuplicate,
    /// Where it may send people back to, matched exactly.
    pub redirect_urls: Vec<String>,
    /// The error views it knows.
    pub error_views: Vec<String>,
    /// The third-party ids it may state; absent = any.
    pub third_party_ids: Option<Vec<String>>,
    /// No template fallback (Comexposium).
    pub strict_templates: bool,
    /// See [`CallingApps`].
    pub calling_apps: CallingApps,
    /// The region of a phone number without a country code; it goes before the realm's.
    pub default_region: Option<Region>,
    /// The codes that its old clients know.
    pub legacy_codes: LegacyCodes,
    /// How many portals it may register.
    pub portal_quota: Option<u64>,
    /// See [`PortalDefaults`].
    pub portal_defaults: PortalDefaults,
    /// Whether a person who opens a portal has to solve a captcha: no realm can say so yet.
    pub portal_captcha_required: bool,
}

impl Default for ApplicationSettings {
    fn default() -> Self {
        Self {
            external_key_type: None,
            on_duplicate: OnDuplicate::Fail,
            redirect_urls: Vec::new(),
            error_views: Vec::new(),
            third_party_ids: None,
            strict_templates: false,
            calling_apps: CallingApps::default(),
            default_region: None,
            legacy_codes: LegacyCodes::default(),
            portal_quota: None,
            portal_defaults: PortalDefaults::default(),
            portal_captcha_required: false,
        }
    }
}

/// An application as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// UUIDv7.
    pub id: ApplicationId,
    /// The tenant that an empty `tenant_id` means.
    pub home_tenant: TenantId,
    /// Unique in the home tenant.
    pub name: Label,
    /// For people.
    pub display_name: Option<DisplayName>,
    /// See [`ApplicationState`].
    pub state: ApplicationState,
    /// See [`ApplicationSettings`].
    pub settings: ApplicationSettings,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
    /// Counts changes; the etag is made of it.
    pub version: i64,
}

/// Most grants that a request gives, or an answer shows. What an application that registers portals has beyond these stays as it is and can
/// be seen portal by portal; 1000 grants fill most of a message.
pub const GRANTS_MAX: usize = 1_000;

/// Most permissions that a grant lists; there are fewer.
pub const PERMISSIONS_MAX: usize = 64;

/// Most realms, and most contracts, that a grant can be bound to: each use of the grant searches among them.
pub const ALLOWED_IDS_MAX: usize = 100;

/// What an application may do on one tenant, and its defaults there.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Whose grant.
    pub application_id: ApplicationId,
    /// On which tenant.
    pub tenant_id: TenantId,
    /// What it permits.
    pub permissions: Permissions,
    /// The realm that an empty `realm_id` means; absent = `internal`.
    pub default_realm: Option<RealmId>,
    /// The contract that an empty `contract_id` means; absent = the tenant's.
    pub default_contract: Option<ContractId>,
    /// The realms it may use; absent = all.
    pub allowed_realms: Option<Vec<RealmId>>,
    /// The contracts it may use; absent = all.
    pub allowed_contracts: Option<Vec<ContractId>>,
}

impl Grant {
    /// A grant without permissions, defaults or bounds.
    pub fn bare(application_id: ApplicationId, tenant_id: TenantId) -> Self {
        Self {
            application_id,
            tenant_id,
            permissions: Permissions::new(),
            default_realm: None,
            default_contract: None,
            allowed_realms: None,
            allowed_contracts: None,
        }
    }

    /// The same with these permissions.
    pub fn permitting(self, permissions: Permissions) -> Self {
        Self { permissions, ..self }
    }

    /// Whether `other`, a grant on the same tenant, reaches no realm and no contract beyond this one's.
    pub fn bounds(&self, other: &Self) -> bool {
        within(self.allowed_realms.as_deref(), other.allowed_realms.as_deref(), other.default_realm)
            && within(self.allowed_contracts.as_deref(), other.allowed_contracts.as_deref(), other.default_contract)
    }

    /// Whether the grant permits it.
    pub fn permits(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

/// Whether a list and a default stay within the bound `own`; an absent list has no bound.
fn within<Id: PartialEq>(own: Option<&[Id]>, other: Option<&[Id]>, default: Option<Id>) -> bool {
    let Some(own) = own else { return true };
    other.is_some_and(|other| other.iter().chain(&default).all(|id| own.contains(id)))
}

/// A key of an application as it is kept: its hash, never its text.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplicationKey {
    /// UUIDv7.
    pub id: ApplicationKeyId,
    /// Whose key.
    pub application_id: ApplicationId,
    /// What it is for, said by people.
    pub display_name: Option<DisplayName>,
    /// The first characters of its text, to tell keys apart.
    pub prefix: String,
    /// SHA-256 of its text.
    pub hash: KeyHash,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// From when on it is refused as expired.
    pub expire_time: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoke_time: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_time: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_of_another_version_are_read() {
        let mut document = serde_json::to_value(ApplicationSettings::default()).expect("JSON");
        let members = document.as_object_mut().expect("an object");
        members.remove("error_views").expect("a member");
        members.remove("portal_captcha_required").expect("a member");
        members.insert("invented_later".to_owned(), 1.into());
        members.insert("calling_apps".to_owned(), json!({ "required": true, "invented_later": 1 }));
        members.insert("portal_defaults".to_owned(), json!({ "invented_later": 1 }));
        let codes = json!({ "rules": [{ "code": "143", "invented_later": 1 }], "invented_later": 1 });
        members.insert("legacy_codes".to_owned(), codes);
        let read: ApplicationSettings = serde_json::from_value(document).expect("settings");
        assert_eq!((read.error_views.len(), read.calling_apps.required), (0, true));
        assert_eq!((read.portal_defaults, read.portal_captcha_required), (PortalDefaults::default(), false));
        assert_eq!(read.legacy_codes.code("CreateAccount", None, "FIELD_REQUIRED"), Some("143"));
    }

    #[test]
    fn a_grant_bounds_what_stays_within_its_lists() {
        let [one, other] = [1, 2].map(|id| RealmId::from_uuid(uuid::Uuid::from_u128(id)));
        let of = |allowed: Option<Vec<RealmId>>, default_realm| Grant {
            allowed_realms: allowed,
            default_realm,
            ..Grant::bare(ApplicationId::from_uuid(uuid::Uuid::nil()), TenantId::from_uuid(uuid::Uuid::nil()))
        };
        let (open, narrow) = (of(None, None), of(Some(vec![one]), None));
        assert!(open.bounds(&open) && open.bounds(&narrow) && narrow.bounds(&narrow));
        assert!(!narrow.bounds(&open) && !narrow.bounds(&of(Some(vec![one, other]), None)));
        assert!(!narrow.bounds(&of(Some(vec![one]), Some(other))) && narrow.bounds(&of(Some(vec![one]), Some(one))));
    }
}
