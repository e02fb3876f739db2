//! Free attributes of an account: one JSON object within limits that both engines keep alike. Which members there may be, and of which
//! types, is the contract's to say (`attribute_type`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::text::nfc;
use super::violation::{Fault, FieldReason};

/// Most octets of the object as JSON.
pub const ATTRIBUTES_OCTETS_MAX: usize = 64 * 1024;

/// Deepest nesting, the object itself being the first level.
pub const ATTRIBUTES_DEPTH_MAX: usize = 8;

/// The largest integer that every JSON reader keeps exactly: 2^53.
pub const INTEGER_MAX: i64 = 1 << 53;

/// Why an object cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributesError {
    /// More than [`ATTRIBUTES_OCTETS_MAX`] octets as JSON.
    #[error("the attributes are longer than {ATTRIBUTES_OCTETS_MAX} octets")]
    TooLarge,
    /// More than [`ATTRIBUTES_DEPTH_MAX`] levels.
    #[error("the attributes are nested deeper than {ATTRIBUTES_DEPTH_MAX} levels")]
    TooDeep,
    /// U+0000 in a text or name; PostgreSQL cannot keep it.
    #[error("the attributes have a character that cannot be kept")]
    InvalidCharacter,
    /// Infinity or not a number.
    #[error("the attributes have a number that is not finite")]
    NotFinite,
}

impl From<AttributesError> for Fault {
    fn from(error: AttributesError) -> Self {
        let too_long = |unit, max: usize| Self::new(FieldReason::FieldTooLong).with("unit", unit).with("max", max);
        match error {
            AttributesError::TooLarge => too_long("octets", ATTRIBUTES_OCTETS_MAX),
            AttributesError::TooDeep => too_long("levels", ATTRIBUTES_DEPTH_MAX),
            AttributesError::InvalidCharacter | AttributesError::NotFinite => Self::new(FieldReason::FieldInvalid),
        }
    }
}

/// A JSON object within the limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Attributes(Map<String, Value>);

impl Attributes {
    /// Checks depth first, so that nothing deep is ever walked or written.
    pub fn parse(object: Map<String, Value>) -> Result<Self, AttributesError> {
        check_members(&object, 1)?;
        let mut octets = OctetCount(0);
        serde_json::to_writer(&mut octets, &object).map_err(|_| AttributesError::TooLarge)?;
        Ok(Self(object))
    }

    /// The object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The object, given away.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Attributes> for Map<String, Value> {
    fn from(attributes: Attributes) -> Self {
        attributes.0
    }
}

impl TryFrom<Map<String, Value>> for Attributes {
    type Error = AttributesError;

    fn try_from(object: Map<String, Value>) -> Result<Self, AttributesError> {
        Self::parse(object)
    }
}

/// A number as the wire has it (always a double) as JSON has it: whole numbers that are exact as integers, so that `3` comes back as `3`.
pub fn json_number(number: f64) -> Result<Value, AttributesError> {
    if number.fract() == 0.0 && number.abs() <= INTEGER_MAX as f64 {
        return Ok(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number).ok_or(AttributesError::NotFinite)
}

/// What uniqueness of an attribute is on: the text of a string in NFC, else the value as JSON. Never longer than an index can take: a
/// longer text stands as its hash.
pub fn unique_key(value: &Value) -> String {
    use sha2::{Digest, Sha256};
    const KEY_OCTETS_MAX: usize = 512;
    let key = match value {
        Value::String(text) => nfc(text).into_owned(),
        other => other.to_string(),
    };
    if key.len() <= KEY_OCTETS_MAX {
        return key;
    }
    let hash = Sha256::digest(key.as_bytes());
    hash.iter().fold(String::from("sha256:"), |text, byte| format!("{text}{byte:02x}"))
}

fn check_members(object: &Map<String, Value>, depth: usize) -> Result<(), AttributesError> {
    if object.keys().any(|name| name.contains('\0')) {
        return Err(AttributesError::InvalidCharacter);
    }
    check_all(object.values(), depth)
}

fn check_all<'a>(mut values: impl Iterator<Item = &'a Value>, depth: usize) -> Result<(), AttributesError> {
    if depth > ATTRIBUTES_DEPTH_MAX {
        return Err(AttributesError::TooDeep);
    }
    values.try_for_each(|value| match value {
        Value::String(text) if text.contains('\0') => Err(AttributesError::InvalidCharacter),
        Value::Array(items) => check_all(items.iter(), depth + 1),
        Value::Object(members) => check_members(members, depth + 1),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    })
}

