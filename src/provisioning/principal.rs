//! Who calls, and what a use case has to know of the call beside its request.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::domain::application::Application;
use crate::domain::ids::{AccountId, ApplicationKeyId, RealmId, SessionId, TenantId};
use crate::domain::legacy::LegacyCodes;
use crate::domain::permission::{Permission, Permissions};
use crate::domain::session::Restriction;

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

/// A person whose session token was right, on whose behalf an application calls. What they may is added to what the application may, and
/// holds only in their own tenant and realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The tenant of the session.
    pub tenant_id: TenantId,
    /// The realm of the account.
    pub realm_id: RealmId,
    /// The account.
    pub account_id: AccountId,
    /// The session.
    pub session_id: SessionId,
    /// What the session is good for, where it is not good for everything.
    pub restriction: Option<Restriction>,
    /// Names of roles of the realm.
    pub roles: Vec<String>,
}

/// Which application calls.
#[derive(Clone, Debug)]
pub enum Principal {
    /// Nobody said which.
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
    /// Which application calls.
    pub principal: Principal,
    /// On whose behalf.
    pub person: Option<Arc<Person>>,
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
