//! Optimistic changes: a resource counts its changes, its etag is that count, and an update names the count it was made from.

use crate::store::StoreError;

use super::refusal::Refusal;

/// The etag of a version; opaque to callers.
pub fn etag(version: i64) -> String {
    format!("v{version}")
}

/// ETAG_MISMATCH unless the request names no etag or the current one.
pub(super) fn check(given: &str, current: i64) -> Result<(), Refusal> {
    if given.is_empty() || given == etag(current) { Ok(()) } else { Err(Refusal::EtagMismatch) }
}

/// What it means that the resource changed between reading and writing: to a caller who named an etag, that it is old; to one who did not,
/// that two changes collided.
pub(super) fn stale(given: &str, error: StoreError) -> Refusal {
    match error {
        StoreError::Stale if given.is_empty() => Refusal::TransactionConflict,
        error => error.into(),
    }
}
