//! The rate limiter of one process: the generic cell rate algorithm over a table of fixed size.
//!
//! An entry is one number, the *theoretical arrival time*: the instant at which the key will have paid for all it took. An attempt passes
//! while that instant lies at most a burst ahead of now. Absent from here: growth. The memory is the same for ten keys and for ten
//! million; what gives way when a table is full is told in [`table`].

mod table;

use std::future::ready;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use futures_util::future::Either;

use crate::domain::limits::{LimitName, RateLimit, RateLimits};
use crate::provisioning::limiter::{Attempt, Limited, Limiter};

use table::Table;

/// What time it is, counted from an instant of the clock's own choice; never goes back.
pub trait Ticks: Send + Sync {
    /// How long the clock has been running.
    fn elapsed(&self) -> Duration;
}

/// The operating system's monotonic clock.
#[derive(Debug)]
pub struct MonotonicTicks(Instant);

impl Default for MonotonicTicks {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Ticks for MonotonicTicks {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// One limit in the units of its table.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// What one unit of cost adds to the theoretical arrival time.
    nanos_per_unit: u64,
    /// How much may be taken at once; a dearer attempt counts as this much, else it could never pass.
    burst: u32,
}

impl Cell {
    fn new(rate: RateLimit) -> Self {
        let nanos = rate.per.as_nanos() / u128::from(rate.count.max(1));
        Self { nanos_per_unit: u64::try_from(nanos).unwrap_or(u64::MAX).max(1), burst: rate.burst.max(1) }
    }

    /// The arrival time after an attempt at `now`, or how long the attempt is too early.
    fn advance(self, arrival: u64, now: u64, cost: u32) -> Result<u64, u64> {
        let taken = self.nanos_per_unit.saturating_mul(u64::from(cost.min(self.burst)));
        let next = arrival.max(now).saturating_add(taken);
        let latest = now.saturating_add(self.nanos_per_unit.saturating_mul(u64::from(self.burst)));
        if next <= latest { Ok(next) } else { Err(next - latest) }
    }
}

/// The limiter of this process.
pub struct Gcra<T = MonotonicTicks> {
    ticks: T,
    /// Keyed at random in each process: nobody outside can choose addresses that meet in one bucket of a table.
    hasher: RandomState,
    /// One table a limit, by the limit's place in [`LimitName::ALL`]: a flood against one limit pushes nobody out of another.
    limits: Vec<(Cell, Table)>,
}

impl Gcra {
    /// A limiter on the monotonic clock, with room for about `keys` keys a limit (16 bytes each, touched only when used).
    pub fn new(rates: &RateLimits, keys: usize) -> Self {
        Self::with_ticks(rates, keys, MonotonicTicks::default())
    }
}

impl<T: Ticks> Gcra<T> {
    /// A limiter on another clock.
    pub fn with_ticks(rates: &RateLimits, keys: usize, ticks: T) -> Self {
        let limits = LimitName::ALL.iter().map(|name| (Cell::new(rates.get(*name)), Table::new(keys))).collect();
        Self { ticks, hasher: RandomState::new(), limits }
    }

    /// Takes `cost` (or only looks, with `keep` false).
    fn attempt(&self, limit: LimitName, key: &[u8], cost: u32, keep: bool) -> Result<(), Limited> {
        let Some((cell, table)) =
            LimitName::ALL.iter().position(|name| *name == limit).and_then(|at| self.limits.get(at))
        else {
            // A limit that is not in the list of all limits has no table; it lets nobody pass.
            return Err(Limited { retry_after: Duration::from_secs(60) });
        };
        let now = u64::try_from(self.ticks.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let advanced = table.update(self.hasher.hash_one(key), now, |arrival| match cell.advance(arrival, now, cost) {
            Ok(next) if keep => (next, Ok(())),
            Ok(_) => (arrival, Ok(())),
            Err(early) => (arrival, Err(early)),
        });
        advanced.map_err(|early| Limited { retry_after: Duration::from_nanos(early) })
    }
}

impl<T: Ticks> Limiter for Gcra<T> {
    fn take(&self, limit: LimitName, key: &[u8], cost: u32) -> Attempt {
        Either::Left(ready(self.attempt(limit, key, cost, true)))
    }

    fn peek(&self, limit: LimitName, key: &[u8], cost: u32) -> Attempt {
        Either::Left(ready(self.attempt(limit, key, cost, false)))
    }
}

#[cfg(test)]
mod tests;
