//! Connections to the database file: how they are opened, and how they run.

use std::error::Error;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use diesel_async::sync_connection_wrapper::SpawnBlocking;
use futures_util::future::BoxFuture;

use super::Conn;
use crate::store::error::{Fault, StoreError};
use crate::store::statements::StatementLog;

/// Every connection: waits for a lock of another program (a backup) instead of failing at once, holds to foreign keys, keeps 64 MiB of pages
/// and maps the file, which saves a copy a page.
const EVERY: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -65536;
    PRAGMA mmap_size = 1073741824;
    PRAGMA temp_store = MEMORY;
";

/// The writer: readers go on during a commit (WAL), and a commit is on the disk before it is answered (FULL).
const WRITER: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
";

/// Readers cannot write, whatever a query says.
const READER: &str = "
    PRAGMA query_only = ON;
";

/// Runs a statement where it stands: no thread is changed, no future is ever pending.
pub(in crate::store) struct Inline;

impl SpawnBlocking for Inline {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        Box::pin(std::future::ready(Ok(task())))
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// Makes the file, for its owner's eyes only: it holds password hashes.
pub(super) fn create_private(path: &Path) -> Result<(), StoreError> {
    const OWNER_ONLY: u32 = 0o600;
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(OWNER_ONLY)
        .open(path)
        .map(drop)
        .map_err(|error| StoreError::broken(Fault::Other, error))
}

/// The connection that writes.
pub(super) fn open_writer(path: &Path) -> Result<Conn, StoreError> {
    open(path, WRITER)
}

/// A connection that reads.
pub(super) fn open_reader(path: &Path) -> Result<Conn, StoreError> {
    open(path, READER)
}

fn open(path: &Path, pragmas: &str) -> Result<Conn, StoreError> {
    let name = path.to_str().ok_or_else(|| StoreError::broken(Fault::Other, "the database's path is not UTF-8"))?;
    let mut conn = SqliteConnection::establish(name).map_err(|error| StoreError::broken(Fault::Storage, error))?;
    conn.batch_execute(EVERY)?;
    conn.batch_execute(pragmas)?;
    conn.set_instrumentation(StatementLog);
    Ok(Conn::new(conn))
}
