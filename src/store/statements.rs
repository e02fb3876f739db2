//! What the database is asked, for a log at level TRACE: each statement as it stands, without the values that go with it.

use diesel::connection::{Instrumentation, InstrumentationEvent};

/// Between a statement and its values, in what diesel shows of both.
const BEFORE_VALUES: &str = "-- binds:";

/// Tells a connection's statements to the log, in the span of the call that they are for.
pub(super) struct StatementLog;

impl Instrumentation for StatementLog {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && tracing::enabled!(tracing::Level::TRACE)
        {
            let shown = query.to_string();
            let statement = shown.split(BEFORE_VALUES).next().unwrap_or_default().trim();
            tracing::trace!(statement, "the database is asked");
        }
    }
}
