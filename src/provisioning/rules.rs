//! The rules that a person has to meet: the contract's, the realm's and the application's, all of them, so that a request is told every
//! fault at once. A request that fails here has cost no hash and no write.

mod attributes;
mod consents;
mod credential;
mod external_keys;

use chrono::{DateTime, Utc};

use crate::domain::account::{IdentifierKind, Origin, Profile, TypedExternalKey, UniqueValue};
use crate::domain::application::ApplicationSettings;
use crate::domain::attributes::Attributes;
use crate::domain::consent::Consent;
use crate::domain::contract::{CONTRACT_PATHS, ContractTerms, PASSWORD_PATH, PHONE_PATH, Presence};
use crate::domain::email::Email;
use crate::domain::external_key::ExternalKeyType;
use crate::domain::ids::ApplicationId;
use crate::domain::password::Password;
use crate::domain::phone::Phone;
use crate::domain::realm::RealmRules;
use crate::domain::user_name::UserName;
use crate::domain::violation::{FieldReason, Violation, Violations};
use crate::password::PasswordHash;

use super::captcha::Challenge;
use super::draft::{AccountDraft, FieldPaths};
use super::refusal::Refusal;
use attributes::{check_attributes, unique_values};
use consents::check_consents;
use credential::check_credential;
use external_keys::check_external_keys;

pub use external_keys::mint_external_key;

/// Under whose rules a person is made.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The contract's.
    pub terms: &'a ContractTerms,
    /// The realm's.
    pub realm: &'a RealmRules,
    /// The application's.
    pub application: &'a ApplicationSettings,
    /// The application itself.
    pub application_id: ApplicationId,
    /// Whether the application may read accounts: then it may set keys of other types than its own.
    pub reads_accounts: bool,
    /// Whether the person registers (demands of consents hold), or is created by a trusted application.
    pub registers: bool,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What a credential comes to before it is hashed.
#[derive(Debug)]
pub enum CheckedCredential {
    /// None.
    Absent,
    /// To be hashed.
    Password(Password),
    /// A hash of another system, within the bounds of cost.
    Hash(PasswordHash),
}

/// A person that meets every rule.
#[derive(Debug)]
pub struct CheckedAccount {
    /// See [`Profile`].
    pub profile: Profile,
    /// The address.
    pub email: Option<Email>,
    /// Verified by the caller.
    pub email_verified: bool,
    /// The number, as the realm keeps it.
    pub phone: Option<Phone>,
    /// Verified by the caller.
    pub phone_verified: bool,
    /// As the contract types them.
    pub attributes: Attributes,
    /// Inert pairs.
    pub annotations: crate::domain::annotations::Annotations,
    /// In the order of the document.
    pub consents: Vec<Consent>,
    /// See [`Origin`].
    pub origin: Origin,
    /// In the order of the type.
    pub external_keys: Vec<TypedExternalKey>,
    /// The types of the keys that the request gives, in its order: a taken key is told by its place.
    pub given_key_types: Vec<ExternalKeyType>,
    /// Names of roles of the realm.
    pub roles: Vec<String>,
    /// See [`CheckedCredential`].
    pub credential: CheckedCredential,
    /// The realm's or the request's.
    pub password_change_required: bool,
    /// The identifiers to hold, with their keys.
    pub identifiers: Vec<(IdentifierKind, String)>,
    /// The unique values to hold.
    pub unique_values: Vec<UniqueValue>,
    /// The documents whose demanded acceptance was declined.
    pub declined: Vec<String>,
    /// The captcha that has to be passed once a repeat is ruled out; absent = none, and so it is for whoever does not register.
    pub challenge: Option<Challenge>,
}

impl CheckedAccount {
    /// The account's own texts: a password made of them is easily guessed.
    pub fn own_texts(&self) -> Vec<String> {
        let names = [&self.profile.user_name].into_iter().flatten().map(|name| name.as_str().to_owned());
        let addresses = self.email.iter().map(|email| email.address().to_owned());
        let shown = self.profile.display_name.iter().map(|name| name.as_str().to_owned());
        names.chain(addresses).chain(shown).collect()
    }
}

