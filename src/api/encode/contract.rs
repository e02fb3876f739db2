//! Contracts.

use crate::domain::attribute_type::AttributeType;
use crate::domain::contract::{Contract, Presence};
use crate::proto::v1;
use crate::proto::v1::attribute_type::Type;
use crate::provisioning::etag::etag;

use super::timestamp;

/// A version of a contract.
pub fn contract(contract: &Contract) -> v1::Contract {
    let fields = contract.terms.fields.iter().map(|(path, rule)| v1::ContractField {
        path: path.clone(),
        presence: match rule.presence {
            Presence::Forbidden => v1::Presence::Forbidden,
            Presence::Optional => v1::Presence::Optional,
            Presence::Required => v1::Presence::Required,
        }
        .into(),
        returned: rule.returned,
        unique: rule.unique,
    });
    let attributes = contract.terms.attributes.iter().map(|(name, kind)| (name.clone(), attribute_type(kind)));
    v1::Contract {
        contract_id: contract.id.to_string(),
        tenant_id: contract.tenant_id.to_string(),
        name: contract.name.as_str().to_owned(),
        version: u32::try_from(contract.version).unwrap_or_default(),
        fields: fields.collect(),
        attributes: attributes.collect(),
        create_time: Some(timestamp(contract.create_time)),
        update_time: Some(timestamp(contract.update_time)),
        etag: etag(i64::from(contract.version)),
    }
}

/// The answer of a creating rpc. A check (`unmade`) has made nothing, so what only making gives is taken away.
pub fn made(version: &Contract, unmade: bool) -> v1::Contract {
    let mut made = contract(version);
    if unmade {
        made.contract_id.clear();
        made.etag.clear();
        made.version = 0;
        (made.create_time, made.update_time) = (None, None);
    }
    made
}

fn attribute_type(kind: &AttributeType) -> v1::AttributeType {
    let kind = match kind {
        AttributeType::String { min, max, one_of } => Type::StringType(v1::StringType {
            length_min: min.unwrap_or_default(),
            length_max: max.unwrap_or_default(),
            values: one_of.clone(),
        }),
        AttributeType::Integer { min, max } => Type::IntegerType(v1::IntegerType { min: *min, max: *max }),
        AttributeType::Number => Type::NumberType(v1::NumberType {}),
        AttributeType::Boolean => Type::BooleanType(v1::BooleanType {}),
        AttributeType::Date => Type::DateType(v1::DateType {}),
        AttributeType::List { items } => {
            Type::ListType(Box::new(v1::ListType { item: Some(Box::new(attribute_type(items))) }))
        }
        AttributeType::Object { fields } => Type::ObjectType(v1::ObjectType {
            fields: fields.iter().map(|(name, kind)| (name.clone(), attribute_type(kind))).collect(),
        }),
    };
    v1::AttributeType { r#type: Some(kind) }
}
