//! SQLite: one file, one process. Units of work go to one writer thread that commits them in groups; reads run inline on a small pool of
//! connections. Absent: any await on the disk: the futures of these connections are always ready.

mod connection;
mod lock;
mod pipeline;
mod readers;
mod schema;
mod writer;

use std::path::Path;

use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use futures_util::future::BoxFuture;

use self::connection::Inline;
use self::lock::FileLock;
pub(super) use self::pipeline::Pipeline;
use self::readers::{Lent, Readers};
use self::writer::Writer;
use super::error::{Fault, StoreError};

/// The connection that queries are compiled against.
pub(super) type Conn = SyncConnectionWrapper<diesel::SqliteConnection, Inline>;
/// The backend that rows are checked against.
pub(super) type Backend = diesel::sqlite::Sqlite;
/// What a read needs. A unit of work lends it by [`reader`].
pub(super) type Reader<'a> = &'a mut Conn;

/// Lends the connection of a unit of work to a read.
pub(super) fn reader(conn: &mut Conn) -> Reader<'_> {
    conn
}

/// Inserts rows one by one: SQLite has no DEFAULT in a list of values, so diesel cannot batch there. Inside the writer's transaction that
/// costs no more than one statement for all.
macro_rules! insert_rows {
    ($pipeline:expr, $table:expr, $rows:expr) => {
        for row in &$rows {
            $pipeline.add(diesel::insert_into($table).values(row)).await?;
        }
    };
}

/// [`insert_rows`] where all keys have to be free; `taken` is the unit's refusal where one is not.
macro_rules! insert_free_rows {
    ($pipeline:expr, $table:expr, $rows:expr, $taken:expr) => {
        for row in &$rows {
            let insert = diesel::insert_into($table).values(row).on_conflict_do_nothing();
            $pipeline.expect(1, insert, $taken).await?;
        }
    };
}

#[path = "queries/mod.rs"]
pub(super) mod queries;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// One row by a unique key. The hottest reads come by here: plain diesel inside, because its async wrapper renders the statement and copies
/// the values at each execution. `get_result`, never `first`: a LIMIT that is bound costs a second planning.
pub(super) async fn point<Q, U>(conn: Reader<'_>, query: Q) -> Result<Option<U>, StoreError>
where
    Q: for<'q> diesel::query_dsl::methods::LoadQuery<'q, diesel::SqliteConnection, U> + Send + 'static,
    U: Send + 'static,
{
    use diesel::OptionalExtension;
    // The row passes through several futures; only its box is moved.
    let read = move |conn: &mut _| diesel::RunQueryDsl::get_result(query, conn).optional().map(|row| row.map(Box::new));
    Ok(conn.spawn_blocking(read).await?.map(|row: Box<U>| *row))
}

/// Holds off every other installation and migration until the end of the unit. There is one writer; nothing is to be done.
pub(super) async fn lock_installation(_conn: &mut Conn) -> Result<(), StoreError> {
    Ok(())
}

/// The open database.
pub(super) struct Engine {
    /// Where units of work go.
    writer: Writer,
    /// Where reads go.
    readers: Readers,
    /// Held until the engine is closed.
    lock: FileLock,
}

impl Engine {
    /// Opens the file, makes it where it is not there, and keeps every other process off it.
    pub(super) async fn open(path: &Path, readers: usize, queue_units_max: usize) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let open = move || -> Result<Self, StoreError> {
            let lock = FileLock::take(&path)?;
            connection::create_private(&path)?;
            let writer = Writer::start(&path, queue_units_max)?;
            Ok(Self { writer, readers: Readers::new(path, readers), lock })
        };
        tokio::task::spawn_blocking(open).await.map_err(|error| StoreError::broken(Fault::Other, error))?
    }

    /// Runs a unit of work; it finishes whether or not this future is polled to its end.
    pub(super) async fn unit<T, F>(&self, unit: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + Sync + 'static,
    {
        self.writer.unit(unit).await
    }

    /// A connection to read with, for a moment.
    pub(super) async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        self.readers.lend().await
    }

    /// Applies what is pending, in one transaction; names what it applied.
    pub(super) async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.unit(|conn| Box::pin(async { Ok(conn.spawn_blocking(|conn| migrations(conn, true)).await?) })).await
    }

    /// Names what is not applied yet.
    pub(super) async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        self.unit(|conn| Box::pin(async { Ok(conn.spawn_blocking(|conn| migrations(conn, false)).await?) })).await
    }

    /// Runs what is queued, ends the writer thread, and lets others have the file. Units given after that are refused as unavailable.
    pub(super) async fn close(&self) {
        self.writer.close().await;
        self.lock.release();
    }
}

/// Names the migrations that are pending, and applies them if told to. diesel makes its table when it is asked; nothing else is written
/// without being told to.
fn migrations(conn: &mut diesel::SqliteConnection, apply: bool) -> diesel::QueryResult<Vec<String>> {
    let failed = diesel::result::Error::QueryBuilderError;
    let pending = MigrationHarness::<Backend>::pending_migrations(conn, MIGRATIONS).map_err(failed)?;
    if apply {
        for migration in &pending {
            conn.run_migration(migration).map_err(failed)?;
        }
    }
    Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
}