/// Counts what is written and fails at the limit, so that a large object is never copied to be measured.
struct OctetCount(usize);

impl std::io::Write for OctetCount {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0 += octets.len();
        if self.0 > ATTRIBUTES_OCTETS_MAX { Err(std::io::ErrorKind::FileTooLarge.into()) } else { Ok(octets.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: Value) -> Result<Attributes, AttributesError> {
        match value {
            Value::Object(object) => Attributes::parse(object),
            other => panic!("{other} is no object"),
        }
    }

    /// An object of as many levels.
    fn nested(levels: usize, innermost: Value) -> Value {
        (1..levels).fold(json!({ "x": innermost }), |value, _| json!({ "x": value }))
    }

    #[test]
    fn depth_has_an_edge() {
        assert!(parse(nested(8, json!(1))).is_ok());
        assert!(parse(nested(7, json!([1]))).is_ok());
        assert_eq!(parse(nested(9, json!(1))), Err(AttributesError::TooDeep));
        assert_eq!(parse(nested(8, json!([]))), Err(AttributesError::TooDeep));
    }

    #[test]
    fn size_has_an_edge() {
        let frame = r#"{"x":""}"#.len();
        assert!(parse(json!({ "x": "a".repeat(64 * 1024 - frame) })).is_ok());
        assert_eq!(parse(json!({ "x": "a".repeat(64 * 1024 - frame + 1) })), Err(AttributesError::TooLarge));
    }

    #[test]
    fn what_an_engine_cannot_keep_is_refused_wherever_it_stands() {
        for value in [json!({ "x": "\0" }), json!({ "\0": 1 }), json!({ "x": ["\0"] }), json!({ "x": { "\0": 1 } })] {
            assert_eq!(parse(value), Err(AttributesError::InvalidCharacter));
        }
    }

    #[test]
    fn whole_numbers_are_integers_and_none_is_infinite() {
        assert_eq!(json_number(3.0), Ok(json!(3)));
        assert_eq!(json_number(-0.0), Ok(json!(0)));
        assert_eq!(json_number(0.5), Ok(json!(0.5)));
        assert_eq!(json_number(9_007_199_254_740_992.0), Ok(json!(9_007_199_254_740_992_i64)));
        assert_eq!(json_number(1e300), Ok(json!(1e300)));
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(json_number(number), Err(AttributesError::NotFinite));
        }
    }

    #[test]
    fn unique_keys_meet_on_composition_and_stay_short() {
        assert_eq!(unique_key(&json!("e\u{301}")), unique_key(&json!("\u{e9}")));
        assert_ne!(unique_key(&json!("a")), unique_key(&json!("A")));
        assert_eq!(unique_key(&json!(12)), "12");
        let (one, other) = (unique_key(&json!("a".repeat(600))), unique_key(&json!("a".repeat(601))));
        assert_eq!(one.len(), "sha256:".len() + 64);
        assert_ne!(one, other);
    }

    #[test]
    fn json_is_the_object() {
        let attributes = parse(json!({ "a": [1, "x"] })).expect("attributes");
        let json = serde_json::to_string(&attributes).expect("json");
        assert_eq!(json, r#"{"a":[1,"x"]}"#);
        assert_eq!(serde_json::from_str::<Attributes>(&json).expect("attributes"), attributes);
    }
}
