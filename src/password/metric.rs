//! The names of this room's metrics.

/// Gauge: jobs that wait for a hash thread.
pub const QUEUE_JOBS: &str = "enroll_password_queue_jobs";
/// Histogram, seconds: from a thread's taking a hash to its end, without the waiting.
pub const HASH_SECONDS: &str = "enroll_password_hash_seconds";
/// Counter, by `reason` (`capacity`, `deadline`, `draining`, `too_long`, `failed`): jobs that were not done.
pub const REFUSED_TOTAL: &str = "enroll_password_refused_total";
