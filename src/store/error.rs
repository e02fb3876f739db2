//! What can go wrong with the store, in its own words. This is the only place of the house that looks at an engine's texts and constraint
//! names.
//!
//! The policy:
//! * a violated uniqueness is a [`Conflict`] that says which *table's* constraint it was, never which value;
//! * what may pass by itself (serialization, deadlock, a lock) is retried inside the store and is [`StoreError::Busy`] after that;
//! * a connection or a disk that fails is [`StoreError::Unavailable`]; after COMMIT was sent it is [`StoreError::Unknown`];
//! * everything else is a fault of ours, [`StoreError::Broken`], whose cause is for the log alone.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

use super::complaint::Complaint;

/// Which rule of uniqueness (or of reference) a unit of work ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// The request id was used in this tenant before: `requests`.
    Request,
    /// The request id was used for RegisterPortal before: `portal_requests`.
    PortalRequest,
    /// An e-mail address, user name or phone number is held; a read of the holders says which.
    Identifiers,
    /// An external key is taken.
    ExternalKeys,
    /// A value that the contract declares unique is taken.
    UniqueValues,
    /// The account number that was minted is taken: mint again.
    AccountNumber,
    /// The tenant number that was minted is taken: mint again.
    TenantNumber,
    /// The portal name is taken.
    PortalName,
    /// The domain is taken.
    TenantDomain,
    /// The tenant has a realm of that name.
    RealmName,
    /// The tenant has a contract of that name.
    ContractName,
    /// The home tenant has an application of that name.
    ApplicationName,
    /// The tenant has a template of that kind, brand and language.
    Template,
    /// A key with that hash exists.
    ApplicationKey,
    /// The application has a grant on that tenant.
    Grant,
    /// Something still depends on what is to be deleted.
    Referenced,
}

/// Every failure that leaves the store. Its Display never shows an engine's text.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// See [`Conflict`].
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// The row has another version than the one that the change was made from.
    #[error("the row was changed meanwhile")]
    Stale,
    /// The row to change, or a row that a new one belongs to, is not there.
    #[error("no such row")]
    Missing,
    /// The quota of that index, in the order in which the unit was given them, is used up. An owner's own quotas count on after the portal's.
    #[error("quota {0} is used up")]
    QuotaExceeded(usize),
    /// Another process serves this SQLite database.
    #[error("the database is in use by another process, which holds {}", .0.display())]
    InUse(PathBuf),
    /// Too much to do at once; nothing was written.
    #[error("the store is busy")]
    Busy,
    /// The engine cannot be reached or cannot write; nothing was written.
    #[error("the store is unavailable")]
    Unavailable,
    /// The engine failed after COMMIT was sent: the unit may have been written. The request id tells.
    #[error("it is not known whether the store kept the unit of work")]
    Unknown,
    /// A fault of this program, or of its set-up.
    #[error("the store failed")]
    Broken(#[source] Cause),
}

/// What an engine said. For the log only.
pub struct Cause {
    /// What the store does about it.
    fault: Fault,
    /// The engine's own error.
    source: Box<dyn Error + Send + Sync>,
}

/// What the store does about an engine's failure, before it leaves the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// May pass by itself: run the unit again.
    Retry,
    /// The connection is gone or no good: take another.
    Lost,
    /// The disk or the memory failed; SQLite may have rolled back more than the statement.
    Storage,
    /// The engine gave up on a statement that took too long.
    Timeout,
    /// A fault of ours.
    Other,
}

impl Fault {
    /// What was said of its kind in this process.
    fn complaint(self) -> &'static Complaint {
        static RETRY: Complaint = Complaint::new();
        static LOST: Complaint = Complaint::new();
        static STORAGE: Complaint = Complaint::new();
        static TIMEOUT: Complaint = Complaint::new();
        static OTHER: Complaint = Complaint::new();
        match self {
            Self::Retry => &RETRY,
            Self::Lost => &LOST,
            Self::Storage => &STORAGE,
            Self::Timeout => &TIMEOUT,
            Self::Other => &OTHER,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.fault, self.source)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}

