//! What each refusal tells beside its reason: the metadata keys that the comments of `ErrorReason` promise, and the details of google.rpc.

use std::time::Duration;

use tonic_types::pb;

use crate::domain::ids::{AccountId, TenantId};
use crate::domain::limits::LimitName;
use crate::domain::template::TemplateKey;
use crate::domain::violation::{FieldReason, Violations};
use crate::provisioning::refusal::{Refusal, ResourceKind, StateFault, Taken, TakenKind};

use super::draft::{Draft, FieldFault, bounded, joined};
use super::{AnswerContext, WireFault, taken_field_reason, verdict};

/// When to try again after an overload, a restart or a collision: long enough for the cause to pass, short enough for a person who waits.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many documents an answer names. A realm has a handful; the bound keeps the details within their size.
const DOCUMENTS_MAX: usize = 8;

/// The details of a refusal.
pub(super) fn of_refusal<'a>(refusal: &Refusal, context: &'a AnswerContext) -> Draft<'a> {
    let (code, reason) = verdict(refusal);
    let mut draft = Draft::new(code, reason, context);
    match refusal {
        Refusal::PermissionMissing(permission) => draft.add_metadata("permission", permission.as_str()),
        Refusal::Invalid(violations) => add_violations(&mut draft, violations),
        Refusal::PageTokenInvalid => draft.violations.push(FieldFault::new("page_token", reason.as_str_name())),
        Refusal::CaptchaRequired(field) | Refusal::CaptchaInvalid(field) => {
            draft.violations.push(FieldFault::new(field, reason.as_str_name()));
        }
        Refusal::AlreadyExists(taken) => add_taken(&mut draft, taken),
        Refusal::NotFound { kind, name } => draft.resource = Some(resource(resource_type(*kind), name)),
        Refusal::QuotaExceeded { metric, subject, limit } => add_quota(&mut draft, metric, subject, *limit),
        Refusal::RateLimited { limit, retry_after } => add_rate(&mut draft, *limit, *retry_after),
        Refusal::HashCapacity { retry_after } => draft.retry_after = Some(*retry_after),
        Refusal::TransactionConflict | Refusal::Overloaded | Refusal::Draining | Refusal::DependencyUnavailable => {
            draft.retry_after = Some(RETRY_AFTER);
        }
        Refusal::ConsentRequired(documents) => add_documents(&mut draft, documents),
        Refusal::RealmUnavailable(realm) => {
            add_precondition(&mut draft, "CONFIGURATION", &format!("realms/{realm}"), None);
        }
        Refusal::AccountUnusable(_, account) => {
            add_precondition(&mut draft, "STATE", &format!("accounts/{account}"), None);
        }
        Refusal::TemplateMissing(key) => add_template(&mut draft, key),
        Refusal::UrlConfigurationInvalid { brand, edition } => {
            draft.add_metadata("brand", &bounded(brand));
            draft.add_metadata("edition", &bounded(edition));
            add_precondition(&mut draft, "CONFIGURATION", "links", None);
        }
        Refusal::State(StateFault::TenantNotActive(tenant)) => {
            add_precondition(&mut draft, "STATE", &format!("tenants/{tenant}"), None);
        }
        Refusal::State(StateFault::InUse { resource, description }) => {
            add_precondition(&mut draft, "STATE", resource, Some(description));
        }
        Refusal::Credential(_)
        | Refusal::LoginFailed
        | Refusal::SessionInvalid
        | Refusal::Token(_)
        | Refusal::RegistrationClosed
        | Refusal::CallingAppMismatch
        | Refusal::RequestIdReused
        | Refusal::EtagMismatch
        | Refusal::DeadlineExceeded
        | Refusal::TenantProvisioningFailed(_)
        | Refusal::Internal(_) => {}
    }
    draft
}

/// The details of a fault of the wire.
pub(super) fn of_wire_fault(fault: WireFault, context: &AnswerContext) -> Draft<'_> {
    let (code, reason) = fault.verdict();
    let mut draft = Draft::new(code, reason, context);
    if fault == WireFault::EncodingUnsupported {
        draft.add_metadata("field", "grpc-encoding");
        draft.violations.push(FieldFault::new("grpc-encoding", reason.as_str_name()));
    }
    draft
}

fn add_violations(draft: &mut Draft, violations: &Violations) {
    draft.add_metadata("violationCount", &violations.len().to_string());
    let mut reasons = Vec::new();
    for violation in violations {
        let reason = violation.reason.as_str();
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
        let mut fault = FieldFault::new(&violation.field, reason);
        for (name, value) in &violation.params {
            fault.add_param(wire_name(violation.reason, name), value);
        }
        draft.violations.push(fault);
    }
    draft.add_metadata("fieldReasons", &reasons.join(","));
}

