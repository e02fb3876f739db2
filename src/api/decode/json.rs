//! `google.protobuf.Struct` and the JSON that is kept. A Struct has only doubles: a whole number within 2^53 of zero becomes an integer.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde_json::{Map, Value as Json};

use crate::domain::attributes::{AttributesError, json_number};

/// Reads a Struct.
pub fn object(object: Struct) -> Result<Map<String, Json>, AttributesError> {
    object.fields.into_iter().map(|(name, value)| Ok((name, value_from(value)?))).collect()
}

fn value_from(value: Value) -> Result<Json, AttributesError> {
    Ok(match value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::NumberValue(number)) => json_number(number)?,
        Some(Kind::StringValue(text)) => Json::String(text),
        Some(Kind::BoolValue(truth)) => Json::Bool(truth),
        Some(Kind::StructValue(inner)) => Json::Object(object(inner)?),
        Some(Kind::ListValue(ListValue { values })) => {
            Json::Array(values.into_iter().map(value_from).collect::<Result<_, _>>()?)
        }
    })
}

/// Writes a Struct.
pub fn to_struct(object: Map<String, Json>) -> Struct {
    Struct { fields: object.into_iter().map(|(name, value)| (name, to_value(value))).collect() }
}

fn to_value(value: Json) -> Value {
    let kind = match value {
        Json::Null => Kind::NullValue(0),
        Json::Bool(truth) => Kind::BoolValue(truth),
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Json::String(text) => Kind::StringValue(text),
        Json::Array(items) => Kind::ListValue(ListValue { values: items.into_iter().map(to_value).collect() }),
        Json::Object(members) => Kind::StructValue(to_struct(members)),
    };
    Value { kind: Some(kind) }
}
