//! How much a caller may ask for, before its message is read: an application by its own rate, everybody else by address, each call weighted
//! by what its method costs. What one person may try how often, use cases ask once they have read who it is.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::domain::limits::LimitName;
use crate::provisioning::limiter::{Limited, Limiter, address_key};
use crate::provisioning::principal::Principal;
use crate::provisioning::refusal::Refusal;
use crate::status::AnswerContext;

use super::inbound::Inbound;
use super::refuse::refuse;

/// See the module.
#[derive(Clone)]
pub struct RateLimitLayer {
    limiter: Arc<dyn Limiter>,
}

impl RateLimitLayer {
    /// Asks this limiter.
    pub fn new(limiter: Arc<dyn Limiter>) -> Self {
        Self { limiter }
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimit<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimit { inner, limiter: self.limiter.clone() }
    }
}

/// See the module.
#[derive(Clone)]
pub struct RateLimit<S> {
    inner: S,
    limiter: Arc<dyn Limiter>,
}

impl<S, B> Service<Request<Body>> for RateLimit<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible, Future: Send> + Clone + Send + 'static,
    B: Default,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, inner);
        let limiter = self.limiter.clone();
        Box::pin(async move {
            match take(&*limiter, request.extensions().get::<Inbound>()).await {
                Ok(()) => inner.call(request).await,
                Err(refusal) => Ok(refuse(&refusal, request.extensions().get::<AnswerContext>())),
            }
        })
    }
}

async fn take(limiter: &dyn Limiter, inbound: Option<&Inbound>) -> Result<(), Refusal> {
    // A call of which nothing is known gets nothing.
    let Some((inbound, method)) = inbound.and_then(|inbound| Some((inbound, inbound.method?))) else {
        return Err(Refusal::Overloaded);
    };
    let (limit, taken) = match &inbound.principal {
        Principal::Application(caller) => {
            let limit = LimitName::ApplicationCalls;
            (limit, limiter.take(limit, caller.application.id.as_uuid().as_bytes(), method.cost).await)
        }
        Principal::Anonymous => {
            let limit = LimitName::PeerCalls;
            (limit, limiter.take(limit, &address_key(inbound.peer), method.cost).await)
        }
    };
    taken.map_err(|Limited { retry_after }| Refusal::RateLimited { limit, retry_after })
}
