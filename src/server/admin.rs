//! The listener for operators: `/metrics` for Prometheus, `/healthz` (the process lives) and `/readyz` (it takes calls). Plain HTTP/1.1 on an
//! address of its own; nothing that a stranger may see, and nothing that changes anything.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::time;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::caps::Caps;
use super::listener::Acceptor;
use super::readiness::{Phase, Readiness};

/// Scrapers are few.
const CONNECTIONS_MAX: usize = 64;
/// A request has to come whole within this time, and an answer to go.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the recorder tidies up what was recorded: else it grows between two scrapes.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Serves until `stop`.
pub(super) async fn serve(
    listener: TcpListener,
    metrics: &'static PrometheusHandle,
    readiness: Readiness,
    stop: CancellationToken,
) {
    let acceptor = Acceptor::new(listener, Caps::untold(CONNECTIONS_MAX));
    let mut upkeep = time::interval(UPKEEP_INTERVAL);
    let (tracker, readiness) = (TaskTracker::new(), Arc::new(readiness));
    loop {
        let (stream, _, place) = tokio::select! {
            accepted = acceptor.accept() => accepted,
            _ = upkeep.tick() => { metrics.run_upkeep(); continue }
            () = stop.cancelled() => break,
        };
        let readiness = readiness.clone();
        tracker.spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let answered = answer(request.method(), request.uri().path(), metrics, &readiness);
                async move { Ok::<_, Infallible>(answered) }
            });
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(REQUEST_TIMEOUT).keep_alive(false);
            // Who does not read its answer in time goes without.
            let _ = time::timeout(2 * REQUEST_TIMEOUT, builder.serve_connection(TokioIo::new(stream), service)).await;
            drop(place);
        });
    }
    tracker.close();
    tracker.wait().await;
}

fn answer(method: &Method, path: &str, metrics: &PrometheusHandle, readiness: &Readiness) -> Response<Full<Bytes>> {
    let (status, text) = match (method, path) {
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, metrics.render()),
        (&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, "alive\n".to_owned()),
        (&Method::GET | &Method::HEAD, "/readyz") => match readiness.phase() {
            Phase::Serving => (StatusCode::OK, "serving\n".to_owned()),
            phase => (StatusCode::SERVICE_UNAVAILABLE, format!("{phase:?}\n").to_lowercase()),
        },
        (_, "/metrics" | "/healthz" | "/readyz") => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        _ => (StatusCode::NOT_FOUND, String::new()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn each_path_says_what_it_is_for_and_nothing_changes_anything() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || metrics::counter!("enroll_test_total").increment(3));
        let (handle, readiness) = (recorder.handle(), Readiness::default());
        let ask = async |method, path| {
            let response = answer(&method, path, &handle, &readiness);
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.expect("in memory").to_bytes();
            (status, String::from_utf8_lossy(&body).into_owned())
        };
        assert!(ask(Method::GET, "/metrics").await.1.contains("enroll_test_total 3"));
        assert_eq!(ask(Method::GET, "/healthz").await, (200, "alive\n".to_owned()));
        assert_eq!(ask(Method::GET, "/readyz").await, (503, "starting\n".to_owned()));
        readiness.set(Phase::Serving);
        assert_eq!(ask(Method::GET, "/readyz").await, (200, "serving\n".to_owned()));
        readiness.set(Phase::Draining);
        assert_eq!(ask(Method::GET, "/readyz").await, (503, "draining\n".to_owned()));
        assert_eq!(ask(Method::POST, "/metrics").await.0, 405);
        assert_eq!(ask(Method::GET, "/").await.0, 404);
    }

    #[tokio::test]
    async fn the_listener_answers_and_stops() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let metrics = crate::telemetry::recorder().expect("a recorder");
        let serving = tokio::spawn(serve(listener, metrics, Readiness::default(), stop.clone()));
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("answered, and closed by the server");
        assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("alive\n"), "{text}");
        stop.cancel();
        serving.await.expect("no panic");
        TcpStream::connect(address).await.expect_err("the socket is closed");
    }
}
