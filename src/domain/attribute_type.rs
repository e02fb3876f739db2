//! The types that a contract gives to free attributes, and whether a value is of its type. A refusal names the place, never the value.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::attributes::{ATTRIBUTES_DEPTH_MAX, INTEGER_MAX};
use super::text::{is_printable, length};
use super::violation::{Fault, FieldReason, Violations};

/// Longest name of an attribute or member, in characters.
pub const ATTRIBUTE_NAME_LEN_MAX: usize = 63;

/// Most values that a text can be chosen from: a choice that a person makes; what is longer is a table of its own.
pub const VALUES_MAX: usize = 256;

/// Where the type of a list's items stands in the type of the list.
pub const LIST_ITEM: &str = "list_type.item";

/// Where the types of an object's members stand in the type of the object.
pub const OBJECT_FIELDS: &str = "object_type.fields";

/// What an attribute has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttributeType {
    /// A text.
    String {
        /// Fewest code points after NFC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// Most code points after NFC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
        /// The values there are; empty = any.
        #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
        one_of: Vec<String>,
    },
    /// A whole number within 2^53 of zero.
    Integer {
        /// The least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// The greatest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
    },
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A day, `2025-12-31`.
    Date,
    /// Any number of values of one type, which is neither a list nor an object.
    List {
        /// The type of each.
        items: Box<AttributeType>,
    },
    /// Named members, each there or not; no others.
    Object {
        /// The types of the members.
        fields: BTreeMap<String, AttributeType>,
    },
}

impl AttributeType {
    /// The type's name in contracts and refusals.
    pub fn name(&self) -> &'static str {
        match self {
            Self::String { .. } => "STRING",
            Self::Integer { .. } => "INTEGER",
            Self::Number => "NUMBER",
            Self::Boolean => "BOOLEAN",
            Self::Date => "DATE",
            Self::List { .. } => "LIST",
            Self::Object { .. } => "OBJECT",
        }
    }

    /// Adds a violation for every place under `path` where the value is not of this type.
    pub fn check(&self, path: &str, value: &Value, violations: &mut Violations) {
        let checked = match (self, value) {
            (Self::String { min, max, one_of }, Value::String(text)) => check_text(text, *min, *max, one_of),
            (Self::Integer { min, max }, Value::Number(_)) => check_integer(value, *min, *max),
            (Self::Number, Value::Number(_)) | (Self::Boolean, Value::Bool(_)) => Ok(()),
            (Self::Date, Value::String(text)) if is_date(text) => Ok(()),
            (Self::List { items }, Value::Array(values)) => {
                for (index, value) in values.iter().enumerate() {
                    items.check(&format!("{path}[{index}]"), value, violations);
                }
                Ok(())
            }
            (Self::Object { fields }, Value::Object(members)) => {
                check_members(fields, path, members, violations);
                Ok(())
            }
            _ => Err(Fault::new(FieldReason::FieldInvalid).with("type", self.name())),
        };
        violations.check(path, checked);
    }

    /// Adds a violation for every part of the type itself that makes no sense: a `min` above its `max`, a limit out of range, a
    /// value with something that cannot be printed, a list of lists or objects, a name that cannot stand in a path, more levels than attributes may have.
    pub fn check_definition(&self, path: &str, violations: &mut Violations) {
        self.check_level(path, 1, violations);
    }

    /// `level` is that of the object that the attribute is a member of.
    fn check_level(&self, path: &str, level: usize, violations: &mut Violations) {
        let is_sound = match self {
            Self::String { min, max, one_of } => {
                let limits = min.zip(*max).is_none_or(|(min, max)| min <= max);
                limits && one_of.iter().all(|value| value.chars().all(is_printable))
            }
            Self::Integer { min, max } => {
                let in_range = [min, max].into_iter().flatten().all(|limit| limit.unsigned_abs() <= INTEGER_MAX as u64);
                in_range && min.zip(*max).is_none_or(|(min, max)| min <= max)
            }
            Self::Number | Self::Boolean | Self::Date => true,
            Self::List { items } => {
                items.check_level(&format!("{path}.{LIST_ITEM}"), level + 1, violations);
                level < ATTRIBUTES_DEPTH_MAX && !matches!(**items, Self::List { .. } | Self::Object { .. })
            }
            Self::Object { .. } if level >= ATTRIBUTES_DEPTH_MAX => false,
            Self::Object { fields } => {
                let path = format!("{path}.{OBJECT_FIELDS}");
                for (name, member) in fields {
                    member.check_level(&member_path(&path, name), level + 1, violations);
                }
                fields.keys().all(|name| is_attribute_name(name))
            }
        };
        if !is_sound {
            violations.push(path, FieldReason::FieldInvalid);
        }
    }
}

