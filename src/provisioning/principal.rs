//! Who calls, and what a use case has to know of the call beside its request.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::domain::application::Application;
use crate::domain::ids::ApplicationKeyId;
use crate::domain::legacy::LegacyCodes;
use crate::domain::permission::{Permission, Permissions};

use super::refusal::{CredentialFault, Refusal};

/// An application whose key was right.
#[derive(Debug)]
pub struct Caller {
    /// The application.
    pub application: Application,
    /// Its settings' legacy codes, to be shared with the answers of its calls.
    pub legacy_codes: Arc<LegacyCodes>,
    /// The key it called with.
    pub key_id: ApplicationKeyId,
    /// From when on the key is refused as expired.
    pub key_expire_time: Option<DateTime<Utc>>,
    /// The union of its permissions over all its grants: what the method layer asks. Use cases ask the grant on the tenant at hand.
    pub permissions: Permissions,
}

/// Who calls.
#[derive(Clone, Debug)]
pub enum Principal {
    /// Nobody said who.
    Anonymous,
    /// An application.
    Application(Arc<Caller>),
}

impl Principal {
    /// The calling application, or CREDENTIALS_MISSING.
    pub fn caller(&self) -> Result<&Arc<Caller>, Refusal> {
        match self {
            Self::Anonymous => Err(Refusal::Credential(CredentialFault::Missing)),
            Self::Application(caller) => Ok(caller),
        }
    }

    /// May it call a method that needs this permission at all?
    pub fn may(&self, permission: Permission) -> Result<(), Refusal> {
        match self.caller()?.permissions.contains(&permission) {
            true => Ok(()),
            false => Err(Refusal::PermissionMissing(permission)),
        }
    }
}

/// What a use case has to know of the call beside its request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who calls.
    pub principal: Principal,
    /// The rpc's bare name, such as `CreateAccount`.
    pub rpc: &'static str,
    /// The id that the caller sees in `x-request-id`.
    pub request_id: String,
    /// The label in `x-calling-app`.
    pub calling_app: Option<String>,
    /// The peer's address, or the one that a trusted proxy states.
    pub peer: IpAddr,
    /// When the answer is of no more use.
    pub deadline: Instant,
}
