//! A person's account as it is kept and as it is asked for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::annotations::Annotations;
use super::attributes::Attributes;
use super::consent::Consent;
use super::email::Email;
use super::external_key::{ExternalKey, ExternalKeyType};
use super::ids::{AccountId, ApplicationId, ContractId, RealmId, TenantId};
use super::language::LanguageCode;
use super::phone::Phone;
use super::state::text_enum;
use super::text::{DisplayName, PersonName};
use super::time_zone::TimeZone;
use super::user_name::UserName;

text_enum! {
    /// Where an account stands in its life.
    pub enum AccountState {
        /// Made, but nothing of it verified yet where the realm demands it.
        PendingVerification = "PENDING_VERIFICATION",
        /// In use.
        Active = "ACTIVE",
        /// Locked after a security event.
        Locked = "LOCKED",
        /// Stopped; dialogportal calls it inactive.
        Disabled = "DISABLED",
        /// Deleted, kept until purged; dialogportal calls it inactive.
        Deleted = "DELETED",
    }
}

impl AccountState {
    /// dialogportal's "inactive entity": disabled or deleted.
    pub fn is_inactive(self) -> bool {
        matches!(self, Self::Disabled | Self::Deleted)
    }
}

/// What is said of a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The name to log in with.
    pub user_name: Option<UserName>,
    /// The name to show.
    pub display_name: Option<DisplayName>,
    /// First name.
    pub given_name: Option<PersonName>,
    /// Last name.
    pub family_name: Option<PersonName>,
    /// BCP-47.
    pub language: Option<LanguageCode>,
    /// IANA.
    pub time_zone: Option<TimeZone>,
}

/// An external key with its type; unique in the tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TypedExternalKey {
    /// Whose key it is.
    pub key_type: ExternalKeyType,
    /// The key.
    pub key: ExternalKey,
}

/// Where an account came from; opaque to enroll (Comexposium: fromSalon, fromSessionSalon, fromThirdParty).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The application that made it.
    pub application_id: ApplicationId,
    /// The brand.
    pub brand: Option<String>,
    /// The edition of the brand.
    pub edition: Option<String>,
    /// The third party's opaque id.
    pub third_party_id: Option<String>,
}

/// An account as it is kept. Its credential is not here: listing people cannot select it.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The tenant it belongs to.
    pub tenant_id: TenantId,
    /// UUIDv7.
    pub id: AccountId,
    /// Random 53-bit number, unique in the tenant: a numeric key for old systems.
    pub number: i64,
    /// The realm it belongs to.
    pub realm_id: RealmId,
    /// The contract it was made under.
    pub contract_id: ContractId,
    /// The version of that contract.
    pub contract_version: i32,
    /// See [`Profile`].
    pub profile: Profile,
    /// The address as typed, with its key.
    pub email: Option<Email>,
    /// When the address was verified.
    pub email_verify_time: Option<DateTime<Utc>>,
    /// The number as kept.
    pub phone: Option<Phone>,
    /// When the number was verified.
    pub phone_verify_time: Option<DateTime<Utc>>,
    /// See [`AccountState`].
    pub state: AccountState,
    /// Whether something has to be verified before the first login.
    pub verification_required: bool,
    /// Whether there is a credential.
    pub password_set: bool,
    /// Whether the password has to be changed at the next login.
    pub password_change_required: bool,
    /// In the order of the type.
    pub external_keys: Vec<TypedExternalKey>,
    /// In the order of the document.
    pub consents: Vec<Consent>,
    /// See [`Origin`].
    pub origin: Origin,
    /// Names of roles of the realm.
    pub roles: Vec<String>,
    /// Free attributes, as the contract types them.
    pub attributes: Attributes,
    /// The caller's own inert pairs.
    pub annotations: Annotations,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
    /// When it was deleted.
    pub delete_time: Option<DateTime<Utc>>,
    /// When it will be gone for good.
    pub purge_time: Option<DateTime<Utc>>,
    /// Counts changes; the etag is made of it.
    pub version: i64,
}

text_enum! {
    /// The kinds of identifier, one namespace per realm and kind.
    pub enum IdentifierKind {
        /// The key of an e-mail address.
        Email = "EMAIL",
        /// The key of a user name.
        UserName = "USER_NAME",
        /// A number in E.164.
        Phone = "PHONE",
    }
}

/// What an account holds (or, unheld, claims) in its realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// See [`IdentifierKind`].
    pub kind: IdentifierKind,
    /// The key that uniqueness is on.
    pub key: String,
    /// Held, or only a claim until verified.
    pub held: bool,
    /// When it was verified.
    pub verify_time: Option<DateTime<Utc>>,
    /// When a claim ends.
    pub expire_time: Option<DateTime<Utc>>,
}

/// A value that a contract declares unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueValue {
    /// The attribute's path, `attributes.x`.
    pub path: String,
    /// The canonical text of the value.
    pub key: String,
}

/// One way to name an account; `realm` matters for the kinds that are unique per realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountRef {
    /// By id.
    Id(AccountId),
    /// By its random number.
    Number(i64),
    /// By a held identifier's key in a realm.
    Identifier(RealmId, IdentifierKind, String),
    /// By an external key.
    ExternalKey(TypedExternalKey),
}

/// What of a request may collide with another account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueKeys {
    /// In which tenant.
    pub tenant_id: TenantId,
    /// In which realm the identifiers are unique.
    pub realm_id: RealmId,
    /// In which contract the unique values are unique.
    pub contract_id: ContractId,
    /// The identifiers that are held on writing; claims collide with nothing.
    pub identifiers: Vec<(IdentifierKind, String)>,
    /// The external keys.
    pub external_keys: Vec<TypedExternalKey>,
    /// The unique values.
    pub unique_values: Vec<UniqueValue>,
}

/// Which key of a request is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenKey {
    /// An identifier.
    Identifier(IdentifierKind),
    /// An external key.
    ExternalKey(TypedExternalKey),
    /// A unique value, by its path.
    UniqueValue(String),
}

/// A taken key and the account that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What is taken.
    pub key: TakenKey,
    /// By whom.
    pub account_id: AccountId,
    /// In which realm that account is: external keys and unique values are taken beyond the realm of a request.
    pub realm_id: RealmId,
    /// In which state that account is.
    pub state: AccountState,
}

/// The one account that holds everything that is taken, where it is live, in a realm that the caller may use (`allowed`; absent = all) and
/// not found by its phone alone: what RETURN_EXISTING returns.
pub fn sole_live_holder(holders: &[Holder], allowed: Option<&[RealmId]>) -> Option<AccountId> {
    let first = holders.first()?;
    if allowed.is_some_and(|allowed| !allowed.contains(&first.realm_id)) {
        return None;
    }
    let is_phone = |holder: &Holder| holder.key == TakenKey::Identifier(IdentifierKind::Phone);
    let sole = holders.iter().all(|holder| holder.account_id == first.account_id);
    (sole && !first.state.is_inactive() && !holders.iter().all(is_phone)).then_some(first.account_id)
}
