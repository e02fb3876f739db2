//! Passwords by themselves.

use crate::domain::email::Email;
use crate::domain::password::Password;
use crate::domain::violation::{Fault, FieldReason, Violations};
use crate::proto::v1;
use crate::proto::v1::change_password_request::Identifier;
use crate::proto::v1::credential_input::Credential;
use crate::provisioning::credentials::{ChangePassword, CheckPassword, GivenCredential, SetPassword};
use crate::provisioning::draft::Field;
use crate::provisioning::resets::{FinishPasswordReset, StartPasswordReset};
use crate::provisioning::sessions::Login;

use super::account::{account_name, redact};
use super::{registration, repeatable, session, some_delivery};

/// Most names that a password is held against.
const IDENTIFIERS_MAX: usize = 16;

/// CheckPasswordRequest.
pub fn check(message: v1::CheckPasswordRequest) -> CheckPassword {
    let mut violations = Violations::new();
    if message.password.is_empty() {
        violations.push("password", FieldReason::FieldRequired);
    }
    if message.identifiers.len() > IDENTIFIERS_MAX {
        violations.push_with("identifiers", Fault::new(FieldReason::FieldTooLong).with("max", IDENTIFIERS_MAX));
    }
    CheckPassword {
        tenant_id: message.tenant_id,
        realm_id: message.realm_id,
        password: Password::prepare(&message.password).map_err(Fault::from),
        identifiers: message.identifiers,
        violations,
    }
}

/// ChangePasswordRequest.
pub fn change(message: v1::ChangePasswordRequest) -> ChangePassword {
    let mut violations = Violations::new();
    let login = message.identifier.map(|identifier| match identifier {
        Identifier::Login(text) => session::any_login(text),
        Identifier::Email(text) => session::email(text),
        Identifier::UserName(text) => session::user_name(text),
        Identifier::Phone(text) => Login::Phone(text),
    });
    let old_password = session::typed_password(&message.old_password, "old_password", &mut violations);
    let new = message.new_password.unwrap_or_default();
    let new_password = new_password(&new.password, "new_password.password", &mut violations);
    ChangePassword {
        tenant_id: message.tenant_id,
        realm_id: message.realm_id,
        login,
        old_password,
        new_password,
        confirmation: confirmation(new.password_confirmation.as_deref()),
        end_user: registration::end_user(message.end_user),
        violations,
    }
}

/// SetPasswordRequest.
pub fn set(message: v1::SetPasswordRequest) -> SetPassword {
    let mut violations = Violations::new();
    let repeatable = repeatable(&message.request_id, &mut violations, || {
        let mut public = message.clone();
        public.request_id.clear();
        public.credential.iter_mut().for_each(redact);
        public
    });
    let credential = match message.credential.and_then(|input| input.credential) {
        None => {
            violations.push("credential", FieldReason::FieldRequired);
            GivenCredential::Faulty
        }
        Some(Credential::Password(input)) => GivenCredential::Password {
            password: new_password(&input.password, "credential.password.password", &mut violations),
            confirmation: confirmation(input.password_confirmation.as_deref()),
            change_required: input.change_required,
        },
        Some(Credential::PasswordHash(hash)) => GivenCredential::hash(&hash.encoded, &mut violations),
    };
    SetPassword {
        tenant_id: message.tenant_id,
        realm_id: message.realm_id,
        name: message.account.and_then(|name| name.r#ref).map(account_name),
        credential,
        repeatable,
        violations,
    }
}

/// StartPasswordResetRequest.
pub fn start_reset(message: v1::StartPasswordResetRequest) -> StartPasswordReset {
    let mut violations = Violations::new();
    let delivery = some_delivery(message.delivery, &mut violations);
    let email = match violations.check("email", Email::parse(&message.email)) {
        Some(email) if violations.is_empty() => Ok(email),
        _ => Err(violations),
    };
    StartPasswordReset { tenant_id: message.tenant_id, realm_id: message.realm_id, email, delivery }
}

/// FinishPasswordResetRequest.
pub fn finish_reset(message: v1::FinishPasswordResetRequest) -> FinishPasswordReset {
    let mut violations = Violations::new();
    if message.token.is_empty() {
        violations.push("token", FieldReason::FieldRequired);
    }
    let new = message.new_password.unwrap_or_default();
    FinishPasswordReset {
        token: message.token.into(),
        new_password: new_password(&new.password, "new_password.password", &mut violations),
        confirmation: confirmation(new.password_confirmation.as_deref()),
        violations,
    }
}

/// A password to come.
fn new_password(text: &str, path: &str, violations: &mut Violations) -> Field<Password> {
    violations.check(path, Password::prepare(text)).map_or(Field::Faulty, Field::Valid)
}

/// A password once more.
fn confirmation(text: Option<&str>) -> Option<Field<Password>> {
    text.map(|text| Password::prepare(text).map_or(Field::Faulty, Field::Valid))
}
