//! Accounts, as CreateAccount makes them and as reads name them.

use prost_types::Struct;

use crate::domain::account::{AccountRef, AccountState, IdentifierKind, TypedExternalKey};
use crate::domain::application::OnDuplicate;
use crate::domain::attributes::{Attributes, AttributesError};
use crate::domain::consent::ConsentAnswer;
use crate::domain::email::Email;
use crate::domain::external_key::{ExternalKey, ExternalKeyType};
use crate::domain::language::LanguageCode;
use crate::domain::password::Password;
use crate::domain::text::{DisplayName, PersonName};
use crate::domain::time_zone::TimeZone;
use crate::domain::user_name::UserName;
use crate::domain::violation::{FieldReason, Violations};
use crate::proto::v1;
use crate::proto::v1::account_ref::Ref;
use crate::proto::v1::credential_input::Credential;
use crate::provisioning::accounts::{AccountName, CreateAccount, GetAccount, ListAccounts};
use crate::provisioning::draft::{AccountDraft, CredentialDraft, ExternalKeyDraft, Field, FieldPaths};
use crate::provisioning::paging::PageRequest;
use crate::provisioning::refusal::Refusal;

use super::{annotations, bounded, delivery, enum_value, json, repeatable, short_text};

/// Most consents, external keys or roles in one request: an account that needs more is not a person's.
const REPEATED_MAX: usize = 64;

/// CreateAccountRequest.
pub fn create(message: v1::CreateAccountRequest) -> CreateAccount {
    let mut draft = AccountDraft::new(FieldPaths::CREATE_ACCOUNT);
    let delivery = delivery(message.delivery, &mut draft.violations);
    let repeatable = repeatable(&message.request_id, &mut draft.violations, || {
        let mut public = message.clone();
        public.request_id.clear();
        public.credential.iter_mut().for_each(redact);
        public
    });
    let on_duplicate = enum_value(message.on_duplicate, "on_duplicate", &mut draft.violations, |value| match value {
        v1::OnDuplicate::Unspecified => None,
        v1::OnDuplicate::Fail => Some(OnDuplicate::Fail),
        v1::OnDuplicate::ReturnExisting => Some(OnDuplicate::ReturnExisting),
    });
    match message.account {
        Some(account) => whole(&mut draft, account),
        None => draft.violations.push("account", FieldReason::FieldRequired),
    }
    external_keys(&mut draft, message.external_keys);
    draft.email_verified = message.email_verified;
    draft.phone_verified = message.phone_verified;
    draft.credential = credential(&mut draft, message.credential);
    CreateAccount {
        tenant_id: message.tenant_id,
        realm_id: message.realm_id,
        contract_id: message.contract_id,
        draft,
        on_duplicate,
        delivery,
        repeatable,
        validate_only: message.validate_only,
    }
}

/// Empties the secrets, so that what is left can be fingerprinted.
pub fn redact(credential: &mut v1::CredentialInput) {
    match &mut credential.credential {
        Some(Credential::Password(password)) => {
            password.password.clear();
            password.password_confirmation = None;
        }
        Some(Credential::PasswordHash(hash)) => hash.encoded.clear(),
        None => {}
    }
}

fn whole(draft: &mut AccountDraft, account: v1::Account) {
    profile(draft, account.profile.unwrap_or_default());
    email(draft, &account.email.map(|email| email.address).unwrap_or_default());
    phone(draft, account.phone.map(|phone| phone.number).unwrap_or_default());
    attributes(draft, account.attributes);
    draft.annotations = annotations(account.annotations, "account.annotations", &mut draft.violations);
    consents(draft, account.consents);
    origin(draft, account.origin);
    draft.roles = bounded(account.roles, REPEATED_MAX, "account.roles", &mut draft.violations);
}

