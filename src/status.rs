//! How a refusal becomes a gRPC status with typed details: the only place where that happens. No refusal is decided here, and nothing that
//! a client must not see gets past here: the cause of an internal error is logged once with the request id, and the client gets a neutral
//! sentence. No sentence holds a value of the request; fields and resources are named by their paths and ids.
//!
//! The policy, held by the tests:
//! - Every status has one ErrorInfo (its reason is the name of an `ErrorReason`) and one RequestInfo; each detail type comes at most once.
//! - Code and message inside the details equal the headers: clients in Python raise when they differ.
//! - The details are at most 4096 bytes: C-core and Java refuse trailers over 8 KiB, and base64 adds a third.
//! - English is what the status says; a sentence in the caller's language goes beside it.

mod catalogue;
mod complete;
mod context;
mod details;
mod draft;
mod locale;
#[cfg(test)]
mod tests;

pub use complete::{Part, carries_error_info, complete};
pub use context::AnswerContext;

use std::borrow::Borrow;

use tonic::{Code, Status};

use crate::domain::verification::TokenFault;
use crate::proto::v1::ErrorReason;
use crate::provisioning::refusal::{
    AccountFault, CredentialFault, Refusal, ResourceKind, StateFault, Taken, TakenKind,
};

/// The domain of every ErrorInfo.
pub const DOMAIN: &str = "enroll.v1";

/// What each refusal is called on the wire.
fn verdict(refusal: &Refusal) -> (Code, ErrorReason) {
    match refusal {
        Refusal::Credential(fault) => (Code::Unauthenticated, credential_reason(*fault)),
        Refusal::LoginFailed => (Code::Unauthenticated, ErrorReason::LoginFailed),
        Refusal::SessionInvalid => (Code::Unauthenticated, ErrorReason::SessionInvalid),
        Refusal::Token(fault) => token_verdict(*fault),
        Refusal::AccountUnusable(fault, _) => (Code::FailedPrecondition, account_reason(*fault)),
        Refusal::PermissionMissing(_) => (Code::PermissionDenied, ErrorReason::PermissionMissing),
        Refusal::RegistrationClosed => (Code::PermissionDenied, ErrorReason::RegistrationClosed),
        Refusal::CallingAppMismatch => (Code::PermissionDenied, ErrorReason::CallingAppMismatch),
        Refusal::Invalid(_) => (Code::InvalidArgument, ErrorReason::ValidationFailed),
        Refusal::PageTokenInvalid => (Code::InvalidArgument, ErrorReason::PageTokenInvalid),
        Refusal::CaptchaRequired(_) => (Code::InvalidArgument, ErrorReason::CaptchaRequired),
        Refusal::CaptchaInvalid(_) => (Code::InvalidArgument, ErrorReason::CaptchaInvalid),
        Refusal::AlreadyExists(taken) => (Code::AlreadyExists, taken_reason(taken)),
        Refusal::NotFound { kind, .. } => (Code::NotFound, not_found_reason(*kind)),
        Refusal::QuotaExceeded { .. } => (Code::ResourceExhausted, ErrorReason::ResourceQuotaExceeded),
        Refusal::RateLimited { .. } => (Code::ResourceExhausted, ErrorReason::RateLimitExceeded),
        Refusal::HashCapacity { .. } => (Code::ResourceExhausted, ErrorReason::HashCapacityExceeded),
        Refusal::ConsentRequired(_) => (Code::FailedPrecondition, ErrorReason::ConsentRequired),
        Refusal::RealmUnavailable(_) => (Code::FailedPrecondition, ErrorReason::RealmUnavailable),
        Refusal::TemplateMissing(_) => (Code::FailedPrecondition, ErrorReason::TemplateMissing),
        Refusal::UrlConfigurationInvalid { .. } => (Code::FailedPrecondition, ErrorReason::UrlConfigurationInvalid),
        Refusal::State(StateFault::TenantNotActive(_)) => (Code::FailedPrecondition, ErrorReason::TenantNotActive),
        Refusal::State(StateFault::InUse { .. }) => (Code::FailedPrecondition, ErrorReason::ResourceInUse),
        Refusal::RequestIdReused => (Code::FailedPrecondition, ErrorReason::RequestIdReused),
        Refusal::EtagMismatch => (Code::Aborted, ErrorReason::EtagMismatch),
        Refusal::TransactionConflict => (Code::Aborted, ErrorReason::TransactionConflict),
        Refusal::Overloaded => (Code::Unavailable, ErrorReason::ServiceOverloaded),
        Refusal::Draining => (Code::Unavailable, ErrorReason::ServiceDraining),
        Refusal::DependencyUnavailable => (Code::Unavailable, ErrorReason::DependencyUnavailable),
        Refusal::DeadlineExceeded => (Code::DeadlineExceeded, ErrorReason::RequestDeadlineExceeded),
        Refusal::TenantProvisioningFailed(_) => (Code::Internal, ErrorReason::TenantProvisioningFailed),
        Refusal::Internal(_) => (Code::Internal, ErrorReason::InternalError),
    }
}