impl StoreError {
    /// A failure with the engine's words.
    pub(super) fn broken(fault: Fault, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Broken(Cause { fault, source: source.into() })
    }

    /// What is to be done about it; `None` for what is no engine's failure.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Broken(cause) => Some(cause.fault),
            _ => None,
        }
    }

    /// What leaves the room once the store has done what it can: a failure that is no fault of ours gets its neutral name, and its cause is
    /// logged here, because the neutral name does not carry it on; not each time in a flood of failures.
    pub(super) fn settled(self) -> Self {
        let Self::Broken(cause) = self else { return self };
        let settled = match cause.fault {
            Fault::Other => return Self::Broken(cause),
            Fault::Retry => Self::Busy,
            Fault::Lost | Fault::Storage | Fault::Timeout => Self::Unavailable,
        };
        if let Some(suppressed) = cause.fault.complaint().due(Instant::now()) {
            tracing::warn!(cause = %cause, kind = ?cause.fault, suppressed, "the store could not finish");
        }
        settled
    }

    /// What an insert says whose parent is not there (deleted meanwhile): engines report it like a delete that others depend on.
    pub(super) fn missing_parent(self) -> Self {
        match self {
            Self::Conflict(Conflict::Referenced) => Self::Missing,
            other => other,
        }
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::Missing,
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, ref information) => {
                match violated(&**information) {
                    Some(conflict) => Self::Conflict(conflict),
                    None => Self::broken(Fault::Other, error),
                }
            }
            DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                Self::Conflict(Conflict::Referenced)
            }
            DieselError::DatabaseError(kind, ref information) => {
                Self::broken(fault_of(&kind, information.message()), error)
            }
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            DieselError::BrokenTransactionManager => Self::broken(Fault::Lost, error),
            other => Self::broken(Fault::Other, other),
        }
    }
}

/// What to do about a failure that is no violation. PostgreSQL speaks English here because every session asks for `lc_messages = C` and
/// start refuses a server that does not grant it.
fn fault_of(kind: &DatabaseErrorKind, message: &str) -> Fault {
    const RETRY: &[&str] = &["deadlock detected", "database is locked", "database table is locked"];
    const STORAGE: &[&str] = &[
        "database or disk is full",
        "disk I/O error",
        "out of memory",
        "could not extend file",
        "could not write to file",
    ];
    const TIMEOUT: &[&str] = &["canceling statement due to"];
    const LOST: &[&str] = &[
        // Said of a unit's first statement: its BEGIN, whose answer nobody waits for, was refused.
        "current transaction is aborted",
        "terminating connection",
        "the database system is",
        "sorry, too many clients already",
        "remaining connection slots are reserved",
    ];
    match kind {
        DatabaseErrorKind::SerializationFailure => Fault::Retry,
        DatabaseErrorKind::UnableToSendCommand
        | DatabaseErrorKind::ClosedConnection
        | DatabaseErrorKind::ReadOnlyTransaction => Fault::Lost,
        _ => [(RETRY, Fault::Retry), (STORAGE, Fault::Storage), (TIMEOUT, Fault::Timeout), (LOST, Fault::Lost)]
            .into_iter()
            .find(|(texts, _)| texts.iter().any(|text| message.starts_with(text)))
            .map_or(Fault::Other, |(_, fault)| fault),
    }
}

