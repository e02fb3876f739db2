//! Realms.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::realms::dsl;
use super::{Backend, Conn, Pipeline, Reader, grants, point, quotas, schema, trail};
use crate::domain::event::Trail;
use crate::domain::ids::{RealmId, TenantId};
use crate::domain::realm::{Realm, RealmKind, RealmRules, RealmState};
use crate::domain::text::{DisplayName, Label};
use crate::store::columns::{Json, Time};
use crate::store::{Conflict, Keyset, StoreError};

/// A realm as it stands in its table.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::realms, primary_key(tenant_id, realm_id), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(Backend))]
struct RealmRow {
    tenant_id: TenantId,
    realm_id: RealmId,
    name: Label,
    display_name: Option<DisplayName>,
    kind: RealmKind,
    state: RealmState,
    rules: Json<RealmRules>,
    create_time: Time,
    update_time: Time,
    version: i64,
}

impl From<&Realm> for RealmRow {
    fn from(realm: &Realm) -> Self {
        Self {
            tenant_id: realm.tenant_id,
            realm_id: realm.id,
            name: realm.name.clone(),
            display_name: realm.display_name.clone(),
            kind: realm.kind,
            state: realm.state,
            rules: Json(realm.rules.clone()),
            create_time: Time(realm.create_time),
            update_time: Time(realm.update_time),
            version: realm.version,
        }
    }
}

impl From<RealmRow> for Realm {
    fn from(row: RealmRow) -> Self {
        Self {
            tenant_id: row.tenant_id,
            id: row.realm_id,
            name: row.name,
            display_name: row.display_name,
            kind: row.kind,
            state: row.state,
            rules: row.rules.0,
            create_time: row.create_time.0,
            update_time: row.update_time.0,
            version: row.version,
        }
    }
}

pub(super) async fn insert(pipeline: &mut Pipeline<'_>, realm: &Realm) -> Result<(), StoreError> {
    pipeline.add(diesel::insert_into(dsl::realms).values(&RealmRow::from(realm))).await
}

pub(in crate::store) async fn create(conn: &mut Conn, realm: &Realm, trail: &Trail) -> Result<(), StoreError> {
    let mut pipeline = Pipeline::on(conn);
    insert(&mut pipeline, realm).await?;
    trail::insert(&mut pipeline, trail).await?;
    pipeline.finish().await
}

pub(in crate::store) async fn get(
    conn: Reader<'_>,
    tenant: &TenantId,
    id: &RealmId,
) -> Result<Option<Realm>, StoreError> {
    let query =
        dsl::realms.filter(dsl::tenant_id.eq(*tenant)).filter(dsl::realm_id.eq(*id)).select(RealmRow::as_select());
    Ok(point::<_, RealmRow>(conn, query).await?.map(Realm::from))
}

pub(in crate::store) async fn by_name(
    conn: Reader<'_>,
    tenant: &TenantId,
    name: &Label,
) -> Result<Option<Realm>, StoreError> {
    let query =
        dsl::realms.filter(dsl::tenant_id.eq(*tenant)).filter(dsl::name.eq(name.clone())).select(RealmRow::as_select());
    Ok(point::<_, RealmRow>(conn, query).await?.map(Realm::from))
}

pub(in crate::store) async fn present(
    mut conn: Reader<'_>,
    tenant: &TenantId,
    ids: &[RealmId],
) -> Result<Vec<RealmId>, StoreError> {
    let there = dsl::realms
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::realm_id.eq_any(ids.to_vec()))
        .select(dsl::realm_id)
        .load(&mut conn)
        .await?;
    Ok(there)
}

pub(in crate::store) async fn list(
    mut conn: Reader<'_>,
    tenant: &TenantId,
    page: &Keyset<RealmId>,
) -> Result<Vec<Realm>, StoreError> {
    let mut query = dsl::realms
        .filter(dsl::tenant_id.eq(*tenant))
        .select(RealmRow::as_select())
        .order(dsl::realm_id)
        .limit(page.limit)
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(dsl::realm_id.gt(after));
    }
    let rows: Vec<RealmRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(Realm::from).collect())
}

pub(in crate::store) async fn update(
    conn: &mut Conn,
    realm: &Realm,
    expected_version: &i64,
    trail: &Trail,
) -> Result<(), StoreError> {
    let updated = diesel::update(dsl::realms)
        .filter(dsl::tenant_id.eq(realm.tenant_id))
        .filter(dsl::realm_id.eq(realm.id))
        .filter(dsl::version.eq(*expected_version))
        .set(RealmRow::from(realm))
        .execute(conn)
        .await?;
    if updated == 0 {
        return Err(absent_or_stale(conn, &realm.tenant_id, &realm.id).await?);
    }
    if realm.rules.account_quota.is_some() {
        quotas::recount_accounts(conn, realm.tenant_id, realm.id).await?;
    }
    trail::write(conn, trail).await
}

/// Accounts keep a realm by their foreign key. Grants are global rows without one, so they are asked; a grant that names the realm in the
/// same moment ends as one whose default is not found.
pub(in crate::store) async fn delete(
    conn: &mut Conn,
    tenant: &TenantId,
    id: &RealmId,
    expected_version: &Option<i64>,
    trail: &Trail,
) -> Result<(), StoreError> {
    let row = dsl::realms.filter(dsl::tenant_id.eq(*tenant)).filter(dsl::realm_id.eq(*id));
    let deleted = match expected_version {
        Some(expected) => diesel::delete(row.filter(dsl::version.eq(*expected))).execute(conn).await?,
        None => diesel::delete(row).execute(conn).await?,
    };
    if deleted == 0 {
        return Err(absent_or_stale(conn, tenant, id).await?);
    }
    if grants::name_realm(conn, tenant, id).await? {
        return Err(StoreError::Conflict(Conflict::Referenced));
    }
    trail::write(conn, trail).await
}

/// Why a conditional statement hit no row.
async fn absent_or_stale(conn: &mut Conn, tenant: &TenantId, id: &RealmId) -> Result<StoreError, StoreError> {
    let there = get(super::reader(conn), tenant, id).await?.is_some();
    Ok(if there { StoreError::Stale } else { StoreError::Missing })
}
