//! What an operator chooses about hashing.

use super::cost::{Cost, CostFault};
use std::num::NonZero;
use std::thread;
use thiserror::Error;

/// The most hash threads: more than any machine has cores for.
pub const THREADS_MAX: usize = 1_024;
/// The longest queue. A waiting job holds its password (at most 1 KiB), so this is 64 MiB at the very most.
pub const QUEUE_JOBS_MAX: usize = 65_536;

/// The settings of the hasher, checked when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasherSettings {
    /// Threads that hash; each holds `memory_kib` while it is busy.
    pub threads: usize,
    /// Jobs that may wait. Deadlines empty the queue long before; this bounds memory when callers set none worth the name.
    pub queue_jobs_max: usize,
    /// Argon2's `m` of new hashes.
    pub memory_kib: u32,
    /// Argon2's `t` of new hashes.
    pub iterations: u32,
    /// Argon2's `p` of new hashes.
    pub lanes: u32,
}

/// Which setting is out of its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SettingsFault {
    /// None, or more than [`THREADS_MAX`].
    #[error("hash threads must be 1 to {THREADS_MAX}")]
    Threads,
    /// None, or more than [`QUEUE_JOBS_MAX`].
    #[error("the hash queue must hold 1 to {QUEUE_JOBS_MAX} jobs")]
    QueueJobs,
    /// A cost parameter.
    #[error("the cost of a hash: {0}")]
    Cost(#[from] CostFault),
}

impl Default for HasherSettings {
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX),
            queue_jobs_max: 1_024,
            memory_kib: Cost::DEFAULT.memory_kib(),
            iterations: Cost::DEFAULT.iterations(),
            lanes: Cost::DEFAULT.lanes(),
        }
    }
}

impl HasherSettings {
    /// The cost of a new hash; refuses settings out of their bounds.
    pub fn check(&self) -> Result<Cost, SettingsFault> {
        if !(1..=THREADS_MAX).contains(&self.threads) {
            return Err(SettingsFault::Threads);
        }
        if !(1..=QUEUE_JOBS_MAX).contains(&self.queue_jobs_max) {
            return Err(SettingsFault::QueueJobs);
        }
        Ok(Cost::new(self.memory_kib, self.iterations, self.lanes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_settings_hold() {
        assert_eq!(HasherSettings::default().check(), Ok(Cost::DEFAULT));
    }

    #[test]
    fn each_setting_out_of_its_bounds_is_named() {
        let sound = HasherSettings::default();
        let refused = |settings: HasherSettings| settings.check().err();
        assert_eq!(refused(HasherSettings { threads: 0, ..sound }), Some(SettingsFault::Threads));
        assert_eq!(refused(HasherSettings { threads: THREADS_MAX + 1, ..sound }), Some(SettingsFault::Threads));
        assert_eq!(refused(HasherSettings { queue_jobs_max: 0, ..sound }), Some(SettingsFault::QueueJobs));
        assert_eq!(refused(HasherSettings { memory_kib: 7, ..sound }), Some(SettingsFault::Cost(CostFault::Memory)));
        assert_eq!(
            refused(HasherSettings { iterations: 0, ..sound }),
            Some(SettingsFault::Cost(CostFault::Iterations))
        );
        assert_eq!(refused(HasherSettings { lanes: 17, ..sound }), Some(SettingsFault::Cost(CostFault::Lanes)));
    }
}
