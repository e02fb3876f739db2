//! Free attributes, held against the types and rules of the contract.

use crate::domain::account::UniqueValue;
use crate::domain::attribute_type::is_attribute_name;
use crate::domain::attributes::{Attributes, unique_key};
use crate::domain::contract::{ATTRIBUTE_PREFIX, ContractTerms, Presence};
use crate::domain::violation::{FieldReason, Violations};
use crate::provisioning::draft::AccountDraft;

/// The attributes, each of the type that the contract gives it.
pub(super) fn check_attributes(draft: &mut AccountDraft, terms: &ContractTerms, faults: &mut Violations) -> Attributes {
    let attributes = std::mem::take(&mut draft.attributes).into_valid().unwrap_or_default();
    for (name, value) in attributes.as_map() {
        let path = format!("{ATTRIBUTE_PREFIX}{name}");
        let at = draft.paths.of(&path);
        match terms.attributes.get(name) {
            // A name that no contract can have is not repeated in the answer.
            None if !is_attribute_name(name) => faults.push(draft.paths.of("attributes"), FieldReason::FieldUnknown),
            None => faults.push(at, FieldReason::FieldUnknown),
            Some(_) if terms.presence(&path) == Presence::Forbidden => faults.push(at, FieldReason::FieldForbidden),
            Some(attribute_type) => attribute_type.check(&at, value, faults),
        }
    }
    for (path, rule) in &terms.fields {
        let name = path.strip_prefix(ATTRIBUTE_PREFIX);
        if let Some(name) = name
            && rule.presence == Presence::Required
            && !attributes.as_map().contains_key(name)
        {
            faults.push(draft.paths.of(path), FieldReason::FieldRequired);
        }
    }
    attributes
}

/// The values that the contract declares unique.
pub(super) fn unique_values(attributes: &Attributes, terms: &ContractTerms) -> Vec<UniqueValue> {
    let unique = attributes.as_map().iter().map(|(name, value)| (format!("{ATTRIBUTE_PREFIX}{name}"), value));
    unique
        .filter(|(path, _)| terms.is_unique(path))
        .map(|(path, value)| UniqueValue { path, key: unique_key(value) })
        .collect()
}
