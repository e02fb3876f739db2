//! What a refusal tells its caller, made readable for a snapshot. What holds of every refusal is asserted here before anything is hidden: one
//! ErrorInfo and one RequestInfo, no detail twice, code and message the same inside and outside, at most 4096 bytes, a request id that is
//! the header's too, and nothing of the inside of the service.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use prost::Message;
use tonic::{Code, Response, Status};
use tonic_types::pb;
use uuid::Uuid;

use enroll::proto::v1::ErrorReason;

/// The most that a status may say, in bytes.
const DETAILS_BYTES_MAX: usize = 4096;

/// Words of the inside; no status says one.
const INSIDE: [&str; 20] = [
    "sqlite",
    "postgres",
    "sqlstate",
    "diesel",
    "constraint",
    "insert into",
    "select ",
    "relation",
    "argon2",
    "tokio",
    "prost",
    "tonic",
    "hyper",
    "panicked",
    "unwrap",
    ".rs:",
    "enroll::",
    "/src/",
    "/tmp/",
    "backtrace",
];

/// One violation of a BadRequest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's path from the request's root.
    pub field: String,
    /// The field reason.
    pub reason: String,
    /// The English sentence.
    pub description: String,
    /// The locale and sentence of the caller's language.
    pub localised: Option<(String, String)>,
}

/// A refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The gRPC code.
    pub code: String,
    /// The reason of the ErrorInfo.
    pub reason: String,
    /// The English sentence.
    pub message: String,
    /// The metadata of the ErrorInfo.
    pub metadata: BTreeMap<String, String>,
    /// BadRequest.
    pub violations: Vec<Violation>,
    /// ResourceInfo: type and name.
    pub resource: Option<(String, String)>,
    /// QuotaFailure: subjects.
    pub quotas: Vec<String>,
    /// PreconditionFailure: type and subject.
    pub preconditions: Vec<(String, String)>,
    /// RetryInfo.
    pub retry_after: Option<Duration>,
    /// LocalizedMessage: locale and sentence.
    pub localised: Option<(String, String)>,
    /// RequestInfo.
    pub request_id: String,
}

/// The answer of a call that is to be done.
#[track_caller]
pub fn made<T>(answer: Result<Response<T>, Status>) -> T {
    match answer {
        Ok(response) => response.into_inner(),
        Err(status) => panic!("the call was refused: {}", read(&status)),
    }
}

/// The refusal of a call that is to be refused.
#[track_caller]
pub fn refused<T: fmt::Debug>(answer: Result<Response<T>, Status>) -> Told {
    match answer {
        Ok(response) => panic!("the call was not refused: {:?}", response.into_inner()),
        Err(status) => read(&status),
    }
}

/// Reads a status.
#[track_caller]
pub fn read(status: &Status) -> Told {
    let inner = pb::Status::decode(status.details()).expect("details are a google.rpc.Status");
    assert!(status.details().len() <= DETAILS_BYTES_MAX, "{} bytes of details", status.details().len());
    assert_eq!(Code::from(inner.code), status.code(), "the code inside is the header's: {status:?}");
    assert_eq!(inner.message, status.message(), "the message inside is the header's");
    assert_nothing_inside(status);

    let mut told = Told { code: format!("{:?}", status.code()), message: inner.message, ..Told::default() };
    let mut names: Vec<&str> = Vec::new();
    for detail in &inner.details {
        let name = detail.type_url.strip_prefix("type.googleapis.com/google.rpc.").expect("a detail of google.rpc");
        assert!(!names.contains(&name), "{name} comes twice");
        names.push(name);
        told.take(name, &detail.value);
    }
    assert!(names.starts_with(&["ErrorInfo", "RequestInfo"]), "{names:?}: {status:?}");
    assert!(ErrorReason::from_str_name(&told.reason).is_some(), "{} is no reason of the contract", told.reason);
    let header = status.metadata().get("x-request-id").and_then(|value| value.to_str().ok());
    assert_eq!(header, Some(told.request_id.as_str()), "the request id inside is the header's");
    told
}

#[track_caller]
fn assert_nothing_inside(status: &Status) {
    let text = format!("{}\n{}", status.message(), String::from_utf8_lossy(status.details())).to_lowercase();
    for word in INSIDE {
        assert!(!text.contains(word), "the status says {word:?}: {text}");
    }
}