/// Adds a violation for every member that `types` does not know or that is not of its type.
fn check_members(
    types: &BTreeMap<String, AttributeType>,
    path: &str,
    members: &Map<String, Value>,
    violations: &mut Violations,
) {
    for (name, value) in members {
        let member = member_path(path, name);
        match types.get(name) {
            Some(member_type) => member_type.check(&member, value, violations),
            None => violations.push(member, FieldReason::FieldUnknown),
        }
    }
}

/// Whether a name can stand in a path: a letter or `_`, then letters, digits, `_` and `-`.
pub fn is_attribute_name(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.len() <= ATTRIBUTE_NAME_LEN_MAX && name.starts_with(is_first) && name.chars().all(is_inner)
}

/// The path of a member. A name that no contract could have is the caller's text, not ours: it is not repeated.
pub fn member_path(path: &str, name: &str) -> String {
    if is_attribute_name(name) { format!("{path}.{name}") } else { path.to_owned() }
}

fn check_text(text: &str, min: Option<u32>, max: Option<u32>, one_of: &[String]) -> Result<(), Fault> {
    let count = length(text);
    if let Some(min) = min.filter(|min| count < *min as usize) {
        return Err(Fault::new(FieldReason::FieldTooShort).with("min", min));
    }
    if let Some(max) = max.filter(|max| count > *max as usize) {
        return Err(Fault::new(FieldReason::FieldTooLong).with("max", max));
    }
    if !one_of.is_empty() && !one_of.iter().any(|value| value == text) {
        return Err(Fault::new(FieldReason::FieldInvalid).with("allowed", one_of.join(", ")));
    }
    Ok(())
}

fn check_integer(value: &Value, min: Option<i64>, max: Option<i64>) -> Result<(), Fault> {
    let not_of_type = || Fault::new(FieldReason::FieldInvalid).with("type", "INTEGER");
    let integer = match (value.as_i64(), value.as_f64()) {
        (Some(integer), _) => integer,
        (None, Some(double)) if double.fract() == 0.0 && double.abs() <= INTEGER_MAX as f64 => double as i64,
        _ => return Err(not_of_type()),
    };
    if integer.unsigned_abs() > INTEGER_MAX as u64 {
        return Err(not_of_type());
    }
    let out_of_range = min.is_some_and(|min| integer < min) || max.is_some_and(|max| integer > max);
    if !out_of_range {
        return Ok(());
    }
    let fault = Fault::new(FieldReason::FieldInvalid);
    let fault = min.into_iter().fold(fault, |fault, min| fault.with("min", min));
    Err(max.into_iter().fold(fault, |fault, max| fault.with("max", max)))
}

/// Four, two and two digits: chrono alone would take `+2025-1-1` too.
fn is_date(text: &str) -> bool {
    const PATTERN: &[u8; 10] = b"dddd-dd-dd";
    let is_like = |(b, like): (u8, &u8)| if *like == b'd' { b.is_ascii_digit() } else { b == *like };
    text.len() == PATTERN.len()
        && text.bytes().zip(PATTERN).all(is_like)
        && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

#[cfg(test)]
mod tests;
