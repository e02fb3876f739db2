//! The one thread that writes. It takes what queued up while the last commit was syncing, runs each unit in a savepoint of its own inside
//! one transaction, commits once and answers all: as many units as fit share one sync of the disk, and none waits for a timer.
//!
//! A unit that was taken from the queue finishes, whether or not anybody still waits for its answer. Absent: the async runtime. The thread
//! calls nothing of tokio but a oneshot's send, which never blocks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, SimpleAsyncConnection, TransactionManager};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tracing::Span;

use super::Conn;
use super::connection::open_writer;
use crate::store::complaint::Complaint;
use crate::store::error::{Fault, StoreError};

/// Units that share one commit at most: past that the first waits longer than the sync costs.
const GROUP_UNITS_MAX: usize = 64;
/// Work that goes before one commit at most, for the same reason.
const GROUP_WORK_MAX: Duration = Duration::from_millis(10);

/// How long nothing is written until the log is put back into the file.
const IDLE: Duration = Duration::from_millis(500);

/// A transaction manager without its long name.
type Manager = <Conn as AsyncConnection>::TransactionManager;

/// The way to the writer thread.
pub(super) struct Writer {
    /// The queue; taken away to end the thread.
    queue: RwLock<Option<SyncSender<Box<dyn Job>>>>,
    /// Joined by [`Self::close`].
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Opens the connection and starts the thread.
    pub(super) fn start(path: &Path, queue_units_max: usize) -> Result<Self, StoreError> {
        let conn = open_writer(path)?;
        let (sender, receiver) = sync_channel(queue_units_max.max(1));
        let mut writing = Writing { path: path.to_owned(), conn: Some(conn), logged: true };
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || writing.run(&receiver))
            .map_err(|error| StoreError::broken(Fault::Other, error))?;
        Ok(Self { queue: RwLock::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues a unit and waits for its answer. A full queue is refused at once.
    pub(super) async fn unit<T, F>(&self, unit: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Unit { unit, result: None, answer, span: Span::current() });
        match self.queue.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(queue) => queue.try_send(job).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Unavailable,
            })?,
            None => return Err(StoreError::Unavailable),
        }
        // The thread answers every job it takes; it can only vanish with one in hand, and then nobody knows whether it was committed.
        answered.await.unwrap_or(Err(StoreError::Unknown))
    }

    /// Ends the thread once it has done what is queued.
    pub(super) async fn close(&self) {
        self.queue.write().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the thread itself was already reported by the panic hook.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// What became of a unit inside the group's transaction.
enum Ran {
    /// It is in the transaction, or it ended with an error of its own and its savepoint is rolled back.
    Kept,
    /// The whole transaction is in doubt: SQLite may have rolled it back behind the savepoint.
    Spoiled,
    /// It panicked; running it again would do so again.
    Panicked,
}

/// A unit with its type forgotten.
trait Job: Send {
    /// Runs it in a savepoint and keeps its result.
    fn run(&mut self, conn: &mut Conn) -> Ran;
    /// Gives the result to whoever waits. `failure` takes the place of a success that was not committed.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

/// A unit and who waits for it.
struct Unit<T, F> {
    /// Runs the unit; more than once where its group has to be repeated.
    unit: F,
    /// What it came to last.
    result: Option<Result<T, StoreError>>,
    /// Whoever waits, or nobody any more.
    answer: oneshot::Sender<Result<T, StoreError>>,
    /// The call that it is for, as the log knows it.
    span: Span,
}

impl<T, F> Unit<T, F>
where
    F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>>,
{
    /// In a savepoint. The outer result is the transaction's, the inner the unit's own.
    fn in_savepoint(&self, conn: &mut Conn) -> Result<Result<T, StoreError>, StoreError> {
        ready(Manager::begin_transaction(conn))?;
        match ready((self.unit)(conn)) {
            Ok(value) => ready(Manager::commit_transaction(conn)).map(|()| Ok(value)).map_err(StoreError::from),
            Err(error) if matches!(error.fault(), Some(Fault::Storage | Fault::Lost)) => Err(error),
            Err(error) => ready(Manager::rollback_transaction(conn)).map(|()| Err(error)).map_err(StoreError::from),
        }
    }
}

impl<T, F> Job for Unit<T, F>
where
    T: Send,
    F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send,
{
    fn run(&mut self, conn: &mut Conn) -> Ran {
        let _entered = self.span.clone().entered();
        // The connection is thrown away after a panic, so nothing that the panic left half done is looked at again.
        match catch_unwind(AssertUnwindSafe(|| self.in_savepoint(conn))) {
            Ok(Ok(result)) => {
                self.result = Some(result);
                Ran::Kept
            }
            Ok(Err(error)) => {
                self.result = Some(Err(error));
                Ran::Spoiled
            }
            Err(_) => {
                self.result = Some(Err(StoreError::broken(Fault::Other, "a unit of work panicked")));
                Ran::Panicked
            }
        }
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        let result = match (self.result, failure) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(failure)) => Err(failure),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(StoreError::Unavailable),
        };
        // Nobody waits any more where the caller was cancelled; the unit counts all the same.
        let _ = self.answer.send(result.map_err(StoreError::settled));
    }
}

