//! How a unit of work runs: BEGIN, the unit, COMMIT on one connection, again where the server asked for it. Each of the three fails in its
//! own way, so the store sends them itself. Before COMMIT is sent nothing is written, whatever happens; after it, only the server knows.

use std::pin::pin;
use std::time::{Duration, Instant};

use diesel::connection::TransactionDepthChange;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Double, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::{
    AnsiTransactionManager, AsyncConnectionCore, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    TransactionManager,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::Conn;
use super::connect::Connector;
use crate::store::complaint::Complaint;
use crate::store::error::{Fault, StoreError};

/// How often a unit runs at most where the server ends it for the sake of another (deadlock, serialization).
const RUNS_MAX: u32 = 3;

/// Sessions are read-only but for their units, see [`begin`].
pub(super) const BEGIN: &str = "BEGIN READ WRITE";

/// [`BEGIN`] as a statement that is prepared once a connection, so that it shares its Sync with those behind it.
#[derive(QueryId)]
struct Begin;

impl QueryFragment<Pg> for Begin {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(BEGIN);
        Ok(())
    }
}

/// One message to the server, so that the guard costs no way of its own. Without it the timeout of a statement runs during the commit too:
/// a unit whose checks the server left for the commit would fail with an outcome that nobody knows, and where replication is synchronous
/// the server gives up waiting for the replica and calls that a success.
pub(super) const COMMIT: &str = "SET LOCAL statement_timeout = 0; COMMIT";

/// Said of commits that nobody knows the end of.
static UNCONFIRMED: Complaint = Complaint::new();

/// How long an answer that was sent is under way at most.
const LAST_WORD_TIME: Duration = Duration::from_secs(1);

/// Whether the server has been at a commit of ours for so many seconds.
const IS_AT_COMMIT: &str = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = current_user AND datname = current_database() \
    AND state = 'active' AND query = $1 AND query_start < now() - make_interval(secs => $2))";

/// Where an attempt ended.
enum Ended {
    /// The unit, or the server during it; nothing was written.
    Inside(StoreError),
    /// At COMMIT: nobody knows.
    AtCommit(StoreError),
}

/// What units run on.
pub(super) struct Units {
    /// Makes a connection to ask about another.
    connector: Connector,
    /// A unit has a connection of these to itself.
    pool: Pool<AsyncPgConnection>,
    /// Held by the unit that asks about its commit: one connection at a time is enough for that.
    asking: Mutex<()>,
}

impl Units {
    pub(super) fn on(connector: Connector, pool: Pool<AsyncPgConnection>) -> Self {
        Self { connector, pool, asking: Mutex::default() }
    }

    /// A connection for a unit.
    pub(super) async fn acquire(&self) -> Result<Object<AsyncPgConnection>, StoreError> {
        super::acquire(&self.pool).await
    }

    /// Gives no connection from now on.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// Runs the unit until it is committed, refused, or run often enough.
    pub(super) async fn run<T, F>(&self, mut conn: Object<AsyncPgConnection>, unit: F) -> Result<T, StoreError>
    where
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>>,
    {
        let mut runs = 0;
        let mut dead = 0;
        loop {
            let error = match self.once(&mut conn, &unit).await {
                Ok(value) => return Ok(value),
                // After a restart of the server every idle connection is dead. One that was made for this unit has not become so by idling.
                Err(Ended::Inside(error))
                    if error.fault() == Some(Fault::Lost) && was_idle(&conn) && dead <= self.pool.status().max_size =>
                {
                    dead += 1;
                    super::discard(&self.pool, conn);
                    conn = self.acquire().await?;
                    continue;
                }
                Err(Ended::Inside(error)) => error,
                Err(Ended::AtCommit(error)) if error.fault() == Some(Fault::Retry) => {
                    // Rolled back by the server, while the connection's books say that a transaction is open.
                    drop(Object::take(conn));
                    conn = self.acquire().await?;
                    error
                }
                Err(Ended::AtCommit(error)) => {
                    if let Some(suppressed) = UNCONFIRMED.due(Instant::now()) {
                        tracing::error!(cause = ?error, suppressed, "PostgreSQL did not confirm a commit");
                    }
                    super::discard(&self.pool, conn);
                    return Err(StoreError::Unknown);
                }
            };
            runs += 1;
            match error.fault() {
                Some(Fault::Retry) if runs < RUNS_MAX => tokio::time::sleep(jitter(runs)).await,
                Some(Fault::Lost) => {
                    super::discard(&self.pool, conn);
                    return Err(error);
                }
                _ => return Err(error),
            }
        }
    }