fn decode<T: Message + Default>(bytes: &[u8]) -> T {
    T::decode(bytes).expect("a detail decodes")
}

fn sentence(localised: pb::LocalizedMessage) -> (String, String) {
    (localised.locale, localised.message)
}

impl Told {
    fn take(&mut self, name: &str, value: &[u8]) {
        match name {
            "ErrorInfo" => {
                let info: pb::ErrorInfo = decode(value);
                assert_eq!(info.domain, "enroll.v1");
                self.reason = info.reason;
                self.metadata = info.metadata.into_iter().collect();
            }
            "RequestInfo" => self.request_id = decode::<pb::RequestInfo>(value).request_id,
            "BadRequest" => {
                let violation = |violation: pb::bad_request::FieldViolation| Violation {
                    field: violation.field,
                    reason: violation.reason,
                    description: violation.description,
                    localised: violation.localized_message.map(sentence),
                };
                self.violations = decode::<pb::BadRequest>(value).field_violations.into_iter().map(violation).collect();
            }
            "ResourceInfo" => {
                let resource: pb::ResourceInfo = decode(value);
                self.resource = Some((resource.resource_type, resource.resource_name));
            }
            "QuotaFailure" => {
                let failure: pb::QuotaFailure = decode(value);
                self.quotas = failure.violations.into_iter().map(|violation| violation.subject).collect();
            }
            "PreconditionFailure" => {
                let failure: pb::PreconditionFailure = decode(value);
                let violation = |violation: pb::precondition_failure::Violation| (violation.r#type, violation.subject);
                self.preconditions = failure.violations.into_iter().map(violation).collect();
            }
            "RetryInfo" => {
                let delay = decode::<pb::RetryInfo>(value).retry_delay.expect("a delay");
                self.retry_after = Some(delay.try_into().expect("a delay that is not negative"));
            }
            "LocalizedMessage" => self.localised = Some(sentence(decode(value))),
            other => panic!("{other} is no detail of this contract"),
        }
    }

    /// The violations as `field REASON`, in their order.
    pub fn faults(&self) -> Vec<String> {
        self.violations.iter().map(|violation| format!("{} {}", violation.field, violation.reason)).collect()
    }

    /// One value of the ErrorInfo's metadata.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.metadata.get(name).map(String::as_str)
    }
}

/// For snapshots: ids that differ each time are hidden, the request id and the wait left out; all three are asserted before.
impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}: {}", self.code, self.reason, self.message)?;
        if let Some((locale, sentence)) = &self.localised {
            writeln!(f, "  {locale}: {sentence}")?;
        }
        for (name, value) in &self.metadata {
            writeln!(f, "  {name} = {}", without_ids(value))?;
        }
        for violation in &self.violations {
            writeln!(f, "field {} {}: {}", violation.field, violation.reason, violation.description)?;
            if let Some((locale, sentence)) = &violation.localised {
                writeln!(f, "  {locale}: {sentence}")?;
            }
        }
        if let Some((kind, name)) = &self.resource {
            writeln!(f, "resource {kind} {:?}", without_ids(name))?;
        }
        for subject in &self.quotas {
            writeln!(f, "quota of {subject}")?;
        }
        for (kind, subject) in &self.preconditions {
            writeln!(f, "precondition {kind} {}", without_ids(subject))?;
        }
        if self.retry_after.is_some() {
            writeln!(f, "retry")?;
        }
        Ok(())
    }
}

/// The text with `[id]` in place of every UUID.
fn without_ids(text: &str) -> String {
    const LEN: usize = 36;
    let mut shown = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let id = rest.get(..LEN).filter(|part| Uuid::try_parse(part).is_ok());
        let taken = id.map_or(first.len_utf8(), str::len);
        shown.push_str(if id.is_some() { "[id]" } else { &rest[..taken] });
        rest = &rest[taken..];
    }
    shown
}

/// `insta::assert_snapshot!` for tests that run once an engine: both have to say the same, so one inline snapshot is asserted twice.
macro_rules! assert_snapshot {
    ($value:expr, @$expected:literal) => {
        insta::allow_duplicates! {
            insta::assert_snapshot!($value, @$expected);
        }
    };
}
pub(crate) use assert_snapshot;
