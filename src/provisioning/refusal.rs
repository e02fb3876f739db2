//! Why a use case says no. One enum for the whole room: `status` translates it to codes, reasons and details, and nothing here knows of a
//! wire. A cause that nobody outside may see (a broken store) travels in [`Refusal::Internal`] and is logged once, at the edge.

use std::time::Duration;

use crate::domain::ids::{AccountId, TenantId};
use crate::domain::limits::LimitName;
use crate::domain::permission::Permission;
use crate::domain::template::TemplateKey;
use crate::domain::verification::TokenFault;
use crate::domain::violation::{FieldReason, Violations};
use crate::password::HashError;
use crate::store::{Conflict, StoreError};

/// What is wrong with a caller's credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialFault {
    /// No credential, and the method needs one.
    Missing,
    /// Not a key of ours, revoked, or of a disabled application.
    Invalid,
    /// A key past its expiry.
    Expired,
    /// Another scheme than `Bearer`.
    SchemeUnsupported,
}

/// What a request names and what is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A tenant, or one that the caller has no grant on: the same answer.
    Tenant,
    /// A realm.
    Realm,
    /// A contract, or one that the caller may not use: the same answer.
    Contract,
    /// An application or a key of it.
    Application,
    /// An account.
    Account,
    /// A template of the tenant's own.
    Template,
    /// A verification; its name is a secret and is not told back.
    Verification,
}

/// What is taken, in terms of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenKind {
    /// The e-mail address.
    Email,
    /// The user name.
    UserName,
    /// The phone number, by a live account.
    Phone,
    /// The phone number, by a disabled or deleted account, told as such.
    PhoneOfInactive,
    /// An external key.
    ExternalKey,
    /// A unique attribute.
    Attribute,
    /// The portal name.
    PortalName,
    /// The name of a realm, contract or application; what a template is known by.
    Name,
}

/// One taken field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What is taken.
    pub kind: TakenKind,
    /// The field's path from the request root.
    pub field: String,
    /// Who holds it; only where the caller may know (`accounts.read`).
    pub holder: Option<(TenantId, AccountId)>,
}

/// A state that does not allow what is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateFault {
    /// The tenant is not ACTIVE.
    TenantNotActive(TenantId),
    /// The resource cannot be deleted as long as something depends on it.
    InUse {
        /// The resource's name, such as `realms/<id>`.
        resource: String,
        /// What depends on it, as a neutral sentence.
        description: &'static str,
    },
}

/// Why an account whose password was right cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountFault {
    /// It has to be verified first.
    NotVerified,
    /// It is locked.
    Locked,
    /// It is disabled.
    Disabled,
    /// It is deleted.
    Deleted,
    /// The session is good for nothing but changing the password.
    PasswordChangeRequired,
}

