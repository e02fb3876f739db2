//! Every answer that is not OK leaves with details. Ours have them; this layer gives them to those that tonic makes by itself: unknown
//! methods, messages that cannot be read or are too large, deadlines. What is meant by which, the status room decides.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame};
use pin_project_lite::pin_project;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::status::{self, AnswerContext, Part};

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct FinishLayer;

impl<S> Layer<S> for FinishLayer {
    type Service = Finish<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Finish { inner }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Finish<S> {
    inner: S,
}

impl<S, B> Service<Request<Body>> for Finish<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<FinishBody<B>>;
    type Error = Infallible;
    type Future = FinishFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let context = request.extensions().get::<AnswerContext>().cloned();
        FinishFuture { inner: self.inner.call(request), context }
    }
}

/// Completes the status in these headers, if there is one that lacks its details. Details without an ErrorInfo are no details of ours.
fn complete(headers: &mut HeaderMap, part: Part, context: Option<&AnswerContext>) {
    let refused = headers.get(Status::GRPC_STATUS).is_some_and(|code| Code::from_bytes(code.as_bytes()) != Code::Ok);
    if !refused || headers.contains_key(Status::GRPC_STATUS_DETAILS) {
        return;
    }
    let (Some(status), Some(context)) = (Status::from_header_map(headers), context) else { return };
    headers.remove(Status::GRPC_MESSAGE);
    // An error means that the details fit no header, which their encoding rules out; the code stands then without them.
    let _ = status::complete(status, part, context).add_header(headers);
}

pin_project! {
    /// Completes an answer that is all headers.
    pub struct FinishFuture<F> {
        #[pin]
        inner: F,
        context: Option<AnswerContext>,
    }
}

impl<F, B> Future for FinishFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<FinishBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Ok(mut response) = ready!(this.inner.poll(cx));
        let context = this.context.take();
        complete(response.headers_mut(), Part::Headers, context.as_ref());
        Poll::Ready(Ok(response.map(|inner| FinishBody { inner, context })))
    }
}

pin_project! {
    /// Completes the trailers of an answer.
    pub struct FinishBody<B> {
        #[pin]
        inner: B,
        context: Option<AnswerContext>,
    }
}

impl<B> HttpBody for FinishBody<B>
where
    B: HttpBody<Data = Bytes, Error = Status>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.project();
        let mut frame = ready!(this.inner.poll_frame(cx));
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            complete(trailers, Part::Trailers, this.context.as_ref());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}
