//! What is remembered of a request that carried a `request_id`: never its body, only what it came to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, ApplicationId, RequestId, TenantId};
use super::state::text_enum;

text_enum! {
    /// What a creating request came to.
    pub enum Outcome {
        /// A new resource.
        Created = "CREATED",
        /// The account that held the identifier (RETURN_EXISTING).
        Existing = "EXISTING",
        /// Taken in; the answer does not say whether the address was new.
        Accepted = "ACCEPTED",
        /// `validate_only`: nothing written.
        Validated = "VALIDATED",
    }
}

/// A keyed hash of a request without its secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// Whose request id it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The tenant at hand; absent for RegisterPortal, which has none yet.
    pub tenant_id: Option<TenantId>,
    /// The application that called.
    pub application_id: ApplicationId,
    /// The rpc's bare name.
    pub rpc: &'static str,
    /// The caller's UUID.
    pub request_id: RequestId,
}

/// The ids that a request made or found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestIds {
    /// The tenant; RegisterPortal made it.
    pub tenant_id: TenantId,
    /// The account.
    pub account_id: AccountId,
}

/// The row that a unit writes first.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRecord {
    /// See [`RequestKey`].
    pub key: RequestKey,
    /// See [`Fingerprint`].
    pub fingerprint: Fingerprint,
    /// See [`Outcome`].
    pub outcome: Outcome,
    /// See [`RequestIds`].
    pub ids: RequestIds,
    /// When it was written; an expired row of the same key is overwritten.
    pub create_time: DateTime<Utc>,
    /// From when on it counts no more.
    pub expire_time: DateTime<Utc>,
}

/// How long a request id is remembered.
pub const REQUEST_LIFETIME: chrono::Duration = chrono::Duration::hours(24);
