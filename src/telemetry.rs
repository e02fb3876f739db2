//! What an operator sees: the log and the metrics, and the names used in both.
//!
//! Names that several rooms use are declared here, so that a search for one finds every place; what one room alone tells (a hash queue's
//! metrics, the causes of a failure) is named in that room. Absent from here: any decision about what is worth telling; and any secret: no field in [`field`] holds a credential, a token, a password or a person's data.

pub mod field;
mod log;
pub mod metric;

pub use log::{LogFormat, LogSettings, TelemetryError, start};
pub use metric::recorder;
