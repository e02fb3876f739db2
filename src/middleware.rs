//! What happens to every call, whichever it is. [`stack`] is the list; each layer is a file.
//!
//! Layers are tower layers and not tonic's interceptors, which see no path and cannot wait. Every layer fails closed: without the record
//! that the layers before it have to leave, it refuses. Absent from here: any knowledge of a request's message. Who may do what on which
//! tenant is `provisioning`'s question; what a refusal looks like is `status`'s.

pub mod authenticate;
pub mod authorize;
pub mod catch_panic;
pub mod client_address;
pub mod deadline;
pub mod finish;
pub mod gcra;
pub mod inbound;
pub mod methods;
pub mod rate_limit;
mod refuse;
pub mod request_id;
pub mod trace;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::util::MapRequestLayer;
use tower::{Service, ServiceBuilder};

use crate::provisioning::limiter::Limiter;

use authenticate::{Authenticate, AuthenticateLayer};
use authorize::{AuthorizeLayer, ReflectionAccess};
use catch_panic::CatchPanicLayer;
use client_address::TrustedProxies;
use deadline::DeadlineLayer;
use finish::FinishLayer;
use methods::Methods;
use rate_limit::RateLimitLayer;
use request_id::RequestIdLayer;
use trace::TraceLayer;

/// What the layers work with.
pub struct StackParts<A> {
    /// What the proto says about each method.
    pub methods: &'static Methods,
    /// Whose word about a client's address is taken.
    pub proxies: TrustedProxies,
    /// The longest deadline a call gets, whatever its method's policy says.
    pub deadline_max: Duration,
    /// Tells callers by their credentials.
    pub authenticator: Arc<A>,
    /// Who may ask for the schema.
    pub reflection: ReflectionAccess,
    /// How much a caller may ask for.
    pub limiter: Arc<dyn Limiter>,
}

/// The services behind all layers, in the order in which a call passes them.
pub fn stack<S, A>(
    parts: StackParts<A>,
    services: S,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static,
    A: Authenticate,
{
    ServiceBuilder::new()
        // Browsers: gRPC-Web becomes gRPC, so that nothing further in has to know of it.
        .layer(GrpcWebLayer::new())
        // In or minted, and always out; opens the record that the other layers fill, with the client's address.
        .layer(RequestIdLayer::new(parts.methods, parts.proxies))
        // Span and metrics; outside of all that can refuse.
        .layer(TraceLayer::new(parts.methods))
        // Details for every answer that is not OK and has none.
        .layer(FinishLayer)
        // INTERNAL instead of a reset stream.
        .layer(CatchPanicLayer)
        // DEADLINE_EXCEEDED when the time is up, also while the body streams.
        .layer(DeadlineLayer::new(parts.deadline_max))
        // Who calls: a bad credential is refused, a missing one is anonymous.
        .layer(AuthenticateLayer::new(parts.authenticator, parts.reflection))
        // May this caller call this method: the policy in the proto decides.
        .layer(AuthorizeLayer::new(parts.reflection))
        // How much may it ask for; before the message is read.
        .layer(RateLimitLayer::new(parts.limiter))
        // What the layers learnt becomes the `Call` that the services see.
        .layer(MapRequestLayer::new(inbound::hand_over))
        .service(services)
}

#[cfg(test)]
mod tests;
