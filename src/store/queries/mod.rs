//! What is asked of the tables, written once. `sqlite.rs` and `postgres.rs` each compile these files against their own connection, schema
//! and backend, which they find here under the same names. A query takes a connection and never opens a transaction: the engine does that
//! round the whole unit of work.

use super::{Backend, Conn, Pipeline, Reader, lock_installation, point, reader, schema};

pub(in crate::store) mod account_rows;
pub(in crate::store) mod accounts;
pub(in crate::store) mod applications;
pub(in crate::store) mod contracts;
pub(in crate::store) mod grants;
pub(in crate::store) mod holders;
pub(in crate::store) mod keys;
pub(in crate::store) mod logins;
pub(in crate::store) mod outbox;
pub(in crate::store) mod portals;
mod proving;
pub(in crate::store) mod quotas;
pub(in crate::store) mod realms;
pub(in crate::store) mod requests;
pub(in crate::store) mod sessions;
mod sweeping;
pub(in crate::store) mod templates;
pub(in crate::store) mod tenants;
pub(in crate::store) mod trail;
pub(in crate::store) mod verifications;

use diesel_async::RunQueryDsl;

use crate::store::error::StoreError;

/// The server answers.
pub(in crate::store) async fn ping(mut conn: Reader<'_>) -> Result<(), StoreError> {
    diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1")).execute(&mut conn).await?;
    Ok(())
}
