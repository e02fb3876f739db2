//! Asks the database how it is, and tells the readiness. A server that was told not to migrate starts to serve here, once another process
//! has migrated.

use std::sync::Arc;
use std::time::Duration;

use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::telemetry::field;

use super::house::{House, HouseError};
use super::readiness::{Phase, Readiness};

/// Short enough that a load balancer hears of it before many calls have failed; one statement each time.
const INTERVAL: Duration = Duration::from_secs(1);
/// A database that takes longer is as good as gone.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Watches until `stop`.
pub(super) async fn watch(house: Arc<House>, readiness: Readiness, stop: CancellationToken) {
    // What cannot be done is told when it is new, not once a second.
    let mut told = String::new();
    loop {
        tokio::select! {
            () = time::sleep(INTERVAL) => {}
            () = stop.cancelled() => return,
        }
        let before = readiness.phase();
        let probed = time::timeout(TIMEOUT, probe(&house, before)).await;
        let now = match &probed {
            Ok(Ok(phase)) => *phase,
            _ if before == Phase::Starting => Phase::Starting,
            _ => Phase::Unreachable,
        };
        if let Ok(Err(error)) = &probed
            && before == Phase::Starting
            && error.to_string() != told
        {
            told = error.to_string();
            tracing::error!({ field::ERROR } = %error, "the server cannot start to serve");
        }
        if now != before && before != Phase::Draining {
            tracing::warn!({ field::PHASE } = ?now, "the database");
        }
        readiness.set(now);
    }
}

/// The phase that an answering database puts the server in.
async fn probe(house: &House, before: Phase) -> Result<Phase, HouseError> {
    if before == Phase::Starting {
        if !house.is_migrated().await? {
            return Ok(Phase::Starting);
        }
        // Cut off by the timeout, it finishes all the same, and the next probe finds it done.
        if house.bootstrap().await?.is_some() {
            tracing::info!("the first start: the operator application was made");
        }
    }
    house.store().ping().await?;
    Ok(Phase::Serving)
}
