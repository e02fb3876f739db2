//! Tenants.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{application_tenants, tenants::dsl};
use super::{Backend, Conn, Reader, point, schema, trail};
use crate::domain::annotations::Annotations;
use crate::domain::brand::Brand;
use crate::domain::event::Trail;
use crate::domain::ids::{AccountId, ApplicationId, ContractId, TenantId};
use crate::domain::language::LanguageCode;
use crate::domain::link::LinkBase;
use crate::domain::portal_name::PortalName;
use crate::domain::tenant::{Tenant, TenantRef, TenantState};
use crate::domain::time_zone::TimeZone;
use crate::store::columns::{Json, Time};
use crate::store::{Keyset, StoreError};

/// A tenant as it stands in its table.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::tenants, treat_none_as_default_value = false, check_for_backend(Backend))]
pub(super) struct TenantRow {
    tenant_id: TenantId,
    tenant_number: i64,
    portal_name: Option<PortalName>,
    domain: Option<String>,
    language: LanguageCode,
    time_zone: TimeZone,
    owner_account_id: Option<AccountId>,
    state: TenantState,
    default_contract_id: ContractId,
    link_base: Option<LinkBase>,
    brands: Json<Vec<Brand>>,
    annotations: Json<Annotations>,
    create_time: Time,
    update_time: Time,
    version: i64,
}

impl From<&Tenant> for TenantRow {
    fn from(tenant: &Tenant) -> Self {
        Self {
            tenant_id: tenant.id,
            tenant_number: tenant.number,
            portal_name: tenant.portal_name.clone(),
            domain: tenant.domain.clone(),
            language: tenant.language.clone(),
            time_zone: tenant.time_zone,
            owner_account_id: tenant.owner,
            state: tenant.state,
            default_contract_id: tenant.default_contract,
            link_base: tenant.link_base.clone(),
            brands: Json(tenant.brands.clone()),
            annotations: Json(tenant.annotations.clone()),
            create_time: Time(tenant.create_time),
            update_time: Time(tenant.update_time),
            version: tenant.version,
        }
    }
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        Self {
            id: row.tenant_id,
            number: row.tenant_number,
            portal_name: row.portal_name,
            domain: row.domain,
            language: row.language,
            time_zone: row.time_zone,
            owner: row.owner_account_id,
            state: row.state,
            default_contract: row.default_contract_id,
            link_base: row.link_base,
            brands: row.brands.0,
            annotations: row.annotations.0,
            create_time: row.create_time.0,
            update_time: row.update_time.0,
            version: row.version,
        }
    }
}

pub(in crate::store) async fn get(conn: Reader<'_>, name: &TenantRef) -> Result<Option<Tenant>, StoreError> {
    let tenants = dsl::tenants.select(TenantRow::as_select());
    let found: Option<TenantRow> = match name {
        TenantRef::Id(id) => point(conn, tenants.filter(dsl::tenant_id.eq(*id))).await?,
        TenantRef::Number(number) => point(conn, tenants.filter(dsl::tenant_number.eq(*number))).await?,
        TenantRef::PortalName(name) => point(conn, tenants.filter(dsl::portal_name.eq(name.clone()))).await?,
        TenantRef::Domain(domain) => point(conn, tenants.filter(dsl::domain.eq(domain.clone()))).await?,
    };
    Ok(found.map(Tenant::from))
}

/// The tenants that an application has a grant on.
pub(in crate::store) async fn list_granted(
    mut conn: Reader<'_>,
    application: &ApplicationId,
    page: &Keyset<TenantId>,
) -> Result<Vec<Tenant>, StoreError> {
    let mut query = application_tenants::table
        .inner_join(dsl::tenants.on(dsl::tenant_id.eq(application_tenants::tenant_id)))
        .filter(application_tenants::application_id.eq(*application))
        .select(TenantRow::as_select())
        .order(application_tenants::tenant_id)
        .limit(page.limit)
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(application_tenants::tenant_id.gt(after));
    }
    let rows: Vec<TenantRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}

pub(in crate::store) async fn list_all(
    mut conn: Reader<'_>,
    page: &Keyset<TenantId>,
) -> Result<Vec<Tenant>, StoreError> {
    let mut query = dsl::tenants.select(TenantRow::as_select()).order(dsl::tenant_id).limit(page.limit).into_boxed();
    if let Some(after) = page.after {
        query = query.filter(dsl::tenant_id.gt(after));
    }
    let rows: Vec<TenantRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}

pub(in crate::store) async fn update(
    conn: &mut Conn,
    tenant: &Tenant,
    expected_version: &i64,
    trail: &Trail,
) -> Result<(), StoreError> {
    let updated = diesel::update(dsl::tenants)
        .filter(dsl::tenant_id.eq(tenant.id))
        .filter(dsl::version.eq(*expected_version))
        .set((
            dsl::language.eq(tenant.language.clone()),
            dsl::time_zone.eq(tenant.time_zone),
            dsl::link_base.eq(tenant.link_base.clone()),
            dsl::brands.eq(Json(tenant.brands.clone())),
            dsl::annotations.eq(Json(tenant.annotations.clone())),
            dsl::update_time.eq(Time(tenant.update_time)),
            dsl::version.eq(tenant.version),
        ))
        .execute(conn)
        .await?;
    if updated == 0 {
        let there = get(super::reader(conn), &TenantRef::Id(tenant.id)).await?.is_some();
        return Err(if there { StoreError::Stale } else { StoreError::Missing });
    }
    trail::write(conn, trail).await
}

/// Which of the names some portal has.
pub(in crate::store) async fn names_taken(
    mut conn: Reader<'_>,
    names: &[PortalName],
) -> Result<Vec<PortalName>, StoreError> {
    let taken: Vec<Option<PortalName>> = dsl::tenants
        .filter(dsl::portal_name.eq_any(names.to_vec()))
        .select(dsl::portal_name)
        .order(dsl::portal_name)
        .load(&mut conn)
        .await?;
    Ok(taken.into_iter().flatten().collect())
}
