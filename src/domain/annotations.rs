//! The caller's own pairs on a resource (ServiceStack: Meta): kept, returned, and read by nothing here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::{is_printable, length};
use super::violation::{Fault, FieldReason};

/// Most pairs.
pub const ANNOTATIONS_MAX: usize = 64;

/// Longest key, in code points after NFC.
pub const ANNOTATION_KEY_LEN_MAX: usize = 63;

/// Longest value, in code points after NFC.
pub const ANNOTATION_VALUE_LEN_MAX: usize = 1024;

/// Most octets of all keys and values together.
pub const ANNOTATIONS_OCTETS_MAX: usize = 32 * 1024;

/// A rule that a set of pairs breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnnotationsError {
    /// More than [`ANNOTATIONS_MAX`] pairs.
    #[error("there are more than {ANNOTATIONS_MAX} annotations")]
    TooMany,
    /// More than [`ANNOTATIONS_OCTETS_MAX`] octets together.
    #[error("the annotations are longer than {ANNOTATIONS_OCTETS_MAX} octets together")]
    TooLarge,
    /// A key that is empty or has something that cannot be printed.
    #[error("a key of an annotation is empty or not printable")]
    InvalidKey,
    /// A key of more than [`ANNOTATION_KEY_LEN_MAX`] code points.
    #[error("a key of an annotation is longer than {ANNOTATION_KEY_LEN_MAX} characters")]
    KeyTooLong,
    /// A value with a control that is neither a tab nor a line break, or with something else that cannot be printed.
    #[error("a value of an annotation has a character that cannot be kept")]
    InvalidValue,
    /// A value of more than [`ANNOTATION_VALUE_LEN_MAX`] code points.
    #[error("a value of an annotation is longer than {ANNOTATION_VALUE_LEN_MAX} characters")]
    ValueTooLong,
}

impl From<AnnotationsError> for Fault {
    fn from(error: AnnotationsError) -> Self {
        let too_long = |unit, max: usize| Self::new(FieldReason::FieldTooLong).with("unit", unit).with("max", max);
        match error {
            AnnotationsError::TooMany => too_long("pairs", ANNOTATIONS_MAX),
            AnnotationsError::TooLarge => too_long("octets", ANNOTATIONS_OCTETS_MAX),
            AnnotationsError::KeyTooLong => too_long("key", ANNOTATION_KEY_LEN_MAX),
            AnnotationsError::ValueTooLong => too_long("value", ANNOTATION_VALUE_LEN_MAX),
            AnnotationsError::InvalidKey | AnnotationsError::InvalidValue => Self::new(FieldReason::FieldInvalid),
        }
    }
}

/// May stand in a value, which may have lines.
fn is_text(c: char) -> bool {
    is_printable(c) || matches!(c, '\t' | '\n' | '\r')
}

/// Pairs of text within the limits, in the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Annotations(BTreeMap<String, String>);

impl Annotations {
    /// Takes pairs as they stand, or says every rule that they break, each once.
    pub fn parse(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<AnnotationsError>> {
        let pairs: BTreeMap<String, String> = pairs.into_iter().collect();
        let any_key = |breaks: fn(&str) -> bool| pairs.keys().any(|key| breaks(key));
        let any_value = |breaks: fn(&str) -> bool| pairs.values().any(|value| breaks(value));
        let octets: usize = pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
        let rules = [
            (AnnotationsError::TooMany, pairs.len() > ANNOTATIONS_MAX),
            (AnnotationsError::TooLarge, octets > ANNOTATIONS_OCTETS_MAX),
            (AnnotationsError::InvalidKey, any_key(|key| key.is_empty() || !key.chars().all(is_printable))),
            (AnnotationsError::KeyTooLong, any_key(|key| length(key) > ANNOTATION_KEY_LEN_MAX)),
            (AnnotationsError::InvalidValue, any_value(|value| !value.chars().all(is_text))),
            (AnnotationsError::ValueTooLong, any_value(|value| length(value) > ANNOTATION_VALUE_LEN_MAX)),
        ];
        let broken: Vec<_> = rules.into_iter().filter_map(|(error, is_broken)| is_broken.then_some(error)).collect();
        if broken.is_empty() { Ok(Self(pairs)) } else { Err(broken) }
    }

    /// The pairs.
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The pairs, given away.
    pub fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Annotations> for BTreeMap<String, String> {
    fn from(annotations: Annotations) -> Self {
        annotations.0
    }
}

impl TryFrom<BTreeMap<String, String>> for Annotations {
    type Error = AnnotationsError;

    fn try_from(pairs: BTreeMap<String, String>) -> Result<Self, AnnotationsError> {
        Self::parse(pairs).map_err(|broken| broken[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<const N: usize>(pairs: [(&str, &str); N]) -> Result<Annotations, Vec<AnnotationsError>> {
        Annotations::parse(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())))
    }

    fn numbered(count: usize, value: &str) -> Result<Annotations, Vec<AnnotationsError>> {
        Annotations::parse((0..count).map(|number| (number.to_string(), value.to_owned())))
    }

    #[test]
    fn every_limit_has_an_edge() {
        assert!(numbered(64, "").is_ok());
        assert_eq!(numbered(65, ""), Err(vec![AnnotationsError::TooMany]));
        assert!(parse([(&"ä".repeat(63), &"ä".repeat(1024))]).is_ok());
        assert_eq!(parse([(&"ä".repeat(64), "")]), Err(vec![AnnotationsError::KeyTooLong]));
        assert_eq!(parse([("k", &"ä".repeat(1025))]), Err(vec![AnnotationsError::ValueTooLong]));
        // 32 pairs of 1 024 octets, keys of one or two octets: 10 * 1 + 22 * 2 octets too many.
        assert_eq!(numbered(32, &"v".repeat(1024)), Err(vec![AnnotationsError::TooLarge]));
        assert!(numbered(32, &"v".repeat(1022)).is_ok());
    }

    #[test]
    fn every_broken_rule_is_said() {
        let broken = parse([("", "a\0b"), (&"k".repeat(64), &"v".repeat(1025))]).expect_err("broken");
        use AnnotationsError::{InvalidKey, InvalidValue, KeyTooLong, ValueTooLong};
        assert_eq!(broken, [InvalidKey, KeyTooLong, InvalidValue, ValueTooLong]);
        assert_eq!(parse([("a\nb", "")]), Err(vec![InvalidKey]));
        assert!(parse([("note", "two\r\n\tlines")]).is_ok());
        for bad in ["a\u{1B}[31m", "a\u{85}", "a\u{202E}b", "a\u{2067}b", "a\u{2028}b"] {
            assert_eq!(parse([("note", bad)]), Err(vec![InvalidValue]), "{bad:?}");
        }
    }

    #[test]
    fn json_is_a_plain_object_and_reading_checks_it() {
        let pairs = parse([("b", "2"), ("a", "1")]).expect("annotations");
        let json = serde_json::to_string(&pairs).expect("json");
        assert_eq!(json, r#"{"a":"1","b":"2"}"#);
        assert_eq!(serde_json::from_str::<Annotations>(&json).expect("annotations"), pairs);
        assert!(serde_json::from_str::<Annotations>(r#"{"":"1"}"#).is_err());
    }
}
