//! Quotas: one conditional statement counts and decides, so that no number of simultaneous units goes past a limit.

use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel_async::RunQueryDsl;

use super::schema::{accounts, quota_uses, tenant_quota_uses};
use super::{Conn, Pipeline, Reader};
use crate::domain::ids::{RealmId, TenantId};
use crate::domain::quota::{QuotaUse, SCOPE_ACCOUNTS_OF_REALM};
use crate::store::StoreError;
use crate::store::upsert::Upsert;

/// Takes one from each, in their order; `first` is the index of the first in the unit's own numbering.
pub(super) async fn take(pipeline: &mut Pipeline<'_>, quotas: &[QuotaUse], first: usize) -> Result<(), StoreError> {
    for (index, quota) in quotas.iter().enumerate() {
        let exceeded = StoreError::QuotaExceeded(first + index);
        match quota.tenant_id {
            // The first use inserts a row without asking for the limit.
            _ if quota.limit < 1 => pipeline.refuse(exceeded).await?,
            None => take_global(pipeline, quota, exceeded).await?,
            Some(tenant) => take_of_tenant(pipeline, tenant, quota, exceeded).await?,
        }
    }
    Ok(())
}

async fn take_global(pipeline: &mut Pipeline<'_>, quota: &QuotaUse, exceeded: StoreError) -> Result<(), StoreError> {
    use quota_uses::dsl;
    let upsert = diesel::insert_into(dsl::quota_uses)
        .values((dsl::scope.eq(quota.scope), dsl::key.eq(&quota.key), dsl::used.eq(1)))
        .on_conflict((dsl::scope, dsl::key))
        .do_update()
        .set(dsl::used.eq(dsl::used + 1));
    let upsert = methods::FilterDsl::filter(upsert, dsl::used.lt(quota.limit));
    pipeline.expect(1, Upsert(upsert), exceeded).await
}

async fn take_of_tenant(
    pipeline: &mut Pipeline<'_>,
    tenant: TenantId,
    quota: &QuotaUse,
    exceeded: StoreError,
) -> Result<(), StoreError> {
    use tenant_quota_uses::dsl;
    let upsert = diesel::insert_into(dsl::tenant_quota_uses)
        .values((dsl::tenant_id.eq(tenant), dsl::scope.eq(quota.scope), dsl::key.eq(&quota.key), dsl::used.eq(1)))
        .on_conflict((dsl::tenant_id, dsl::scope, dsl::key))
        .do_update()
        .set(dsl::used.eq(dsl::used + 1));
    let upsert = methods::FilterDsl::filter(upsert, dsl::used.lt(quota.limit));
    pipeline.expect(1, Upsert(upsert), exceeded).await
}

/// The first that a unit could take nothing from now.
pub(in crate::store) async fn exceeded(mut conn: Reader<'_>, quotas: &[QuotaUse]) -> Result<Option<usize>, StoreError> {
    for (index, quota) in quotas.iter().enumerate() {
        let used: Vec<i64> = match quota.tenant_id {
            None => {
                use quota_uses::dsl;
                let row = dsl::quota_uses.filter(dsl::scope.eq(quota.scope)).filter(dsl::key.eq(quota.key.clone()));
                row.select(dsl::used).load(&mut conn).await?
            }
            Some(tenant) => {
                use tenant_quota_uses::dsl;
                let row = dsl::tenant_quota_uses
                    .filter(dsl::tenant_id.eq(tenant))
                    .filter(dsl::scope.eq(quota.scope))
                    .filter(dsl::key.eq(quota.key.clone()));
                row.select(dsl::used).load(&mut conn).await?
            }
        };
        if used.into_iter().next().unwrap_or(0) >= quota.limit {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Holds off who would take from the count of a realm's accounts, where it has one.
pub(super) async fn lock_accounts(conn: &mut Conn, tenant: TenantId, realm: RealmId) -> QueryResult<usize> {
    use tenant_quota_uses::dsl;
    diesel::update(dsl::tenant_quota_uses)
        .filter(dsl::tenant_id.eq(tenant))
        .filter(dsl::scope.eq(SCOPE_ACCOUNTS_OF_REALM))
        .filter(dsl::key.eq(realm.to_string()))
        .set(dsl::used.eq(dsl::used + 0))
        .execute(conn)
        .await
}

/// An account of a realm is gone; where the realm has no quota there is nothing to give back.
pub(super) async fn give_back_account(conn: &mut Conn, tenant: TenantId, realm: RealmId) -> QueryResult<usize> {
    use tenant_quota_uses::dsl;
    diesel::update(dsl::tenant_quota_uses)
        .filter(dsl::tenant_id.eq(tenant))
        .filter(dsl::scope.eq(SCOPE_ACCOUNTS_OF_REALM))
        .filter(dsl::key.eq(realm.to_string()))
        .filter(dsl::used.gt(0))
        .set(dsl::used.eq(dsl::used - 1))
        .execute(conn)
        .await
}

/// Counts the accounts of a realm anew: those made while it had no quota were not counted. The count's row is locked first, so that who
/// takes from it meanwhile is counted once: before, or by themselves afterwards.
pub(super) async fn recount_accounts(conn: &mut Conn, tenant: TenantId, realm: RealmId) -> Result<(), StoreError> {
    use tenant_quota_uses::dsl;
    let key = realm.to_string();
    diesel::insert_into(dsl::tenant_quota_uses)
        .values((dsl::tenant_id.eq(tenant), dsl::scope.eq(SCOPE_ACCOUNTS_OF_REALM), dsl::key.eq(&key), dsl::used.eq(0)))
        .on_conflict((dsl::tenant_id, dsl::scope, dsl::key))
        .do_update()
        .set(dsl::used.eq(dsl::used + 0))
        .execute(conn)
        .await?;
    let counted: i64 = accounts::table
        .filter(accounts::tenant_id.eq(tenant))
        .filter(accounts::realm_id.eq(realm))
        .count()
        .get_result(conn)
        .await?;
    diesel::update(dsl::tenant_quota_uses)
        .filter(dsl::tenant_id.eq(tenant))
        .filter(dsl::scope.eq(SCOPE_ACCOUNTS_OF_REALM))
        .filter(dsl::key.eq(&key))
        .set(dsl::used.eq(counted))
        .execute(conn)
        .await?;
    Ok(())
}