fn credential_reason(fault: CredentialFault) -> ErrorReason {
    match fault {
        CredentialFault::Missing => ErrorReason::CredentialsMissing,
        CredentialFault::Invalid => ErrorReason::CredentialsInvalid,
        CredentialFault::Expired => ErrorReason::CredentialsExpired,
        CredentialFault::SchemeUnsupported => ErrorReason::AuthSchemeUnsupported,
    }
}

fn token_verdict(fault: TokenFault) -> (Code, ErrorReason) {
    match fault {
        TokenFault::Invalid => (Code::InvalidArgument, ErrorReason::VerificationTokenInvalid),
        TokenFault::Expired => (Code::FailedPrecondition, ErrorReason::VerificationTokenExpired),
        TokenFault::Used => (Code::FailedPrecondition, ErrorReason::VerificationTokenUsed),
        TokenFault::Superseded => (Code::FailedPrecondition, ErrorReason::VerificationTokenSuperseded),
    }
}

fn account_reason(fault: AccountFault) -> ErrorReason {
    match fault {
        AccountFault::NotVerified => ErrorReason::AccountNotVerified,
        AccountFault::Locked => ErrorReason::AccountLocked,
        AccountFault::Disabled => ErrorReason::AccountDisabled,
        AccountFault::Deleted => ErrorReason::AccountDeleted,
        AccountFault::PasswordChangeRequired => ErrorReason::PasswordChangeRequired,
    }
}

fn not_found_reason(kind: ResourceKind) -> ErrorReason {
    match kind {
        ResourceKind::Tenant => ErrorReason::TenantNotFound,
        ResourceKind::Realm => ErrorReason::RealmNotFound,
        ResourceKind::Contract => ErrorReason::ContractNotFound,
        ResourceKind::Application => ErrorReason::ApplicationNotFound,
        ResourceKind::Account => ErrorReason::AccountNotFound,
        ResourceKind::Template => ErrorReason::TemplateNotFound,
        ResourceKind::Verification => ErrorReason::VerificationNotFound,
    }
}

/// One taken field has its own reason; several are told one by one in BadRequest.
fn taken_reason(taken: &[Taken]) -> ErrorReason {
    match taken {
        [one] => taken_field_reason(one.kind),
        _ => ErrorReason::MultipleIdentifiersExist,
    }
}

fn taken_field_reason(kind: TakenKind) -> ErrorReason {
    match kind {
        TakenKind::Email => ErrorReason::EmailAlreadyExists,
        TakenKind::UserName => ErrorReason::UserNameAlreadyExists,
        TakenKind::Phone => ErrorReason::PhoneAlreadyExists,
        TakenKind::PhoneOfInactive => ErrorReason::PhoneHeldByInactiveAccount,
        TakenKind::ExternalKey => ErrorReason::ExternalKeyAlreadyExists,
        TakenKind::Attribute => ErrorReason::AttributeAlreadyExists,
        TakenKind::PortalName => ErrorReason::PortalNameAlreadyExists,
        TakenKind::Name => ErrorReason::NameAlreadyExists,
    }
}

/// What is wrong with a call before any use case sees it. What use cases say too (overload, draining, the deadline) is a [`Refusal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// No such method or service.
    MethodUnknown,
    /// The bytes are not a message of the method's request type.
    MessageMalformed,
    /// The message is larger than is taken.
    MessageTooLarge,
    /// The message is compressed in a way that is not offered.
    EncodingUnsupported,
}

impl WireFault {
    fn verdict(self) -> (Code, ErrorReason) {
        match self {
            Self::MethodUnknown => (Code::Unimplemented, ErrorReason::MethodUnknown),
            Self::MessageMalformed => (Code::InvalidArgument, ErrorReason::MessageMalformed),
            Self::MessageTooLarge => (Code::ResourceExhausted, ErrorReason::MessageTooLarge),
            Self::EncodingUnsupported => (Code::Unimplemented, ErrorReason::FeatureUnavailable),
        }
    }
}

/// The status of a refusal, owned or borrowed. The cause of an internal error is logged here, once.
pub fn from_refusal(refusal: impl Borrow<Refusal>, context: &AnswerContext) -> Status {
    let refusal = refusal.borrow();
    match refusal {
        Refusal::Internal(cause) => log_cause(cause.as_ref(), context),
        Refusal::TenantProvisioningFailed(cause) => log_cause(cause.as_ref(), context),
        _ => {}
    }
    details::of_refusal(refusal, context).into_status()
}

/// The status of a fault of the wire.
pub fn from_wire_fault(fault: WireFault, context: &AnswerContext) -> Status {
    details::of_wire_fault(fault, context).into_status()
}

/// Logs an error and what caused it, outermost first.
fn log_cause(cause: &dyn std::error::Error, context: &AnswerContext) {
    let causes = std::iter::successors(Some(cause), |error| error.source());
    let cause = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    tracing::error!(request_id = context.request_id(), rpc = context.rpc(), cause, "a call failed inside the service");
}
