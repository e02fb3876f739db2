//! What is remembered of requests with a request id.

use chrono::{DateTime, Utc};

use super::{Store, StoreError, read, unit};
use crate::domain::idempotency::{RequestKey, RequestRecord};

/// The remembered requests of a store.
#[derive(Clone, Copy)]
pub struct Requests<'s>(pub(super) &'s Store);

impl Requests<'_> {
    /// What a request came to; one that has expired is not remembered.
    pub async fn find(self, key: &RequestKey, now: DateTime<Utc>) -> Result<Option<RequestRecord>, StoreError> {
        read!(self.0, requests::find(key, &now))
    }

    /// Forgets up to `limit` requests of each kind (inside a tenant, portals) that had expired by `expired`; how many there were.
    pub async fn sweep(self, expired: DateTime<Utc>, limit: u32) -> Result<usize, StoreError> {
        unit!(self.0, requests::sweep(expired, limit))
    }
}
