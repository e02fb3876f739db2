use super::*;

const KIB: u64 = 38_912;
const SECOND: Duration = Duration::from_secs(1);

fn job(deadline: Instant) -> Job {
    Job { kib_passes: KIB, deadline, work: Box::new(|_| Effort::Other) }
}

/// A queue whose threads were measured to take exactly so long for [`KIB`].
fn queue_at(threads: usize, jobs_max: usize, each: Duration) -> Queue {
    let queue = Queue::new(threads, jobs_max);
    for _ in 0..200 {
        queue.lock().pace.learn(KIB, each);
    }
    queue
}

fn take(queue: &Queue) -> Job {
    match queue.take(Some(Duration::ZERO)) {
        Next::Job(job) => job,
        Next::Idle => panic!("the queue is empty"),
        Next::Closed => panic!("the queue is closed"),
    }
}

#[test]
fn a_job_is_admitted_as_long_as_it_can_be_done_in_time() {
    let now = Instant::now();
    let queue = queue_at(2, 1_000, Duration::from_millis(20));
    let admitted = (0..1_000).take_while(|_| queue.submit(job(now + SECOND), now).is_ok()).count();
    // 100 hashes a second; a quarter of the wait is kept as a margin.
    assert!((76..=81).contains(&admitted), "{admitted}");
    // Who has more time is still admitted.
    assert!(queue.submit(job(now + SECOND * 2), now).is_ok());
}

#[test]
fn a_refusal_says_when_the_same_call_would_be_admitted() {
    let now = Instant::now();
    let queue = queue_at(1, 1_000, Duration::from_millis(100));
    for _ in 0..20 {
        queue.submit(job(now + SECOND * 60), now).unwrap();
    }
    let Err(HashError::Capacity { retry_after }) = queue.submit(job(now + SECOND), now) else { panic!("admitted") };
    // 2 s of work ahead and its margin, 0.1 s for itself, and 1 s to do it.
    assert!((Duration::from_millis(1_590)..Duration::from_millis(1_610)).contains(&retry_after), "{retry_after:?}");
    assert!(queue.submit(job(now + SECOND + retry_after), now).is_ok());
}

#[test]
fn an_idle_thread_begins_whatever_the_pace_says() {
    let now = Instant::now();
    let queue = queue_at(2, 1_000, SECOND * 10);
    assert!(queue.submit(job(now + SECOND), now).is_ok());
    assert!(queue.submit(job(now + SECOND), now).is_ok());
    assert!(matches!(queue.submit(job(now + SECOND), now), Err(HashError::Capacity { .. })));
}

#[test]
fn the_bound_holds_whatever_the_deadline() {
    let now = Instant::now();
    let queue = queue_at(4, 3, Duration::from_millis(1));
    for _ in 0..3 {
        queue.submit(job(now + SECOND * 3_600), now).unwrap();
    }
    assert!(matches!(queue.submit(job(now + SECOND * 3_600), now), Err(HashError::Capacity { .. })));
    let _ = take(&queue);
    assert!(queue.submit(job(now + SECOND * 3_600), now).is_ok());
}

#[test]
fn a_deadline_that_has_passed_is_refused_even_by_an_idle_thread() {
    let now = Instant::now();
    let queue = queue_at(1, 10, Duration::from_millis(1));
    assert_eq!(queue.submit(job(now), now), Err(HashError::DeadlineExceeded));
}

#[test]
fn a_running_job_counts_until_it_is_finished() {
    let now = Instant::now();
    let queue = queue_at(1, 10, SECOND);
    queue.submit(job(now + SECOND * 60), now).unwrap();
    let taken = take(&queue);
    assert!(matches!(queue.submit(job(now + SECOND), now), Err(HashError::Capacity { .. })));
    queue.finish(taken.kib_passes, None);
    assert!(queue.submit(job(now + SECOND), now).is_ok());
    assert_eq!(queue.lock().pending_kib, KIB);
}

#[test]
fn a_dear_job_is_expected_to_take_longer() {
    let now = Instant::now();
    let queue = queue_at(1, 10, Duration::from_millis(20));
    let dear = Job { kib_passes: KIB * 100, ..job(now + SECOND * 60) };
    queue.submit(dear, now).unwrap();
    assert!(matches!(queue.submit(job(now + SECOND), now), Err(HashError::Capacity { .. })));
    assert!(queue.submit(job(now + SECOND * 3), now).is_ok());
}

#[test]
fn a_closed_queue_admits_nothing_and_is_emptied() {
    let now = Instant::now();
    let queue = queue_at(1, 10, Duration::from_millis(1));
    queue.submit(job(now + SECOND), now).unwrap();
    queue.close();
    assert_eq!(queue.submit(job(now + SECOND), now), Err(HashError::Draining));
    assert!(matches!(queue.take(None), Next::Job(_)));
    assert!(matches!(queue.take(None), Next::Closed));
}

#[test]
fn the_pace_follows_what_is_measured() {
    let mut pace = Pace::default();
    for _ in 0..8 {
        pace.learn(KIB, Duration::from_millis(100));
    }
    assert!((Duration::from_millis(65)..Duration::from_millis(100)).contains(&pace.expect(KIB)));
    for _ in 0..100 {
        pace.learn(KIB, Duration::from_millis(100));
    }
    assert!((Duration::from_millis(99)..Duration::from_millis(101)).contains(&pace.expect(KIB)));
    assert!(pace.expect(u64::MAX) > Duration::from_secs(3_600));
}
