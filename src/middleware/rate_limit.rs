//! How much a caller may ask for, before its message is read: an application by its own rate, everybody else by address, each call weighted
//! by what its method costs. What one person may try how often, use cases ask once they have read who it is.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, Either};
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::domain::limits::LimitName;
use crate::provisioning::limiter::{Attempt, Limited, Limiter, address_key};
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

/// The answer of a service, or a refusal, where the limiter knew at once.
type RateLimitFuture<F, B> = Either<F, Ready<Result<Response<B>, Infallible>>>;

impl<S> RateLimit<S> {
    /// Takes what the call costs from the limit that it counts against; nothing for a method that does not exist.
    fn attempt(&self, inbound: &Inbound) -> Option<(LimitName, Attempt)> {
        let cost = inbound.method?.cost;
        Some(match &inbound.principal {
            Principal::Application(caller) => {
                let (limit, id) = (LimitName::ApplicationCalls, caller.application.id.as_uuid());
                (limit, self.limiter.take(limit, id.as_bytes(), cost))
            }
            Principal::Anonymous => {
                let limit = LimitName::PeerCalls;
                (limit, self.limiter.take(limit, &address_key(inbound.peer), cost))
            }
        })
    }
}

fn refusal(limit: LimitName, Limited { retry_after }: Limited) -> Refusal {
    Refusal::RateLimited { limit, retry_after }
}

fn refused<B: Default>(request: &Request<Body>, refusal: Refusal) -> Response<B> {
    refuse(&refusal, request.extensions().get::<AnswerContext>())
}

impl<S, B> Service<Request<Body>> for RateLimit<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible, Future: Send> + Clone + Send + 'static,
    B: Default,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Either<RateLimitFuture<S::Future, B>, BoxFuture<'static, Result<Response<B>, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // A call of which nothing is known gets nothing.
        let Some((limit, attempt)) = request.extensions().get::<Inbound>().and_then(|inbound| self.attempt(inbound))
        else {
            return Either::Left(Either::Right(ready(Ok(refused(&request, Refusal::Overloaded)))));
        };
        match attempt {
            Either::Left(known) => Either::Left(match known.into_inner() {
                Ok(()) => Either::Left(self.inner.call(request)),
                Err(limited) => Either::Right(ready(Ok(refused(&request, refusal(limit, limited))))),
            }),
            Either::Right(asked) => {
                let inner = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, inner);
                Either::Right(Box::pin(async move {
                    match asked.await {
                        Ok(()) => inner.call(request).await,
                        Err(limited) => Ok(refused(&request, refusal(limit, limited))),
                    }
                }))
            }
        }
    }
}
