//! Contracts and their versions. A version is written once; an update of a contract writes the next.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{contract_versions, contracts::dsl, tenants};
use super::{Backend, Conn, Pipeline, Reader, grants, point, schema, trail};
use crate::domain::contract::{Contract, ContractTerms};
use crate::domain::event::Trail;
use crate::domain::ids::{ContractId, TenantId};
use crate::domain::text::Label;
use crate::store::columns::{Json, Time};
use crate::store::{Conflict, Keyset, StoreError};

/// A contract as it stands in its table.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::contracts, treat_none_as_default_value = false, check_for_backend(Backend))]
struct ContractRow {
    tenant_id: TenantId,
    contract_id: ContractId,
    name: Label,
    version: i32,
    create_time: Time,
}

/// A version as it stands in its table.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::contract_versions, treat_none_as_default_value = false, check_for_backend(Backend))]
struct VersionRow {
    tenant_id: TenantId,
    contract_id: ContractId,
    version: i32,
    terms: Json<ContractTerms>,
    create_time: Time,
}

impl From<&Contract> for VersionRow {
    fn from(contract: &Contract) -> Self {
        Self {
            tenant_id: contract.tenant_id,
            contract_id: contract.id,
            version: contract.version,
            terms: Json(contract.terms.clone()),
            create_time: Time(contract.update_time),
        }
    }
}

/// Contracts beside one of their versions.
macro_rules! in_version {
    ($version:expr) => {
        dsl::contracts.inner_join(
            contract_versions::table.on(contract_versions::tenant_id
                .eq(dsl::tenant_id)
                .and(contract_versions::contract_id.eq(dsl::contract_id))
                .and(contract_versions::version.eq($version))),
        )
    };
}

/// A contract in one of its versions.
fn assembled((contract, version): (ContractRow, VersionRow)) -> Contract {
    Contract {
        tenant_id: contract.tenant_id,
        id: contract.contract_id,
        name: contract.name,
        version: version.version,
        terms: version.terms.0,
        create_time: contract.create_time.0,
        update_time: version.create_time.0,
    }
}

pub(super) async fn insert(pipeline: &mut Pipeline<'_>, contract: &Contract) -> Result<(), StoreError> {
    let row = ContractRow {
        tenant_id: contract.tenant_id,
        contract_id: contract.id,
        name: contract.name.clone(),
        version: contract.version,
        create_time: Time(contract.create_time),
    };
    pipeline.add(diesel::insert_into(dsl::contracts).values(&row)).await?;
    insert_version(pipeline, contract).await
}

async fn insert_version(pipeline: &mut Pipeline<'_>, contract: &Contract) -> Result<(), StoreError> {
    pipeline.add(diesel::insert_into(contract_versions::table).values(&VersionRow::from(contract))).await
}

pub(in crate::store) async fn create(conn: &mut Conn, contract: &Contract, trail: &Trail) -> Result<(), StoreError> {
    let mut pipeline = Pipeline::on(conn);
    insert(&mut pipeline, contract).await?;
    trail::insert(&mut pipeline, trail).await?;
    pipeline.finish().await
}

/// The current version.
pub(in crate::store) async fn get(
    conn: Reader<'_>,
    tenant: &TenantId,
    id: &ContractId,
) -> Result<Option<Contract>, StoreError> {
    let query = in_version!(dsl::version)
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::contract_id.eq(*id))
        .select((ContractRow::as_select(), VersionRow::as_select()));
    Ok(point::<_, (ContractRow, VersionRow)>(conn, query).await?.map(assembled))
}

/// The current version of the contract of a name.
pub(in crate::store) async fn by_name(
    conn: Reader<'_>,
    tenant: &TenantId,
    name: &Label,
) -> Result<Option<Contract>, StoreError> {
    let query = in_version!(dsl::version)
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::name.eq(name.clone()))
        .select((ContractRow::as_select(), VersionRow::as_select()));
    Ok(point::<_, (ContractRow, VersionRow)>(conn, query).await?.map(assembled))
}

