//! What the proto says about each method: who may call it, what it costs, how long it may take. Read once from the method option
//! `enroll.options.v1.policy` in the embedded descriptor set; health and reflection, whose protos are not ours, stand in a constant table.
//!
//! A method without the option, or with one that makes no sense, is not in the table, and what is not in the table does not exist for a
//! caller. Absent from here: every decision. The layers decide by what they find.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use prost_reflect::{DescriptorPool, ExtensionDescriptor, MethodDescriptor, Value};

use crate::domain::permission::Permission;
use crate::proto;
use crate::proto::options::{Access as AccessOption, Cost, Policy};

/// The deadline of a method whose policy states none.
pub const DEADLINE_DEFAULT: Duration = Duration::from_secs(10);

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, and no credential is looked at: health is told even while none can be looked up.
    Open,
    /// Anybody; a credential that is there must be right.
    Anonymous,
    /// Anybody on a loopback listener, else as the settings say.
    Reflection,
    /// Any application.
    Application,
    /// An application that holds the permission on some tenant; on which one, a use case asks.
    Permission(Permission),
    /// The same, or an application on behalf of a person; whose account it is about, a use case asks.
    PermissionOrSelf(Permission),
}

/// One method.
#[derive(Debug, PartialEq, Eq)]
pub struct Method {
    /// `enroll.v1.AccountService/CreateAccount`.
    pub name: String,
    /// `CreateAccount`.
    pub rpc: String,
    /// See [`Access`].
    pub access: Access,
    /// What one call takes from the caller's rate.
    pub cost: u32,
    /// The deadline of a call that brings none, and the ceiling of one that does; none for streams that live as long as they are wanted.
    pub deadline: Option<Duration>,
    /// Whether a session that is restricted to changing the password may call it.
    pub restricted_session: bool,
    /// The method's place in [`Methods::all`].
    pub index: usize,
}

/// Why a descriptor set cannot be read. Only a broken build or a test can cause it.
#[derive(Debug, thiserror::Error)]
pub enum MethodsError {
    /// Not a descriptor set.
    #[error("the descriptor set cannot be read")]
    Descriptor(#[from] prost_reflect::DescriptorError),
    /// The option is not declared in it.
    #[error("the descriptor set does not declare {POLICY}")]
    NoPolicy,
}

/// The full name of the method option.
const POLICY: &str = "enroll.options.v1.policy";

/// Health and reflection.
const FOREIGN: &[(&str, &str, Access, Option<Duration>)] = &[
    ("grpc.health.v1.Health", "Check", Access::Open, Some(DEADLINE_DEFAULT)),
    ("grpc.health.v1.Health", "Watch", Access::Open, None),
    ("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", Access::Reflection, Some(Duration::from_secs(60))),
    (
        "grpc.reflection.v1alpha.ServerReflection",
        "ServerReflectionInfo",
        Access::Reflection,
        Some(Duration::from_secs(60)),
    ),
];

static OF_THE_HOUSE: LazyLock<Methods> = LazyLock::new(|| {
    Methods::read(proto::FILE_DESCRIPTOR_SET)
        .expect("invariant: the build embeds a readable descriptor set; a test reads it")
});

/// All methods that may be called.
#[derive(Debug)]
pub struct Methods {
    all: Vec<Method>,
    /// From the name to the place in `all`.
    by_name: HashMap<String, usize>,
}

impl Methods {
    /// The methods of this build.
    pub fn of_the_house() -> &'static Self {
        &OF_THE_HOUSE
    }

    /// Reads the methods of a descriptor set.
    pub fn read(descriptor_set: &[u8]) -> Result<Self, MethodsError> {
        let pool = DescriptorPool::decode(descriptor_set)?;
        let policy = pool.get_extension_by_name(POLICY).ok_or(MethodsError::NoPolicy)?;
        let foreign = FOREIGN.iter().map(|(service, rpc, access, deadline)| Method {
            name: format!("{service}/{rpc}"),
            rpc: (*rpc).to_owned(),
            access: *access,
            cost: weight(Cost::Read),
            deadline: *deadline,
            restricted_session: false,
            index: 0,
        });
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let ours = methods.filter_map(|method| read_method(&method, &policy));
        let mut all: Vec<Method> = foreign.chain(ours).collect();
        for (index, method) in all.iter_mut().enumerate() {
            method.index = index;
        }
        let by_name = all.iter().map(|method| (method.name.clone(), method.index)).collect();
        Ok(Self { all, by_name })
    }

