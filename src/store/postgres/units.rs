//! How a unit of work runs: BEGIN, the unit, COMMIT on one connection, again where the server asked for it. Each of the three fails in its
//! own way, so the store sends them itself. Before COMMIT is sent nothing is written, whatever happens; after it, only the server knows.

use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::TransactionDepthChange;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::{
    AnsiTransactionManager, AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection, TransactionManager,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::Conn;
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
const COMMIT: &str = "SET LOCAL statement_timeout = 0; COMMIT";

/// Said of commits that nobody knows the end of.
static UNCONFIRMED: Complaint = Complaint::new();

/// Where an attempt ended.
enum Ended {
    /// The unit, or the server during it; nothing was written.
    Inside(StoreError),
    /// At COMMIT: nobody knows.
    AtCommit(StoreError),
}

/// Runs the unit until it is committed, refused, or run often enough.
pub(super) async fn run<T, F>(
    pool: &Pool<AsyncPgConnection>,
    mut conn: Object<AsyncPgConnection>,
    unit: F,
) -> Result<T, StoreError>
where
    F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>>,
{
    let mut runs = 0;
    let mut dead = 0;
    loop {
        let error = match once(&mut conn, &unit).await {
            Ok(value) => return Ok(value),
            // After a restart of the server every idle connection is dead; each is found and thrown away once. One that was made for this
            // unit has not become so by idling.
            Err(Ended::Inside(error))
                if error.fault() == Some(Fault::Lost) && was_idle(&conn) && dead <= pool.status().max_size =>
            {
                dead += 1;
                drop(Object::take(conn));
                conn = super::acquire(pool).await?;
                continue;
            }
            Err(Ended::Inside(error)) => error,
            Err(Ended::AtCommit(error)) if error.fault() == Some(Fault::Retry) => {
                // Rolled back by the server, while the connection's books say that a transaction is open.
                drop(Object::take(conn));
                conn = super::acquire(pool).await?;
                error
            }
            Err(Ended::AtCommit(error)) => {
                if let Some(unsaid) = UNCONFIRMED.due(Instant::now()) {
                    tracing::error!(cause = ?error, unsaid, "PostgreSQL did not confirm a commit");
                }
                drop(Object::take(conn));
                return Err(StoreError::Unknown);
            }
        };
        runs += 1;
        match error.fault() {
            Some(Fault::Retry) if runs < RUNS_MAX => tokio::time::sleep(jitter(runs)).await,
            Some(Fault::Lost) => {
                drop(Object::take(conn));
                return Err(error);
            }
            _ => return Err(error),
        }
    }
}

/// One attempt.
async fn once<T, F>(conn: &mut Conn, unit: &F) -> Result<T, Ended>
where
    F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>>,
{
    begin(conn).map_err(|error| Ended::Inside(error.into()))?;
    match unit(conn).await {
        Ok(value) => match commit(conn).await {
            Ok(()) => Ok(value),
            Err(error) => Err(Ended::AtCommit(error.into())),
        },
        Err(error) => {
            // A rollback that fails leaves the connection marked as broken, and the pool throws it away.
            let _ = AnsiTransactionManager::rollback_transaction(conn).await;
            Err(Ended::Inside(error))
        }
    }
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

/// Commits, and notes in the connection's books that its transaction is over. After a failure they say that one is open, and whoever has the
/// connection throws it away.
async fn commit(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute(COMMIT).await?;
    let books = AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_state()?;
    books.change_transaction_depth(TransactionDepthChange::DecreaseDepth)
}

/// A random wait, so that two units that ran into each other do not do so again: up to 10 ms, then up to 20 ms.
fn jitter(runs: u32) -> Duration {
    const STEP_MICROS: u32 = 10_000;
    let random = getrandom::u32().unwrap_or(STEP_MICROS);
    Duration::from_micros(u64::from(random % (STEP_MICROS * runs)))
}
