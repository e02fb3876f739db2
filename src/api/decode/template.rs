//! Templates, and what they are known by.

use prost_types::FieldMask;

use crate::domain::language::LanguageCode;
use crate::domain::message::MailKind;
use crate::domain::template::{Template, TemplateKey, check_body, check_subject};
use crate::domain::violation::{FieldReason, Violations};
use crate::proto::v1;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::templates::{Preview, TemplateDraft, TemplateSource};

use super::{enum_value, mask, optional, short_text};
use crate::api::encode;

impl mask::Resource for v1::Template {
    const NAME: &'static str = "enroll.v1.Template";
    const OUTPUT_ONLY: &'static [&'static str] =
        &["tenant_id", "kind", "brand", "language_code", "create_time", "update_time", "etag"];
}

/// What a request says of a template's key; `prefix` is where its fields stand.
pub fn key(kind: i32, brand: String, language_code: &str, prefix: &str) -> Result<TemplateKey, Refusal> {
    let mut violations = Violations::new();
    let key = read_key(kind, brand, language_code, prefix, &mut violations);
    key.ok_or(Refusal::Invalid(violations))
}

fn read_key(
    kind: i32,
    brand: String,
    language_code: &str,
    prefix: &str,
    faults: &mut Violations,
) -> Option<TemplateKey> {
    let kind = self::kind(kind, &format!("{prefix}kind"), faults);
    let path = format!("{prefix}brand");
    let is_own = brand.is_empty();
    let brand = short_text(brand, &path, faults).or(is_own.then(String::new));
    let language = faults.check(&format!("{prefix}language_code"), LanguageCode::parse(language_code));
    Some(TemplateKey { kind: kind?, brand: brand?, language: language? })
}

/// A kind has to be named.
fn kind(kind: i32, path: &str, faults: &mut Violations) -> Option<MailKind> {
    let named = enum_value(kind, path, faults, |kind| {
        Some(match kind {
            v1::MailKind::Unspecified => None,
            v1::MailKind::AccountCreated => Some(MailKind::AccountCreated),
            v1::MailKind::Activation => Some(MailKind::Activation),
            v1::MailKind::PortalActivation => Some(MailKind::PortalActivation),
            v1::MailKind::AlreadyRegistered => Some(MailKind::AlreadyRegistered),
            v1::MailKind::PasswordReset => Some(MailKind::PasswordReset),
            v1::MailKind::SetPassword => Some(MailKind::SetPassword),
            v1::MailKind::EmailChange => Some(MailKind::EmailChange),
            v1::MailKind::PasswordChanged => Some(MailKind::PasswordChanged),
        })
    });
    if named == Some(None) {
        faults.push(path, FieldReason::FieldRequired);
    }
    named.flatten()
}

fn source(template: v1::Template, faults: &mut Violations) -> TemplateSource {
    let v1::Template { subject, html, text, .. } = template;
    faults.check("template.subject", check_subject(&subject));
    faults.check("template.html", check_body(&html));
    faults.check("template.text", check_body(&text));
    TemplateSource { subject, html, text }
}

/// The template of CreateTemplateRequest.
pub fn create(template: Option<v1::Template>) -> Result<TemplateDraft, Refusal> {
    let mut template = template.ok_or_else(|| Refusal::required("template"))?;
    let mut violations = Violations::new();
    let brand = std::mem::take(&mut template.brand);
    let key = read_key(template.kind, brand, &template.language_code, "template.", &mut violations);
    let source = source(template, &mut violations);
    match key {
        Some(key) if violations.is_empty() => Ok(TemplateDraft { key, source }),
        _ => Err(Refusal::Invalid(violations)),
    }
}

/// The template of UpdateTemplateRequest over the current one.
pub fn update(current: &Template, patch: v1::Template, mask: Option<FieldMask>) -> Result<TemplateSource, Refusal> {
    let current = encode::template::template(current.clone());
    let merged = mask::merge(&current, &patch, mask, "template").map_err(Refusal::Invalid)?;
    let mut violations = Violations::new();
    let source = source(merged, &mut violations);
    violations.into_result(source).map_err(Refusal::Invalid)
}

/// PreviewTemplateRequest.
pub fn preview(request: v1::PreviewTemplateRequest) -> Result<Preview, Refusal> {
    let mut violations = Violations::new();
    let faults = &mut violations;
    let kind = kind(request.kind, "kind", faults);
    let brand = short_text(request.brand, "brand", faults);
    let language = optional(&request.language_code, "language_code", faults, LanguageCode::parse);
    let source = request.template.map(|template| source(template, faults));
    match kind {
        Some(kind) if violations.is_empty() => Ok(Preview { kind, brand, language, strict: request.strict, source }),
        _ => Err(Refusal::Invalid(violations)),
    }
}