/// A version that accounts were made under.
pub(in crate::store) async fn version(
    conn: Reader<'_>,
    tenant: &TenantId,
    id: &ContractId,
    version: &i32,
) -> Result<Option<Contract>, StoreError> {
    let query = in_version!(*version)
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::contract_id.eq(*id))
        .select((ContractRow::as_select(), VersionRow::as_select()));
    Ok(point::<_, (ContractRow, VersionRow)>(conn, query).await?.map(assembled))
}

pub(in crate::store) async fn present(
    mut conn: Reader<'_>,
    tenant: &TenantId,
    ids: &[ContractId],
) -> Result<Vec<ContractId>, StoreError> {
    let there = dsl::contracts
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::contract_id.eq_any(ids.to_vec()))
        .select(dsl::contract_id)
        .load(&mut conn)
        .await?;
    Ok(there)
}

pub(in crate::store) async fn list(
    mut conn: Reader<'_>,
    tenant: &TenantId,
    page: &Keyset<ContractId>,
) -> Result<Vec<Contract>, StoreError> {
    let mut query = in_version!(dsl::version)
        .filter(dsl::tenant_id.eq(*tenant))
        .select((ContractRow::as_select(), VersionRow::as_select()))
        .order(dsl::contract_id)
        .limit(page.limit)
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(dsl::contract_id.gt(after));
    }
    let rows: Vec<(ContractRow, VersionRow)> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(assembled).collect())
}

/// Writes the next version and makes it the current one.
pub(in crate::store) async fn update(
    conn: &mut Conn,
    contract: &Contract,
    expected_version: &i32,
    trail: &Trail,
) -> Result<(), StoreError> {
    let updated = diesel::update(dsl::contracts)
        .filter(dsl::tenant_id.eq(contract.tenant_id))
        .filter(dsl::contract_id.eq(contract.id))
        .filter(dsl::version.eq(*expected_version))
        .set((dsl::name.eq(contract.name.clone()), dsl::version.eq(contract.version)))
        .execute(conn)
        .await?;
    if updated == 0 {
        return Err(absent_or_stale(conn, &contract.tenant_id, &contract.id).await?);
    }
    let mut pipeline = Pipeline::on(conn);
    insert_version(&mut pipeline, contract).await?;
    trail::insert(&mut pipeline, trail).await?;
    pipeline.finish().await
}

/// Accounts keep a contract by their foreign key to its version. Tenants and grants are global rows without one, so they are asked; one that
/// names the contract in the same moment ends as one whose default is not found.
pub(in crate::store) async fn delete(
    conn: &mut Conn,
    tenant: &TenantId,
    id: &ContractId,
    expected_version: &Option<i32>,
    trail: &Trail,
) -> Result<(), StoreError> {
    let row = dsl::contracts.filter(dsl::tenant_id.eq(*tenant)).filter(dsl::contract_id.eq(*id));
    let deleted = match expected_version {
        Some(expected) => diesel::delete(row.filter(dsl::version.eq(*expected))).execute(conn).await?,
        None => diesel::delete(row).execute(conn).await?,
    };
    if deleted == 0 {
        return Err(absent_or_stale(conn, tenant, id).await?);
    }
    let tenants: i64 = tenants::table
        .filter(tenants::tenant_id.eq(*tenant))
        .filter(tenants::default_contract_id.eq(*id))
        .count()
        .get_result(conn)
        .await?;
    if tenants > 0 || grants::name_contract(conn, tenant, id).await? {
        return Err(StoreError::Conflict(Conflict::Referenced));
    }
    trail::write(conn, trail).await
}

/// Why a conditional statement hit no row.
async fn absent_or_stale(conn: &mut Conn, tenant: &TenantId, id: &ContractId) -> Result<StoreError, StoreError> {
    let there = get(super::reader(conn), tenant, id).await?.is_some();
    Ok(if there { StoreError::Stale } else { StoreError::Missing })
}
