//! Migrations, one process at a time: diesel takes no lock for them, so the store takes the server's advisory lock on a connection of its
//! own, which gives it back when it is closed.

use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connect::Connector;
use super::{Backend, INSTALLATION_LOCK};
use crate::store::error::{Fault, StoreError};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Applies what is pending, each migration in a transaction of its own.
pub(super) async fn run(connector: &Connector) -> Result<Vec<String>, StoreError> {
    work(connector, true).await
}

/// Names what is not applied yet.
pub(super) async fn pending(connector: &Connector) -> Result<Vec<String>, StoreError> {
    work(connector, false).await
}

async fn work(connector: &Connector, apply: bool) -> Result<Vec<String>, StoreError> {
    let mut conn = connector.connect().await.map_err(|error| StoreError::broken(Fault::Lost, error))?;
    // Whoever waits here waits for another process to finish its migrations, which may take long.
    conn.batch_execute("SET statement_timeout = 0").await?;
    conn.batch_execute(&format!("SELECT pg_advisory_lock({INSTALLATION_LOCK})")).await?;
    // The harness blocks its thread; a thread of the blocking pool may be blocked.
    let work = move || -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
        let mut harness = AsyncMigrationHarness::new(conn);
        let pending = MigrationHarness::<Backend>::pending_migrations(&mut harness, MIGRATIONS)?;
        if apply {
            for migration in &pending {
                harness.run_migration(migration)?;
            }
        }
        Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::broken(Fault::Other, error))?
        .map_err(|error| StoreError::broken(Fault::Other, error))
}
