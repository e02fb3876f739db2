use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use futures_util::FutureExt;
use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use proptest::prelude::*;

use super::*;

/// A clock that a test moves.
#[derive(Default)]
struct Moved(AtomicU64);

impl Moved {
    fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_nanos()).expect("a short time"), Ordering::Relaxed);
    }
}

impl Ticks for Moved {
    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

const LIMIT: LimitName = LimitName::AccountRegistrations;
const TEN_IN_FIVE_MINUTES: RateLimit = RateLimit::new(10, Duration::from_secs(300));

fn limiter(rate: RateLimit, keys: usize) -> Gcra<Moved> {
    let mut rates = RateLimits::default();
    rates.set(LIMIT, rate);
    Gcra::with_ticks(&rates, keys, Moved::default())
}

fn take<T: Ticks>(limiter: &Gcra<T>, limit: LimitName, key: &[u8], cost: u32) -> Result<(), Limited> {
    limiter.take(limit, key, cost).now_or_never().expect("it never waits")
}

#[test]
fn a_burst_passes_then_one_at_a_time_and_the_refusal_says_when() {
    let limiter = limiter(TEN_IN_FIVE_MINUTES, 1024);
    for _ in 0..10 {
        assert_eq!(take(&limiter, LIMIT, b"key", 1), Ok(()));
    }
    assert_eq!(take(&limiter, LIMIT, b"key", 1), Err(Limited { retry_after: Duration::from_secs(30) }));
    limiter.ticks.advance(Duration::from_secs(29));
    assert_eq!(take(&limiter, LIMIT, b"key", 1), Err(Limited { retry_after: Duration::from_secs(1) }));
    limiter.ticks.advance(Duration::from_secs(1));
    assert_eq!(take(&limiter, LIMIT, b"key", 1), Ok(()));
    assert!(take(&limiter, LIMIT, b"key", 1).is_err());
    assert_eq!(take(&limiter, LIMIT, b"another", 1), Ok(()));
}

#[test]
fn one_limit_knows_nothing_of_another_and_a_look_takes_nothing() {
    let limiter = limiter(RateLimit::new(1, Duration::from_secs(60)), 1024);
    for _ in 0..5 {
        let looked = limiter.peek(LIMIT, b"key", 1).now_or_never();
        assert_eq!(looked, Some(Ok(())));
    }
    assert_eq!(take(&limiter, LIMIT, b"key", 1), Ok(()));
    assert!(matches!(limiter.peek(LIMIT, b"key", 1).now_or_never(), Some(Err(_))));
    assert_eq!(take(&limiter, LimitName::PortalRegistrations, b"key", 1), Ok(()));
}

#[test]
fn an_attempt_dearer_than_the_burst_takes_all_of_it() {
    let limiter = limiter(RateLimit::new(10, Duration::from_secs(10)).with_burst(5), 1024);
    assert_eq!(take(&limiter, LIMIT, b"key", 20), Ok(()));
    assert_eq!(take(&limiter, LIMIT, b"key", 1), Err(Limited { retry_after: Duration::from_secs(1) }));
}

#[test]
fn a_hot_key_stays_limited_while_a_million_others_pass() {
    // Far fewer entries than keys: nearly every new key pushes another out.
    let limiter = limiter(TEN_IN_FIVE_MINUTES, 1 << 16);
    let mut passed = 0;
    for other in 0..1_000_000_u64 {
        assert_eq!(take(&limiter, LIMIT, &other.to_le_bytes(), 1), Ok(()), "a new key is never refused");
        if other % 1_000 == 0 && take(&limiter, LIMIT, b"the hot key", 1).is_ok() {
            passed += 1;
        }
    }
    assert_eq!(passed, 10);
    let (_, table) = &limiter.limits[0];
    assert_eq!(table.entries(), 1 << 16, "the table has not grown");
}

#[test]
fn many_threads_together_get_no_more_than_the_burst() {
    let limiter = limiter(TEN_IN_FIVE_MINUTES, 1024);
    let passed: usize = thread::scope(|scope| {
        let tries = || (0..250).filter(|_| take(&limiter, LIMIT, b"key", 1).is_ok()).count();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(tries)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert_eq!(passed, 10);
}

proptest! {
    /// The verdicts of the reference implementation, whatever the rate and the pauses between attempts.
    #[test]
    fn the_verdicts_are_those_of_the_reference(
        count in 1_u32..2_000,
        per_ms in 1_u64..600_000,
        burst in 1_u32..50,
        pauses_us in prop::collection::vec(0_u64..2_000_000, 1..200),
    ) {
        let per = Duration::from_millis(per_ms);
        let ours = limiter(RateLimit { count, per, burst }, 64);
        let interval = Duration::from_nanos(u64::try_from(per.as_nanos() / u128::from(count)).expect("short"));
        let clock = FakeRelativeClock::default();
        let quota = Quota::with_period(interval).expect("not zero").allow_burst(NonZeroU32::new(burst).expect("not zero"));
        let reference = RateLimiter::direct_with_clock(quota, clock.clone());
        for pause in pauses_us.into_iter().map(Duration::from_micros) {
            ours.ticks.advance(pause);
            clock.advance(pause);
            prop_assert_eq!(take(&ours, LIMIT, b"key", 1).is_ok(), reference.check().is_ok());
        }
    }
}
