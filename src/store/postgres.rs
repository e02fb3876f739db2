//! PostgreSQL: a server that any number of processes share. Units of work run on a pool, each in a task of its own, so that they finish
//! whatever their caller does; lists have a smaller pool of their own, so that they do not wait for writers that wait for a lock; point
//! reads share a few pipelined connections. Absent: libpq and OpenSSL.

mod connect;
mod driver;
mod migrations;
mod one_sync;
mod pipeline;
mod rendered;
mod schema;
mod shared;
mod units;

use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{PoolError, QueueMode, TimeoutType};
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::BoxFuture;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub(super) use self::connect::Connector;
pub(super) use self::pipeline::Pipeline;
use self::rendered::Rendered;
use self::shared::SharedReaders;
use self::units::Units;
use super::error::{Fault, StoreError};

/// The connection that queries are compiled against.
pub(super) type Conn = AsyncPgConnection;
/// The backend that rows are checked against.
pub(super) type Backend = diesel::pg::Pg;
/// What a read needs: a shared reference, so that many reads can be under way on one connection. A unit of work lends it by [`reader`].
pub(super) type Reader<'a> = &'a AsyncPgConnection;

/// Lends the connection of a unit of work to a read.
pub(super) fn reader(conn: &mut Conn) -> Reader<'_> {
    conn
}

/// Inserts rows by one statement. That for one row, which is what most units insert, is prepared once a connection, if its type says
/// `treat_none_as_default_value = false`; those for more depend on their number and are prepared each time.
macro_rules! insert_rows {
    ($pipeline:expr, $table:expr, $rows:expr) => {
        match &($rows)[..] {
            [] => {}
            [row] => $pipeline.add(diesel::insert_into($table).values(row)).await?,
            rows => $pipeline.add(diesel::insert_into($table).values(rows)).await?,
        }
    };
}

/// [`insert_rows`] where all keys have to be free; `taken` is the unit's refusal where one is not. That is an everyday outcome of
/// registration, so it is told by a count and not by an error, which the server would log with the keys. The statements for one and two
/// rows, which is what an account has, are prepared once a connection.
macro_rules! insert_free_rows {
    ($pipeline:expr, $table:expr, $rows:expr, $taken:expr) => {
        match &($rows)[..] {
            [] => {}
            [row] => {
                let insert = diesel::insert_into($table).values(row).on_conflict_do_nothing();
                $pipeline.expect(1, insert, $taken).await?;
            }
            [first, second] => {
                let insert = diesel::insert_into($table).values([first, second]).on_conflict_do_nothing();
                $pipeline.expect(2, insert, $taken).await?;
            }
            rows => {
                let insert = diesel::insert_into($table).values(rows).on_conflict_do_nothing();
                $pipeline.expect(rows.len(), insert, $taken).await?;
            }
        }
    };
}

#[expect(
    clippy::duplicate_mod,
    reason = "queries are written once and compiled against each engine's schema and connection"
)]
#[path = "queries/mod.rs"]
pub(super) mod queries;

/// The number of the advisory lock that migrations and the first installation hold: `enroll` in ASCII.
const INSTALLATION_LOCK: i64 = 0x0065_6e72_6f6c_6c00;

/// One row by a unique key. The hottest reads come by here: see [`Rendered`]. Boxed: the compiler cannot see by itself that a future over a
/// shared reference to the connection is Send.
pub(super) fn point<'c, Q, U>(mut conn: Reader<'c>, query: Q) -> BoxFuture<'c, Result<Option<U>, StoreError>>
where
    Rendered<Q>: diesel_async::methods::LoadQuery<'c, Reader<'c>, U>,
    Q: Send + 'c,
    U: Send + 'c,
{
    use diesel::OptionalExtension;
    Box::pin(async move { Ok(Rendered(query).get_result(&mut conn).await.optional()?) })
}

