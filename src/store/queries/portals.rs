//! Registering a portal: the one unit of work that writes global rows and a tenant's own. Global rows come first, so that two requests for
//! one name meet before either has done much.

use super::schema::tenants::dsl;
use super::tenants::TenantRow;
use super::{Conn, Pipeline, accounts, contracts, grants, quotas, realms, requests, trail};
use crate::domain::tenant::Tenant;
use crate::store::StoreError;
use crate::store::tenants::NewPortal;

pub(in crate::store) async fn register(conn: &mut Conn, new: &NewPortal) -> Result<(), StoreError> {
    let mut pipeline = Pipeline::on(conn);
    if let Some(request) = &new.request {
        requests::insert(&mut pipeline, request).await?;
    }
    quotas::take(&mut pipeline, &new.quotas, 0).await?;
    insert_tenant(&mut pipeline, &new.tenant).await?;
    grants::insert(&mut pipeline, std::slice::from_ref(&new.grant)).await?;
    realms::insert(&mut pipeline, &new.realm).await?;
    contracts::insert(&mut pipeline, &new.contract).await?;
    accounts::insert(&mut pipeline, &new.owner, new.quotas.len()).await?;
    trail::insert(&mut pipeline, &new.trail).await?;
    pipeline.finish().await
}

pub(super) async fn insert_tenant(pipeline: &mut Pipeline<'_>, tenant: &Tenant) -> Result<(), StoreError> {
    pipeline.add(diesel::insert_into(dsl::tenants).values(&TenantRow::from(tenant))).await
}
