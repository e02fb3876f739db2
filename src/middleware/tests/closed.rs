//! A layer that does not find what the layers before it leave refuses: taking one out of the stack opens nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::middleware::authenticate::AuthenticateLayer;
use crate::middleware::authorize::{AuthorizeLayer, ReflectionAccess};
use crate::middleware::inbound;
use crate::middleware::rate_limit::RateLimitLayer;
use crate::provisioning::principal::Call;

use super::support::{CREATE_ACCOUNT, HEALTH, KeyTable, Notes};

/// What one layer alone answers to a call that nothing is known of.
async fn alone<L>(layer: L, path: &str) -> Code
where
    L: Layer<tower::util::BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>>,
    L::Service: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let reached = Arc::new(AtomicBool::new(false));
    let seen = reached.clone();
    let service = service_fn(move |_: Request<Body>| {
        seen.store(true, Ordering::Relaxed);
        async { Ok::<_, Infallible>(Response::new(Body::empty())) }
    });
    let request = Request::post(path).body(Body::empty()).expect("a request");
    let Ok(response) = layer.layer(tower::util::BoxCloneSyncService::new(service)).oneshot(request).await;
    assert!(!reached.load(Ordering::Relaxed), "the call went through");
    Status::from_header_map(response.headers()).expect("a status").code()
}

#[tokio::test]
async fn each_gate_is_shut_to_a_call_that_nothing_is_known_of() {
    for path in [CREATE_ACCOUNT, HEALTH] {
        assert_ne!(
            alone(AuthenticateLayer::new(Arc::new(KeyTable::default()), ReflectionAccess::Application), path).await,
            Code::Ok
        );
        assert_ne!(alone(AuthorizeLayer::new(ReflectionAccess::Anonymous), path).await, Code::Ok);
        assert_ne!(alone(RateLimitLayer::new(Notes::with_room(usize::MAX, false)), path).await, Code::Ok);
    }
}

#[test]
fn nothing_is_handed_over_of_a_call_that_nothing_is_known_of() {
    let request = inbound::hand_over(Request::new(()));
    assert!(request.extensions().get::<Call>().is_none());
}
