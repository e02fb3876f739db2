//! A status before it is sent: everything that there is to say, and how much of it is said within 4096 bytes. What is left out first is
//! what a program can do without: sentences in the caller's language, then the codes of old clients, then violations from the end. Every
//! text that comes from outside is cut to a length at which the first violation always fits.

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};
use tonic_types::pb;

use crate::proto::v1::ErrorReason;

use super::locale::Locale;
use super::{AnswerContext, DOMAIN, catalogue};

/// The size of the serialised details; base64 makes it 5.4 KiB of the 8 KiB of trailers that every client takes.
pub(super) const DETAILS_BYTES_MAX: usize = 4096;

/// How many violations an answer shows.
pub(super) const VIOLATIONS_MAX: usize = 20;

/// Field paths, names of resources, request ids.
const TEXT_BYTES_MAX: usize = 256;

/// Lists in one metadata value.
const LIST_BYTES_MAX: usize = 1024;

/// One code of an old client, and one detail of a violation.
const CODE_BYTES_MAX: usize = crate::domain::legacy::LEGACY_CODE_LEN_MAX;

/// Details of one violation.
const PARAMS_MAX: usize = 4;

/// Cuts a text that comes from outside.
pub(super) fn bounded(text: &str) -> String {
    cut(text, TEXT_BYTES_MAX).to_owned()
}

/// As many items, joined by commas, as fit one metadata value.
pub(super) fn joined<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for item in items {
        let separator = if list.is_empty() { "" } else { "," };
        if list.len() + separator.len() + item.len() > LIST_BYTES_MAX {
            break;
        }
        list.push_str(separator);
        list.push_str(item);
    }
    list
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// One broken rule of one field, in words of the wire.
pub(super) struct FieldFault {
    field: String,
    reason: &'static str,
    params: Vec<(&'static str, String)>,
}

impl FieldFault {
    pub(super) fn new(field: &str, reason: &'static str) -> Self {
        Self { field: bounded(field), reason, params: Vec::new() }
    }

    pub(super) fn add_param(&mut self, name: &'static str, value: &str) {
        if self.params.len() < PARAMS_MAX {
            self.params.push((name, cut(value, CODE_BYTES_MAX).to_owned()));
        }
    }

    fn args(&self) -> Vec<(&str, &str)> {
        self.params.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

/// A status before it is sent.
pub(super) struct Draft<'a> {
    context: &'a AnswerContext,
    code: Code,
    reason: ErrorReason,
    metadata: BTreeMap<&'static str, String>,
    /// Sent as BadRequest, in this order.
    pub(super) violations: Vec<FieldFault>,
    /// Sent as ResourceInfo, with the draft's sentence.
    pub(super) resource: Option<pb::ResourceInfo>,
    /// Sent as QuotaFailure.
    pub(super) quota: Option<pb::quota_failure::Violation>,
    /// Sent as PreconditionFailure.
    pub(super) preconditions: Vec<pb::precondition_failure::Violation>,
    /// Sent as RetryInfo.
    pub(super) retry_after: Option<Duration>,
}

/// How much of a draft is said.
#[derive(Clone, Copy)]
struct Extent {
    localised: bool,
    legacy_codes: bool,
    violations: usize,
}

impl Extent {
    /// The next smaller one; none where only what must be said is left.
    fn smaller(self) -> Option<Self> {
        match self {
            Self { localised: true, .. } => Some(Self { localised: false, ..self }),
            Self { legacy_codes: true, .. } => Some(Self { legacy_codes: false, ..self }),
            Self { violations: 2.., .. } => Some(Self { violations: self.violations - 1, ..self }),
            _ => None,
        }
    }
}

/// google.rpc.ErrorInfo with its map sorted, so that equal answers are equal bytes.
#[derive(Message)]
struct SortedErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: BTreeMap<String, String>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(code: Code, reason: ErrorReason, context: &'a AnswerContext) -> Self {
        Self {
            context,
            code,
            reason,
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            resource: None,
            quota: None,
            preconditions: Vec::new(),
            retry_after: None,
        }
    }

    pub(super) fn add_metadata(&mut self, key: &'static str, value: &str) {
        self.metadata.insert(key, cut(value, LIST_BYTES_MAX).to_owned());
    }

    pub(super) fn rpc(&self) -> &'static str {
        self.context.rpc()
    }

    /// The English sentence.
    pub(super) fn message(&self) -> String {
        catalogue::english(self.reason.as_str_name(), &self.args())
    }

