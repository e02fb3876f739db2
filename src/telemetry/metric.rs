//! The names of the metrics, and the recorder that keeps them for Prometheus. Labels take values from closed lists only (methods, codes,
//! reasons, causes): nothing that a caller sends can make a new time series.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::log::TelemetryError;

/// Finished calls, by `rpc` and `code`.
pub const CALLS: &str = "enroll_calls_total";
/// Calls that were refused or failed, by `rpc` and `reason`.
pub const REFUSALS: &str = "enroll_refusals_total";
/// How long calls took to the last byte of the answer, in seconds, by `rpc`.
pub const CALL_SECONDS: &str = "enroll_call_seconds";
/// Open connections.
pub const CONNECTIONS: &str = "enroll_connections";
/// Connections that were closed before they could call, by `cause`.
pub const CONNECTIONS_REFUSED: &str = "enroll_connections_refused_total";
/// Connections that this side ended while calls were under way, by `cause`.
pub const CONNECTIONS_CUT: &str = "enroll_connections_cut_total";
/// Whether the service takes calls: 1 or 0.
pub const SERVING: &str = "enroll_serving";

/// Rows that were deleted because what they said was over, by `kind`; a claim is one with the account that made it.
pub const ROWS_SWEPT: &str = "enroll_rows_swept_total";

/// How every histogram of seconds ends, whichever room it is of.
const SECONDS: &str = "_seconds";
/// From a cached read to the longest deadline; a hash lies in the middle.
const SECONDS_BUCKETS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// The recorder of this process, installed at the first call. Several servers in one process (as in tests) share it.
pub fn recorder() -> Result<&'static PrometheusHandle, TelemetryError> {
    if let Some(handle) = RECORDER.get() {
        return Ok(handle);
    }
    let recorder = builder()?.build_recorder();
    let handle = RECORDER.get_or_init(|| recorder.handle());
    // An error means that another thread was first; then that one's handle is in the cell.
    if metrics::set_global_recorder(recorder).is_ok() {
        describe();
    }
    Ok(handle)
}

/// A histogram without buckets would be told as quantiles, which cannot be added up over replicas.
fn builder() -> Result<PrometheusBuilder, TelemetryError> {
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix(SECONDS.to_owned()), SECONDS_BUCKETS);
    builder.map_err(|error| TelemetryError::Metrics(error.to_string()))
}

fn describe() {
    metrics::describe_counter!(CALLS, "Finished calls by method and code");
    metrics::describe_counter!(REFUSALS, "Refused or failed calls by method and reason");
    metrics::describe_histogram!(CALL_SECONDS, metrics::Unit::Seconds, "Time to the last byte of the answer");
    metrics::describe_gauge!(CONNECTIONS, "Open connections");
    metrics::describe_counter!(CONNECTIONS_REFUSED, "Connections closed before they could call, by cause");
    metrics::describe_counter!(CONNECTIONS_CUT, "Connections ended under way because their client did not read or go");
    metrics::describe_gauge!(SERVING, "1 while the service takes calls");
    metrics::describe_counter!(ROWS_SWEPT, "Rows deleted because what they said was over, by kind");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_histogram_of_seconds_has_buckets() {
        let recorder = builder().expect("buckets").build_recorder();
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!(CALL_SECONDS).record(0.02);
            metrics::histogram!("enroll_another_seconds").record(0.02);
        });
        let told = recorder.handle().render();
        for name in [CALL_SECONDS, "enroll_another_seconds"] {
            assert!(told.contains(&format!("{name}_bucket{{le=\"0.025\"}} 1")), "{told}");
            assert!(told.contains(&format!("{name}_bucket{{le=\"0.01\"}} 0")), "{told}");
        }
    }
}
