//! Quotas: one conditional statement counts and decides, so that no number of simultaneous units goes past a limit.

use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel_async::RunQueryDsl;

use super::Conn;
use super::schema::{quota_uses, tenant_quota_uses};
use crate::domain::ids::TenantId;
use crate::domain::quota::QuotaUse;
use crate::store::StoreError;

/// Takes one from each, in their order; `first` is the index of the first in the unit's own numbering.
pub(super) async fn take(conn: &mut Conn, quotas: &[QuotaUse], first: usize) -> Result<(), StoreError> {
    for (index, quota) in quotas.iter().enumerate() {
        let taken = match quota.tenant_id {
            // The first use inserts a row without asking for the limit.
            _ if quota.limit < 1 => 0,
            None => take_global(conn, quota).await?,
            Some(tenant) => take_of_tenant(conn, tenant, quota).await?,
        };
        if taken == 0 {
            return Err(StoreError::QuotaExceeded(first + index));
        }
    }
    Ok(())
}

async fn take_global(conn: &mut Conn, quota: &QuotaUse) -> QueryResult<usize> {
    use quota_uses::dsl;
    let upsert = diesel::insert_into(dsl::quota_uses)
        .values((dsl::scope.eq(quota.scope), dsl::key.eq(&quota.key), dsl::used.eq(1)))
        .on_conflict((dsl::scope, dsl::key))
        .do_update()
        .set(dsl::used.eq(dsl::used + 1));
    methods::FilterDsl::filter(upsert, dsl::used.lt(quota.limit)).execute(conn).await
}

async fn take_of_tenant(conn: &mut Conn, tenant: TenantId, quota: &QuotaUse) -> QueryResult<usize> {
    use tenant_quota_uses::dsl;
    let upsert = diesel::insert_into(dsl::tenant_quota_uses)
        .values((dsl::tenant_id.eq(tenant), dsl::scope.eq(quota.scope), dsl::key.eq(&quota.key), dsl::used.eq(1)))
        .on_conflict((dsl::tenant_id, dsl::scope, dsl::key))
        .do_update()
        .set(dsl::used.eq(dsl::used + 1));
    methods::FilterDsl::filter(upsert, dsl::used.lt(quota.limit)).execute(conn).await
}
