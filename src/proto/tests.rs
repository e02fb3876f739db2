//! The contract holds its own promises: read from the embedded descriptor set, so that a new message or method is held to
//! them without a change here.
use std::fmt::Debug;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};

use super::options::{Access, Cost, Policy};
use super::{FILE_DESCRIPTOR_SET, v1};

const CANARY: &str = "canary-7f3a";

fn pool() -> DescriptorPool {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the embedded descriptor set is whole")
}

fn messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    pool.all_messages().filter(|message| message.package_name() == "enroll.v1" && !message.is_map_entry()).collect()
}

fn methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

fn is_secret(field: &FieldDescriptor) -> bool {
    field.options().get_field_by_name("debug_redact").is_some_and(|value| value.as_bool() == Some(true))
}

/// How the generated type of a message prints itself, by the message's name.
fn debug_of(message: &str, bytes: &[u8]) -> Option<String> {
    fn print<M: Message + Default + Debug>(bytes: &[u8]) -> String {
        format!("{:?}", M::decode(bytes).expect("the bytes are of this message"))
    }
    Some(match message {
        "Captcha" => print::<v1::Captcha>(bytes),
        "PasswordInput" => print::<v1::PasswordInput>(bytes),
        "InitialPassword" => print::<v1::InitialPassword>(bytes),
        "PasswordHash" => print::<v1::PasswordHash>(bytes),
        "CreateApplicationKeyResponse" => print::<v1::CreateApplicationKeyResponse>(bytes),
        "SessionTokens" => print::<v1::SessionTokens>(bytes),
        "CreateSessionRequest" => print::<v1::CreateSessionRequest>(bytes),
        "RefreshSessionRequest" => print::<v1::RefreshSessionRequest>(bytes),
        "GetSessionRequest" => print::<v1::GetSessionRequest>(bytes),
        "CheckPasswordRequest" => print::<v1::CheckPasswordRequest>(bytes),
        "Verification" => print::<v1::Verification>(bytes),
        "SendVerificationRequest" => print::<v1::SendVerificationRequest>(bytes),
        "ConfirmVerificationRequest" => print::<v1::ConfirmVerificationRequest>(bytes),
        "FinishPasswordResetRequest" => print::<v1::FinishPasswordResetRequest>(bytes),
        "RegisterPortalResponse" => print::<v1::RegisterPortalResponse>(bytes),
        "ChangePasswordRequest" => print::<v1::ChangePasswordRequest>(bytes),
        _ => return None,
    })
}

#[test]
fn no_secret_field_is_printed() {
    let pool = pool();
    let mut secrets = 0;
    for message in messages(&pool) {
        for field in message.fields().filter(is_secret) {
            assert!(matches!(field.kind(), Kind::String), "{}: the canary of this test is a string", field.full_name());
            let mut with_canary = DynamicMessage::new(message.clone());
            with_canary.set_field(&field, Value::String(CANARY.to_owned()));
            let printed = debug_of(message.name(), &with_canary.encode_to_vec())
                .unwrap_or_else(|| panic!("{} has a secret: add it to `debug_of`", message.name()));
            assert!(printed.contains(field.name()), "{printed} does not name {}", field.name());
            assert!(!printed.contains(CANARY), "{} is printed", field.full_name());
            secrets += 1;
        }
    }
    assert_eq!(secrets, 23, "the number of secrets in the contract; fewer means that the walk is blind");
}

#[test]
fn a_message_that_holds_a_secret_message_prints_no_secret() {
    let password = v1::PasswordInput { password: CANARY.to_owned(), password_confirmation: Some(CANARY.to_owned()) };
    let request = v1::RegisterAccountRequest { password: Some(password), ..Default::default() };
    assert!(!format!("{request:?}").contains(CANARY));

    let credential = v1::credential_input::Credential::PasswordHash(v1::PasswordHash { encoded: CANARY.to_owned() });
    let credential = v1::CredentialInput { credential: Some(credential) };
    let request = v1::CreateAccountRequest { credential: Some(credential), ..Default::default() };
    assert!(!format!("{request:?}").contains(CANARY));
}

#[test]
fn every_field_that_is_named_like_a_secret_is_marked_as_one() {
    let pool = pool();
    for message in messages(&pool) {
        for field in message.fields().filter(|field| matches!(field.kind(), Kind::String)) {
            let name = field.name();
            let named_like_one = ["token", "verification_id", "reference"].contains(&name)
                || field.full_name() == "enroll.v1.Verification.url"
                || ["password", "secret", "encoded", "bearer_token", "refresh_token"]
                    .iter()
                    .any(|word| name.contains(word));
            assert_eq!(named_like_one, is_secret(&field), "{}", field.full_name());
        }
    }
}

#[test]
fn every_method_has_a_whole_policy() {
    let pool = pool();
    let extension = pool.get_extension_by_name("enroll.options.v1.policy").expect("the option is declared");
    let methods = methods(&pool);
    assert!(methods.len() > 20, "the walk sees the methods");
    for method in methods {
        let name = method.full_name();
        let options = method.options();
        assert!(options.has_extension(&extension), "{name} has no policy and would be denied");
        let policy: Policy = match options.get_extension(&extension).as_ref() {
            Value::Message(policy) => policy.transcode_to().expect("the generated type is of the same proto"),
            other => panic!("{name}: {other:?} is no policy"),
        };
        assert_ne!(policy.access(), Access::Unspecified, "{name}");
        assert_ne!(policy.cost(), Cost::Unspecified, "{name}");
        assert!((1_000..=60_000).contains(&policy.deadline_ms_default), "{name}");
        let asks = matches!(policy.access(), Access::Permission | Access::PermissionOrSelf);
        assert_eq!(asks, policy.permission.split_once('.').is_some(), "{name}: access and permission disagree");
        let reads = ["Get", "List", "Check", "Resolve", "Preview"].iter().any(|verb| method.name().starts_with(verb));
        assert_eq!(policy.audited, !reads, "{name}: writes are audited and reads are not");
    }
}

#[test]
fn every_field_of_requests_and_resources_says_its_behaviour() {
    let pool = pool();
    let extension = pool.get_extension_by_name("google.api.field_behavior").expect("the option is vendored");
    for message in messages(&pool).iter().filter(|message| !message.name().ends_with("Response")) {
        for field in message.fields() {
            assert!(field.options().has_extension(&extension), "{} has no field_behavior", field.full_name());
        }
    }
}