    /// As much of it as fits.
    pub(super) fn into_status(self) -> Status {
        let message = self.message();
        let shown = self.violations.len().min(VIOLATIONS_MAX);
        let mut extent = Extent { localised: true, legacy_codes: true, violations: shown };
        loop {
            let details = self.details(&message, extent);
            let status = pb::Status { code: self.code.into(), message: message.clone(), details };
            if status.encoded_len() > DETAILS_BYTES_MAX
                && let Some(smaller) = extent.smaller()
            {
                extent = smaller;
                continue;
            }
            return Status::with_details(self.code, message, status.encode_to_vec().into());
        }
    }

    fn details(&self, message: &str, extent: Extent) -> Vec<Any> {
        let request_id = bounded(self.context.request_id());
        let mut details = vec![
            any("ErrorInfo", &self.error_info(extent)),
            any("RequestInfo", &pb::RequestInfo { request_id, ..Default::default() }),
        ];
        let faults = &self.violations[..extent.violations];
        if !faults.is_empty() {
            let field_violations = faults.iter().map(|fault| self.field_violation(fault, extent)).collect();
            details.push(any("BadRequest", &pb::BadRequest { field_violations }));
        }
        if let Some(resource) = &self.resource {
            let resource = pb::ResourceInfo { description: message.to_owned(), ..resource.clone() };
            details.push(any("ResourceInfo", &resource));
        }
        if let Some(violation) = &self.quota {
            details.push(any("QuotaFailure", &pb::QuotaFailure { violations: vec![violation.clone()] }));
        }
        if !self.preconditions.is_empty() {
            let violations = self.preconditions.clone();
            details.push(any("PreconditionFailure", &pb::PreconditionFailure { violations }));
        }
        if let Some(after) = self.retry_after {
            // A wait that protobuf cannot say is told as none: the client's own back-off takes over.
            let retry_delay = prost_types::Duration::try_from(after).ok();
            details.push(any("RetryInfo", &pb::RetryInfo { retry_delay }));
        }
        if let Some(localised) = self.localised(self.reason.as_str_name(), &self.args(), extent) {
            details.push(any("LocalizedMessage", &localised));
        }
        details
    }

    fn error_info(&self, extent: Extent) -> SortedErrorInfo {
        let own = self.metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        let mut metadata: BTreeMap<String, String> = own.collect();
        if extent.violations < self.violations.len() {
            metadata.insert("truncated".to_owned(), "true".to_owned());
        }
        for (index, fault) in self.violations[..extent.violations].iter().enumerate() {
            metadata.extend(fault.params.iter().map(|(name, value)| (format!("v{index}-{name}"), value.clone())));
        }
        self.add_legacy_codes(&mut metadata, extent);
        SortedErrorInfo { reason: self.reason.as_str_name().to_owned(), domain: DOMAIN.to_owned(), metadata }
    }

    /// `legacyCode` for the call, `legacyCodes` one a violation that is shown; a violation without a code leaves its place empty.
    fn add_legacy_codes(&self, metadata: &mut BTreeMap<String, String>, extent: Extent) {
        let Some(codes) = self.context.legacy_codes() else { return };
        let code = |field, reason| codes.code(self.rpc(), field, reason).map(|code| cut(code, CODE_BYTES_MAX));
        let faults = &self.violations[..extent.violations];
        let of_faults: Vec<_> = faults.iter().map(|fault| code(Some(&fault.field), fault.reason)).collect();
        let first = match of_faults.first() {
            Some(code) => *code,
            None => code(None, self.reason.as_str_name()),
        };
        if let Some(code) = first {
            metadata.insert("legacyCode".to_owned(), code.to_owned());
        }
        if extent.legacy_codes && of_faults.iter().any(Option::is_some) {
            let list: Vec<_> = of_faults.into_iter().map(Option::unwrap_or_default).collect();
            metadata.insert("legacyCodes".to_owned(), list.join(","));
        }
    }

    fn field_violation(&self, fault: &FieldFault, extent: Extent) -> pb::bad_request::FieldViolation {
        let args = fault.args();
        pb::bad_request::FieldViolation {
            field: fault.field.clone(),
            description: catalogue::english(fault.reason, &args),
            reason: fault.reason.to_owned(),
            localized_message: self.localised(fault.reason, &args, extent),
        }
    }

    fn localised(&self, reason: &str, args: &[(&str, &str)], extent: Extent) -> Option<pb::LocalizedMessage> {
        let locale: Locale = self.context.locale().filter(|_| extent.localised)?;
        let message = catalogue::sentence(locale, reason, args)?;
        Some(pb::LocalizedMessage { locale: locale.as_str().to_owned(), message })
    }

    fn args(&self) -> Vec<(&str, &str)> {
        self.metadata.iter().map(|(key, value)| (*key, value.as_str())).collect()
    }
}

fn any(name: &str, detail: &impl Message) -> Any {
    Any { type_url: format!("type.googleapis.com/google.rpc.{name}"), value: detail.encode_to_vec() }
}