/// Why a use case says no.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The caller's credential.
    #[error("the caller's credential is refused: {0:?}")]
    Credential(CredentialFault),
    /// The login is refused, whatever was wrong.
    #[error("the login is refused")]
    LoginFailed,
    /// The session token is not one of ours that holds.
    #[error("the session is invalid")]
    SessionInvalid,
    /// A token or code that was sent to a person cannot be used.
    #[error("the verification token is refused: {0:?}")]
    Token(TokenFault),
    /// The password was right, and the account cannot be used.
    #[error("the account cannot be used: {0:?}")]
    AccountUnusable(AccountFault, AccountId),
    /// The caller lacks a permission.
    #[error("permission {0} is missing")]
    PermissionMissing(Permission),
    /// The realm is CLOSED to this caller.
    #[error("registration is closed")]
    RegistrationClosed,
    /// The label in `x-calling-app` is absent or not allowed.
    #[error("the calling app is not allowed")]
    CallingAppMismatch,
    /// Every fault of the request.
    #[error("the request has {} faults", .0.len())]
    Invalid(Violations),
    /// A captcha has to be solved, and the request brings no token; the token's field.
    #[error("a captcha is required")]
    CaptchaRequired(&'static str),
    /// The captcha provider rejects the token; its field.
    #[error("the captcha was not passed")]
    CaptchaInvalid(&'static str),
    /// Something is taken.
    #[error("{} fields are taken", .0.len())]
    AlreadyExists(Vec<Taken>),
    /// Something is not there.
    #[error("{kind:?} not found")]
    NotFound {
        /// What.
        kind: ResourceKind,
        /// As the request named it; never a person's data.
        name: String,
    },
    /// A quota is used up.
    #[error("quota {metric} is used up")]
    QuotaExceeded {
        /// The metric, such as `tenants`.
        metric: &'static str,
        /// Whose quota, such as `owner`.
        subject: &'static str,
        /// How many there may be.
        limit: i64,
    },
    /// Too many attempts.
    #[error("limit {limit:?} is exceeded")]
    RateLimited {
        /// Which limit.
        limit: LimitName,
        /// When to try again.
        retry_after: Duration,
    },
    /// A consent that the realm demands was declined; the documents.
    #[error("consent is required")]
    ConsentRequired(Vec<String>),
    /// The realm is disabled or keeps no people of its own.
    #[error("the realm is unavailable")]
    RealmUnavailable(String),
    /// There is no template for a mail that would have to be sent.
    #[error("there is no template")]
    TemplateMissing(TemplateKey),
    /// The brand or edition is not known, or has no base for the links of a mail that would have to be sent.
    #[error("there is no base for links")]
    UrlConfigurationInvalid {
        /// As the account has it; empty = none.
        brand: String,
        /// As the account has it; empty = none.
        edition: String,
    },
    /// A state stands in the way.
    #[error("the state does not allow it: {0:?}")]
    State(StateFault),
    /// The request id was used with another payload.
    #[error("the request id was used for another request")]
    RequestIdReused,
    /// The etag is not the current one.
    #[error("the resource changed meanwhile")]
    EtagMismatch,
    /// Two units collided more often than is tried again.
    #[error("the transaction collided with others")]
    TransactionConflict,
    /// The page token is not ours, not for this list, or too old.
    #[error("the page token is invalid")]
    PageTokenInvalid,
    /// No hash can be finished in time.
    #[error("no capacity to hash in time")]
    HashCapacity {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store's queue is full.
    #[error("the service is overloaded")]
    Overloaded,
    /// The server is going down.
    #[error("the service is draining")]
    Draining,
    /// The database or the captcha provider does not answer, or the outcome of a commit is unknown; the same request id may be tried again.
    #[error("a dependency is unavailable")]
    DependencyUnavailable,
    /// The call's time is up.
    #[error("the deadline is exceeded")]
    DeadlineExceeded,
    /// A portal could not be registered through no fault of the caller (ONLYOFFICE: registerNewTenantError); nothing was written.
    #[error("the tenant could not be provisioned")]
    TenantProvisioningFailed(#[source] Box<Refusal>),
    /// A fault of ours; the cause is for the log only.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Refusal {
    /// A resource that is not there.
    pub fn not_found(kind: ResourceKind, name: impl ToString) -> Self {
        Self::NotFound { kind, name: name.to_string() }
    }

    /// One field that is missing.
    pub fn required(field: &str) -> Self {
        let mut violations = Violations::new();
        violations.push(field, FieldReason::FieldRequired);
        Self::Invalid(violations)
    }

    /// One taken field whose holder nobody is told.
    pub fn taken(kind: TakenKind, field: &str) -> Self {
        Self::AlreadyExists(vec![Taken { kind, field: field.to_owned(), holder: None }])
    }
}

/// What a store's failure means where the use case has nothing better to say.
impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::EtagMismatch,
            StoreError::Busy => Self::Overloaded,
            StoreError::Unavailable | StoreError::Unknown => Self::DependencyUnavailable,
            StoreError::Conflict(Conflict::Request | Conflict::PortalRequest) => Self::TransactionConflict,
            other => Self::Internal(Box::new(other)),
        }
    }
}

impl From<HashError> for Refusal {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Capacity { retry_after } => Self::HashCapacity { retry_after },
            HashError::DeadlineExceeded => Self::DeadlineExceeded,
            HashError::Draining => Self::Draining,
            other => Self::Internal(Box::new(other)),
        }
    }
}
