//! The documents of the systems that enroll stands in for, example by example and code by code, each under its preset. Requests and answers
//! are written as the documents write them; how a field travels is said in one pair of functions a file.

mod comexposium;
mod dialogportal;
mod fluid_topics;
mod onlyoffice;
mod servicestack;

use serde_json::Value;
use tonic::Response;

use crate::support::Told;

/// A body as a document prints it.
fn body(text: &str) -> Value {
    serde_json::from_str(text).expect("the document's example is JSON")
}

/// A member of a body; an absent one is empty, and a number is its digits, as the documents' own clients send both.
fn text(body: &Value, name: &str) -> String {
    match &body[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What the old client is told of a success: the code and its message.
fn outcome_code<T>(response: &Response<T>) -> (&str, &str) {
    let metadata = |name: &str| response.metadata().get(name).map_or("", |value| value.to_str().expect("ASCII"));
    (metadata("x-legacy-code"), metadata("x-legacy-message"))
}

/// What the old client is told of a refusal.
fn code(told: &Told) -> &str {
    told.said("legacyCode").unwrap_or_default()
}
