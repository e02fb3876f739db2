//! Keys of applications.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::applications::ApplicationRow;
use super::schema::{application_keys::dsl, applications};
use super::{Backend, Conn, Pipeline, Reader, point, schema, trail};
use crate::domain::application::{Application, ApplicationKey};
use crate::domain::event::Trail;
use crate::domain::ids::{ApplicationId, ApplicationKeyId};
use crate::domain::secret::KeyHash;
use crate::domain::text::DisplayName;
use crate::store::columns::Time;
use crate::store::{Keyset, StoreError};

/// A key as it stands in its table.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::application_keys, treat_none_as_default_value = false, check_for_backend(Backend))]
struct KeyRow {
    key_id: ApplicationKeyId,
    application_id: ApplicationId,
    display_name: Option<DisplayName>,
    prefix: String,
    hash: KeyHash,
    create_time: Time,
    expire_time: Option<Time>,
    revoke_time: Option<Time>,
    last_used_time: Option<Time>,
}

impl From<&ApplicationKey> for KeyRow {
    fn from(key: &ApplicationKey) -> Self {
        Self {
            key_id: key.id,
            application_id: key.application_id,
            display_name: key.display_name.clone(),
            prefix: key.prefix.clone(),
            hash: key.hash,
            create_time: Time(key.create_time),
            expire_time: key.expire_time.map(Time),
            revoke_time: key.revoke_time.map(Time),
            last_used_time: key.last_used_time.map(Time),
        }
    }
}

impl From<KeyRow> for ApplicationKey {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.key_id,
            application_id: row.application_id,
            display_name: row.display_name,
            prefix: row.prefix,
            hash: row.hash,
            create_time: row.create_time.0,
            expire_time: row.expire_time.map(|time| time.0),
            revoke_time: row.revoke_time.map(|time| time.0),
            last_used_time: row.last_used_time.map(|time| time.0),
        }
    }
}

pub(super) async fn insert(pipeline: &mut Pipeline<'_>, key: &ApplicationKey) -> Result<(), StoreError> {
    pipeline.add(diesel::insert_into(dsl::application_keys).values(&KeyRow::from(key))).await
}

pub(in crate::store) async fn create(conn: &mut Conn, key: &ApplicationKey, trail: &Trail) -> Result<(), StoreError> {
    let mut pipeline = Pipeline::on(conn);
    insert(&mut pipeline, key).await?;
    trail::insert(&mut pipeline, trail).await?;
    pipeline.finish().await
}

/// The key and its application, in one statement: the read before every call whose key is not cached.
pub(in crate::store) async fn by_hash(
    conn: Reader<'_>,
    hash: &KeyHash,
) -> Result<Option<(Application, ApplicationKey)>, StoreError> {
    let query = dsl::application_keys
        .inner_join(applications::table.on(applications::application_id.eq(dsl::application_id)))
        .filter(dsl::hash.eq(*hash))
        .select((ApplicationRow::as_select(), KeyRow::as_select()));
    let found = point::<_, (ApplicationRow, KeyRow)>(conn, query).await?;
    Ok(found.map(|(application, key)| (application.into(), key.into())))
}

pub(in crate::store) async fn list(
    mut conn: Reader<'_>,
    application: &ApplicationId,
    page: &Keyset<ApplicationKeyId>,
) -> Result<Vec<ApplicationKey>, StoreError> {
    let mut query = dsl::application_keys
        .filter(dsl::application_id.eq(*application))
        .select(KeyRow::as_select())
        .order(dsl::key_id)
        .limit(page.limit)
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(dsl::key_id.gt(after));
    }
    let rows: Vec<KeyRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(ApplicationKey::from).collect())
}

/// Revokes once: a repeat changes nothing, leaves no trail and answers the same.
pub(in crate::store) async fn revoke(
    conn: &mut Conn,
    application: &ApplicationId,
    id: &ApplicationKeyId,
    at: &DateTime<Utc>,
    trail: &Trail,
) -> Result<ApplicationKey, StoreError> {
    let revoked = diesel::update(dsl::application_keys)
        .filter(dsl::key_id.eq(*id))
        .filter(dsl::application_id.eq(*application))
        .filter(dsl::revoke_time.is_null())
        .set(dsl::revoke_time.eq(Time(*at)))
        .execute(conn)
        .await?;
    if revoked > 0 {
        trail::write(conn, trail).await?;
    }
    let query = dsl::application_keys
        .filter(dsl::key_id.eq(*id))
        .filter(dsl::application_id.eq(*application))
        .select(KeyRow::as_select());
    let row = point::<_, KeyRow>(super::reader(conn), query).await?;
    row.map(ApplicationKey::from).ok_or(StoreError::Missing)
}

/// Notes a use, never one before the last noted.
pub(in crate::store) async fn touch(
    conn: &mut Conn,
    id: &ApplicationKeyId,
    at: &DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(dsl::application_keys)
        .filter(dsl::key_id.eq(*id))
        .filter(dsl::last_used_time.is_null().or(dsl::last_used_time.lt(Time(*at))))
        .set(dsl::last_used_time.eq(Time(*at)))
        .execute(conn)
        .await?;
    Ok(())
}