/// Reads a profile, but for its user name.
pub fn profile(draft: &mut AccountDraft, profile: v1::Profile) {
    let paths = draft.paths;
    let path = |field: &str| paths.of(&format!("profile.{field}"));
    let faults = &mut draft.violations;
    draft.user_name = as_typed(profile.user_name);
    draft.display_name = Field::parse(&profile.display_name, &path("display_name"), faults, DisplayName::parse);
    draft.given_name = Field::parse(&profile.given_name, &path("given_name"), faults, PersonName::parse);
    draft.family_name = Field::parse(&profile.family_name, &path("family_name"), faults, PersonName::parse);
    draft.language = Field::parse(&profile.language_code, &path("language_code"), faults, LanguageCode::parse);
    draft.time_zone = Field::parse(&profile.time_zone, &path("time_zone"), faults, TimeZone::parse);
}

/// Reads an e-mail address.
pub fn email(draft: &mut AccountDraft, address: &str) {
    draft.email = Field::parse(address, draft.paths.email, &mut draft.violations, Email::parse);
}

/// Takes a phone number.
pub fn phone(draft: &mut AccountDraft, number: String) {
    draft.phone = as_typed(number);
}

/// A text that is read once it is known which realm's rules say how.
fn as_typed(text: String) -> Field<String> {
    if text.is_empty() { Field::Absent } else { Field::Valid(text) }
}

/// Reads free attributes.
pub fn attributes(draft: &mut AccountDraft, object: Option<Struct>) {
    let Some(object) = object else { return };
    let read = |object| -> Result<Attributes, AttributesError> { Attributes::parse(json::object(object)?) };
    let path = draft.paths.of("attributes");
    draft.attributes = draft.violations.check(&path, read(object)).map_or(Field::Faulty, Field::Valid);
}

/// Reads answers to legal documents.
pub fn consents(draft: &mut AccountDraft, answers: Vec<v1::Consent>) {
    let answers = bounded(answers, REPEATED_MAX, &draft.paths.of("consents"), &mut draft.violations);
    for (at, answer) in answers.into_iter().enumerate() {
        let path = |field: &str| draft.paths.of(&format!("consents[{at}].{field}"));
        let (document_path, version_path) = (path("document"), path("version"));
        let faults = &mut draft.violations;
        if answer.document.is_empty() {
            faults.push(document_path.clone(), FieldReason::FieldRequired);
        }
        let document = short_text(answer.document, &document_path, faults);
        let version = short_text(answer.version, &version_path, faults).unwrap_or_default();
        let Some(document) = document else { continue };
        draft.consents.push(ConsentAnswer { document, version, accepted: answer.accepted });
    }
}

/// Reads where an account comes from.
pub fn origin(draft: &mut AccountDraft, origin: Option<v1::Origin>) {
    let origin = origin.unwrap_or_default();
    let paths = draft.paths;
    let path = |field: &str| paths.of(&format!("origin.{field}"));
    let faults = &mut draft.violations;
    draft.brand = short_text(origin.brand, &path("brand"), faults);
    draft.edition = short_text(origin.edition, &path("edition"), faults);
    draft.third_party_id = short_text(origin.third_party_id, &path("third_party_id"), faults);
}

