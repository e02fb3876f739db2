//! A call ends when its time is up: the caller's `grpc-timeout`, at most the method's own limit, or that limit where the caller states
//! none. The answer is DEADLINE_EXCEEDED, also while the body streams, and the handler is dropped.
//!
//! Dropping is safe because units of work run detached from their handlers. tonic's own timeout is not used: it answers CANCELLED and
//! ends with the headers. The timer is only set for a call that has to wait.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response};
use http_body::{Body as HttpBody, Frame};
use pin_project_lite::pin_project;
use tokio::time::{self, Sleep};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use super::inbound::Inbound;
use super::methods::DEADLINE_DEFAULT;

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// When a call ends that may last as long as it is wanted: `Instant` has no infinity.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct DeadlineLayer {
    max: Duration,
}

impl DeadlineLayer {
    /// No call lasts longer than `max`, but for streams without a limit of their own.
    pub fn new(max: Duration) -> Self {
        Self { max }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Deadline { inner, max: self.max }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Deadline<S> {
    inner: S,
    max: Duration,
}

impl<S, B> Service<Request<Body>> for Deadline<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<DeadlineBody<B>>;
    type Error = Infallible;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let stated = request.headers().get(&GRPC_TIMEOUT).and_then(|value| parse_timeout(value.as_bytes()));
        let inbound = request.extensions_mut().get_mut::<Inbound>();
        let method = inbound.as_ref().and_then(|inbound| inbound.method);
        let allowed = method.map_or(Some(DEADLINE_DEFAULT), |method| method.deadline);
        let timeout = match (stated, allowed) {
            (Some(stated), Some(allowed)) => stated.min(allowed),
            (Some(stated), None) => stated.min(FAR),
            (None, allowed) => allowed.unwrap_or(FAR),
        };
        let timeout = if allowed.is_some() { timeout.min(self.max) } else { timeout };
        let deadline = Instant::now() + timeout;
        if let Some(inbound) = inbound {
            inbound.deadline = deadline;
        }
        DeadlineFuture { inner: Some(self.inner.call(request)), timer: Timer { deadline, sleep: None } }
    }
}

/// At most 8 digits and a unit (gRPC over HTTP/2, `Timeout`). What is not well-formed is no timeout; the method's own limit holds then.
fn parse_timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount = digits.iter().fold(0_u64, |amount, digit| amount * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Some(Duration::from_secs(amount * 3600)),
        b'M' => Some(Duration::from_secs(amount * 60)),
        b'S' => Some(Duration::from_secs(amount)),
        b'm' => Some(Duration::from_millis(amount)),
        b'u' => Some(Duration::from_micros(amount)),
        b'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// A deadline whose timer is set when it is first waited for.
struct Timer {
    deadline: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Ready when the time is up.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        self.sleep.get_or_insert_with(|| Box::pin(time::sleep_until(deadline.into()))).as_mut().poll(cx)
    }
}

pin_project! {
    /// Ends the wait for an answer.
    pub struct DeadlineFuture<F> {
        // None once the time was up: the handler is dropped.
        #[pin]
        inner: Option<F>,
        timer: Timer,
    }
}

impl<F, B> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<DeadlineBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(inner) = this.inner.as_mut().as_pin_mut()
            && let Poll::Ready(Ok(response)) = inner.poll(cx)
        {
            let timer = Timer { deadline: this.timer.deadline, sleep: this.timer.sleep.take() };
            return Poll::Ready(Ok(response.map(|inner| DeadlineBody { inner: Some(inner), timer: Some(timer) })));
        }
        std::task::ready!(this.timer.poll(cx));
        this.inner.set(None);
        Poll::Ready(Ok(Status::deadline_exceeded("").into_http()))
    }
}

pin_project! {
    /// Ends an answer that streams.
    pub struct DeadlineBody<B> {
        // None for an answer that is all headers, and once the time was up.
        #[pin]
        inner: Option<B>,
        timer: Option<Timer>,
    }
}

impl<B> Default for DeadlineBody<B> {
    fn default() -> Self {
        Self { inner: None, timer: None }
    }
}

impl<B> HttpBody for DeadlineBody<B>
where
    B: HttpBody<Data = Bytes, Error = Status>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = inner.poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let Some(timer) = this.timer.as_mut() else { return Poll::Pending };
        std::task::ready!(timer.poll(cx));
        this.inner.set(None);
        let mut trailers = HeaderMap::new();
        let added = Status::deadline_exceeded("").add_header(&mut trailers);
        Poll::Ready(Some(added.map(|()| Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        let cases = [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("99999999S", Some(Duration::from_secs(99_999_999))),
            ("250m", Some(Duration::from_millis(250))),
            ("7u", Some(Duration::from_micros(7))),
            ("0n", Some(Duration::ZERO)),
            ("100000000S", None),
            ("1", None),
            ("S", None),
            ("", None),
            ("-1S", None),
            ("1.5S", None),
            ("1s", None),
        ];
        for (text, timeout) in cases {
            assert_eq!(parse_timeout(text.as_bytes()), timeout, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..16)) {
            let _ = parse_timeout(&bytes);
        }
    }
}
