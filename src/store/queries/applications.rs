//! Applications.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::applications::dsl;
use super::{Backend, Conn, Pipeline, Reader, grants, keys, point, portals, schema, trail};
use crate::domain::application::{Application, ApplicationSettings, ApplicationState};
use crate::domain::event::Trail;
use crate::domain::ids::{ApplicationId, TenantId};
use crate::domain::text::{DisplayName, Label};
use crate::store::applications::{ApplicationChange, NewApplication, NewInstallation};
use crate::store::columns::{Json, Time};
use crate::store::{Keyset, StoreError};

/// An application as it stands in its table.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schema::applications, primary_key(application_id), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(Backend))]
pub(in crate::store) struct ApplicationRow {
    application_id: ApplicationId,
    home_tenant_id: TenantId,
    name: Label,
    display_name: Option<DisplayName>,
    state: ApplicationState,
    settings: Json<ApplicationSettings>,
    create_time: Time,
    update_time: Time,
    version: i64,
}

impl From<&Application> for ApplicationRow {
    fn from(application: &Application) -> Self {
        Self {
            application_id: application.id,
            home_tenant_id: application.home_tenant,
            name: application.name.clone(),
            display_name: application.display_name.clone(),
            state: application.state,
            settings: Json(application.settings.clone()),
            create_time: Time(application.create_time),
            update_time: Time(application.update_time),
            version: application.version,
        }
    }
}

impl From<ApplicationRow> for Application {
    fn from(row: ApplicationRow) -> Self {
        Self {
            id: row.application_id,
            home_tenant: row.home_tenant_id,
            name: row.name,
            display_name: row.display_name,
            state: row.state,
            settings: row.settings.0,
            create_time: row.create_time.0,
            update_time: row.update_time.0,
            version: row.version,
        }
    }
}

pub(in crate::store) async fn bootstrap(conn: &mut Conn, new: &NewInstallation) -> Result<bool, StoreError> {
    super::lock_installation(conn).await?;
    if !is_empty(super::reader(conn)).await? {
        return Ok(false);
    }
    let mut pipeline = Pipeline::on(conn);
    portals::insert_tenant(&mut pipeline, &new.tenant).await?;
    insert(&mut pipeline, &new.application).await?;
    grants::insert(&mut pipeline, std::slice::from_ref(&new.grant)).await?;
    keys::insert(&mut pipeline, &new.key).await?;
    super::realms::insert(&mut pipeline, &new.realm).await?;
    super::contracts::insert(&mut pipeline, &new.contract).await?;
    trail::insert(&mut pipeline, &new.trail).await?;
    pipeline.finish().await?;
    Ok(true)
}

pub(in crate::store) async fn create(conn: &mut Conn, new: &NewApplication) -> Result<(), StoreError> {
    let mut pipeline = Pipeline::on(conn);
    insert(&mut pipeline, &new.application).await?;
    grants::insert(&mut pipeline, &new.grants).await?;
    trail::insert(&mut pipeline, &new.trail).await?;
    pipeline.finish().await
}

async fn insert(pipeline: &mut Pipeline<'_>, application: &Application) -> Result<(), StoreError> {
    pipeline.add(diesel::insert_into(dsl::applications).values(&ApplicationRow::from(application))).await
}

pub(in crate::store) async fn is_empty(mut conn: Reader<'_>) -> Result<bool, StoreError> {
    let some = dsl::applications.select(dsl::application_id).limit(1).load::<ApplicationId>(&mut conn).await?;
    Ok(some.is_empty())
}

pub(in crate::store) async fn get(conn: Reader<'_>, id: &ApplicationId) -> Result<Option<Application>, StoreError> {
    let query = dsl::applications.filter(dsl::application_id.eq(*id)).select(ApplicationRow::as_select());
    Ok(point::<_, ApplicationRow>(conn, query).await?.map(Application::from))
}

pub(in crate::store) async fn by_name(
    conn: Reader<'_>,
    home: &TenantId,
    name: &Label,
) -> Result<Option<Application>, StoreError> {
    let query = dsl::applications
        .filter(dsl::home_tenant_id.eq(*home))
        .filter(dsl::name.eq(name.clone()))
        .select(ApplicationRow::as_select());
    Ok(point::<_, ApplicationRow>(conn, query).await?.map(Application::from))
}

pub(in crate::store) async fn list(
    mut conn: Reader<'_>,
    home: &TenantId,
    page: &Keyset<ApplicationId>,
) -> Result<Vec<Application>, StoreError> {
    let mut query = dsl::applications
        .filter(dsl::home_tenant_id.eq(*home))
        .select(ApplicationRow::as_select())
        .order(dsl::application_id)
        .limit(page.limit)
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(dsl::application_id.gt(after));
    }
    let rows: Vec<ApplicationRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(Application::from).collect())
}

pub(in crate::store) async fn update(conn: &mut Conn, change: &ApplicationChange) -> Result<(), StoreError> {
    let application = &change.application;
    let updated = diesel::update(dsl::applications)
        .filter(dsl::application_id.eq(application.id))
        .filter(dsl::version.eq(change.expected_version))
        .set(ApplicationRow::from(application))
        .execute(conn)
        .await?;
    if updated == 0 {
        return Err(absent_or_stale(conn, &application.id).await?);
    }
    if !change.grants_on.is_empty() {
        grants::replace(conn, application.id, &change.grants_on, &change.grants).await?;
    }
    trail::write(conn, &change.trail).await
}

pub(in crate::store) async fn delete(
    conn: &mut Conn,
    id: &ApplicationId,
    expected_version: &Option<i64>,
    trail: &Trail,
) -> Result<(), StoreError> {
    let row = dsl::applications.filter(dsl::application_id.eq(*id));
    let deleted = match expected_version {
        Some(expected) => diesel::delete(row.filter(dsl::version.eq(*expected))).execute(conn).await?,
        None => diesel::delete(row).execute(conn).await?,
    };
    if deleted == 0 {
        return Err(absent_or_stale(conn, id).await?);
    }
    trail::write(conn, trail).await
}

/// Why a conditional statement hit no row.
async fn absent_or_stale(conn: &mut Conn, id: &ApplicationId) -> Result<StoreError, StoreError> {
    let there = get(super::reader(conn), id).await?.is_some();
    Ok(if there { StoreError::Stale } else { StoreError::Missing })
}
