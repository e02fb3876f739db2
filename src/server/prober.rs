//! Asks the database how it is, and tells the readiness.

use std::time::Duration;

use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::store::Store;
use crate::telemetry::field;

use super::readiness::{Phase, Readiness};

/// Short enough that a load balancer hears of it before many calls have failed; one statement each time.
const INTERVAL: Duration = Duration::from_secs(1);
/// A database that takes longer is as good as gone.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Watches until `stop`.
pub(super) async fn watch(store: Store, readiness: Readiness, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = time::sleep(INTERVAL) => {}
            () = stop.cancelled() => return,
        }
        let before = readiness.phase();
        let now = match time::timeout(TIMEOUT, probe(&store, before)).await {
            Ok(Ok(phase)) => phase,
            _ if before == Phase::Starting => Phase::Starting,
            _ => Phase::Unreachable,
        };
        if now != before && before != Phase::Draining {
            tracing::warn!({ field::PHASE } = ?now, "the database");
        }
        readiness.set(now);
    }
}

/// The phase that an answering database puts the server in.
async fn probe(store: &Store, before: Phase) -> Result<Phase, crate::store::StoreError> {
    if before == Phase::Starting && !store.pending_migrations().await?.is_empty() {
        return Ok(Phase::Starting);
    }
    store.ping().await?;
    Ok(Phase::Serving)
}
