//! What is remembered of requests with a request id.

use chrono::{DateTime, Utc};

use super::{Store, StoreError, read};
use crate::domain::idempotency::{RequestKey, RequestRecord};

/// The remembered requests of a store.
#[derive(Clone, Copy)]
pub struct Requests<'s>(pub(super) &'s Store);

impl Requests<'_> {
    /// What a request came to; one that has expired is not remembered.
    pub async fn find(self, key: &RequestKey, now: DateTime<Utc>) -> Result<Option<RequestRecord>, StoreError> {
        read!(self.0, requests::find(key, &now))
    }
}
