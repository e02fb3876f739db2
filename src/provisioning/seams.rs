//! Time and randomness, passed in: a test moves the clock and fixes the ids, nothing in the room calls `now()` or the random generator by
//! itself.

use std::time::Instant;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use uuid::Uuid;

/// A moment to measure ages from: unlike the clock it never goes back, and it is never kept.
pub fn monotonic() -> Instant {
    Instant::now()
}

/// What time it is.
pub trait Clock: Send + Sync {
    /// Now, to the microsecond: what both engines can keep.
    fn now(&self) -> DateTime<Utc>;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }
}

/// Where ids, numbers and secrets come from.
pub trait Ids: Send + Sync {
    /// A new UUIDv7.
    fn uuid(&self) -> Uuid;
    /// A random number in `1 ..= 2^53 - 1`: safe in JSON, not to be guessed from its neighbours.
    fn number(&self) -> i64;
    /// 256 bits from the operating system.
    fn secret(&self) -> [u8; 32];
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

/// Fills from the operating system's generator. There is no service without it.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("invariant: the operating system has randomness");
    bytes
}

impl Ids for SystemIds {
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn number(&self) -> i64 {
        const LARGEST: u64 = (1 << 53) - 1;
        i64::try_from(u64::from_le_bytes(random()) & LARGEST).unwrap_or(i64::MAX).max(1)
    }

    fn secret(&self) -> [u8; 32] {
        random()
    }
}