/// What a fact about a rule is called on the wire: ServiceStack's names for lengths. The bounds of a number keep theirs.
fn wire_name(reason: FieldReason, param: &'static str) -> &'static str {
    use FieldReason::{FieldTooLong, FieldTooShort, PasswordTooLong, PasswordTooShort, PasswordTooWeak};
    use FieldReason::{PortalNameTooLong, PortalNameTooShort};
    match (reason, param) {
        (FieldTooShort | PortalNameTooShort | PasswordTooShort, "min") => "minLength",
        (FieldTooLong | PortalNameTooLong | PasswordTooLong, "max") => "maxLength",
        (PasswordTooWeak, "min") => "minStrength",
        (_, "class") => "characterClass",
        (_, other) => other,
    }
}

fn add_taken(draft: &mut Draft, taken: &[Taken]) {
    match taken {
        [one] => draft.add_metadata("field", &one.field),
        several => draft.add_metadata("fields", &joined(several.iter().map(|taken| taken.field.as_str()))),
    }
    for taken in taken {
        draft.violations.push(FieldFault::new(&taken.field, taken_field_reason(taken.kind).as_str_name()));
    }
    let kind = taken.first().map_or(TakenKind::Email, |taken| taken.kind);
    let name = sole_holder(taken).map(|(tenant, account)| format!("tenants/{tenant}/accounts/{account}"));
    draft.resource = Some(resource(holder_type(kind, draft.rpc()), &name.unwrap_or_default()));
}

/// The holder of all taken fields, where there is one and it may be told.
fn sole_holder(taken: &[Taken]) -> Option<(TenantId, AccountId)> {
    let holder = taken.first()?.holder?;
    taken.iter().all(|taken| taken.holder == Some(holder)).then_some(holder)
}

/// The type of what holds a taken field. The name of a realm, contract or application is taken by one of its kind, which the rpc names.
fn holder_type(kind: TakenKind, rpc: &str) -> &'static str {
    let named = ["Realm", "Contract", "Application", "Template"].into_iter().find(|noun| rpc.ends_with(noun));
    match (kind, named) {
        (TakenKind::Name, Some("Realm")) => resource_type(ResourceKind::Realm),
        (TakenKind::Name, Some("Contract")) => resource_type(ResourceKind::Contract),
        (TakenKind::Name, Some("Template")) => resource_type(ResourceKind::Template),
        (TakenKind::Name, _) => resource_type(ResourceKind::Application),
        (TakenKind::PortalName, _) => resource_type(ResourceKind::Tenant),
        _ => resource_type(ResourceKind::Account),
    }
}

fn resource_type(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Tenant => "enroll.v1.Tenant",
        ResourceKind::Realm => "enroll.v1.Realm",
        ResourceKind::Contract => "enroll.v1.Contract",
        ResourceKind::Application => "enroll.v1.Application",
        ResourceKind::Account => "enroll.v1.Account",
        ResourceKind::Template => "enroll.v1.Template",
        ResourceKind::Verification => "enroll.v1.Verification",
    }
}

/// The description is the draft's own sentence, filled in when it is sent.
fn resource(resource_type: &str, name: &str) -> pb::ResourceInfo {
    pb::ResourceInfo { resource_type: resource_type.to_owned(), resource_name: bounded(name), ..Default::default() }
}

fn add_quota(draft: &mut Draft, metric: &str, subject: &str, limit: i64) {
    draft.add_metadata("metric", metric);
    draft.add_metadata("limit", &limit.to_string());
    draft.quota = Some(pb::quota_failure::Violation {
        subject: subject.to_owned(),
        description: draft.message(),
        quota_metric: metric.to_owned(),
        quota_value: limit,
        ..Default::default()
    });
}

fn add_rate(draft: &mut Draft, limit: LimitName, retry_after: Duration) {
    draft.add_metadata("limit", limit.as_str());
    draft.retry_after = Some(retry_after);
    draft.quota = Some(pb::quota_failure::Violation {
        subject: limit.as_str().to_owned(),
        description: draft.message(),
        ..Default::default()
    });
}

fn add_documents(draft: &mut Draft, documents: &[String]) {
    let documents = &documents[..documents.len().min(DOCUMENTS_MAX)];
    draft.add_metadata("documents", &joined(documents.iter().map(String::as_str)));
    for document in documents {
        add_precondition(draft, "TOS", document, None);
    }
}

fn add_template(draft: &mut Draft, key: &TemplateKey) {
    let brand = bounded(&key.brand);
    draft.add_metadata("kind", key.kind.as_str());
    draft.add_metadata("brand", &brand);
    draft.add_metadata("languageCode", key.language.as_str());
    add_precondition(draft, "CONFIGURATION", &key.to_string(), None);
}

fn add_precondition(draft: &mut Draft, kind: &str, subject: &str, description: Option<&str>) {
    let description = description.map_or_else(|| draft.message(), str::to_owned);
    draft.preconditions.push(pb::precondition_failure::Violation {
        r#type: kind.to_owned(),
        subject: bounded(subject),
        description,
    });
}
