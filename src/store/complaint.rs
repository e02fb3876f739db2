//! What is said of an engine that fails call after call: the first failure of a kind at once, then at most one line in [`INTERVAL`], with
//! the number of those that were suppressed. A database that is away fails thousands of calls a second; each of them saying so would bury the
//! line that says why, or fill a disk that is full already. How many calls failed, the metrics count.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines of a kind.
const INTERVAL: Duration = Duration::from_secs(30);

/// One kind of failure.
pub(super) struct Complaint(Mutex<Said>);

struct Said {
    last: Option<Instant>,
    suppressed: u64,
}

impl Complaint {
    /// Nothing was said yet.
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Said { last: None, suppressed: 0 }))
    }

    /// Whether a failure at this moment is to be said; with it, how many were not since the last that was.
    pub(super) fn due(&self, now: Instant) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
            said.suppressed += 1;
            return None;
        }
        said.last = Some(now);
        Some(std::mem::take(&mut said.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_and_a_number() {
        let (complaint, start) = (Complaint::new(), Instant::now());
        assert_eq!(complaint.due(start), Some(0), "the first is said at once");
        for milliseconds in 0..4_700 {
            assert_eq!(complaint.due(start + Duration::from_millis(milliseconds)), None);
        }
        assert_eq!(complaint.due(start + INTERVAL), Some(4_700));
        assert_eq!(complaint.due(start + INTERVAL), None);
        assert_eq!(complaint.due(start + 3 * INTERVAL), Some(1));
    }
}
