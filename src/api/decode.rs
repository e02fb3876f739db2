//! From messages to values, one file a resource. What is wrong becomes a violation at the field's path from the request root; what is right
//! is a value that cannot be wrong any more.

pub mod account;
pub mod application;
pub mod contract;
pub mod credential;
pub mod json;
mod legacy;
pub mod mask;
pub mod realm;
pub mod registration;
pub mod session;
pub mod template;
pub mod tenant;
pub mod verification;

use std::str::FromStr;

use chrono::{DateTime, Utc};
use prost::Message;

use crate::domain::annotations::Annotations;
use crate::domain::text::is_printable;
use crate::domain::violation::{Fault, FieldReason, Violations};
use crate::proto::v1;
use crate::provisioning::composing::Delivery;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::replay::Repeatable;

/// A draft, unless anything was wrong before it or in it: all of it is told at once.
fn with_faults<T>(mut violations: Violations, draft: Result<T, Violations>) -> Result<T, Refusal> {
    match draft {
        Ok(draft) => violations.into_result(draft).map_err(Refusal::Invalid),
        Err(faults) => {
            violations.append(faults);
            Err(Refusal::Invalid(violations))
        }
    }
}

/// Reads an enum value: 0 is unsaid, a value that this version does not know is FIELD_UNKNOWN.
fn enum_value<E: TryFrom<i32>, T>(
    number: i32,
    path: &str,
    violations: &mut Violations,
    value: impl FnOnce(E) -> Option<T>,
) -> Option<T> {
    match E::try_from(number) {
        Ok(known) => value(known),
        Err(_) => {
            violations.push(path, FieldReason::FieldUnknown);
            None
        }
    }
}

/// Which way messages and tokens go.
fn delivery(delivery: i32, violations: &mut Violations) -> Delivery {
    let delivery = enum_value(delivery, "delivery", violations, |value| match value {
        v1::Delivery::Unspecified | v1::Delivery::Send => Some(Delivery::Send),
        v1::Delivery::Suppress => Some(Delivery::Suppress),
        v1::Delivery::ReturnToken => Some(Delivery::ReturnToken),
        v1::Delivery::SendAndReturnToken => Some(Delivery::SendAndReturnToken),
    });
    delivery.unwrap_or(Delivery::Suppress)
}

/// The same where something has to go some way.
fn some_delivery(number: i32, violations: &mut Violations) -> Delivery {
    let delivery = delivery(number, violations);
    if number == i32::from(v1::Delivery::Suppress) {
        violations.push("delivery", FieldReason::FieldInvalid);
    }
    delivery
}

/// FIELD_REQUIRED where a text is empty.
pub fn required(text: &str, path: &str) -> Result<(), Refusal> {
    if text.is_empty() { Err(Refusal::required(path)) } else { Ok(()) }
}

/// Parses an optional text: empty is absent.
fn optional<T, E: Into<Fault>>(
    text: &str,
    path: &str,
    violations: &mut Violations,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    if text.is_empty() { None } else { violations.check(path, parse(text)) }
}

/// The items of a list that has at most `max`; a longer one is refused whole, and none of it is read.
fn bounded<T>(items: Vec<T>, max: usize, path: &str, violations: &mut Violations) -> Vec<T> {
    if is_bounded(items.len(), max, path, violations) { items } else { Vec::new() }
}

/// Whether a list or map is within its bound; a violation where it is not.
fn is_bounded(len: usize, max: usize, path: &str, violations: &mut Violations) -> bool {
    if len > max {
        violations.push_with(path, Fault::new(FieldReason::FieldTooLong).with("max", max));
    }
    len <= max
}

