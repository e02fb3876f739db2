//! Migrations, one process at a time: diesel takes no lock for them, so the store takes the server's advisory lock on a connection of its
//! own, which gives it back when it is closed. Asking what is pending takes no lock and writes nothing: it is asked every second by a server
//! that waits for another process to migrate.

use std::collections::HashSet;

use diesel::dsl::sql;
use diesel::migration::MigrationSource;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::Connector;
use super::{Backend, Conn, INSTALLATION_LOCK};
use crate::store::error::{Fault, StoreError};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Applies what is pending, each migration in a transaction of its own; names what it applied.
pub(super) async fn run(connector: &Connector) -> Result<Vec<String>, StoreError> {
    let mut conn = connector.patient().connect().await.map_err(|error| StoreError::broken(Fault::Lost, error))?;
    // Whoever waits here waits for another process to finish its migrations, which may take long. A migration is no unit of work, and
    // begins its transaction itself.
    conn.batch_execute("SET statement_timeout = 0; SET default_transaction_read_only = off").await?;
    conn.batch_execute(&format!("SELECT pg_advisory_lock({INSTALLATION_LOCK})")).await?;
    // The harness blocks its thread; a thread of the blocking pool may be blocked.
    let work = move || -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
        let mut harness = AsyncMigrationHarness::new(conn);
        let pending = MigrationHarness::<Backend>::pending_migrations(&mut harness, MIGRATIONS)?;
        for migration in &pending {
            harness.run_migration(migration)?;
        }
        Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::broken(Fault::Other, error))?
        .map_err(|error| StoreError::broken(Fault::Other, error))
}

/// Names what is not applied yet. diesel's own way to ask makes its table first.
pub(super) async fn pending(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let is_begun = sql::<Bool>("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL").get_result(conn).await?;
    let applied: Vec<String> = match is_begun {
        true => sql::<Text>("SELECT version FROM __diesel_schema_migrations").load(conn).await?,
        false => Vec::new(),
    };
    let applied: HashSet<String> = applied.into_iter().collect();
    let known = MigrationSource::<Backend>::migrations(&MIGRATIONS);
    let mut known = known.map_err(|error| StoreError::broken(Fault::Other, error))?;
    known.sort_by(|one, other| one.name().version().cmp(&other.name().version()));
    let pending = known.iter().filter(|migration| !applied.contains(&migration.name().version().to_string()));
    Ok(pending.map(|migration| migration.name().to_string()).collect())
}
