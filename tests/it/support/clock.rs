//! Time as a test wants it: the system's, moved ahead as far as the test says. Nothing here sleeps.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

use enroll::provisioning::seams::{Clock, SystemClock};

/// The system's clock, ahead by what [`MovableClock::advance`] has added.
#[derive(Debug, Default)]
pub struct MovableClock {
    /// Microseconds.
    ahead: AtomicI64,
}

impl MovableClock {
    /// Moves the clock.
    pub fn advance(&self, by: TimeDelta) {
        self.ahead.fetch_add(by.num_microseconds().expect("less than a life"), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::microseconds(self.ahead.load(Ordering::SeqCst))
    }
}
