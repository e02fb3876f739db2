//! A span, two counters and a histogram for each call, whatever becomes of it: the layer stands outside of all that can refuse.
//!
//! The handles of the metrics are made once a method, so that a call looks nothing up. The span and the event at its end are of level
//! DEBUG: at the default level a call costs no formatting. The cause of a failure of ours is logged where it becomes a status.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use metrics::{Counter, Histogram};
use pin_project_lite::pin_project;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower::{Layer, Service};
use tracing::Span;

use crate::proto::v1::ErrorReason;
use crate::status::AnswerContext;
use crate::telemetry::{field, metric};

use super::inbound::Inbound;
use super::methods::Methods;

/// The label of calls to methods that do not exist, whatever their path was.
const UNKNOWN_METHOD: &str = "unknown";

/// The names of the gRPC codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The metrics of one method; its counters are made when a code first occurs.
struct Meters {
    rpc: &'static str,
    seconds: OnceLock<Histogram>,
    calls: [OnceLock<Counter>; CODES.len()],
}

impl Meters {
    fn new(rpc: &'static str) -> Self {
        Self { rpc, seconds: OnceLock::new(), calls: Default::default() }
    }

    fn record(&self, code: &'static str, number: usize, seconds: f64) {
        self.seconds.get_or_init(|| metrics::histogram!(metric::CALL_SECONDS, field::RPC => self.rpc)).record(seconds);
        let counter = || metrics::counter!(metric::CALLS, field::RPC => self.rpc, field::CODE => code);
        self.calls[number].get_or_init(counter).increment(1);
    }
}

/// See the module.
#[derive(Clone)]
pub struct TraceLayer {
    /// One a method by its index, and one more for methods that do not exist.
    meters: Arc<[Meters]>,
}

impl TraceLayer {
    /// Counts the calls of `methods`.
    pub fn new(methods: &'static Methods) -> Self {
        let names = methods.all().iter().map(|method| method.name.as_str());
        Self { meters: names.chain([UNKNOWN_METHOD]).map(Meters::new).collect() }
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Trace { inner, meters: self.meters.clone() }
    }
}

/// See the module.
#[derive(Clone)]
pub struct Trace<S> {
    inner: S,
    meters: Arc<[Meters]>,
}

impl<S, B> Service<Request<Body>> for Trace<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<TraceBody<B>>;
    type Error = Infallible;
    type Future = TraceFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inbound = request.extensions().get::<Inbound>();
        let method = inbound.and_then(|inbound| inbound.method);
        let unknown = self.meters.len() - 1;
        let meter = method.map_or(unknown, |method| method.index.min(unknown));
        let span = tracing::debug_span!(
            "call",
            { field::RPC } = self.meters[meter].rpc,
            { field::REQUEST_ID } = request.extensions().get::<AnswerContext>().map(AnswerContext::request_id),
            { field::TRACE_ID } = trace_id(request.headers()),
            { field::PEER } = inbound.map(|inbound| tracing::field::display(inbound.peer)),
        );
        let record = Record { meters: self.meters.clone(), meter, start: Instant::now(), span, done: false };
        let _entered = record.span.clone().entered();
        TraceFuture { inner: self.inner.call(request), record: Some(record) }
    }
}

/// What is told of a call when it ends; a call that nobody waits for any more ends as CANCELLED.
struct Record {
    meters: Arc<[Meters]>,
    meter: usize,
    start: Instant,
    span: Span,
    done: bool,
}

impl Record {
    /// Ends the call if these are the headers that carry its status.
    fn read(&mut self, headers: &HeaderMap) {
        let Some(code) = headers.get(Status::GRPC_STATUS) else { return };
        match Code::from_bytes(code.as_bytes()) {
            Code::Ok => self.end(Code::Ok, None),
            code => self.end(code, reason_in(headers)),
        }
    }

    fn end(&mut self, code: Code, reason: Option<ErrorReason>) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let elapsed = self.start.elapsed();
        let number = usize::try_from(i32::from(code)).unwrap_or(2).min(CODES.len() - 1);
        let meters = &self.meters[self.meter];
        meters.record(CODES[number], number, elapsed.as_secs_f64());
        let reason = reason.map_or("", |reason| reason.as_str_name());
        if code != Code::Ok {
            metrics::counter!(metric::REFUSALS, field::RPC => meters.rpc, field::REASON => reason).increment(1);
        }
        let elapsed_ms = elapsed.as_secs_f64() * 1e3;
        let _entered = self.span.enter();
        tracing::debug!(
            { field::CODE } = CODES[number],
            { field::REASON } = reason,
            { field::ELAPSED_MS } = elapsed_ms,
            "a call ended"
        );
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.end(Code::Cancelled, None);
    }
}

/// The trace that the caller belongs to, from a `traceparent` of W3C's version 00; one that is malformed counts as absent.
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
    };
    let is_id = |text: &str, length| is_hex(text, length) && text.bytes().any(|byte| byte != b'0');
    let rest = headers.get("traceparent")?.to_str().ok()?.strip_prefix("00-")?;
    let (trace, (span, flags)) = rest.split_once('-').and_then(|(trace, rest)| Some((trace, rest.split_once('-')?)))?;
    (is_id(trace, 32) && is_id(span, 16) && is_hex(flags, 2)).then_some(trace)
}

/// The reason in the details; only of the closed list, whatever the text.
fn reason_in(headers: &HeaderMap) -> Option<ErrorReason> {
    let status = Status::from_header_map(headers)?;
    ErrorReason::from_str_name(&status.get_details_error_info()?.reason)
}

pin_project! {
    /// Sees an answer that is all headers.
    pub struct TraceFuture<F> {
        #[pin]
        inner: F,
        record: Option<Record>,
    }
}

impl<F, B> Future for TraceFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<TraceBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let span = this.record.as_ref().map_or_else(Span::none, |record| record.span.clone());
        let Ok(response) = ready!(span.in_scope(|| this.inner.poll(cx)));
        let mut record = this.record.take();
        if let Some(record) = &mut record {
            record.read(response.headers());
        }
        Poll::Ready(Ok(response.map(|inner| TraceBody { inner, record })))
    }
}

pin_project! {
    /// Sees the trailers of an answer, or that they never came.
    pub struct TraceBody<B> {
        #[pin]
        inner: B,
        record: Option<Record>,
    }
}

impl<B> HttpBody for TraceBody<B>
where
    B: HttpBody<Data = Bytes, Error = Status>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.project();
        let span = this.record.as_ref().map_or_else(Span::none, |record| record.span.clone());
        let frame = ready!(span.in_scope(|| this.inner.poll_frame(cx)));
        if let Some(Ok(frame)) = &frame
            && let (Some(trailers), Some(record)) = (frame.trailers_ref(), this.record.as_mut())
        {
            record.read(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_sound_traceparent_tells_its_trace_and_any_other_none() {
        let told = |text: &'static str| {
            let headers =
                HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), HeaderValue::from_static(text))]);
            trace_id(&headers).map(str::to_owned)
        };
        let sound = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(told(sound).as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        for malformed in [
            "",
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-02",
        ] {
            assert_eq!(told(malformed), None, "{malformed}");
        }
        assert_eq!(trace_id(&HeaderMap::new()), None);
    }
}
