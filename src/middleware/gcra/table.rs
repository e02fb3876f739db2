//! A table of arrival times with a fixed number of entries: shards with a lock each, cut into buckets of a few entries.
//!
//! A key may stand anywhere in its one bucket. An entry whose arrival time has passed says the same as no entry, so it is taken over
//! first. When a bucket holds nothing but live entries, a new key takes the place of the one whose time passes soonest: the one that has
//! used least. A key at its limit has used most, and so it stays limited while any number of others pass.

use std::sync::{Mutex, PoisonError};

/// The entries of one bucket: two cache lines, searched one after another.
const WAYS: usize = 8;
/// More locks than cores that will ever contend for them.
const SHARDS: usize = 64;

/// Hash and arrival time. A pair of zeros is an empty entry; plain numbers, so that the allocator hands out untouched zero pages.
type Entry = [u64; 2];

/// See the module.
pub(super) struct Table {
    shards: Vec<Mutex<Vec<Entry>>>,
    /// Buckets a shard, less one; a power of two less one.
    bucket_mask: usize,
}

impl Table {
    /// A table for at least `keys` entries.
    pub(super) fn new(keys: usize) -> Self {
        let buckets = keys.div_ceil(SHARDS * WAYS).max(1).next_power_of_two();
        let shards = (0..SHARDS).map(|_| Mutex::new(vec![[0; 2]; buckets * WAYS])).collect();
        Self { shards, bucket_mask: buckets - 1 }
    }

    /// Replaces the arrival time of `hash` by what `change` makes of it; a key that is not there has the time zero.
    pub(super) fn update<R>(&self, hash: u64, now: u64, change: impl FnOnce(u64) -> (u64, R)) -> R {
        // Zero marks an empty entry, so no key may have it.
        let hash = hash.max(1);
        let place = usize::try_from(hash >> 32).unwrap_or(0);
        let shard = &self.shards[place % SHARDS];
        let mut entries = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let start = ((place / SHARDS) & self.bucket_mask) * WAYS;
        let bucket = &mut entries[start..start + WAYS];
        if let Some(entry) = bucket.iter_mut().find(|entry| entry[0] == hash) {
            let (arrival, result) = change(entry[1]);
            entry[1] = arrival;
            return result;
        }
        let (arrival, result) = change(0);
        if arrival > now
            && let Some(entry) = bucket.iter_mut().min_by_key(|entry| entry[1])
        {
            *entry = [hash, arrival];
        }
        result
    }
}

#[cfg(test)]
impl Table {
    /// How many entries the table has room for.
    pub(super) fn entries(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }
}
