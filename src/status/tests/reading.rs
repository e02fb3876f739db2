//! Reads a status back: its details one by one, or all of it as a person reads it.

use std::fmt::Write;

use prost::Message;
use tonic::Status;
use tonic_types::pb;

/// The details of a status, by the names of their types.
pub(super) fn details(status: &Status) -> Vec<(String, Vec<u8>)> {
    let inner = pb::Status::decode(status.details()).expect("details are a google.rpc.Status");
    assert_eq!((inner.code, inner.message.as_str()), (status.code() as i32, status.message()));
    let name =
        |url: &str| url.strip_prefix("type.googleapis.com/google.rpc.").expect("a type of google.rpc").to_owned();
    inner.details.into_iter().map(|detail| (name(&detail.type_url), detail.value)).collect()
}

/// The one detail of a type, read as it.
pub(super) fn detail<M: Message + Default>(status: &Status, name: &str) -> Option<M> {
    let found = details(status).into_iter().find(|(found, _)| found == name)?;
    Some(M::decode(found.1.as_slice()).expect("a detail decodes as its type"))
}

/// A status as a person reads it.
pub(super) fn render(status: &Status) -> String {
    let mut text = format!("{:?}: {}\n", status.code(), status.message());
    for (name, value) in details(status) {
        render_detail(&mut text, &name, &value).expect("a String takes all");
    }
    text
}

fn render_detail(text: &mut String, name: &str, value: &[u8]) -> std::fmt::Result {
    match name {
        "ErrorInfo" => {
            let info = pb::ErrorInfo::decode(value).expect("ErrorInfo");
            writeln!(text, "{name} {} {}", info.reason, info.domain)?;
            let sorted: std::collections::BTreeMap<_, _> = info.metadata.into_iter().collect();
            sorted.iter().try_for_each(|(key, value)| writeln!(text, "  {key} = {value}"))
        }
        "RequestInfo" => writeln!(text, "{name} {}", pb::RequestInfo::decode(value).expect("RequestInfo").request_id),
        "BadRequest" => {
            writeln!(text, "{name}")?;
            let violations = pb::BadRequest::decode(value).expect("BadRequest").field_violations;
            violations.iter().try_for_each(|violation| {
                writeln!(text, "  {} {}: {}", violation.field, violation.reason, violation.description)?;
                let localised = violation.localized_message.iter();
                localised.clone().try_for_each(|other| writeln!(text, "    {}: {}", other.locale, other.message))
            })
        }
        "ResourceInfo" => {
            let info = pb::ResourceInfo::decode(value).expect("ResourceInfo");
            writeln!(text, "{name} {} {:?}: {}", info.resource_type, info.resource_name, info.description)
        }
        "QuotaFailure" => {
            let failure = pb::QuotaFailure::decode(value).expect("QuotaFailure");
            failure.violations.iter().try_for_each(|violation| {
                let pb::quota_failure::Violation { subject, description, quota_metric, quota_value, .. } = violation;
                writeln!(text, "{name} {subject} {quota_metric:?} {quota_value}: {description}")
            })
        }
        "PreconditionFailure" => {
            let failure = pb::PreconditionFailure::decode(value).expect("PreconditionFailure");
            failure.violations.iter().try_for_each(|violation| {
                writeln!(text, "{name} {} {}: {}", violation.r#type, violation.subject, violation.description)
            })
        }
        "RetryInfo" => {
            let delay = pb::RetryInfo::decode(value).expect("RetryInfo").retry_delay.expect("a delay");
            writeln!(text, "{name} {}.{:09} s", delay.seconds, delay.nanos)
        }
        "LocalizedMessage" => {
            let localised = pb::LocalizedMessage::decode(value).expect("LocalizedMessage");
            writeln!(text, "{name} {}: {}", localised.locale, localised.message)
        }
        other => panic!("an unexpected detail: {other}"),
    }
}
