//! A panic in a handler is an answer, INTERNAL with details, instead of a reset stream that the client would try again elsewhere. The
//! panic itself is logged by the hook in `telemetry`, without its text.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use pin_project_lite::pin_project;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::provisioning::refusal::Refusal;
use crate::status::{self, AnswerContext};

/// What stands in for the cause of the answer.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked")]
struct Panicked;

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatchPanicLayer;

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CatchPanic { inner }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct CatchPanic<S> {
    inner: S,
}

impl<S, B> Service<Request<Body>> for CatchPanic<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<CatchPanicBody<B>>;
    type Error = Infallible;
    type Future = CatchPanicFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let context = request.extensions().get::<AnswerContext>().cloned();
        // A future that was never made is one that panicked at its first step.
        let inner = catch_unwind(AssertUnwindSafe(|| self.inner.call(request))).ok();
        CatchPanicFuture { inner, context }
    }
}

fn internal(context: Option<&AnswerContext>) -> Status {
    match context {
        Some(context) => status::from_refusal(Refusal::Internal(Box::new(Panicked)), context),
        None => Status::internal(""),
    }
}

pin_project! {
    /// Catches a panic before the answer begins.
    pub struct CatchPanicFuture<F> {
        #[pin]
        inner: Option<F>,
        context: Option<AnswerContext>,
    }
}

impl<F, B> Future for CatchPanicFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<CatchPanicBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let polled = catch_unwind(AssertUnwindSafe(|| this.inner.as_mut().as_pin_mut().map(|inner| inner.poll(cx))));
        if let Ok(Some(polled)) = polled {
            let Ok(response) = ready!(polled);
            let context = this.context.take();
            return Poll::Ready(Ok(response.map(|inner| CatchPanicBody { inner: Some(inner), context })));
        }
        let status = internal(this.context.as_ref());
        // The future is in no state to be polled again.
        this.inner.set(None);
        Poll::Ready(Ok(status.into_http()))
    }
}

pin_project! {
    /// Catches a panic while the answer streams; empty after one.
    pub struct CatchPanicBody<B> {
        #[pin]
        inner: Option<B>,
        context: Option<AnswerContext>,
    }
}

impl<B> Default for CatchPanicBody<B> {
    fn default() -> Self {
        Self { inner: None, context: None }
    }
}

impl<B> HttpBody for CatchPanicBody<B>
where
    B: HttpBody<Data = Bytes, Error = Status>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        if let Ok(polled) = catch_unwind(AssertUnwindSafe(|| inner.poll_frame(cx))) {
            return polled;
        }
        this.inner.set(None);
        let mut trailers = HeaderMap::new();
        let added = internal(this.context.as_ref()).add_header(&mut trailers);
        Poll::Ready(Some(added.map(|()| Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }
}
