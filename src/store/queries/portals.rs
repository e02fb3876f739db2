//! Registering a portal: the one unit of work that writes global rows and a tenant's own. Global rows come first, so that two requests for
//! one name meet before either has done much.

use diesel_async::RunQueryDsl;

use super::schema::tenants::dsl;
use super::tenants::TenantRow;
use super::{Conn, accounts, contracts, grants, quotas, realms, requests, trail};
use crate::domain::tenant::Tenant;
use crate::store::StoreError;
use crate::store::tenants::NewPortal;

pub(in crate::store) async fn register(conn: &mut Conn, new: &NewPortal) -> Result<(), StoreError> {
    if let Some(request) = &new.request {
        requests::insert(conn, request).await?;
    }
    quotas::take(conn, &new.quotas, 0).await?;
    insert_tenant(conn, &new.tenant).await?;
    grants::insert(conn, std::slice::from_ref(&new.grant)).await?;
    realms::insert(conn, &new.realm).await?;
    contracts::insert(conn, &new.contract).await?;
    accounts::insert(conn, &new.owner, new.quotas.len()).await?;
    trail::write(conn, &new.trail).await
}

pub(super) async fn insert_tenant(conn: &mut Conn, tenant: &Tenant) -> Result<(), StoreError> {
    diesel::insert_into(dsl::tenants).values(&TenantRow::from(tenant)).execute(conn).await?;
    Ok(())
}
