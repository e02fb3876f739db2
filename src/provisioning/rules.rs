//! The rules that a person has to meet: the contract's, the realm's and the application's, all of them, so that a request is told every
//! fault at once. A request that fails here has cost no hash and no write.

mod consents;
mod credential;

use chrono::{DateTime, Utc};

use crate::domain::account::{IdentifierKind, Origin, Profile, TypedExternalKey, UniqueValue};
use crate::domain::application::ApplicationSettings;
use crate::domain::attribute_type::is_attribute_name;
use crate::domain::attributes::{Attributes, unique_key};
use crate::domain::consent::Consent;
use crate::domain::contract::{ATTRIBUTE_PREFIX, CONTRACT_PATHS, ContractTerms, PASSWORD_PATH, PHONE_PATH, Presence};
use crate::domain::email::Email;
use crate::domain::external_key::{ExternalKey, ExternalKeyType};
use crate::domain::ids::ApplicationId;
use crate::domain::password::Password;
use crate::domain::phone::Phone;
use crate::domain::realm::RealmRules;
use crate::domain::violation::{FieldReason, Violations};
use crate::password::PasswordHash;

use super::draft::{AccountDraft, ExternalKeyDraft, FieldPaths};
use super::refusal::Refusal;
use consents::check_consents;
use credential::check_credential;

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

/// Checks a draft against the rules. Every violation comes at once as [`Refusal::Invalid`]; a declined consent that the realm demands is
/// [`Refusal::ConsentRequired`], after them.
pub fn check(draft: AccountDraft, rules: &Rules<'_>) -> Result<CheckedAccount, Refusal> {
    let mut draft = draft;
    check_presence(&mut draft, rules.terms);
    let paths = draft.paths;
    let mut faults = std::mem::take(&mut draft.violations);
    let phone = check_phone(&draft, rules, &mut faults);
    check_realm(&draft, rules, &mut faults);
    let attributes = check_attributes(&mut draft, rules.terms, &mut faults);
    let external_keys = check_external_keys(&draft, rules, &mut faults);
    let (consents, declined) = check_consents(&draft.consents, rules, &paths, &mut faults);
    check_origin(&draft, rules, &mut faults);
    check_roles(&draft, rules, &mut faults);
    let (credential, change_required) = check_credential(&mut draft, rules, &mut faults);
    if !faults.is_empty() {
        return Err(Refusal::Invalid(faults));
    }
    if !declined.is_empty() {
        return Err(Refusal::ConsentRequired(declined));
    }
    let given_key_types = external_keys.iter().map(|key| key.key_type.clone()).collect();
    let unique_values = unique_values(&attributes, rules.terms);
    let email = draft.email.into_valid();
    let profile = Profile {
        user_name: draft.user_name.into_valid(),
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
    })
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

fn check_attributes(draft: &mut AccountDraft, terms: &ContractTerms, faults: &mut Violations) -> Attributes {
    let attributes = std::mem::take(&mut draft.attributes).into_valid().unwrap_or_default();
    for (name, value) in attributes.as_map() {
        let path = format!("{ATTRIBUTE_PREFIX}{name}");
        let at = draft.paths.of(&path);
        match terms.attributes.get(name) {
            // A name that no contract can have is not repeated in the answer.
            None if !is_attribute_name(name) => faults.push(draft.paths.of("attributes"), FieldReason::FieldUnknown),
            None => faults.push(at, FieldReason::FieldUnknown),
            Some(_) if terms.presence(&path) == Presence::Forbidden => faults.push(at, FieldReason::FieldForbidden),
            Some(attribute_type) => attribute_type.check(&at, value, faults),
        }
    }
    for (path, rule) in &terms.fields {
        let name = path.strip_prefix(ATTRIBUTE_PREFIX);
        if let Some(name) = name
            && rule.presence == Presence::Required
            && !attributes.as_map().contains_key(name)
        {
            faults.push(draft.paths.of(path), FieldReason::FieldRequired);
        }
    }
    attributes
}

fn check_external_keys(draft: &AccountDraft, rules: &Rules<'_>, faults: &mut Violations) -> Vec<TypedExternalKey> {
    let own_type = rules.application.external_key_type.as_ref();
    let mut keys: Vec<TypedExternalKey> = Vec::with_capacity(draft.external_keys.len());
    for (at, key) in draft.external_keys.iter().enumerate() {
        let path = || format!("external_keys[{at}].type");
        let typed = match key {
            ExternalKeyDraft::Faulty => continue,
            ExternalKeyDraft::Typed(typed) => typed.clone(),
            ExternalKeyDraft::Own(key) => match own_type {
                Some(key_type) => TypedExternalKey { key_type: key_type.clone(), key: key.clone() },
                None => {
                    faults.push(path(), FieldReason::FieldRequired);
                    continue;
                }
            },
        };
        if Some(&typed.key_type) != own_type && !rules.reads_accounts {
            faults.push(path(), FieldReason::FieldForbidden);
        } else if keys.iter().any(|other| other.key_type == typed.key_type) {
            faults.push(path(), FieldReason::FieldInvalid);
        } else {
            keys.push(typed);
        }
    }
    keys
}

/// Adds a minted key where the application has a type of its own and the request gives no key of it (dialogportal).
pub fn mint_external_key(keys: &mut Vec<TypedExternalKey>, settings: &ApplicationSettings, minted: uuid::Uuid) {
    if let Some(key_type) = &settings.external_key_type
        && !keys.iter().any(|key| key.key_type == *key_type)
        && let Ok(key) = ExternalKey::parse(&minted.simple().to_string())
    {
        keys.push(TypedExternalKey { key_type: key_type.clone(), key });
    }
    keys.sort();
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

fn unique_values(attributes: &Attributes, terms: &ContractTerms) -> Vec<UniqueValue> {
    let unique = attributes.as_map().iter().map(|(name, value)| (format!("{ATTRIBUTE_PREFIX}{name}"), value));
    unique
        .filter(|(path, _)| terms.is_unique(path))
        .map(|(path, value)| UniqueValue { path, key: unique_key(value) })
        .collect()
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

/// ServiceStack's fallback: the user name, else first and last name.
pub fn fall_back_to_a_display_name(profile: &mut Profile) {
    if profile.display_name.is_some() {
        return;
    }
    let names = [profile.given_name.as_ref(), profile.family_name.as_ref()];
    let full_name = names.into_iter().flatten().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
    let text = profile.user_name.as_ref().map_or(full_name.as_str(), |name| name.as_str());
    profile.display_name = crate::domain::text::DisplayName::parse(text).ok();
}
