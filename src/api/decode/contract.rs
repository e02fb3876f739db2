//! Contracts: their fields and the types of free attributes.

use std::collections::BTreeMap;

use prost_types::FieldMask;

use crate::domain::attribute_type::{
    AttributeType, LIST_ITEM, OBJECT_FIELDS, VALUES_MAX, is_attribute_name, member_path,
};
use crate::domain::contract::{
    ATTRIBUTE_PREFIX, ATTRIBUTES_MAX, CONTRACT_PATHS, Contract, ContractTerms, FIELDS_MAX, FieldRule, PASSWORD_PATH,
    PHONE_PATH, Presence,
};
use crate::domain::text::Label;
use crate::domain::violation::{FieldReason, Violations};
use crate::proto::v1;
use crate::proto::v1::attribute_type::Type;
use crate::provisioning::contracts::ContractDraft;
use crate::provisioning::refusal::Refusal;

use super::{bounded, enum_value, is_bounded, mask, with_faults};
use crate::api::encode;

impl mask::Resource for v1::Contract {
    const NAME: &'static str = "enroll.v1.Contract";
    const OUTPUT_ONLY: &'static [&'static str] =
        &["contract_id", "tenant_id", "version", "create_time", "update_time", "etag"];
}

/// How deep types may nest: as deep as attributes may.
const TYPE_DEPTH_MAX: usize = crate::domain::attributes::ATTRIBUTES_DEPTH_MAX;

/// The contract of CreateContractRequest.
pub fn create(contract: Option<v1::Contract>) -> Result<ContractDraft, Refusal> {
    let contract = contract.ok_or_else(|| Refusal::required("contract"))?;
    draft(contract).map_err(Refusal::Invalid)
}

/// The contract of UpdateContractRequest over the current one.
pub fn update(current: &Contract, patch: v1::Contract, mask: Option<FieldMask>) -> Result<ContractDraft, Refusal> {
    let merged =
        mask::merge(&encode::contract::contract(current), &patch, mask, "contract").map_err(Refusal::Invalid)?;
    let mut violations = Violations::new();
    if merged.name != current.name.as_str() {
        violations.push("contract.name", FieldReason::FieldImmutable);
    }
    with_faults(violations, draft(merged))
}

fn draft(contract: v1::Contract) -> Result<ContractDraft, Violations> {
    let mut violations = Violations::new();
    let name = violations.check("contract.name", Label::parse(&contract.name));
    let mut attributes = BTreeMap::new();
    let is_read = is_bounded(contract.attributes.len(), ATTRIBUTES_MAX, "contract.attributes", &mut violations);
    for (name, attribute) in contract.attributes.into_iter().filter(|_| is_read) {
        let path = member_path("contract.attributes", &name);
        if !is_attribute_name(&name) {
            violations.push(path, FieldReason::FieldInvalid);
        } else if let Some(attribute) = attribute_type(attribute, &path, 1, &mut violations) {
            attribute.check_definition(&path, &mut violations);
            attributes.insert(name, attribute);
        }
    }
    let mut fields = BTreeMap::new();
    let listed = bounded(contract.fields, FIELDS_MAX, "contract.fields", &mut violations);
    for (at, field) in listed.into_iter().enumerate() {
        let path = format!("contract.fields[{at}]");
        let known = match field.path.strip_prefix(ATTRIBUTE_PREFIX) {
            Some(name) => attributes.contains_key(name),
            None => CONTRACT_PATHS.contains(&field.path.as_str()),
        };
        if !known {
            violations.push(format!("{path}.path"), FieldReason::FieldUnknown);
        } else if fields.contains_key(&field.path) {
            violations.push(format!("{path}.path"), FieldReason::FieldInvalid);
        }
        if let Some(rule) = field_rule(&field, &path, &mut violations) {
            fields.insert(field.path, rule);
        }
    }
    match name {
        Some(name) if violations.is_empty() => Ok(ContractDraft { name, terms: ContractTerms { fields, attributes } }),
        _ => Err(violations),
    }
}

fn field_rule(field: &v1::ContractField, path: &str, violations: &mut Violations) -> Option<FieldRule> {
    let presence_path = format!("{path}.presence");
    let presence = enum_value(field.presence, &presence_path, violations, |presence| {
        Some(match presence {
            v1::Presence::Unspecified => None,
            v1::Presence::Forbidden => Some(Presence::Forbidden),
            v1::Presence::Optional => Some(Presence::Optional),
            v1::Presence::Required => Some(Presence::Required),
        })
    })?;
    if presence.is_none() {
        violations.push(presence_path, FieldReason::FieldRequired);
    }
    if field.returned && field.path == PASSWORD_PATH {
        violations.push(format!("{path}.returned"), FieldReason::FieldForbidden);
    }
    if field.unique && field.path != PHONE_PATH && !field.path.starts_with(ATTRIBUTE_PREFIX) {
        violations.push(format!("{path}.unique"), FieldReason::FieldForbidden);
    }
    Some(FieldRule { presence: presence?, returned: field.returned, unique: field.unique })
}

fn attribute_type(
    message: v1::AttributeType,
    path: &str,
    depth: usize,
    violations: &mut Violations,
) -> Option<AttributeType> {
    let Some(kind) = message.r#type.filter(|_| depth <= TYPE_DEPTH_MAX) else {
        violations
            .push(path, if depth > TYPE_DEPTH_MAX { FieldReason::FieldTooLong } else { FieldReason::FieldRequired });
        return None;
    };
    Some(match kind {
        Type::StringType(text) => AttributeType::String {
            min: Some(text.length_min).filter(|min| *min > 0),
            max: Some(text.length_max).filter(|max| *max > 0),
            one_of: bounded(text.values, VALUES_MAX, &format!("{path}.string_type.values"), violations),
        },
        Type::IntegerType(v1::IntegerType { min, max }) => AttributeType::Integer { min, max },
        Type::NumberType(_) => AttributeType::Number,
        Type::BooleanType(_) => AttributeType::Boolean,
        Type::DateType(_) => AttributeType::Date,
        Type::ListType(list) => {
            let item = list.item.map(|item| *item).unwrap_or_default();
            AttributeType::List {
                items: Box::new(attribute_type(item, &format!("{path}.{LIST_ITEM}"), depth + 1, violations)?),
            }
        }
        Type::ObjectType(object) => {
            let mut fields = BTreeMap::new();
            let path = format!("{path}.{OBJECT_FIELDS}");
            let is_read = is_bounded(object.fields.len(), ATTRIBUTES_MAX, &path, violations);
            for (name, field) in object.fields.into_iter().filter(|_| is_read) {
                let path = member_path(&path, &name);
                if let Some(field) = attribute_type(field, &path, depth + 1, violations) {
                    fields.insert(name, field);
                }
            }
            AttributeType::Object { fields }
        }
    })
}
