//! Logins and sessions.

use crate::domain::account::IdentifierKind;
use crate::domain::email::Email;
use crate::domain::ids::RequestId;
use crate::domain::password::Password;
use crate::domain::user_name::UserName;
use crate::domain::violation::{FieldReason, Violations};
use crate::proto::v1;
use crate::proto::v1::create_session_request::Identifier;
use crate::provisioning::paging::PageRequest;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::sessions::{CreateSession, Login, Proof, Subject};

use super::{account, optional, registration, required};

/// CreateSessionRequest.
pub fn create(message: v1::CreateSessionRequest) -> CreateSession {
    let mut violations = Violations::new();
    let login = message.identifier.map(|identifier| match identifier {
        Identifier::Login(text) => any_login(text),
        Identifier::Email(text) => email(text),
        Identifier::UserName(text) => user_name(text),
        Identifier::Phone(text) => Login::Phone(text),
    });
    let login = given_login(login, &mut violations);
    let password = typed_password(&message.password, "password", &mut violations);
    let end_user = registration::end_user(message.end_user);
    let proof = match login {
        Some(login) if violations.is_empty() => Ok(Proof { login, password, end_user }),
        _ => Err(violations),
    };
    CreateSession { tenant_id: message.tenant_id, realm_id: message.realm_id, proof }
}

/// What a person calls themselves; nothing is a violation.
pub fn given_login(login: Option<Login>, violations: &mut Violations) -> Option<Login> {
    let login = login.filter(|login| match login {
        Login::Identifier(..) => true,
        Login::Phone(text) | Login::Nobody(text) => !text.is_empty(),
    });
    if login.is_none() {
        violations.push("login", FieldReason::FieldRequired);
    }
    login
}

/// One field for all names: an address has an `@`, a phone number begins with `+`, and no user name does either.
pub fn any_login(text: String) -> Login {
    match text.trim() {
        trimmed if trimmed.contains('@') => email(trimmed.to_owned()),
        trimmed if trimmed.starts_with('+') => Login::Phone(trimmed.to_owned()),
        trimmed => user_name(trimmed.to_owned()),
    }
}

/// An address to log in with.
pub fn email(text: String) -> Login {
    match Email::parse(&text) {
        Ok(email) => Login::Identifier(IdentifierKind::Email, email.key().to_owned()),
        Err(_) => Login::Nobody(text),
    }
}

/// A user name to log in with.
pub fn user_name(text: String) -> Login {
    match UserName::possible(&text) {
        Ok(name) => Login::Identifier(IdentifierKind::UserName, name.key().to_owned()),
        Err(_) => Login::Nobody(text),
    }
}

/// A password that somebody typed to prove who they are: a text that can be nobody's is wrong, not invalid.
pub fn typed_password(text: &str, path: &str, violations: &mut Violations) -> Option<Password> {
    if text.is_empty() {
        violations.push(path, FieldReason::FieldRequired);
    }
    Password::prepare(text).ok()
}

/// RefreshSessionRequest.
pub fn refresh(message: &v1::RefreshSessionRequest) -> Result<Option<RequestId>, Refusal> {
    required(&message.refresh_token, "refresh_token")?;
    let mut violations = Violations::new();
    let parse = |text: &str| text.parse().map_err(|_| FieldReason::FieldInvalid);
    let request_id = optional(&message.request_id, "request_id", &mut violations, parse);
    violations.into_result(request_id).map_err(Refusal::Invalid)
}

/// Whose sessions a request is about.
pub fn subject(tenant_id: String, realm_id: String, name: Option<v1::AccountRef>) -> Subject {
    Subject { tenant_id, realm_id, name: name.and_then(|name| name.r#ref).map(account::account_name) }
}

/// ListSessionsRequest.
pub fn list(message: v1::ListSessionsRequest) -> (Subject, PageRequest) {
    let page = PageRequest { size: message.page_size, token: message.page_token };
    (subject(message.tenant_id, message.realm_id, message.account), page)
}
