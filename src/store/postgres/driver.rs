//! Who drives a connection: a task that reads and writes for as long as the connection is there, and goes with it.

use std::time::Instant;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use tokio_postgres::{Client, Connection};
use tokio_util::task::AbortOnDropHandle;

use super::connect::query_error;
use crate::store::complaint::Complaint;
use crate::store::statements::StatementLog;

/// Said of connections that ended by themselves.
static ENDED: Complaint = Complaint::new();

/// A connection's task. With it the socket is closed, whatever the server still has to say.
pub(super) struct Driver(AbortOnDropHandle<()>);

impl Driver {
    /// Begins to drive a connection. Whoever waits for an answer when it ends learns that it did; why is told here.
    pub(super) fn of<S, T>((client, connection): (Client, Connection<S, T>)) -> (Client, Self)
    where
        Connection<S, T>: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
    {
        let driving = tokio::spawn(async {
            if let Err(error) = connection.await
                && let Some(suppressed) = ENDED.due(Instant::now())
            {
                tracing::warn!(cause = %query_error(error), suppressed, "a connection to PostgreSQL ended");
            }
        });
        (client, Self(AbortOnDropHandle::new(driving)))
    }

    /// Has the connection tell its statements to the log, and keeps the task for as long as it does.
    pub(super) fn with_log(self) -> impl Instrumentation {
        Observer { log: StatementLog, _driver: self.0 }
    }
}

/// What a connection carries along.
struct Observer {
    log: StatementLog,
    _driver: AbortOnDropHandle<()>,
}

impl Instrumentation for Observer {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        self.log.on_connection_event(event);
    }
}
