//! Deletes what is over: requests that nobody may repeat, sessions that nobody can refresh, failures that nobody waits for, tokens that
//! nobody is told of, and claims that nobody verified, with the accounts that had nothing else. Else their rows stay for ever. In small units,
//! so that no call waits behind a long one; every replica sweeps, and what one has deleted the next does not find.

use std::sync::Arc;
use std::time::Duration;

use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::telemetry::field;

use super::house::House;
use super::readiness::{Phase, Readiness};

/// How many rows of each kind one unit deletes: a few milliseconds on either engine.
const UNIT_ROWS_MAX: u32 = 500;
/// Between two units while there is more: calls come first, and 5000 rows a second are more than come in.
const PAUSE: Duration = Duration::from_millis(100);

/// Sweeps every `interval` until `stop`.
pub(super) async fn sweep(house: Arc<House>, readiness: Readiness, interval: Duration, stop: CancellationToken) {
    let mut pause = interval;
    loop {
        tokio::select! {
            () = time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
        pause = interval;
        if readiness.phase() != Phase::Serving {
            continue;
        }
        match house.sweep(UNIT_ROWS_MAX).await {
            Ok(0) => {}
            Ok(_) => pause = PAUSE.min(interval),
            // The next round finds the same rows.
            Err(error) => tracing::warn!({ field::ERROR } = %error, "what is over could not be deleted"),
        }
    }
}