/// Holds off every other installation and migration until the end of the unit.
pub(super) async fn lock_installation(conn: &mut Conn) -> Result<(), StoreError> {
    Ok(conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({INSTALLATION_LOCK})")).await?)
}

/// The way to the server.
pub(super) struct Engine {
    /// Makes connections that belong to no pool.
    connector: Connector,
    /// For units of work.
    units: Arc<Units>,
    /// For lists.
    lists: Pool<AsyncPgConnection>,
    /// For point reads.
    shared: SharedReaders,
    /// The units that run; closing waits for them.
    running: TaskTracker,
}

/// The bounds of a pool.
pub(super) struct Bounds {
    /// Connections for units of work and lists, of which lists have [`LISTS_SHARE`] to themselves; each have one at least.
    pub(super) pool_max: usize,
    /// Connections for point reads.
    pub(super) shared_readers: usize,
    /// How long to wait for a connection of the pool.
    pub(super) acquire_timeout: Duration,
}

/// One in so many connections is for lists. They are short and few beside units of work.
const LISTS_SHARE: usize = 4;

impl Engine {
    /// Reaches the server once, to fail at start rather than at the first request, and checks that it speaks as the store understands.
    pub(super) async fn open(connector: Connector, bounds: &Bounds) -> Result<Self, StoreError> {
        connector.check().await.map_err(StoreError::settled)?;
        let for_lists = (bounds.pool_max / LISTS_SHARE).max(1);
        let pool = self::pool(&connector, bounds.pool_max.saturating_sub(for_lists).max(1), bounds.acquire_timeout)?;
        let lists = self::pool(&connector, for_lists, bounds.acquire_timeout)?;
        let units = Arc::new(Units::on(connector.clone(), pool));
        let shared = SharedReaders::new(connector.clone(), bounds.shared_readers);
        Ok(Self { connector, units, lists, shared, running: TaskTracker::new() })
    }

    /// A connection for a list.
    pub(super) async fn acquire(&self) -> Result<Object<AsyncPgConnection>, StoreError> {
        acquire(&self.lists).await
    }

    /// After a list over `broken` failed with `error`: another connection to try once more, where the connection was to blame.
    pub(super) async fn replace(
        &self,
        broken: Object<AsyncPgConnection>,
        error: StoreError,
    ) -> Result<Object<AsyncPgConnection>, StoreError> {
        if error.fault() != Some(Fault::Lost) {
            return Err(error.settled());
        }
        discard(&self.lists, broken);
        self.acquire().await
    }

    /// The connections that point reads share.
    pub(super) fn shared(&self) -> &SharedReaders {
        &self.shared
    }

    /// Runs a unit of work; once it has a connection it finishes, whether or not this future is polled to its end.
    pub(super) async fn unit<T, F>(&self, unit: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let conn = self.units.acquire().await?;
        let units = Arc::clone(&self.units);
        let run = async move { units.run(conn, unit).await };
        let task = self.running.spawn(run.in_current_span());
        match task.await {
            Ok(result) => result.map_err(StoreError::settled),
            Err(error) => Err(StoreError::broken(Fault::Other, error)),
        }
    }

    /// Applies what is pending; names what it applied.
    pub(super) async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        migrations::run(&self.connector).await.map_err(StoreError::settled)
    }

    /// Names what is not applied yet.
    pub(super) async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = self.acquire().await?;
        migrations::pending(&mut conn).await.map_err(StoreError::settled)
    }

    /// Waits for the units that run and closes the pools. Units given after that are refused as unavailable.
    pub(super) async fn close(&self) {
        self.units.close();
        self.lists.close();
        self.running.close();
        self.running.wait().await;
    }
}

/// A pool of connections that are made when they are needed.
fn pool(connector: &Connector, max_size: usize, wait: Duration) -> Result<Pool<AsyncPgConnection>, StoreError> {
    let mut config = ManagerConfig::<AsyncPgConnection>::default();
    // A connection that broke while idle is found out by the first answer that does not come; the unit is run over another one then.
    config.recycling_method = RecyclingMethod::Fast;
    let make = connector.clone();
    config.custom_setup = Box::new(move |_| {
        let connector = make.clone();
        Box::pin(async move { connector.connect().await })
    });
    let manager = AsyncDieselConnectionManager::new_with_config("", config);
    Pool::builder(manager)
        .max_size(max_size)
        // The last used is the first to go: its statements are prepared, and its process on the server is warm.
        .queue_mode(QueueMode::Lifo)
        .wait_timeout(Some(wait))
        .create_timeout(Some(connector.timeout()))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| StoreError::broken(Fault::Other, error))
}

/// A connection of a pool.
async fn acquire(pool: &Pool<AsyncPgConnection>) -> Result<Object<AsyncPgConnection>, StoreError> {
    pool.get().await.map_err(|error| match error {
        PoolError::Timeout(TimeoutType::Wait) => StoreError::Busy,
        PoolError::Closed => StoreError::Unavailable,
        other => StoreError::broken(Fault::Lost, other).settled(),
    })
}

/// Throws away a connection that was found dead, and those that idle: what ended one (a restart of the server, a way to it that is gone) has
/// mostly ended all, and each would be waited for in its turn.
fn discard(pool: &Pool<AsyncPgConnection>, dead: Object<AsyncPgConnection>) {
    drop(Object::take(dead));
    pool.retain(|_, _| false);
}