    /// One attempt.
    async fn once<T, F>(&self, conn: &mut Conn, unit: &F) -> Result<T, Ended>
    where
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>>,
    {
        begin(conn).map_err(|error| Ended::Inside(error.into()))?;
        match unit(conn).await {
            Ok(value) => match self.commit(conn).await {
                Ok(()) => Ok(value),
                Err(error) => Err(Ended::AtCommit(error)),
            },
            Err(error) => {
                // A rollback that fails leaves the connection marked as broken, and the pool throws it away.
                let _ = AnsiTransactionManager::rollback_transaction(conn).await;
                Err(Ended::Inside(error))
            }
        }
    }

    /// Commits, and notes in the connection's books that its transaction is over. After a failure they say that one is open, and whoever has the
    /// connection throws it away.
    async fn commit(&self, conn: &mut Conn) -> Result<(), StoreError> {
        self.confirmed(conn.batch_execute(COMMIT)).await?;
        let books = AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_state()?;
        Ok(books.change_transaction_depth(TransactionDepthChange::DecreaseDepth)?)
    }

    /// The answer to COMMIT, waited for as long as the server is at it. It may have to wait for a replica, and nothing bounds that; to give up
    /// and begin the next unit on another connection would fill the server with sessions that wait for the same replica.
    async fn confirmed(&self, answer: impl Future<Output = QueryResult<()>>) -> Result<(), StoreError> {
        let mut answer = pin!(answer);
        let silence_max = self.connector.silence_max();
        loop {
            if let Ok(answer) = timeout(silence_max, &mut answer).await {
                return Ok(answer?);
            }
            // Half, because the server has counted from when it heard of it.
            if self.is_at_commit(silence_max / 2).await {
                continue;
            }
            // Unless it was answered meanwhile.
            return match timeout(LAST_WORD_TIME, &mut answer).await {
                Ok(answer) => Ok(answer?),
                Err(_) => {
                    Err(StoreError::broken(Fault::Lost, "the server is not at the commit and does not answer it"))
                }
            };
        }
    }

    /// Whether the server has been at a commit for so long, as it says over another connection; true where it could not be asked.
    async fn is_at_commit(&self, time: Duration) -> bool {
        let _asking = self.asking.lock().await;
        let Ok(mut conn) = self.connector.connect().await else { return true };
        let found = diesel::sql_query(IS_AT_COMMIT).bind::<Text, _>(COMMIT).bind::<Double, _>(time.as_secs_f64());
        found.get_result(&mut conn).await.map_or(true, |Found { exists }| exists)
    }
}

/// An answer to [`IS_AT_COMMIT`].
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    exists: bool,
}

/// Whether the connection was in the pool before it was handed out.
fn was_idle(conn: &Object<AsyncPgConnection>) -> bool {
    Object::metrics(conn).recycle_count > 0
}

/// Prepares BEGIN on a new connection.
pub(super) async fn prepare(conn: &mut Conn) -> QueryResult<()> {
    conn.execute_returning_count(Begin).await?;
    conn.batch_execute("ROLLBACK").await
}

/// Sends BEGIN and does not wait for its answer: what the unit asks first goes out right behind it. Were it refused, what the unit writes
/// would not take effect by itself: outside of BEGIN READ WRITE the session is read-only (`connect`), and the server refuses that too.
fn begin(conn: &mut Conn) -> QueryResult<()> {
    // It is prepared: the first poll sends it, or finds that the connection is dead.
    conn.execute_returning_count(Begin).now_or_never().unwrap_or(Ok(0))?;
    let books = AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_state()?;
    books.change_transaction_depth(TransactionDepthChange::IncreaseDepth)
}

/// A random wait, so that two units that ran into each other do not do so again: up to 10 ms, then up to 20 ms.
fn jitter(runs: u32) -> Duration {
    const STEP_MICROS: u32 = 10_000;
    let random = getrandom::u32().unwrap_or(STEP_MICROS);
    Duration::from_micros(u64::from(random % (STEP_MICROS * runs)))
}
