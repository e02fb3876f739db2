//! People who register, and portals with their owners.

use crate::domain::captcha::CaptchaToken;
use crate::domain::language::LanguageCode;
use crate::domain::portal_name::PortalName;
use crate::domain::time_zone::TimeZone;
use crate::domain::violation::{FieldReason, Violations};
use crate::proto::v1;
use crate::provisioning::draft::{AccountDraft, CredentialDraft, Field, FieldPaths};
use crate::provisioning::portals::RegisterPortal;
use crate::provisioning::redirects::Redirect;
use crate::provisioning::registration::{EndUser, RegisterAccount};

use super::account::{attributes, consents, email, origin, password_draft, phone, profile};
use super::{annotations, delivery, optional, repeatable};

/// RegisterAccountRequest.
pub fn account(message: v1::RegisterAccountRequest) -> RegisterAccount {
    let mut draft = AccountDraft::new(FieldPaths::REGISTER_ACCOUNT);
    let repeatable = repeatable(&message.request_id, &mut draft.violations, || {
        let mut public = message.clone();
        public.request_id.clear();
        public.password.iter_mut().for_each(redact);
        public.captcha = None;
        public
    });
    profile(&mut draft, message.profile.unwrap_or_default());
    email(&mut draft, &message.email);
    phone(&mut draft, message.phone);
    attributes(&mut draft, message.attributes);
    draft.annotations = annotations(message.annotations, "annotations", &mut draft.violations);
    consents(&mut draft, message.consents);
    origin(&mut draft, message.origin);
    draft.credential = password(&mut draft, message.password);
    let captcha = captcha(message.captcha, &mut draft.violations);
    RegisterAccount {
        tenant_id: message.tenant_id,
        realm_id: message.realm_id,
        contract_id: message.contract_id,
        draft,
        end_user: end_user(message.end_user),
        captcha,
        redirect: redirect(message.redirect),
        repeatable,
        auto_login: message.auto_login,
        validate_only: message.validate_only,
    }
}

/// RegisterPortalRequest.
pub fn portal(message: v1::RegisterPortalRequest) -> RegisterPortal {
    let mut owner = AccountDraft::new(FieldPaths::REGISTER_PORTAL);
    let repeatable = repeatable(&message.request_id, &mut owner.violations, || {
        let mut public = message.clone();
        public.request_id.clear();
        public.password.iter_mut().for_each(redact);
        public.captcha = None;
        public
    });
    let tenant = message.tenant.unwrap_or_default();
    let faults = &mut owner.violations;
    let portal_name = match Field::parse(tenant.portal_name.trim(), "tenant.portal_name", faults, PortalName::parse) {
        Field::Absent => {
            faults.push("tenant.portal_name", FieldReason::FieldRequired);
            Field::Faulty
        }
        name => name,
    };
    let language = Field::parse(&tenant.language_code, "tenant.language_code", faults, LanguageCode::parse);
    let time_zone = Field::parse(&tenant.time_zone, "tenant.time_zone", faults, TimeZone::parse);
    let annotations = annotations(tenant.annotations, "tenant.annotations", faults);
    let person = message.owner.unwrap_or_default();
    profile(&mut owner, person.profile.unwrap_or_default());
    email(&mut owner, &person.email);
    phone(&mut owner, person.phone);
    owner.credential = password(&mut owner, message.password);
    let delivery = delivery(message.delivery, &mut owner.violations);
    let captcha = captcha(message.captcha, &mut owner.violations);
    RegisterPortal {
        portal_name,
        language,
        time_zone,
        annotations,
        owner,
        delivery,
        captcha,
        repeatable,
        validate_only: message.validate_only,
    }
}

fn password(draft: &mut AccountDraft, input: Option<v1::PasswordInput>) -> CredentialDraft {
    match input {
        None => CredentialDraft::Absent,
        Some(v1::PasswordInput { password, password_confirmation }) => {
            password_draft(draft, &password, password_confirmation.as_deref(), false)
        }
    }
}

/// The token of a captcha; an empty one is none.
fn captcha(captcha: Option<v1::Captcha>, violations: &mut Violations) -> Option<CaptchaToken> {
    let v1::Captcha { token } = captcha.unwrap_or_default();
    optional(&token, "captcha.token", violations, CaptchaToken::parse)
}

fn redirect(redirect: Option<v1::Redirect>) -> Redirect {
    let v1::Redirect { redirect_url, referrer_url, error_view } = redirect.unwrap_or_default();
    Redirect { redirect_url, referrer_url, error_view }
}

/// Empties the secrets, so that what is left can be fingerprinted.
fn redact(input: &mut v1::PasswordInput) {
    input.password.clear();
    input.password_confirmation = None;
}

/// Where a person calls from, as the application says.
pub fn end_user(end_user: Option<v1::EndUser>) -> EndUser {
    let v1::EndUser { ip_address, user_agent } = end_user.unwrap_or_default();
    EndUser { ip_address, user_agent }
}