/// Every unique constraint, by the name that PostgreSQL reports and by the columns that SQLite reports.
const CONSTRAINTS: &[(&str, &str, Conflict)] = &[
    (
        "requests_pkey",
        "requests.tenant_id, requests.application_id, requests.rpc, requests.request_id",
        Conflict::Request,
    ),
    ("portal_requests_pkey", "portal_requests.application_id, portal_requests.request_id", Conflict::PortalRequest),
    (
        "identifiers_key",
        "identifiers.tenant_id, identifiers.realm_id, identifiers.kind, identifiers.key",
        Conflict::Identifiers,
    ),
    (
        "external_keys_pkey",
        "external_keys.tenant_id, external_keys.key_type, external_keys.key",
        Conflict::ExternalKeys,
    ),
    (
        "unique_values_pkey",
        "unique_values.tenant_id, unique_values.contract_id, unique_values.path, unique_values.key",
        Conflict::UniqueValues,
    ),
    ("accounts_number", "accounts.tenant_id, accounts.account_number", Conflict::AccountNumber),
    ("tenants_number", "tenants.tenant_number", Conflict::TenantNumber),
    ("tenants_portal_name", "tenants.portal_name", Conflict::PortalName),
    ("tenants_domain", "tenants.domain", Conflict::TenantDomain),
    ("realms_name", "realms.tenant_id, realms.name", Conflict::RealmName),
    ("contracts_name", "contracts.tenant_id, contracts.name", Conflict::ContractName),
    ("applications_name", "applications.home_tenant_id, applications.name", Conflict::ApplicationName),
    ("templates_pkey", "templates.tenant_id, templates.kind, templates.brand, templates.language", Conflict::Template),
    ("application_keys_hash", "application_keys.hash", Conflict::ApplicationKey),
    ("application_tenants_pkey", "application_tenants.application_id, application_tenants.tenant_id", Conflict::Grant),
];

/// Which constraint it was. SQLite names columns only; a distributed PostgreSQL puts the number of the shard behind the name.
fn violated(information: &dyn DatabaseErrorInformation) -> Option<Conflict> {
    const SQLITE: &str = "UNIQUE constraint failed: ";
    let found = match information.constraint_name() {
        Some(name) => {
            let base = without_shard(name);
            CONSTRAINTS.iter().find(|(constraint, _, _)| *constraint == base)
        }
        None => {
            let listed = information.message().strip_prefix(SQLITE)?;
            CONSTRAINTS.iter().find(|(_, columns, _)| *columns == listed)
        }
    };
    found.map(|(_, _, conflict)| *conflict)
}

/// `identifiers_key_102083` -> `identifiers_key`.
fn without_shard(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((base, shard)) if !shard.is_empty() && shard.bytes().all(|byte| byte.is_ascii_digit()) => base,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(message: &str) -> StoreError {
        let kind =
            if message.starts_with("UNIQUE") { DatabaseErrorKind::UniqueViolation } else { DatabaseErrorKind::Unknown };
        DieselError::DatabaseError(kind, Box::new(message.to_owned())).into()
    }

    #[test]
    fn a_shard_number_is_no_part_of_the_name() {
        assert_eq!(without_shard("identifiers_key_102083"), "identifiers_key");
        assert_eq!(without_shard("identifiers_key"), "identifiers_key");
        assert_eq!(without_shard("identifiers_key_"), "identifiers_key_");
        assert_eq!(without_shard("requests_pkey_1"), "requests_pkey");
    }

    #[test]
    fn sqlite_names_columns() {
        for (_, columns, conflict) in CONSTRAINTS {
            let error = sqlite(&format!("UNIQUE constraint failed: {columns}"));
            assert!(matches!(error, StoreError::Conflict(found) if found == *conflict), "{columns}: {error:?}");
        }
        assert_eq!(sqlite("UNIQUE constraint failed: other.column").fault(), Some(Fault::Other));
    }

    #[test]
    fn failures_are_sorted_by_what_is_to_be_done() {
        assert_eq!(sqlite("database is locked").fault(), Some(Fault::Retry));
        assert_eq!(sqlite("database or disk is full").fault(), Some(Fault::Storage));
        assert_eq!(sqlite("canceling statement due to statement timeout").fault(), Some(Fault::Timeout));
        assert_eq!(sqlite("no such table: x").fault(), Some(Fault::Other));
        assert!(matches!(sqlite("disk I/O error").settled(), StoreError::Unavailable));
        assert!(matches!(sqlite("deadlock detected").settled(), StoreError::Busy));
    }

    #[test]
    fn an_engines_words_stay_inside() {
        let error = sqlite("no such table: secret_table").settled();
        assert_eq!(error.to_string(), "the store failed");
        assert!(error.source().is_some_and(|cause| cause.to_string().contains("secret_table")));
    }
}
