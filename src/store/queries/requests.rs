//! What is remembered of requests with a request id. The row is a unit's first statement, so that of two units with one id the second
//! waits for the first, and then is refused for that before it is refused for anything else.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::query_dsl::methods;

use super::schema::{portal_requests, requests};
use super::sweeping::{self, Old};
use super::{Conn, Pipeline, Reader, point};
use crate::domain::idempotency::{Fingerprint, Outcome, RequestIds, RequestKey, RequestRecord};
use crate::domain::ids::{AccountId, TenantId};
use crate::store::columns::Time;
use crate::store::upsert::Upsert;
use crate::store::{Conflict, StoreError};

pub(super) async fn write(conn: &mut Conn, record: &RequestRecord) -> Result<(), StoreError> {
    let mut pipeline = Pipeline::on(conn);
    insert(&mut pipeline, record).await?;
    pipeline.finish().await
}

/// Writes the row; one of the same key that has expired is overwritten.
pub(super) async fn insert(pipeline: &mut Pipeline<'_>, record: &RequestRecord) -> Result<(), StoreError> {
    match record.key.tenant_id {
        Some(tenant) => insert_in_tenant(pipeline, tenant, record).await,
        None => insert_global(pipeline, record).await,
    }
}

async fn insert_in_tenant(
    pipeline: &mut Pipeline<'_>,
    tenant: TenantId,
    record: &RequestRecord,
) -> Result<(), StoreError> {
    use requests::dsl;
    let made = (
        dsl::fingerprint.eq(record.fingerprint),
        dsl::outcome.eq(record.outcome),
        dsl::made_tenant_id.eq(record.ids.tenant_id),
        dsl::made_account_id.eq(record.ids.account_id),
        dsl::create_time.eq(Time(record.create_time)),
        dsl::expire_time.eq(Time(record.expire_time)),
    );
    let upsert = diesel::insert_into(dsl::requests)
        .values((
            dsl::tenant_id.eq(tenant),
            dsl::application_id.eq(record.key.application_id),
            dsl::rpc.eq(record.key.rpc),
            dsl::request_id.eq(record.key.request_id),
            made,
        ))
        .on_conflict((dsl::tenant_id, dsl::application_id, dsl::rpc, dsl::request_id))
        .do_update()
        .set(made);
    let upsert = methods::FilterDsl::filter(upsert, dsl::expire_time.le(Time(record.create_time)));
    pipeline.expect(1, Upsert(upsert), StoreError::Conflict(Conflict::Request)).await
}

async fn insert_global(pipeline: &mut Pipeline<'_>, record: &RequestRecord) -> Result<(), StoreError> {
    use portal_requests::dsl;
    let made = (
        dsl::fingerprint.eq(record.fingerprint),
        dsl::outcome.eq(record.outcome),
        dsl::made_tenant_id.eq(record.ids.tenant_id),
        dsl::made_account_id.eq(record.ids.account_id),
        dsl::create_time.eq(Time(record.create_time)),
        dsl::expire_time.eq(Time(record.expire_time)),
    );
    let upsert = diesel::insert_into(dsl::portal_requests)
        .values((dsl::application_id.eq(record.key.application_id), dsl::request_id.eq(record.key.request_id), made))
        .on_conflict((dsl::application_id, dsl::request_id))
        .do_update()
        .set(made);
    let upsert = methods::FilterDsl::filter(upsert, dsl::expire_time.le(Time(record.create_time)));
    pipeline.expect(1, Upsert(upsert), StoreError::Conflict(Conflict::PortalRequest)).await
}

pub(in crate::store) async fn sweep(
    conn: &mut Conn,
    expired: &DateTime<Utc>,
    limit: &u32,
) -> Result<usize, StoreError> {
    let key = "tenant_id, application_id, rpc, request_id";
    let old = Old { table: "requests", key, time: "expire_time" };
    let in_tenants = sweeping::delete(conn, old, Time(*expired), *limit).await?;
    let old = Old { table: "portal_requests", key: "application_id, request_id", time: "expire_time" };
    Ok(in_tenants + sweeping::delete(conn, old, Time(*expired), *limit).await?)
}

/// The columns beside the key, in the order of the selections below.
type Made = (Fingerprint, Outcome, TenantId, AccountId, Time, Time);

/// The row of a key, unless it has expired.
pub(in crate::store) async fn find(
    conn: Reader<'_>,
    key: &RequestKey,
    now: &DateTime<Utc>,
) -> Result<Option<RequestRecord>, StoreError> {
    let made = match key.tenant_id {
        Some(tenant) => {
            use requests::dsl;
            let query = dsl::requests
                .filter(dsl::tenant_id.eq(tenant))
                .filter(dsl::application_id.eq(key.application_id))
                .filter(dsl::rpc.eq(key.rpc))
                .filter(dsl::request_id.eq(key.request_id))
                .filter(dsl::expire_time.gt(Time(*now)))
                .select((
                    dsl::fingerprint,
                    dsl::outcome,
                    dsl::made_tenant_id,
                    dsl::made_account_id,
                    dsl::create_time,
                    dsl::expire_time,
                ));
            point::<_, Made>(conn, query).await?
        }
        None => {
            use portal_requests::dsl;
            let query = dsl::portal_requests
                .filter(dsl::application_id.eq(key.application_id))
                .filter(dsl::request_id.eq(key.request_id))
                .filter(dsl::expire_time.gt(Time(*now)))
                .select((
                    dsl::fingerprint,
                    dsl::outcome,
                    dsl::made_tenant_id,
                    dsl::made_account_id,
                    dsl::create_time,
                    dsl::expire_time,
                ));
            point::<_, Made>(conn, query).await?
        }
    };
    let record = |(fingerprint, outcome, tenant_id, account_id, create_time, expire_time): Made| RequestRecord {
        key: key.clone(),
        fingerprint,
        outcome,
        ids: RequestIds { tenant_id, account_id },
        create_time: create_time.0,
        expire_time: expire_time.0,
    };
    Ok(made.map(record))
}
