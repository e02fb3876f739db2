//! The log: one subscriber a process, text for people or JSON for machines, on stderr.

use std::io;
use std::panic;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use super::field;

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How much is logged, and in which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// See [`LogFormat`].
    pub format: LogFormat,
    /// Directives as of `tracing_subscriber::EnvFilter`, such as `info,enroll=debug`.
    pub filter: String,
    /// Colours, for a text log on a terminal.
    pub ansi: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned(), ansi: false }
    }
}

/// Why there is no telemetry.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not well-formed.
    #[error("the log filter cannot be read: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// There is a subscriber already.
    #[error("the log is started already")]
    Started,
    /// The recorder cannot be built.
    #[error("the metrics cannot be recorded: {0}")]
    Metrics(String),
}

/// Starts the log of this process; once.
pub fn start(settings: &LogSettings) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder().parse(&settings.filter)?;
    let lines = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(settings.ansi);
    let started = match settings.format {
        LogFormat::Text => tracing::subscriber::set_global_default(lines.finish()),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(true).with_span_list(false);
            tracing::subscriber::set_global_default(lines.finish())
        }
    };
    started.map_err(|_| TelemetryError::Started)?;
    log_panics();
    Ok(())
}

/// Panics go to the log, with their place. Their text only where it was written down in the source: one that was put together while
/// running may hold what a caller sent.
fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        let text = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("(text withheld)");
        tracing::error!({ field::LOCATION } = location, { field::ERROR } = text, "panic");
    }));
}
