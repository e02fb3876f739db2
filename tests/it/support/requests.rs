//! Ordinary requests, right as they stand; a test changes the one thing that it is about.

use enroll::proto::v1;
use enroll::proto::v1::credential_input::Credential;

/// A password that every policy takes.
pub const PASSWORD: &str = "seven lanterns over Skagen";

/// A new account with an address and a password.
pub fn create(address: &str) -> v1::CreateAccountRequest {
    v1::CreateAccountRequest {
        account: Some(v1::Account { email: email(address), ..Default::default() }),
        credential: credential(PASSWORD),
        ..Default::default()
    }
}

/// A person who registers with an address and a password.
pub fn register(address: &str) -> v1::RegisterAccountRequest {
    v1::RegisterAccountRequest { email: address.to_owned(), password: password(PASSWORD), ..Default::default() }
}

/// A portal with its owner.
pub fn portal(name: &str) -> v1::RegisterPortalRequest {
    let profile = v1::Profile { given_name: "Ada".to_owned(), family_name: "Byron".to_owned(), ..Default::default() };
    v1::RegisterPortalRequest {
        tenant: Some(v1::TenantInput { portal_name: name.to_owned(), ..Default::default() }),
        owner: Some(v1::OwnerInput {
            profile: Some(profile),
            email: format!("owner@{name}.example"),
            phone: String::new(),
        }),
        password: password(PASSWORD),
        ..Default::default()
    }
}

/// The address of an account.
pub fn email(address: &str) -> Option<v1::Email> {
    Some(v1::Email { address: address.to_owned(), ..Default::default() })
}

/// The number of an account.
pub fn phone(number: &str) -> Option<v1::Phone> {
    Some(v1::Phone { number: number.to_owned(), ..Default::default() })
}

/// A password of CreateAccount.
pub fn credential(password: &str) -> Option<v1::CredentialInput> {
    let password = v1::InitialPassword { password: password.to_owned(), ..Default::default() };
    Some(v1::CredentialInput { credential: Some(Credential::Password(password)) })
}

/// A hash of CreateAccount.
pub fn password_hash(encoded: &str) -> Option<v1::CredentialInput> {
    let hash = v1::PasswordHash { encoded: encoded.to_owned() };
    Some(v1::CredentialInput { credential: Some(Credential::PasswordHash(hash)) })
}

/// A password of a registration.
pub fn password(text: &str) -> Option<v1::PasswordInput> {
    Some(v1::PasswordInput { password: text.to_owned(), password_confirmation: None })
}

/// A secret that is not the given one: its last character is another.
pub fn altered(secret: &str) -> String {
    let (head, last) = secret.split_at(secret.len() - 1);
    format!("{head}{}", if last == "0" { "1" } else { "0" })
}

/// A login with an address and [`PASSWORD`].
pub fn login(address: &str) -> v1::CreateSessionRequest {
    v1::CreateSessionRequest {
        identifier: Some(v1::create_session_request::Identifier::Login(address.to_owned())),
        password: PASSWORD.to_owned(),
        ..Default::default()
    }
}

/// An external key; an empty type is the application's own.
pub fn external_key(key_type: &str, key: &str) -> v1::ExternalKey {
    v1::ExternalKey { r#type: key_type.to_owned(), key: key.to_owned() }
}

/// One field of a contract that may be delivered and comes back.
pub fn field(path: &str) -> v1::ContractField {
    v1::ContractField {
        path: path.to_owned(),
        presence: v1::Presence::Optional.into(),
        returned: path != "password",
        unique: false,
    }
}

/// The reference to an account by one of its names.
pub fn account_ref(name: v1::account_ref::Ref) -> v1::GetAccountRequest {
    v1::GetAccountRequest { account: Some(v1::AccountRef { r#ref: Some(name) }), ..Default::default() }
}

/// The reference to a tenant by one of its names.
pub fn tenant_ref(name: v1::tenant_ref::Ref) -> v1::GetTenantRequest {
    v1::GetTenantRequest { tenant: Some(v1::TenantRef { r#ref: Some(name) }) }
}
