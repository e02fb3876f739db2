//! Grants: what an application may do on a tenant.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::application_tenants::dsl;
use super::{Backend, Conn, Pipeline, Reader, point, schema};
use crate::domain::application::Grant;
use crate::domain::ids::{ApplicationId, ContractId, RealmId, TenantId};
use crate::domain::permission::Permissions;
use crate::store::StoreError;
use crate::store::columns::Json;

/// A grant as it stands in its table.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::application_tenants, treat_none_as_default_value = false, check_for_backend(Backend))]
struct GrantRow {
    application_id: ApplicationId,
    tenant_id: TenantId,
    permissions: Json<Permissions>,
    default_realm_id: Option<RealmId>,
    default_contract_id: Option<ContractId>,
    allowed_realms: Option<Json<Vec<RealmId>>>,
    allowed_contracts: Option<Json<Vec<ContractId>>>,
}

impl From<&Grant> for GrantRow {
    fn from(grant: &Grant) -> Self {
        Self {
            application_id: grant.application_id,
            tenant_id: grant.tenant_id,
            permissions: Json(grant.permissions.clone()),
            default_realm_id: grant.default_realm,
            default_contract_id: grant.default_contract,
            allowed_realms: grant.allowed_realms.clone().map(Json),
            allowed_contracts: grant.allowed_contracts.clone().map(Json),
        }
    }
}

impl From<GrantRow> for Grant {
    fn from(row: GrantRow) -> Self {
        Self {
            application_id: row.application_id,
            tenant_id: row.tenant_id,
            permissions: row.permissions.0,
            default_realm: row.default_realm_id,
            default_contract: row.default_contract_id,
            allowed_realms: row.allowed_realms.map(|realms| realms.0),
            allowed_contracts: row.allowed_contracts.map(|contracts| contracts.0),
        }
    }
}

pub(super) async fn insert(pipeline: &mut Pipeline<'_>, grants: &[Grant]) -> Result<(), StoreError> {
    let rows: Vec<GrantRow> = grants.iter().map(GrantRow::from).collect();
    insert_rows!(pipeline, dsl::application_tenants, rows);
    Ok(())
}

/// Puts `grants` in the place of those on the tenants `on`.
pub(in crate::store) async fn replace(
    conn: &mut Conn,
    application: ApplicationId,
    on: &[TenantId],
    grants: &[Grant],
) -> Result<(), StoreError> {
    let old =
        dsl::application_tenants.filter(dsl::application_id.eq(application)).filter(dsl::tenant_id.eq_any(on.to_vec()));
    diesel::delete(old).execute(conn).await?;
    let mut pipeline = Pipeline::on(conn);
    insert(&mut pipeline, grants).await?;
    pipeline.finish().await
}

pub(in crate::store) async fn get(
    conn: Reader<'_>,
    application: &ApplicationId,
    tenant: &TenantId,
) -> Result<Option<Grant>, StoreError> {
    let query = dsl::application_tenants
        .filter(dsl::application_id.eq(*application))
        .filter(dsl::tenant_id.eq(*tenant))
        .select(GrantRow::as_select());
    Ok(point::<_, GrantRow>(conn, query).await?.map(Grant::from))
}

pub(in crate::store) async fn list(
    mut conn: Reader<'_>,
    application: &ApplicationId,
) -> Result<Vec<Grant>, StoreError> {
    let rows: Vec<GrantRow> = dsl::application_tenants
        .filter(dsl::application_id.eq(*application))
        .select(GrantRow::as_select())
        .order(dsl::tenant_id)
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// The grants of applications on the tenants that `by` has a grant on itself (absent = on all), by application and tenant.
pub(in crate::store) async fn seen(
    mut conn: Reader<'_>,
    of: &[ApplicationId],
    by: &Option<ApplicationId>,
    limit: &i64,
) -> Result<Vec<Grant>, StoreError> {
    let mut query = dsl::application_tenants
        .filter(dsl::application_id.eq_any(of.to_vec()))
        .select(GrantRow::as_select())
        .order((dsl::application_id, dsl::tenant_id))
        .limit(*limit)
        .into_boxed();
    if let Some(by) = by {
        let own = diesel::alias!(schema::application_tenants as own);
        let tenants = own.filter(own.field(dsl::application_id).eq(*by)).select(own.field(dsl::tenant_id));
        query = query.filter(dsl::tenant_id.eq_any(tenants));
    }
    let rows: Vec<GrantRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// The grants of `own` on the tenants that an application has one on.
pub(in crate::store) async fn beside(
    mut conn: Reader<'_>,
    application: &ApplicationId,
    own: &ApplicationId,
) -> Result<Vec<Grant>, StoreError> {
    let theirs = diesel::alias!(schema::application_tenants as theirs);
    let tenants =
        theirs.filter(theirs.field(dsl::application_id).eq(*application)).select(theirs.field(dsl::tenant_id));
    let rows: Vec<GrantRow> = dsl::application_tenants
        .filter(dsl::application_id.eq(*own))
        .filter(dsl::tenant_id.eq_any(tenants))
        .select(GrantRow::as_select())
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// What a grant names of a kind: its default, and those that it allows.
type NamedIds<Id> = (Option<Id>, Option<Json<Vec<Id>>>);

/// Whether a grant on the tenant names the realm, as its default or among the allowed ones. The lists are documents that the engines read
/// differently; those of one tenant are few and short, so they are looked through here.
pub(in crate::store) async fn name_realm(conn: &mut Conn, tenant: &TenantId, id: &RealmId) -> Result<bool, StoreError> {
    let named: Vec<NamedIds<RealmId>> = dsl::application_tenants
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::default_realm_id.eq(*id).or(dsl::allowed_realms.is_not_null()))
        .select((dsl::default_realm_id, dsl::allowed_realms))
        .load(conn)
        .await?;
    Ok(named.iter().any(|(default, allowed)| *default == Some(*id) || allowed.iter().any(|ids| ids.0.contains(id))))
}

/// [`name_realm`] for a contract.
pub(in crate::store) async fn name_contract(
    conn: &mut Conn,
    tenant: &TenantId,
    id: &ContractId,
) -> Result<bool, StoreError> {
    let named: Vec<NamedIds<ContractId>> = dsl::application_tenants
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::default_contract_id.eq(*id).or(dsl::allowed_contracts.is_not_null()))
        .select((dsl::default_contract_id, dsl::allowed_contracts))
        .load(conn)
        .await?;
    Ok(named.iter().any(|(default, allowed)| *default == Some(*id) || allowed.iter().any(|ids| ids.0.contains(id))))
}

/// The union over all grants. An application with ten thousand portals has few different sets.
pub(in crate::store) async fn permissions(
    mut conn: Reader<'_>,
    application: &ApplicationId,
) -> Result<Permissions, StoreError> {
    let sets: Vec<Json<Permissions>> = dsl::application_tenants
        .filter(dsl::application_id.eq(*application))
        .select(dsl::permissions)
        .distinct()
        .load(&mut conn)
        .await?;
    Ok(sets.into_iter().flat_map(|set| set.0).collect())
}
