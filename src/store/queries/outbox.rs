//! Messages to send. A message is taken, and ended, by one conditional statement that has to hit its row.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::outbox::dsl;
use super::{Backend, Conn, Reader, schema};
use crate::domain::ids::{MessageId, TenantId};
use crate::domain::message::{Channel, MessageState};
use crate::store::columns::Time;
use crate::store::{ClaimedMessage, StoreError};

/// What a worker gets of the row it took.
#[derive(Queryable, Selectable)]
#[diesel(table_name = schema::outbox)]
#[diesel(check_for_backend(Backend))]
struct ClaimedRow {
    tenant_id: TenantId,
    message_id: MessageId,
    kind: String,
    sealed: Vec<u8>,
    create_time: Time,
    attempts: i32,
}

pub(in crate::store) async fn due(
    mut conn: Reader<'_>,
    channel: &Channel,
    now: &DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
    let is_free = dsl::lease_until.is_null().or(dsl::lease_until.assume_not_null().le(Time(*now)));
    let query = dsl::outbox
        .filter(dsl::channel.eq(*channel))
        .filter(dsl::state.eq(MessageState::Waiting))
        .filter(dsl::due_time.le(Time(*now)))
        .filter(is_free)
        .select((dsl::tenant_id, dsl::message_id))
        .order(dsl::due_time)
        .limit(limit);
    Ok(query.load(&mut conn).await?)
}

pub(in crate::store) async fn claim(
    conn: &mut Conn,
    tenant: &TenantId,
    id: &MessageId,
    now: &DateTime<Utc>,
    lease_until: &DateTime<Utc>,
) -> Result<Option<ClaimedMessage>, StoreError> {
    let is_free = dsl::lease_until.is_null().or(dsl::lease_until.assume_not_null().le(Time(*now)));
    let claimed: Option<ClaimedRow> = diesel::update(dsl::outbox)
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::message_id.eq(*id))
        .filter(dsl::state.eq(MessageState::Waiting))
        .filter(dsl::due_time.le(Time(*now)))
        .filter(is_free)
        .set((dsl::lease_until.eq(Time(*lease_until)), dsl::attempts.eq(dsl::attempts + 1)))
        .returning(ClaimedRow::as_returning())
        .get_result(conn)
        .await
        .optional()?;
    Ok(claimed.map(|row| ClaimedMessage {
        tenant_id: row.tenant_id,
        id: row.message_id,
        kind: row.kind,
        sealed: row.sealed,
        create_time: row.create_time.0,
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        lease: *lease_until,
    }))
}

pub(in crate::store) async fn sent(
    conn: &mut Conn,
    tenant: &TenantId,
    id: &MessageId,
    lease: &DateTime<Utc>,
) -> Result<bool, StoreError> {
    let deleted = diesel::delete(dsl::outbox)
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::message_id.eq(*id))
        .filter(dsl::lease_until.eq(Time(*lease)))
        .execute(conn)
        .await?;
    Ok(deleted > 0)
}

pub(in crate::store) async fn postpone(
    conn: &mut Conn,
    tenant: &TenantId,
    id: &MessageId,
    lease: &DateTime<Utc>,
    due_time: &DateTime<Utc>,
    why: &str,
) -> Result<bool, StoreError> {
    let updated = diesel::update(dsl::outbox)
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::message_id.eq(*id))
        .filter(dsl::lease_until.eq(Time(*lease)))
        .set((dsl::due_time.eq(Time(*due_time)), dsl::lease_until.eq(None::<Time>), dsl::last_error.eq(why)))
        .execute(conn)
        .await?;
    Ok(updated > 0)
}

pub(in crate::store) async fn bury(
    conn: &mut Conn,
    tenant: &TenantId,
    id: &MessageId,
    lease: &DateTime<Utc>,
    why: &str,
) -> Result<bool, StoreError> {
    let updated = diesel::update(dsl::outbox)
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::message_id.eq(*id))
        .filter(dsl::lease_until.eq(Time(*lease)))
        .set((dsl::state.eq(MessageState::Dead), dsl::lease_until.eq(None::<Time>), dsl::last_error.eq(why)))
        .execute(conn)
        .await?;
    Ok(updated > 0)
}

pub(in crate::store) async fn oldest(
    mut conn: Reader<'_>,
    channel: &Channel,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let query = dsl::outbox
        .filter(dsl::channel.eq(*channel))
        .filter(dsl::state.eq(MessageState::Waiting))
        .select(dsl::create_time)
        .order(dsl::create_time)
        .limit(1);
    let first: Option<Time> = query.get_result(&mut conn).await.optional()?;
    Ok(first.map(|time| time.0))
}
