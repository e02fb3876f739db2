//! What a person proves.

use crate::domain::email::Email;
use crate::domain::password::Password;
use crate::domain::verification::VerificationKind;
use crate::domain::violation::{FieldReason, Violations};
use crate::proto::v1;
use crate::proto::v1::confirm_verification_request::SecondKey as SecondKeyField;
use crate::proto::v1::send_verification_request::Target;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::verifications::{Confirm, SecondKey, SendVerification, VerificationTarget};

use super::account::account_name;
use super::{enum_value, registration, repeatable, some_delivery};

/// SendVerificationRequest.
pub fn send(message: v1::SendVerificationRequest) -> SendVerification {
    let mut violations = Violations::new();
    let faults = &mut violations;
    let delivery = some_delivery(message.delivery, faults);
    let kind = enum_value(message.kind, "kind", faults, |kind| match kind {
        v1::VerificationKind::Unspecified => None,
        v1::VerificationKind::Email => Some(VerificationKind::Email),
        v1::VerificationKind::Phone => Some(VerificationKind::Phone),
        v1::VerificationKind::PortalActivation => Some(VerificationKind::PortalActivation),
        v1::VerificationKind::Password => Some(VerificationKind::Password),
    });
    let target = match message.target {
        Some(Target::VerificationId(id)) => {
            if id.is_empty() {
                faults.push("verification_id", FieldReason::FieldRequired);
            }
            VerificationTarget::Id(id.into())
        }
        Some(Target::Email(text)) => VerificationTarget::Email(faults.check("email", Email::parse(&text))),
        Some(Target::Account(account)) => match account.r#ref {
            Some(name) => VerificationTarget::Account(account_name(name), kind),
            None => {
                faults.push("account", FieldReason::FieldRequired);
                VerificationTarget::Nothing
            }
        },
        None => {
            faults.push("verification_id", FieldReason::FieldRequired);
            VerificationTarget::Nothing
        }
    };
    let (tenant_id, realm_id) = (message.tenant_id, message.realm_id);
    SendVerification { tenant_id, realm_id, target, delivery, violations }
}

/// ConfirmVerificationRequest.
pub fn confirm(message: v1::ConfirmVerificationRequest) -> Result<Confirm, Refusal> {
    let mut violations = Violations::new();
    let repeatable = repeatable(&message.request_id, &mut violations, || {
        let mut public = message.clone();
        public.request_id.clear();
        if let Some(SecondKeyField::Password(password)) = &mut public.second_key {
            password.clear();
        }
        public
    });
    if message.token.is_empty() {
        violations.push("token", FieldReason::FieldRequired);
    }
    let second = match message.second_key {
        Some(SecondKeyField::VerificationId(id)) if !id.is_empty() => Some(SecondKey::Id(id.into())),
        Some(SecondKeyField::Password(text)) if !text.is_empty() => {
            Some(SecondKey::Password(Password::prepare(&text).ok()))
        }
        Some(SecondKeyField::Password(_)) => {
            violations.push("password", FieldReason::FieldRequired);
            None
        }
        Some(SecondKeyField::VerificationId(_)) | None => {
            violations.push("verification_id", FieldReason::FieldRequired);
            None
        }
    };
    match second {
        Some(second) if violations.is_empty() => Ok(Confirm {
            token: message.token.into(),
            second,
            end_user: registration::end_user(message.end_user),
            repeatable,
        }),
        _ => Err(Refusal::Invalid(violations)),
    }
}
