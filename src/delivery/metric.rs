//! The names of this room's metrics. Labels are channels, kinds and causes from closed lists.

/// Counter, by `channel` and `kind`: messages that were sent.
pub(super) const SENT: &str = "enroll_messages_sent_total";
/// Counter, by `channel`: tries that failed and are repeated.
pub(super) const FAILED: &str = "enroll_messages_failed_total";
/// Counter, by `channel`: messages that are tried no more.
pub(super) const DEAD: &str = "enroll_messages_dead_total";
/// Gauge, by `channel`, in seconds: the age of the oldest message that waits.
pub(super) const OLDEST_SECONDS: &str = "enroll_messages_oldest_seconds";
