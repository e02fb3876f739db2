//! Templates, and mails as they would read.

use crate::domain::message::MailKind;
use crate::domain::template::{Template, TemplateKey, TemplateSummary};
use crate::proto::v1;
use crate::provisioning::etag::etag;
use crate::provisioning::templates::Previewed;

use super::timestamp;

/// A template.
pub fn template(template: Template) -> v1::Template {
    let TemplateKey { kind, brand, language } = template.key;
    v1::Template {
        tenant_id: template.tenant_id.to_string(),
        kind: self::kind(kind).into(),
        brand,
        language_code: language.as_str().to_owned(),
        subject: template.subject,
        html: template.html,
        text: template.text,
        create_time: Some(timestamp(template.create_time)),
        update_time: Some(timestamp(template.update_time)),
        etag: etag(template.version),
    }
}

/// A template in a list: without its bodies.
pub fn summary(template: TemplateSummary) -> v1::Template {
    let TemplateKey { kind, brand, language } = template.key;
    v1::Template {
        tenant_id: template.tenant_id.to_string(),
        kind: self::kind(kind).into(),
        brand,
        language_code: language.as_str().to_owned(),
        subject: template.subject,
        create_time: Some(timestamp(template.create_time)),
        update_time: Some(timestamp(template.update_time)),
        etag: etag(template.version),
        ..v1::Template::default()
    }
}

/// What a mail is about.
fn kind(kind: MailKind) -> v1::MailKind {
    match kind {
        MailKind::AccountCreated => v1::MailKind::AccountCreated,
        MailKind::Activation => v1::MailKind::Activation,
        MailKind::PortalActivation => v1::MailKind::PortalActivation,
        MailKind::AlreadyRegistered => v1::MailKind::AlreadyRegistered,
        MailKind::PasswordReset => v1::MailKind::PasswordReset,
        MailKind::SetPassword => v1::MailKind::SetPassword,
        MailKind::EmailChange => v1::MailKind::EmailChange,
        MailKind::PasswordChanged => v1::MailKind::PasswordChanged,
    }
}

/// PreviewTemplateResponse.
pub fn preview(previewed: Previewed) -> v1::PreviewTemplateResponse {
    let Previewed { mail, brand, language, shipped } = previewed;
    v1::PreviewTemplateResponse {
        subject: mail.subject,
        html: mail.html,
        text: mail.text,
        brand,
        language_code: language,
        shipped,
    }
}
