//! When a message that could not be sent is tried again.

use std::time::Duration;

/// The wait after the first try; it doubles from try to try.
const FIRST: Duration = Duration::from_secs(30);
/// The longest wait: a server that is back is not left alone for longer.
const LONGEST: Duration = Duration::from_secs(3_600);
/// With waits of half a minute to an hour these are tries over about a day, after which tokens and codes are of no use.
pub(super) const TRIES_MAX: u32 = 30;

/// How long to wait after a try (the first is 1), a quarter more or less by chance, so that what failed together is not tried together
/// again. `chance` is any random number.
pub(super) fn wait(attempt: u32, chance: i64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let percent = 75 + u32::try_from(chance.rem_euclid(51)).unwrap_or_default();
    whole * percent / 100
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let waits = [1, 2, 3, 7, 8, 9, 30, u32::MAX].map(|attempt| wait(attempt, 25).as_secs());
        assert_eq!(waits, [30, 60, 120, 1_920, 3_600, 3_600, 3_600, 3_600]);
        let day: Duration = (1..TRIES_MAX).map(|attempt| wait(attempt, 25)).sum();
        assert!((22 * 3_600..26 * 3_600).contains(&day.as_secs()), "{day:?}");
    }

    proptest! {
        #[test]
        fn chance_is_a_quarter_at_most(attempt in 0_u32..40, chance: i64) {
            let (wait, middle) = (wait(attempt, chance).as_secs_f64(), wait(attempt, 25).as_secs_f64());
            prop_assert!((0.74..=1.26).contains(&(wait / middle)));
        }
    }
}