    /// Every method, by [`Method::index`].
    pub fn all(&self) -> &[Method] {
        &self.all
    }

    /// The services that have a method, health and reflection among them; a name may come more than once.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.all.iter().filter_map(|method| method.name.split('/').next())
    }

    /// The method that a request path names.
    pub fn find(&self, path: &str) -> Option<&Method> {
        let index = self.by_name.get(path.strip_prefix('/')?)?;
        self.all.get(*index)
    }
}

/// The method as its option describes it; `None`, which denies it, where the option is absent or makes no sense.
fn read_method(method: &MethodDescriptor, extension: &ExtensionDescriptor) -> Option<Method> {
    let options = method.options();
    if !options.has_extension(extension) {
        return None;
    }
    let policy: Policy = match options.get_extension(extension).as_ref() {
        Value::Message(message) => message.transcode_to().ok()?,
        _ => return None,
    };
    let deadline = match policy.deadline_ms_default {
        0 => DEADLINE_DEFAULT,
        millis => Duration::from_millis(u64::from(millis)),
    };
    Some(Method {
        name: format!("{}/{}", method.parent_service().full_name(), method.name()),
        rpc: method.name().to_owned(),
        access: read_access(&policy)?,
        cost: weight(policy.cost()),
        deadline: Some(deadline),
        restricted_session: policy.restricted_session,
        index: 0,
    })
}

fn read_access(policy: &Policy) -> Option<Access> {
    match policy.access() {
        AccessOption::Unspecified => None,
        AccessOption::Anonymous => Some(Access::Anonymous),
        AccessOption::Application => Some(Access::Application),
        AccessOption::Permission => policy.permission.parse().ok().map(Access::Permission),
        AccessOption::PermissionOrSelf => policy.permission.parse().ok().map(Access::PermissionOrSelf),
    }
}

fn weight(cost: Cost) -> u32 {
    match cost {
        Cost::Read => 1,
        Cost::Write => 5,
        Cost::Hash | Cost::Unspecified => 20,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_house_has_a_policy_that_makes_sense() {
        let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).expect("a descriptor set");
        let house = Methods::of_the_house();
        let services = pool.services().filter(|service| service.full_name().starts_with("enroll."));
        let methods: Vec<_> = services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
        assert!(!methods.is_empty());
        for method in methods {
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            assert!(
                house.find(&path).is_some(),
                "{path} is denied to everybody: its policy is absent or makes no sense"
            );
        }
    }

    #[test]
    fn a_method_without_the_option_is_not_there() {
        let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).expect("a descriptor set");
        let policy = pool.get_extension_by_name(POLICY).expect("the option");
        let bare = DescriptorPool::decode(tonic_health::pb::FILE_DESCRIPTOR_SET).expect("a descriptor set");
        let check = bare.get_service_by_name("grpc.health.v1.Health").and_then(|health| health.methods().next());
        assert_eq!(read_method(&check.expect("a method"), &policy), None);
    }

    #[test]
    fn a_policy_that_makes_no_sense_denies() {
        let policy = |access: AccessOption, permission: &str| Policy {
            access: access.into(),
            permission: permission.to_owned(),
            ..Policy::default()
        };
        assert_eq!(read_access(&policy(AccessOption::Unspecified, "")), None);
        assert_eq!(read_access(&policy(AccessOption::Permission, "")), None);
        assert_eq!(read_access(&policy(AccessOption::Permission, "accounts.invent")), None);
        let read = read_access(&policy(AccessOption::Permission, "accounts.read"));
        assert_eq!(read, Some(Access::Permission(Permission::AccountsRead)));
    }

    #[test]
    fn a_path_is_found_whole_or_not_at_all() {
        let house = Methods::of_the_house();
        assert_eq!(house.find("/grpc.health.v1.Health/Check").map(|method| method.access), Some(Access::Open));
        for path in
            ["", "/", "grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Check/", "/grpc.health.v1.health/check"]
        {
            assert_eq!(house.find(path), None, "{path}");
        }
    }
}
