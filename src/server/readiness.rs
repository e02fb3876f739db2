//! Whether the server takes calls: one value that health, the admin listener and the gate before authentication look at.

use tokio::sync::watch;

use crate::telemetry::metric;

/// In which state the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The schema is not there yet.
    Starting,
    /// Takes calls.
    Serving,
    /// The database does not answer.
    Unreachable,
    /// Going down; there is no way back.
    Draining,
}

/// Keeps the phase and tells all who wait for it.
#[derive(Clone, Debug)]
pub struct Readiness(watch::Sender<Phase>);

impl Default for Readiness {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Starting))
    }
}

impl Readiness {
    /// The phase now.
    pub fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Sees every later phase.
    pub fn subscribe(&self) -> watch::Receiver<Phase> {
        self.0.subscribe()
    }

    /// Notes a phase; one that is noted while draining is not.
    pub fn set(&self, phase: Phase) {
        let changed = self.0.send_if_modified(|held| {
            let changes = *held != Phase::Draining && *held != phase;
            if changes {
                *held = phase;
            }
            changes
        });
        if changed {
            metrics::gauge!(metric::SERVING).set(if phase == Phase::Serving { 1.0 } else { 0.0 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drain_is_final() {
        let readiness = Readiness::default();
        readiness.set(Phase::Serving);
        assert_eq!(readiness.phase(), Phase::Serving);
        readiness.set(Phase::Draining);
        readiness.set(Phase::Serving);
        assert_eq!(readiness.phase(), Phase::Draining);
    }
}
