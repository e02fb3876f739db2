//! One cache: so many rows at most, none older than it may be, none that outlived a change.
//!
//! A row carries when it was read, so that a look-up is a hash, a shared lock and a glance at the clock. An aged row keeps its place until it
//! is read again or pushed out. Absent: any task that tidies up; the number of rows is the bound.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use crate::provisioning::seams::monotonic;

/// See the module.
pub(in crate::provisioning) struct Bounded<K, V> {
    rows: Cache<K, (Instant, V)>,
    /// Absent where rows never change.
    age_max: Option<Duration>,
    /// How often rows were forgotten: what was read before that is not kept after it.
    changes: AtomicU64,
}

/// The moment before a read. What the read finds is as old as this.
#[derive(Clone, Copy, Debug)]
pub(in crate::provisioning) struct Moment {
    at: Instant,
    changes: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> Bounded<K, V> {
    /// Rows that are at most so old.
    pub(super) fn short_lived(rows_max: usize, age_max: Duration) -> Self {
        Self { rows: Cache::new(rows_max), age_max: Some(age_max), changes: AtomicU64::new(0) }
    }

    /// Rows that never change.
    pub(super) fn lasting(rows_max: usize) -> Self {
        Self { rows: Cache::new(rows_max), age_max: None, changes: AtomicU64::new(0) }
    }

    /// The row, unless it is too old.
    pub(in crate::provisioning) fn get(&self, key: &K) -> Option<V> {
        let (read_at, row) = self.rows.get(key)?;
        let fresh = self.age_max.is_none_or(|age_max| monotonic().duration_since(read_at) <= age_max);
        fresh.then_some(row)
    }

    /// To be taken before a read that [`Self::keep`] is to keep.
    pub(in crate::provisioning) fn moment(&self) -> Moment {
        Moment { at: monotonic(), changes: self.changes.load(Ordering::SeqCst) }
    }

    /// Keeps what a read found, unless rows were forgotten since it began: it may have seen what was before the change.
    pub(in crate::provisioning) fn keep(&self, began: Moment, key: K, row: V) {
        self.rows.insert(key.clone(), (began.at, row));
        // Looked at afterwards: a change that is counted later than this removes the row itself.
        if self.changes.load(Ordering::SeqCst) != began.changes {
            self.rows.remove(&key);
        }
    }

    /// Forgets a row that changed.
    pub(super) fn forget(&self, key: &K) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.rows.remove(key);
    }

    /// Forgets all rows.
    pub(super) fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.rows.clear();
    }

    /// The row, else the one that `read` finds; what is not there is not remembered.
    pub(in crate::provisioning) async fn through<E, F>(&self, key: K, read: impl FnOnce() -> F) -> Result<Option<V>, E>
    where
        F: Future<Output = Result<Option<V>, E>>,
    {
        if let Some(row) = self.get(&key) {
            return Ok(Some(row));
        }
        let began = self.moment();
        // Boxed, so that a use case that finds all it needs here does not carry the states of reads that it never makes.
        let found = Box::pin(read()).await?;
        if let Some(row) = &found {
            self.keep(began, key, row.clone());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::FutureExt;

    use super::*;

    const AGE_MAX: Duration = Duration::from_secs(5);

    fn read_through(cache: &Bounded<u32, u32>, key: u32, found: Option<u32>) -> Option<u32> {
        let read = || std::future::ready(Ok::<_, Infallible>(found));
        cache.through(key, read).now_or_never().expect("no read waits").unwrap_or_else(|never| match never {})
    }

    #[test]
    fn a_row_is_read_once_and_one_that_is_not_there_each_time() {
        let cache = Bounded::short_lived(10, AGE_MAX);
        assert_eq!(read_through(&cache, 1, None), None);
        assert_eq!(read_through(&cache, 1, Some(10)), Some(10));
        assert_eq!(read_through(&cache, 1, Some(11)), Some(10));
    }

    #[test]
    fn a_row_is_as_old_as_its_read_and_no_older_than_it_may_be() {
        let (cache, lasting) = (Bounded::short_lived(10, AGE_MAX), Bounded::lasting(10));
        let now = cache.moment();
        let ago = |age| Moment { at: now.at.checked_sub(age).expect("the machine runs for longer"), changes: 0 };
        cache.keep(ago(AGE_MAX + Duration::from_millis(1)), 1, 10);
        cache.keep(ago(AGE_MAX / 2), 2, 20);
        lasting.keep(ago(AGE_MAX * 2), 1, 10);
        assert_eq!((cache.get(&1), cache.get(&2), lasting.get(&1)), (None, Some(20), Some(10)));
    }

    #[test]
    fn what_changed_is_forgotten_and_a_read_from_before_is_not_kept() {
        let cache = Bounded::short_lived(10, AGE_MAX);
        let before = cache.moment();
        cache.keep(before, 1, 10);
        cache.keep(before, 2, 20);
        cache.forget(&1);
        assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(20)));
        cache.keep(before, 1, 10);
        assert_eq!(cache.get(&1), None);
        cache.forget_all();
        assert_eq!(cache.get(&2), None);
        assert_eq!(read_through(&cache, 1, Some(11)), Some(11));
        assert_eq!(cache.get(&1), Some(11));
    }

    #[test]
    fn there_are_never_more_rows_than_there_may_be() {
        let cache = Bounded::short_lived(1_024, AGE_MAX);
        for key in 0..100_000 {
            cache.keep(cache.moment(), key, key);
        }
        assert!(cache.rows.len() <= 1_024);
    }
}
