//! What one Argon2 computation costs, and how much it may cost.

use thiserror::Error;

/// The most memory of one computation: 256 MiB. An imported hash asks for its own cost, and each thread must be able to pay it.
pub const MEMORY_KIB_MAX: u32 = 256 * 1024;
/// The most passes over the memory.
pub const ITERATIONS_MAX: u32 = 10;
/// The most lanes. One thread computes them one after another, so that they cost no more than one lane.
pub const LANES_MAX: u32 = 16;
/// Argon2 itself needs 8 KiB a lane (RFC 9106, section 3.1).
const MEMORY_KIB_PER_LANE_MIN: u32 = 8;
/// `memory_kib * iterations` of the cheapest of the equivalent recommendations of OWASP (7168 KiB, 5 passes).
const RECOMMENDED_KIB_PASSES_MIN: u64 = 7_168 * 5;

/// Why a cost is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CostFault {
    /// Less than 8 KiB a lane, or more than [`MEMORY_KIB_MAX`].
    #[error("memory must be at least 8 KiB a lane and at most {MEMORY_KIB_MAX} KiB")]
    Memory,
    /// None, or more than [`ITERATIONS_MAX`].
    #[error("iterations must be 1 to {ITERATIONS_MAX}")]
    Iterations,
    /// None, or more than [`LANES_MAX`].
    #[error("lanes must be 1 to {LANES_MAX}")]
    Lanes,
}

/// Argon2's three cost parameters, within the bounds of this room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// `m`: KiB of memory.
    memory_kib: u32,
    /// `t`: passes over it.
    iterations: u32,
    /// `p`: lanes of it.
    lanes: u32,
}

impl Cost {
    /// The second recommendation of OWASP, whose memory fits a core's share of most machines: 19 MiB, 2 passes, 1 lane.
    pub const DEFAULT: Self = Self { memory_kib: 19_456, iterations: 2, lanes: 1 };

    /// A cost within the bounds.
    pub fn new(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Self, CostFault> {
        if !(1..=LANES_MAX).contains(&lanes) {
            return Err(CostFault::Lanes);
        }
        if !(1..=ITERATIONS_MAX).contains(&iterations) {
            return Err(CostFault::Iterations);
        }
        if !(MEMORY_KIB_PER_LANE_MIN * lanes..=MEMORY_KIB_MAX).contains(&memory_kib) {
            return Err(CostFault::Memory);
        }
        Ok(Self { memory_kib, iterations, lanes })
    }

    /// `m` in KiB.
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// `t`.
    pub const fn iterations(self) -> u32 {
        self.iterations
    }

    /// `p`.
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    /// The work to do, in KiB written: Argon2's time is proportional to it, so that one measured pace serves every cost.
    pub(super) const fn kib_passes(self) -> u64 {
        self.memory_kib as u64 * self.iterations as u64
    }

    /// Whether an attacker pays less than for the cheapest recommendation.
    pub(super) const fn is_below_recommendation(self) -> bool {
        self.kib_passes() < RECOMMENDED_KIB_PASSES_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_inclusive() {
        assert!(Cost::new(MEMORY_KIB_MAX, ITERATIONS_MAX, LANES_MAX).is_ok());
        assert!(Cost::new(8, 1, 1).is_ok());
        assert_eq!(Cost::new(MEMORY_KIB_MAX + 1, 1, 1), Err(CostFault::Memory));
        assert_eq!(Cost::new(7, 1, 1), Err(CostFault::Memory));
        assert_eq!(Cost::new(31, 1, 4), Err(CostFault::Memory));
        assert_eq!(Cost::new(8, ITERATIONS_MAX + 1, 1), Err(CostFault::Iterations));
        assert_eq!(Cost::new(8, 0, 1), Err(CostFault::Iterations));
        assert_eq!(Cost::new(1024, 1, LANES_MAX + 1), Err(CostFault::Lanes));
        assert_eq!(Cost::new(1024, 1, 0), Err(CostFault::Lanes));
    }

    #[test]
    fn the_default_is_recommended_and_within_the_bounds() {
        let default = Cost::DEFAULT;
        assert_eq!(Cost::new(default.memory_kib, default.iterations, default.lanes), Ok(default));
        assert!(!default.is_below_recommendation());
        assert!(Cost::new(19_456, 1, 1).is_ok_and(Cost::is_below_recommendation));
    }
}