/// The future of an inline connection, which is always ready.
fn ready<F: Future>(future: F) -> F::Output {
    future.now_or_never().expect("invariant: futures over the inline connection are always ready")
}

/// Said of groups that could not be committed.
static UNCOMMITTED: Complaint = Complaint::new();

/// What the thread owns.
struct Writing {
    /// To open the connection again.
    path: PathBuf,
    /// Absent after a failure, until it is opened again.
    conn: Option<Conn>,
    /// Whether the log may hold what the file does not.
    logged: bool,
}

/// What became of a group.
enum Group {
    /// Every unit is to be answered with its own result; a success becomes the failure, if there is one.
    Settled(Option<StoreError>),
    /// Nothing was committed: every unit has to run again, by itself. The one at the index panicked.
    Repeat(Option<usize>),
}

impl Writing {
    /// Until the queue is closed and empty.
    fn run(&mut self, queue: &Receiver<Box<dyn Job>>) {
        while let Some(first) = self.next(queue) {
            let mut jobs = vec![first];
            self.logged = true;
            match self.group(&mut jobs, queue) {
                Group::Settled(failure) => {
                    for job in jobs {
                        job.answer(failure.as_ref().map(again));
                    }
                }
                Group::Repeat(panicked) => {
                    for (index, job) in jobs.into_iter().enumerate() {
                        if Some(index) == panicked {
                            job.answer(None);
                        } else {
                            self.alone(job);
                        }
                    }
                }
            }
        }
    }

    /// The next job, as soon as there is one; nothing once the queue is closed and empty.
    fn next(&mut self, queue: &Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
        if self.logged {
            match queue.recv_timeout(IDLE) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.checkpoint(),
            }
        }
        queue.recv().ok()
    }

    /// Puts the log back into the file: a read that finds the log empty looks for no page in it. PASSIVE waits for nobody; what a reader
    /// holds back stays in the log until the next time, and so does everything after a failure.
    fn checkpoint(&mut self) {
        self.logged = false;
        if let Some(conn) = &mut self.conn
            && let Err(error) = ready(conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE)"))
        {
            tracing::debug!(%error, "the log of SQLite was not put back");
        }
    }

    /// One transaction for the first job and what comes while it works.
    fn group(&mut self, jobs: &mut Vec<Box<dyn Job>>, queue: &Receiver<Box<dyn Job>>) -> Group {
        let mut conn = match self.begin() {
            Ok(conn) => conn,
            Err(error) => return Group::Settled(Some(error.settled())),
        };
        let started = Instant::now();
        let mut index = 0;
        while let Some(job) = jobs.get_mut(index) {
            match job.run(&mut conn) {
                Ran::Kept => {}
                Ran::Spoiled => return Group::Repeat(None),
                Ran::Panicked => return Group::Repeat(Some(index)),
            }
            index += 1;
            if index < GROUP_UNITS_MAX && started.elapsed() < GROUP_WORK_MAX {
                jobs.extend(queue.try_recv());
            }
        }
        match ready(Manager::commit_transaction(&mut conn)) {
            Ok(()) => {
                self.conn = Some(conn);
                Group::Settled(None)
            }
            Err(error) => {
                let error = StoreError::from(error);
                // Busy is said before anything is written; after any other failure the log may or may not hold the commit.
                if error.fault() == Some(Fault::Retry) {
                    return Group::Repeat(None);
                }
                if let Some(suppressed) = UNCOMMITTED.due(Instant::now()) {
                    tracing::error!(cause = ?error, suppressed, "SQLite could not commit");
                }
                Group::Settled(Some(StoreError::Unknown))
            }
        }
    }

    /// One transaction for one job, after its group failed.
    fn alone(&mut self, mut job: Box<dyn Job>) {
        let mut conn = match self.begin() {
            Ok(conn) => conn,
            Err(error) => return job.answer(Some(error)),
        };
        if !matches!(job.run(&mut conn), Ran::Kept) {
            return job.answer(None);
        }
        match ready(Manager::commit_transaction(&mut conn)) {
            Ok(()) => {
                self.conn = Some(conn);
                job.answer(None);
            }
            Err(error) => {
                let error = StoreError::from(error);
                let failure = if error.fault() == Some(Fault::Retry) { error } else { StoreError::Unknown };
                job.answer(Some(failure));
            }
        }
    }

    /// The connection with its transaction begun. It goes back to its place after a commit only: whatever else happens, it is dropped, which
    /// rolls back, and the next group opens another. IMMEDIATE, because a transaction that turns to writing later fails without waiting.
    fn begin(&mut self) -> Result<Conn, StoreError> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => open_writer(&self.path)?,
        };
        ready(conn.spawn_blocking(|conn| {
            diesel::connection::AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }))?;
        Ok(conn)
    }
}

/// The same failure once more: a cause is logged once, where it happened, and not by each of the units that it hit.
fn again(failure: &StoreError) -> StoreError {
    match failure {
        StoreError::Unknown => StoreError::Unknown,
        StoreError::Busy => StoreError::Busy,
        _ => StoreError::Unavailable,
    }
}

#[cfg(test)]
mod tests;