/// Checks a draft against the rules. Every violation comes at once as [`Refusal::Invalid`]; declined consents that the realm demands are
/// only noted: they come after a repeat is ruled out.
pub fn check(draft: AccountDraft, rules: &Rules<'_>) -> Result<CheckedAccount, Refusal> {
    let mut draft = draft;
    check_presence(&mut draft, rules.terms);
    let paths = draft.paths;
    let mut faults = std::mem::take(&mut draft.violations);
    let user_name = check_user_name(&draft, rules, &mut faults);
    let phone = check_phone(&draft, rules, &mut faults);
    check_realm(&draft, rules, &mut faults);
    let attributes = check_attributes(&mut draft, rules.terms, &mut faults);
    let external_keys = check_external_keys(&draft, rules, &mut faults);
    let (consents, declined) = check_consents(&draft.consents, rules, &paths, &mut faults);
    check_origin(&draft, rules, &mut faults);
    check_roles(&draft, rules, &mut faults);
    let (credential, change_required) =
        check_credential(&mut draft, (user_name.as_ref(), phone.as_ref()), rules, &mut faults);
    check_nameable(&draft, rules, &mut faults);
    if !faults.is_empty() {
        return Err(Refusal::Invalid(faults));
    }
    let given_key_types = external_keys.iter().map(|key| key.key_type.clone()).collect();
    let unique_values = unique_values(&attributes, rules.terms);
    let email = draft.email.into_valid();
    let profile = Profile {
        user_name,
        display_name: draft.display_name.into_valid(),
        given_name: draft.given_name.into_valid(),
        family_name: draft.family_name.into_valid(),
        language: draft.language.into_valid(),
        time_zone: draft.time_zone.into_valid(),
    };
    let identifiers = identifiers(&profile, email.as_ref(), phone.as_ref(), rules);
    let origin = Origin {
        application_id: rules.application_id,
        brand: draft.brand,
        edition: draft.edition,
        third_party_id: draft.third_party_id,
    };
    let roles = if draft.roles.is_empty() { rules.realm.default_roles.clone() } else { draft.roles };
    Ok(CheckedAccount {
        profile,
        email_verified: draft.email_verified && email.is_some(),
        email,
        phone_verified: draft.phone_verified && phone.is_some(),
        phone,
        attributes,
        annotations: draft.annotations,
        consents,
        origin,
        external_keys,
        given_key_types,
        roles,
        password_change_required: change_required && !matches!(credential, CheckedCredential::Absent),
        credential,
        identifiers,
        unique_values,
        declined,
        challenge: None,
    })
}

/// An account that no key finds would be lost: it needs an address, a user name, a unique phone number or an external key, given or minted.
fn check_nameable(draft: &AccountDraft, rules: &Rules<'_>, faults: &mut Violations) {
    let is_named = draft.email.is_given()
        || draft.user_name.is_given()
        || draft.phone.is_given() && phones_are_unique(rules)
        || !draft.external_keys.is_empty()
        || rules.application.external_key_type.is_some();
    let told_at = [draft.paths.email, draft.paths.prefix.trim_end_matches('.')];
    let is_told =
        |fault: &Violation| fault.reason == FieldReason::FieldRequired && told_at.contains(&fault.field.as_str());
    if !is_named && !faults.iter().any(is_told) {
        faults.push(draft.paths.email, FieldReason::FieldRequired);
    }
}

fn check_presence(draft: &mut AccountDraft, terms: &ContractTerms) {
    for path in CONTRACT_PATHS {
        match (terms.presence(path), draft.delivers(path)) {
            (Presence::Forbidden, true) => draft.violations.push(draft.paths.of(path), FieldReason::FieldForbidden),
            (Presence::Required, false) => draft.require(path),
            _ => {}
        }
    }
}

fn check_user_name(draft: &AccountDraft, rules: &Rules<'_>, faults: &mut Violations) -> Option<UserName> {
    let read = UserName::of_realm(draft.user_name.valid()?, rules.realm.user_name_pattern.as_ref());
    faults.check(&draft.paths.of("profile.user_name"), read)
}

