//! Messages to send, from their writing to their end. Units write them in their trail; here a worker finds what is due, takes one at a time
//! under a lease, and says what came of it. A lease is the time at which it ends: whoever finishes a message names the lease it was taken
//! under, so that a worker that was thought dead cannot undo what its successor did.

use chrono::{DateTime, Utc};

use super::{Store, StoreError, list, unit};
use crate::domain::ids::{MessageId, TenantId};
use crate::domain::message::Channel;

/// A message that its taker alone may send until `lease`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedMessage {
    /// The tenant whose message it is.
    pub tenant_id: TenantId,
    /// UUIDv7.
    pub id: MessageId,
    /// What it is about.
    pub kind: String,
    /// What it says, sealed.
    pub sealed: Vec<u8>,
    /// When it was written.
    pub create_time: DateTime<Utc>,
    /// How often it was taken, this time included.
    pub attempts: u32,
    /// Until when nobody else takes it.
    pub lease: DateTime<Utc>,
}

/// The outbox of a store.
#[derive(Clone, Copy)]
pub struct Outbox<'s>(pub(super) &'s Store);

impl Outbox<'_> {
    /// At most `limit` messages of a channel that may be taken now, those that have been due longest first. Nothing is locked: another may
    /// take them before the caller does.
    pub async fn due(
        self,
        channel: Channel,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        list!(self.0, outbox::due(&channel, &now, limit))
    }

    /// Takes one until `lease_until`, unless it is gone, dead, not due, or taken by another.
    pub async fn claim(
        self,
        tenant: TenantId,
        id: MessageId,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
    ) -> Result<Option<ClaimedMessage>, StoreError> {
        unit!(self.0, outbox::claim(tenant, id, now, lease_until))
    }

    /// It was sent, and goes. False where the lease is no longer the taker's.
    pub async fn sent(self, tenant: TenantId, id: MessageId, lease: DateTime<Utc>) -> Result<bool, StoreError> {
        unit!(self.0, outbox::sent(tenant, id, lease))
    }

    /// It could not be sent; it is tried again from `due_time` on. False where the lease is no longer the taker's.
    pub async fn postpone(
        self,
        tenant: TenantId,
        id: MessageId,
        lease: DateTime<Utc>,
        due_time: DateTime<Utc>,
        why: String,
    ) -> Result<bool, StoreError> {
        unit!(self.0, outbox::postpone(tenant, id, lease, due_time, why))
    }

    /// It cannot be sent and is not tried again. False where the lease is no longer the taker's.
    pub async fn bury(
        self,
        tenant: TenantId,
        id: MessageId,
        lease: DateTime<Utc>,
        why: String,
    ) -> Result<bool, StoreError> {
        unit!(self.0, outbox::bury(tenant, id, lease, why))
    }

    /// When the oldest message of a channel was written that still waits.
    pub async fn oldest(self, channel: Channel) -> Result<Option<DateTime<Utc>>, StoreError> {
        list!(self.0, outbox::oldest(&channel))
    }
}
