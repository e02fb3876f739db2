//! The bounded queue before the hash threads. What cannot be done in time is refused on arrival.
//!
//! First come, first served, so the wait of a newcomer is known: the work ahead of it, at the measured pace, shared by the threads.
//! Everything that was admitted counts until a thread has done with it; a client that goes away changes nothing about that.

use super::arena::Arena;
use super::hasher::HashError;
use super::metric;
use metrics::gauge;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The wait may turn out a quarter longer than computed: the threads yield to everything else on the machine. A margin costs no
/// throughput, since a queue that is somewhat shorter is still never empty under load; a hash that comes too late is wasted.
const WAIT_MARGIN_DIVISOR: u32 = 4;
/// Bounds of what a refused caller is told to wait: long enough to be worth a call, short enough to be believed.
const RETRY_AFTER_MIN: Duration = Duration::from_millis(50);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// What a job turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Argon2 ran: its time is the pace of the next estimates.
    Argon2,
    /// Another hash function ran. Its work is an estimate, which would lead the pace astray.
    Foreign,
    /// Something else ran, or nothing.
    Other,
}

/// A thread's arena, or the reason why the job will not run. Answers the caller itself.
pub(super) type Work = Box<dyn FnOnce(Result<&mut Arena, HashError>) -> Effort + Send>;

/// Something to do on a hash thread. It owns all that it needs, also its caller's place in the queue.
pub(super) struct Job {
    /// The work in KiB written by Argon2, or its like.
    pub kib_passes: u64,
    /// When the answer is of no use any more.
    pub deadline: Instant,
    pub work: Work,
}

/// What a thread is to do next.
pub(super) enum Next {
    /// This job; [`Queue::finish`] must follow.
    Job(Job),
    /// Nothing came for the time that the thread was willing to wait.
    Idle,
    /// The queue is closed and empty.
    Closed,
}

pub(super) struct Queue {
    threads: usize,
    jobs_max: usize,
    state: Mutex<State>,
    /// Signals one thread that a job has come, or all that the queue is closed.
    changed: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    /// Jobs that threads are at.
    running: usize,
    /// The work of all jobs, waiting or running.
    pending_kib: u64,
    pace: Pace,
    is_open: bool,
}

impl Queue {
    pub fn new(threads: usize, jobs_max: usize) -> Self {
        let state = State { jobs: VecDeque::new(), running: 0, pending_kib: 0, pace: Pace::default(), is_open: true };
        Self { threads, jobs_max, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Puts a job at the end, or refuses it. A refused job is dropped, and its password wiped with it.
    pub fn submit(&self, job: Job, now: Instant) -> Result<(), HashError> {
        let mut state = self.lock();
        self.admit(&state, &job, now)?;
        state.pending_kib += job.kib_passes;
        state.jobs.push_back(job);
        show_depth(&state);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    fn admit(&self, state: &State, job: &Job, now: Instant) -> Result<(), HashError> {
        if !state.is_open {
            return Err(HashError::Draining);
        }
        let left = job.deadline.saturating_duration_since(now);
        if left.is_zero() {
            return Err(HashError::DeadlineExceeded);
        }
        let wait = state.pace.expect(state.pending_kib) / u32::try_from(self.threads).unwrap_or(u32::MAX);
        if state.jobs.len() >= self.jobs_max {
            return Err(capacity(wait));
        }
        // An idle thread begins at once, whatever the pace says. So a pace that was measured too slow is soon measured again.
        if state.jobs.len() + state.running < self.threads {
            return Ok(());
        }
        let margin = wait / WAIT_MARGIN_DIVISOR;
        let needed = wait.saturating_add(margin).saturating_add(state.pace.expect(job.kib_passes));
        match needed.checked_sub(left) {
            Some(missing) if !missing.is_zero() => Err(capacity(missing)),
            _ => Ok(()),
        }
    }

    /// Waits for the next job, at most as long as `patience` says.
    pub fn take(&self, patience: Option<Duration>) -> Next {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                state.running += 1;
                show_depth(&state);
                return Next::Job(job);
            }
            if !state.is_open {
                return Next::Closed;
            }
            state = match patience {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let (state, waited) =
                        self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
                    if waited.timed_out() && state.jobs.is_empty() {
                        return Next::Idle;
                    }
                    state
                }
            };
        }
    }

    /// Gives back the place of a job that was taken, and learns from the time that its Argon2 took.
    pub fn finish(&self, kib_passes: u64, argon2_took: Option<Duration>) {
        let mut state = self.lock();
        state.running -= 1;
        state.pending_kib -= kib_passes;
        if let Some(took) = argon2_took {
            state.pace.learn(kib_passes, took);
        }
    }

    /// Admits nothing more. What waits is still done.
    pub fn close(&self) {
        self.lock().is_open = false;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic happens to the state under the lock, so a poisoned one is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn capacity(wait: Duration) -> HashError {
    HashError::Capacity { retry_after: wait.clamp(RETRY_AFTER_MIN, RETRY_AFTER_MAX) }
}

fn show_depth(state: &State) {
    #[expect(clippy::cast_precision_loss, reason = "a queue holds far fewer jobs than an f64 counts")]
    gauge!(metric::QUEUE_JOBS).set(state.jobs.len() as f64);
}

/// How fast one thread writes Argon2's memory: a moving average, so that it follows the load of the machine.
struct Pace {
    nanos_per_kib: f64,
}

impl Default for Pace {
    /// 25 ms for a hash of the default cost, until one was measured.
    fn default() -> Self {
        Self { nanos_per_kib: 650.0 }
    }
}

impl Pace {
    /// The weight of one measurement: eight hashes, a fifth of a second, and the past counts for a third.
    const WEIGHT: f64 = 1.0 / 8.0;

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn learn(&mut self, kib_passes: u64, took: Duration) {
        let measured = took.as_nanos() as f64 / kib_passes.max(1) as f64;
        self.nanos_per_kib += (measured - self.nanos_per_kib) * Self::WEIGHT;
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn expect(&self, kib_passes: u64) -> Duration {
        Duration::try_from_secs_f64(kib_passes as f64 * self.nanos_per_kib * 1e-9).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests;
