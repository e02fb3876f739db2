//! What is logged, and in which form.

use super::reader::Reader;
use super::setting::named_setting;

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
named_setting!(LogFormat, "text" => Self::Text, "json" => Self::Json);

/// The logs.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// Directives of tracing's filter, such as `info,enroll=debug`.
    pub filter: String,
    /// See [`LogFormat`].
    pub format: LogFormat,
}

impl Telemetry {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            filter: reader.value("telemetry.filter", "info".to_owned()),
            format: reader.value("telemetry.format", LogFormat::Text),
        }
    }
}