/// Parses each text of a list of at most `max`.
fn list<T, E: Into<Fault>>(
    texts: &[String],
    max: usize,
    path: &str,
    violations: &mut Violations,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Vec<T> {
    if !is_bounded(texts.len(), max, path, violations) {
        return Vec::new();
    }
    let parsed = texts.iter().enumerate().map(|(at, text)| violations.check(&format!("{path}[{at}]"), parse(text)));
    parsed.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// Parses a list of ids; an empty list is absent.
fn ids<T: FromStr>(texts: &[String], max: usize, path: &str, violations: &mut Violations) -> Option<Vec<T>> {
    let ids = list(texts, max, path, violations, |text| text.parse().map_err(|_| FieldReason::FieldInvalid));
    if texts.is_empty() { None } else { Some(ids) }
}

/// Reads inert pairs.
fn annotations(
    pairs: std::collections::BTreeMap<String, String>,
    path: &str,
    violations: &mut Violations,
) -> Annotations {
    match Annotations::parse(pairs) {
        Ok(annotations) => annotations,
        Err(faults) => {
            violations.push_all(path, faults);
            Annotations::default()
        }
    }
}

/// The longest of the short opaque texts: brands, documents, labels of third parties.
const SHORT_TEXT_LEN_MAX: usize = 128;

/// A list of short opaque texts of at most `max`, none of them empty.
fn texts(texts: Vec<String>, max: usize, path: &str, violations: &mut Violations) -> Vec<String> {
    let texts = bounded(texts, max, path, violations);
    let read = texts.into_iter().enumerate().filter_map(|(at, text)| {
        let path = format!("{path}[{at}]");
        if text.is_empty() {
            violations.push(path.clone(), FieldReason::FieldRequired);
        }
        short_text(text, &path, violations)
    });
    read.collect()
}

/// A short opaque text: empty is absent; a line without anything that reverses its direction, at most 128 code points.
fn short_text(text: String, path: &str, violations: &mut Violations) -> Option<String> {
    optional(&text, path, violations, short_text_fault).map(|()| text)
}

fn short_text_fault(text: &str) -> Result<(), Fault> {
    match () {
        () if text.chars().count() > SHORT_TEXT_LEN_MAX => {
            Err(Fault::new(FieldReason::FieldTooLong).with("max", SHORT_TEXT_LEN_MAX))
        }
        () if !text.chars().all(is_printable) => Err(Fault::new(FieldReason::FieldInvalid)),
        () => Ok(()),
    }
}

/// What a request is known by, where it names a `request_id`; `public` gives the message without its secrets and without that id.
fn repeatable<M: Message>(
    request_id: &str,
    violations: &mut Violations,
    public: impl FnOnce() -> M,
) -> Option<Repeatable> {
    let parse = |text: &str| text.parse().map_err(|_| FieldReason::FieldInvalid);
    let request_id = optional(request_id, "request_id", violations, parse)?;
    Some(Repeatable { request_id, canonical: public().encode_to_vec() })
}

/// The last second of the year 9999: the last that RFC 3339, and so a column of SQLite, has a text for.
const TIME_MAX_SECONDS: i64 = 253_402_300_799;

/// Reads a time; one that no calendar has, or that has no text, is a violation.
fn time(time: Option<prost_types::Timestamp>, path: &str, violations: &mut Violations) -> Option<DateTime<Utc>> {
    let time = time?;
    let nanos = u32::try_from(time.nanos).ok().filter(|_| time.seconds <= TIME_MAX_SECONDS);
    let read = nanos.and_then(|nanos| DateTime::from_timestamp(time.seconds, nanos / 1_000 * 1_000));
    if read.is_none() {
        violations.push(path, FieldReason::FieldInvalid);
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_a_line_of_printable_characters() {
        for good in ["partner-7", "Zürich ☂", "נייר", "a\u{200D}b", &"ä".repeat(128)] {
            assert_eq!(short_text_fault(good), Ok(()), "{good:?}");
        }
        for bad in ["a\nb", "a\0", "a\u{85}b", "a\u{202E}b", "a\u{2066}b", "a\u{2028}b", "a\u{2029}b", "a\u{FFFE}"] {
            assert_eq!(short_text_fault(bad), Err(Fault::new(FieldReason::FieldInvalid)), "{bad:?}");
        }
        assert_eq!(short_text_fault(&"a".repeat(129)).map_err(|fault| fault.reason), Err(FieldReason::FieldTooLong));
    }
}
