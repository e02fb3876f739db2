//! What the use cases call.

use super::arena::{Arena, Recipe};
use super::cost::Cost;
use super::formats::argon2::Argon2Hash;
use super::formats::foreign::ForeignHash;
use super::hash::{Format, PasswordHash, SALT_BYTES, TAG_BYTES};
use super::metric;
use super::queue::{Effort, Job, Queue};
use super::settings::{HasherSettings, SettingsFault};
use super::worker;
use crate::domain::password::PASSWORD_OCTETS_MAX;
use argon2::{Algorithm, Version};
use metrics::counter;
use password_hash::phc::Output;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fmt, io};
use subtle::ConstantTimeEq;
use thiserror::Error;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// What [`PasswordHasher::run`] counts for in the queue: a tenth of a hash of the default cost.
const OTHER_WORK_KIB_PASSES: u64 = Cost::DEFAULT.kib_passes() / 10;

/// Why there is no hash and no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HashError {
    /// It could not be finished before its deadline, or the queue is full. Nothing was computed.
    #[error("the hash threads have no capacity before the deadline")]
    Capacity {
        /// When the same call would be admitted, if nothing else came.
        retry_after: Duration,
    },
    /// The deadline had passed when the job came, or when its turn came. Nothing was computed.
    #[error("the deadline passed before the hash began")]
    DeadlineExceeded,
    /// The hasher is shutting down.
    #[error("the hash threads are shutting down")]
    Draining,
    /// The password is longer than [`PASSWORD_OCTETS_MAX`]; the domain refuses it before.
    #[error("the password is longer than {PASSWORD_OCTETS_MAX} octets")]
    PasswordTooLong,
    /// The computation failed. The reason is in the log.
    #[error("the hash could not be computed")]
    Failed,
}

impl HashError {
    fn reason(self) -> &'static str {
        match self {
            Self::Capacity { .. } => "capacity",
            Self::DeadlineExceeded => "deadline",
            Self::Draining => "draining",
            Self::PasswordTooLong => "too_long",
            Self::Failed => "failed",
        }
    }
}

