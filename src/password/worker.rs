//! One hash thread.

use super::arena::Arena;
use super::cost::Cost;
use super::hasher::HashError;
use super::metric;
use super::queue::{Effort, Job, Next, Queue};
use metrics::histogram;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A thread without work for so long gives its memory back. Mapping it anew costs a few milliseconds.
const ARENA_IDLE: Duration = Duration::from_secs(10);
/// The lowest priority there is under the ordinary scheduler: hashing takes what reads and writes leave.
const NICE: i32 = 19;

/// Does the queue's jobs, one after another, until it is closed and empty.
pub(super) fn run(queue: &Queue, standing: Cost) {
    lower_priority();
    let mut arena = Arena::new(standing);
    loop {
        match queue.take(arena.is_mapped().then_some(ARENA_IDLE)) {
            Next::Job(job) => serve(queue, &mut arena, job),
            Next::Idle => arena.release(),
            Next::Closed => return,
        }
    }
}

fn serve(queue: &Queue, arena: &mut Arena, job: Job) {
    let Job { kib_passes, deadline, work } = job;
    let begun = Instant::now();
    let turn = if begun < deadline { Ok(&mut *arena) } else { Err(HashError::DeadlineExceeded) };
    // The arena is all that a panic could leave half-written, and it is not kept.
    let effort = catch_unwind(AssertUnwindSafe(|| work(turn))).unwrap_or_else(|_| {
        tracing::error!("a job on a hash thread panicked");
        arena.release();
        Effort::Other
    });
    let took = begun.elapsed();
    queue.finish(kib_passes, (effort == Effort::Argon2).then_some(took));
    if effort != Effort::Other {
        histogram!(metric::HASH_SECONDS).record(took);
    }
}

/// Priorities belong to threads on Linux. To lower one's own needs no right.
#[cfg(target_os = "linux")]
fn lower_priority() {
    use rustix::{process::setpriority_process, thread::gettid};
    if let Err(error) = setpriority_process(Some(gettid()), NICE) {
        tracing::warn!(%error, "a hash thread keeps its priority: reads will be slower while passwords are hashed");
    }
}

/// Elsewhere a priority would be the whole process's.
#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn job(deadline: Instant, work: impl FnOnce(Result<&mut Arena, HashError>) -> Effort + Send + 'static) -> Job {
        Job { kib_passes: 8, deadline, work: Box::new(work) }
    }

    #[test]
    fn a_job_whose_deadline_passed_in_the_queue_is_not_run() {
        let admitted = Instant::now();
        let queue = Queue::new(1, 1);
        let (answer, answered) = mpsc::channel();
        queue
            .submit(
                job(admitted + Duration::from_nanos(1), move |turn| {
                    answer.send(turn.map(|_| ())).unwrap();
                    Effort::Other
                }),
                admitted,
            )
            .unwrap();
        while admitted.elapsed() < Duration::from_nanos(1) {}
        let Next::Job(job) = queue.take(None) else { panic!("no job") };
        serve(&queue, &mut Arena::new(Cost::DEFAULT), job);
        assert_eq!(answered.recv(), Ok(Err(HashError::DeadlineExceeded)));
        // Its place is free again.
        assert!(
            queue.submit(self::job(Instant::now() + Duration::from_secs(9), |_| Effort::Other), Instant::now()).is_ok()
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_hash_thread_is_nice() {
        use rustix::{process::getpriority_process, thread::gettid};
        let nice = std::thread::spawn(|| {
            lower_priority();
            getpriority_process(Some(gettid()))
        });
        assert_eq!(nice.join().unwrap(), Ok(NICE));
        assert_ne!(getpriority_process(Some(gettid())), Ok(NICE));
    }
}