/// Whether phone numbers are unique under these rules.
fn phones_are_unique(rules: &Rules<'_>) -> bool {
    rules.realm.verify_phone || rules.terms.is_unique(PHONE_PATH)
}

/// Reads the number as the realm keeps numbers; one that has to be unique needs a key, so it has to be a real number.
fn check_phone(draft: &AccountDraft, rules: &Rules<'_>, faults: &mut Violations) -> Option<Phone> {
    let text = draft.phone.valid()?;
    let region = rules.application.default_region.or(rules.realm.default_region);
    match Phone::parse(text, rules.realm.phone_format, region) {
        Ok(phone) if phone.key().is_none() && phones_are_unique(rules) => {
            faults.push(draft.paths.phone, FieldReason::PhoneInvalid);
            None
        }
        Ok(phone) => Some(phone),
        Err(fault) => {
            faults.push_with(draft.paths.phone, fault);
            None
        }
    }
}

fn check_realm(draft: &AccountDraft, rules: &Rules<'_>, faults: &mut Violations) {
    let realm = rules.realm;
    if let Some(email) = draft.email.valid()
        && !realm.allowed_email_domains.is_empty()
        && !realm.allowed_email_domains.iter().any(|domain| domain.covers(email))
    {
        faults.push(draft.paths.email, FieldReason::EmailDomainNotAllowed);
    }
    if let Some(language) = draft.language.valid()
        && !realm.languages.is_empty()
        && !realm.languages.contains(language)
    {
        faults.push(draft.paths.of("profile.language_code"), FieldReason::LanguageUnsupported);
    }
}

fn check_origin(draft: &AccountDraft, rules: &Rules<'_>, faults: &mut Violations) {
    if let (Some(listed), Some(given)) = (&rules.application.third_party_ids, &draft.third_party_id)
        && !listed.contains(given)
    {
        faults.push(draft.paths.of("origin.third_party_id"), FieldReason::FieldInvalid);
    }
}

fn check_roles(draft: &AccountDraft, rules: &Rules<'_>, faults: &mut Violations) {
    for (at, role) in draft.roles.iter().enumerate() {
        if !rules.realm.roles.iter().any(|known| known.name == *role) {
            faults.push(draft.paths.of(&format!("roles[{at}]")), FieldReason::FieldUnknown);
        }
    }
}

fn identifiers(
    profile: &Profile,
    email: Option<&Email>,
    phone: Option<&Phone>,
    rules: &Rules<'_>,
) -> Vec<(IdentifierKind, String)> {
    let mut keys = Vec::with_capacity(3);
    keys.extend(email.map(|email| (IdentifierKind::Email, email.key().to_owned())));
    keys.extend(profile.user_name.as_ref().map(|name| (IdentifierKind::UserName, name.key().to_owned())));
    if phones_are_unique(rules) {
        keys.extend(phone.and_then(|phone| phone.key()).map(|key| (IdentifierKind::Phone, key.to_owned())));
    }
    keys
}

/// The field of a request that a contract path stands for; used where a collision is told.
pub fn field_of(paths: &FieldPaths, kind: IdentifierKind) -> String {
    paths.of(match kind {
        IdentifierKind::Email => "email.address",
        IdentifierKind::UserName => "profile.user_name",
        IdentifierKind::Phone => PHONE_PATH,
    })
}

/// Makes the password demanded whatever the contract says: a person who registers has to be able to log in.
pub fn require_password(draft: &mut AccountDraft) {
    draft.require(PASSWORD_PATH);
}

/// ServiceStack's fallback: the user name, else first and last name; not under a contract that forbids the field.
pub fn fall_back_to_a_display_name(profile: &mut Profile, terms: &ContractTerms) {
    if profile.display_name.is_some() || terms.presence("profile.display_name") == Presence::Forbidden {
        return;
    }
    let names = [profile.given_name.as_ref(), profile.family_name.as_ref()];
    let full_name = names.into_iter().flatten().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
    let text = profile.user_name.as_ref().map_or(full_name.as_str(), |name| name.as_str());
    profile.display_name = crate::domain::text::DisplayName::parse(text).ok();
}