/// Why there is no hasher.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting is out of its bounds.
    #[error(transparent)]
    Settings(#[from] SettingsFault),
    /// The system gave no thread.
    #[error("cannot start the hash threads")]
    Threads(#[from] io::Error),
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is the password.
    pub matches: bool,
    /// Whether it is the password and its hash ought to be replaced by a new one: another format, algorithm, version or cost than is set.
    pub needs_rehash: bool,
}

/// Where salts come from: the operating system, but for tests.
type Salts = Arc<dyn Fn() -> [u8; SALT_BYTES] + Send + Sync>;

/// A handle on the hash threads. Clones share them; when the last is gone, the threads finish what waits and end.
#[derive(Clone)]
pub struct PasswordHasher {
    pool: Arc<Pool>,
}

struct Pool {
    queue: Arc<Queue>,
    /// The threads, until they are joined.
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// The cost of a new hash.
    cost: Cost,
    salts: Salts,
    /// What is verified where there is no account: a salt and a tag out of nothing, so that no password is known to match.
    nobody: PasswordHash,
}

impl PasswordHasher {
    /// Starts the threads.
    pub fn start(settings: HasherSettings) -> Result<Self, StartError> {
        Self::start_with_salts(settings, random)
    }

    /// Starts the threads with another source of salts, so that a test knows the hash.
    pub fn start_with_salts(
        settings: HasherSettings,
        salts: impl Fn() -> [u8; SALT_BYTES] + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let cost = settings.check()?;
        if cost.is_below_recommendation() {
            tracing::warn!(?cost, "passwords are hashed at a lower cost than OWASP recommends");
        }
        let queue = Arc::new(Queue::new(settings.threads, settings.queue_jobs_max));
        let nobody = new_hash(cost, random(), &random::<TAG_BYTES>());
        // The pool comes first: dropped on a failure below, it ends the threads that did start.
        let pool = Pool { queue, threads: Mutex::default(), cost, salts: Arc::new(salts), nobody };
        for number in 0..settings.threads {
            let queue = Arc::clone(&pool.queue);
            let name = format!("password-hash-{number}");
            let thread = thread::Builder::new().name(name).spawn(move || worker::run(&queue, cost))?;
            pool.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(Self { pool: Arc::new(pool) })
    }

    /// Hashes a new password with a new salt: Argon2id at the cost that is set.
    ///
    /// The caller has validated and normalised the password before (RFC 8265, OpaqueString). A future that is dropped gives its place in
    /// the queue back when its turn comes, not before.
    pub async fn hash(&self, password: Zeroizing<Vec<u8>>, deadline: Instant) -> Result<PasswordHash, HashError> {
        let (cost, salts) = (self.pool.cost, Arc::clone(&self.pool.salts));
        self.on_password(cost.kib_passes(), Effort::Argon2, password, deadline, move |arena, password| {
            let salt = salts();
            let recipe = Recipe { algorithm: Algorithm::Argon2id, version: Version::V0x13, cost };
            let mut tag = Zeroizing::new([0; TAG_BYTES]);
            compute(arena, recipe, password, &salt, &mut *tag)?;
            Ok(new_hash(cost, salt, &*tag))
        })
        .await
    }

    /// Whether the password is the one of this hash, compared in constant time.
    ///
    /// A hash of another system takes its own time, and asks to be replaced when it matches. bcrypt matches no password of more than 72
    /// bytes.
    pub async fn verify(
        &self,
        password: Zeroizing<Vec<u8>>,
        hash: &PasswordHash,
        deadline: Instant,
    ) -> Result<Verdict, HashError> {
        let is_outdated = hash.is_outdated(self.pool.cost);
        let verdict = move |matches| Verdict { matches, needs_rehash: matches && is_outdated };
        match hash.format.clone() {
            Format::Argon2(expected) => self.verify_argon2(password, expected, deadline).await.map(verdict),
            Format::Foreign(expected) => self.verify_foreign(password, expected, deadline).await.map(verdict),
        }
    }

    async fn verify_argon2(
        &self,
        password: Zeroizing<Vec<u8>>,
        expected: Argon2Hash,
        deadline: Instant,
    ) -> Result<bool, HashError> {
        self.on_password(expected.cost.kib_passes(), Effort::Argon2, password, deadline, move |arena, password| {
            let recipe = Recipe { algorithm: expected.algorithm, version: expected.version, cost: expected.cost };
            let mut tag = Zeroizing::new([0; Output::MAX_LENGTH]);
            let tag = &mut tag[..expected.tag.len()];
            compute(arena, recipe, password, &expected.salt, tag)?;
            Ok(tag.ct_eq(expected.tag.as_bytes()).into())
        })
        .await
    }

    /// The memory of a foreign hash is its own and goes with it: the arena is Argon2's.
    async fn verify_foreign(
        &self,
        password: Zeroizing<Vec<u8>>,
        expected: ForeignHash,
        deadline: Instant,
    ) -> Result<bool, HashError> {
        let kib_passes = expected.kib_passes();
        self.on_password(kib_passes, Effort::Foreign, password, deadline, move |_, password| {
            Ok(expected.matches(password))
        })
        .await
    }

    /// The same work as [`verify`](Self::verify) of a hash of ours, where there is no account: it never matches, and takes as long.
    pub async fn verify_dummy(&self, password: Zeroizing<Vec<u8>>, deadline: Instant) -> Result<Verdict, HashError> {
        self.verify(password, &self.pool.nobody, deadline)
            .await
            .map(|_| Verdict { matches: false, needs_rehash: false })
    }

    /// Does other work on passwords that would hold up an async thread, such as estimating their strength, in turn with the hashes.
    pub async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        self.submit(OTHER_WORK_KIB_PASSES, deadline, Effort::Other, move |_| Ok(work())).await
    }

    /// Admits nothing more, waits until all that was admitted is done, and ends the threads.
    pub async fn shutdown(&self) {
        self.pool.queue.close();
        let threads = std::mem::take(&mut *self.pool.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined = tokio::task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok()));
        if !joined.await.unwrap_or(false) {
            tracing::error!("a hash thread ended by a panic");
        }
    }

    async fn on_password<T: Send + 'static>(
        &self,
        kib_passes: u64,
        effort: Effort,
        password: Zeroizing<Vec<u8>>,
        deadline: Instant,
        work: impl FnOnce(&mut Arena, &[u8]) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        if password.len() > PASSWORD_OCTETS_MAX {
            return Err(counted(HashError::PasswordTooLong));
        }
        self.submit(kib_passes, deadline, effort, move |arena| work(arena, &password)).await
    }

    async fn submit<T: Send + 'static>(
        &self,
        kib_passes: u64,
        deadline: Instant,
        effort: Effort,
        work: impl FnOnce(&mut Arena) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move |turn: Result<&mut Arena, HashError>| {
            if answer.is_closed() {
                return Effort::Other;
            }
            let (outcome, effort) = match turn {
                Ok(arena) => (work(arena), effort),
                Err(error) => (Err(error), Effort::Other),
            };
            // The client may have gone away meanwhile.
            let _ = answer.send(outcome);
            effort
        });
        self.pool.queue.submit(Job { kib_passes, deadline, work }, Instant::now()).map_err(counted)?;
        // A job that panics drops its sender.
        answered.await.unwrap_or(Err(HashError::Failed)).map_err(counted)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").field("cost", &self.pool.cost).finish_non_exhaustive()
    }
}

fn counted(error: HashError) -> HashError {
    counter!(metric::REFUSED_TOTAL, "reason" => error.reason()).increment(1);
    error
}

fn new_hash(cost: Cost, salt: [u8; SALT_BYTES], tag: &[u8]) -> PasswordHash {
    let argon2 = Argon2Hash::new(cost, salt, tag);
    PasswordHash::new(argon2.to_phc(), Format::Argon2(argon2))
}

fn compute(arena: &mut Arena, recipe: Recipe, password: &[u8], salt: &[u8], tag: &mut [u8]) -> Result<(), HashError> {
    arena.compute(recipe, password, salt, tag).map_err(|error| {
        tracing::error!(%error, "a hash was not computed");
        HashError::Failed
    })
}

/// From the operating system's generator. There is no hashing without it.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("invariant: the operating system has randomness");
    bytes
}

#[cfg(test)]
mod tests;