fn external_keys(draft: &mut AccountDraft, keys: Vec<v1::ExternalKey>) {
    let keys = bounded(keys, REPEATED_MAX, "external_keys", &mut draft.violations);
    for (at, key) in keys.into_iter().enumerate() {
        let faults = &mut draft.violations;
        let (type_path, key_path) = (format!("external_keys[{at}].type"), format!("external_keys[{at}].key"));
        let key_type = Field::parse(&key.r#type, &type_path, faults, ExternalKeyType::parse);
        if key.key.is_empty() {
            faults.push(key_path.clone(), FieldReason::FieldRequired);
        }
        let key = Field::parse(&key.key, &key_path, faults, ExternalKey::parse);
        draft.external_keys.push(match (key_type, key) {
            (Field::Absent, Field::Valid(key)) => ExternalKeyDraft::Own(key),
            (Field::Valid(key_type), Field::Valid(key)) => ExternalKeyDraft::Typed(TypedExternalKey { key_type, key }),
            _ => ExternalKeyDraft::Faulty,
        });
    }
}

fn credential(draft: &mut AccountDraft, input: Option<v1::CredentialInput>) -> CredentialDraft {
    match input.and_then(|input| input.credential) {
        None => CredentialDraft::Absent,
        Some(Credential::PasswordHash(hash)) if hash.encoded.is_empty() => {
            draft.violations.push("credential.password_hash.encoded", FieldReason::FieldRequired);
            CredentialDraft::Faulty
        }
        Some(Credential::PasswordHash(hash)) => CredentialDraft::Hash(hash.encoded),
        Some(Credential::Password(input)) if input.password.is_empty() => {
            draft.violations.push(draft.paths.password, FieldReason::FieldRequired);
            CredentialDraft::Faulty
        }
        Some(Credential::Password(input)) => {
            let v1::InitialPassword { password, password_confirmation, change_required } = input;
            password_draft(draft, &password, password_confirmation.as_deref(), change_required)
        }
    }
}

/// Reads a password and its confirmation, which counts only where it is there.
pub fn password_draft(
    draft: &mut AccountDraft,
    password: &str,
    confirmation: Option<&str>,
    change_required: bool,
) -> CredentialDraft {
    let password = Field::parse(password, draft.paths.password, &mut draft.violations, Password::prepare);
    let confirmation = confirmation.map(|text| Password::prepare(text).map_or(Field::Faulty, Field::Valid));
    CredentialDraft::Password { password, confirmation, change_required }
}

/// GetAccountRequest.
pub fn get(message: v1::GetAccountRequest) -> Result<GetAccount, Refusal> {
    let name = message.account.and_then(|name| name.r#ref).ok_or_else(|| Refusal::required("account"))?;
    Ok(GetAccount { realm_id: message.realm_id, name: account_name(name) })
}

/// A text that cannot be a name of its kind names no account.
pub fn account_name(name: Ref) -> AccountName {
    let name = match name {
        Ref::AccountId(id) => id.parse().ok().map(|id| AccountName::Known(AccountRef::Id(id))),
        Ref::AccountNumber(number) => Some(AccountName::Known(AccountRef::Number(number))),
        Ref::Email(address) => Email::parse(&address)
            .ok()
            .map(|email| AccountName::Identifier(IdentifierKind::Email, email.key().to_owned())),
        Ref::UserName(name) => UserName::possible(&name)
            .ok()
            .map(|name| AccountName::Identifier(IdentifierKind::UserName, name.key().to_owned())),
        Ref::Phone(number) => Some(AccountName::Phone(number)),
        Ref::ExternalKey(v1::ExternalKey { r#type, key }) => match (r#type.as_str(), ExternalKey::parse(&key)) {
            ("", Ok(key)) => Some(AccountName::OwnExternalKey(key)),
            (key_type, Ok(key)) => ExternalKeyType::parse(key_type)
                .ok()
                .map(|key_type| AccountName::Known(AccountRef::ExternalKey(TypedExternalKey { key_type, key }))),
            (_, Err(_)) => None,
        },
    };
    name.unwrap_or(AccountName::Nothing)
}

/// ListAccountsRequest.
pub fn list(message: v1::ListAccountsRequest) -> Result<ListAccounts, Refusal> {
    let mut violations = Violations::new();
    let state = enum_value(message.state, "state", &mut violations, |state| match state {
        v1::AccountState::Unspecified => None,
        v1::AccountState::PendingVerification => Some(AccountState::PendingVerification),
        v1::AccountState::Active => Some(AccountState::Active),
        v1::AccountState::Locked => Some(AccountState::Locked),
        v1::AccountState::Disabled => Some(AccountState::Disabled),
        v1::AccountState::Deleted => Some(AccountState::Deleted),
    });
    let list = ListAccounts {
        realm_id: message.realm_id,
        state,
        show_deleted: message.show_deleted || state == Some(AccountState::Deleted),
        page: PageRequest { size: message.page_size, token: message.page_token },
    };
    violations.into_result(list).map_err(Refusal::Invalid)
}
