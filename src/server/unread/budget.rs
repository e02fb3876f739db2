//! How much memory all answers may hold together that are not read yet. A connection alone says little: many of them, each within its
//! bounds and its patience, hold as much as there is. So it is counted for the process; when half of it is held everybody's patience is
//! short, and when all of it is held no long answer begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// What the answers of this process hold.
#[derive(Debug)]
pub(in crate::server) struct Budget {
    octets_max: usize,
    octets: AtomicUsize,
    /// Whether half of it is held.
    strained: watch::Sender<bool>,
}

impl Budget {
    /// So many octets for all answers together.
    pub(in crate::server) fn new(octets_max: usize) -> Arc<Self> {
        Arc::new(Self { octets_max, octets: AtomicUsize::new(0), strained: watch::Sender::new(false) })
    }

    /// Tells when it becomes strained, and when it is no more.
    pub(super) fn strained(&self) -> watch::Receiver<bool> {
        self.strained.subscribe()
    }

    /// Counts these octets until the hold is dropped; nothing where there is no room for them.
    pub(super) fn hold(self: &Arc<Self>, octets: usize) -> Option<Arc<Hold>> {
        let hold = self.hold_anyway(octets);
        (self.octets.load(Ordering::Relaxed) <= self.octets_max).then_some(hold)
    }

    /// The same, whether or not there is room.
    pub(super) fn hold_anyway(self: &Arc<Self>, octets: usize) -> Arc<Hold> {
        let before = self.octets.fetch_add(octets, Ordering::Relaxed);
        self.tell(before, before + octets);
        Arc::new(Hold { budget: Arc::clone(self), octets })
    }

    /// Tells the crossing of the half, if it was one. What is told is how it is at that moment: two crossings may overtake each other.
    fn tell(&self, before: usize, after: usize) {
        let half = self.octets_max / 2;
        if (before > half) != (after > half) {
            self.strained.send_if_modified(|strained| {
                let now = self.octets.load(Ordering::Relaxed) > half;
                std::mem::replace(strained, now) != now
            });
        }
    }
}

/// Octets that are held.
#[derive(Debug)]
pub(super) struct Hold {
    budget: Arc<Budget>,
    octets: usize,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let before = self.budget.octets.fetch_sub(self.octets, Ordering::Relaxed);
        self.budget.tell(before, before - self.octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_bounded_and_comes_back() {
        let budget = Budget::new(100);
        let strained = budget.strained();
        let first = budget.hold(50).expect("room");
        assert!(!*strained.borrow());
        let second = budget.hold(50).expect("room");
        assert!(*strained.borrow());
        assert!(budget.hold(1).is_none());
        let small = budget.hold_anyway(1);
        drop((first, small));
        assert!(!*strained.borrow());
        assert!(budget.hold(51).is_none() && budget.hold(50).is_some());
        drop(second);
        assert_eq!(budget.octets.load(Ordering::Relaxed), 0);
    }
}
