//! The messages of the service as JSON: requests are read from it, answers are printed in it. The embedded descriptor set says what a message
//! is, so no rpc needs code of its own here.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions};
use serde_json::Value;

use crate::proto::FILE_DESCRIPTOR_SET;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("invariant: the embedded descriptor set is whole")
});

/// A method by `Service/Method` of enroll.v1.
pub(super) fn method(path: &str) -> Option<MethodDescriptor> {
    let (service, method) = path.trim_start_matches("enroll.v1.").split_once('/')?;
    let service = POOL.get_service_by_name(&format!("enroll.v1.{service}"))?;
    service.methods().find(|descriptor| descriptor.name() == method)
}

/// A message of enroll.v1 by its name.
#[cfg(test)]
pub(super) fn message(name: &str) -> Option<MessageDescriptor> {
    POOL.get_message_by_name(&format!("enroll.v1.{name}"))
}

/// Reads proto JSON; unknown fields are refused.
pub(super) fn from_json(descriptor: MessageDescriptor, value: Value) -> Result<DynamicMessage, String> {
    let name = descriptor.name().to_owned();
    DynamicMessage::deserialize(descriptor, value).map_err(|error| format!("{name}: {error}"))
}

/// Prints proto JSON. Fields that are empty are left out, as in every JSON of protobuf.
pub(super) fn to_json(message: &DynamicMessage) -> Result<Value, serde_json::Error> {
    message
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new().stringify_64_bit_integers(true))
}

/// Whether a request has the field: not every method can only validate.
pub(super) fn has_field(descriptor: &MethodDescriptor, name: &str) -> bool {
    descriptor.input().get_field_by_name(name).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_reads_and_prints_as_proto_json() {
        let request = method("AccountService/ListAccounts").expect("a method").input();
        let message =
            from_json(request.clone(), json!({"page_size": 7, "state": "ACCOUNT_STATE_ACTIVE"})).expect("it reads");
        assert_eq!(to_json(&message).expect("it prints"), json!({"pageSize": 7, "state": "ACCOUNT_STATE_ACTIVE"}));
        assert!(from_json(request, json!({"page_sise": 7})).is_err());
        let number =
            from_json(super::message("Account").expect("a message"), json!({"account_number": 7})).expect("it reads");
        assert_eq!(to_json(&number).expect("it prints"), json!({"accountNumber": "7"}));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert!(method("AccountService/ListAccount").is_none() && method("ListAccounts").is_none());
        let validating = method("enroll.v1.RealmService/CreateRealm").expect("a method");
        assert!(has_field(&validating, "validate_only"));
        assert!(!has_field(&method("RealmService/ListRealms").expect("a method"), "validate_only"));
    }
}
