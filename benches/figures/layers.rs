//! P4: what the layers cost. The same service that does nothing, on tonic's own listener, with all layers and with none. The call is by an
//! application with a key, for a method that needs a permission, so that every layer has all of its work to do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tonic_web::GrpcWebLayer;
use tower::ServiceBuilder;

use enroll::middleware::authenticate::AuthenticateLayer;
use enroll::middleware::authorize::{AuthorizeLayer, ReflectionAccess};
use enroll::middleware::catch_panic::CatchPanicLayer;
use enroll::middleware::client_address::TrustedProxies;
use enroll::middleware::deadline::DeadlineLayer;
use enroll::middleware::finish::FinishLayer;
use enroll::middleware::gcra::Gcra;
use enroll::middleware::methods::Methods;
use enroll::middleware::rate_limit::RateLimitLayer;
use enroll::middleware::request_id::RequestIdLayer;
use enroll::middleware::trace::TraceLayer;
use enroll::middleware::{self, StackParts};
use enroll::provisioning::authentication::Authenticator;
use enroll::provisioning::cache::Caches;
use enroll::provisioning::limiter::Limiter;
use enroll::provisioning::seams::SystemClock;

use super::Bench;
use super::bare::{self, Echo};
use super::contest::{Contest, Row};
use super::product::{GET_ACCOUNT, LIMITER_KEYS, Product, no_limits};

const GOAL: f64 = 0.85;
const DEADLINE_MAX: Duration = Duration::from_secs(60);
/// As long as a request for an account.
const MESSAGE: &[u8] = &[7; 40];

/// The whole stack; with ablations, one layer more at a time from the outside in.
pub fn run(bench: &Bench) -> Vec<Row> {
    // The keys are in the store of a server, which stands idle beside.
    let product = Product::on_sqlite(&bench.server);
    let echo = bare::serve(&bench.server, Echo { reply: None });
    let key = product.key().expose();
    let contest = |what: &str, goal: Option<f64>, address: SocketAddr| {
        let target =
            |address| bench.generator.target(address, GET_ACCOUNT, key, Arc::new(|_| Bytes::from_static(MESSAGE)));
        let contest = Contest { figure: "P4", what: what.to_owned(), goal };
        let (row, ours) = bench.contest(contest, &target(address), &target(echo));
        if goal.is_some() {
            bench.latencies("P4", "all layers", &target(address), ours / 2.0);
            bench.latencies("P4", "bare tonic", &target(echo), ours / 2.0);
        }
        row
    };
    let mut rows = vec![contest("all layers round nothing / bare tonic", Some(GOAL), whole(bench, &product))];
    if bench.options.ablations {
        rows.push(contest("no layer / bare tonic", None, bare::serve(&bench.server, Echo { reply: None })));
        rows.extend(one_by_one(bench, &product).into_iter().map(|(what, address)| contest(what, None, address)));
    }
    product.stop(&bench.server);
    rows
}

fn authenticator(product: &Product, limiter: Arc<dyn Limiter>) -> Arc<Authenticator> {
    let (store, clock) = (product.store().clone(), Arc::new(SystemClock));
    Arc::new(Authenticator::new(store, Arc::new(Caches::default()), clock, limiter))
}

fn whole(bench: &Bench, product: &Product) -> SocketAddr {
    let limiter = Arc::new(Gcra::new(&no_limits(), LIMITER_KEYS));
    let parts = StackParts {
        methods: Methods::of_the_house(),
        proxies: TrustedProxies::default(),
        deadline_max: DEADLINE_MAX,
        authenticator: authenticator(product, limiter.clone()),
        reflection: ReflectionAccess::Anonymous,
        limiter,
    };
    bare::serve(&bench.server, middleware::stack(parts, Echo { reply: None }))
}

fn one_by_one(bench: &Bench, product: &Product) -> Vec<(&'static str, SocketAddr)> {
    let limiter: Arc<dyn Limiter> = Arc::new(Gcra::new(&no_limits(), LIMITER_KEYS));
    let methods = Methods::of_the_house();
    let (id, trace) = (RequestIdLayer::new(methods, TrustedProxies::default()), TraceLayer::new(methods));
    let (deadline, authorize) = (DeadlineLayer::new(DEADLINE_MAX), AuthorizeLayer::new(ReflectionAccess::Anonymous));
    let (limit, authenticator) = (RateLimitLayer::new(limiter.clone()), authenticator(product, limiter));
    let authenticate = || AuthenticateLayer::new(authenticator.clone(), ReflectionAccess::Anonymous);
    let runtime = &bench.server;
    /// A server with these layers round the service that does nothing.
    macro_rules! with {
        ($($layer:expr),*) => {
            bare::serve(runtime, ServiceBuilder::new().layer(GrpcWebLayer::new())$(.layer($layer))*.service(Echo { reply: None }))
        };
    }
    let (finish, panic) = (FinishLayer, CatchPanicLayer);
    vec![
        ("gRPC-Web / bare tonic", with!()),
        (".. + request id / bare tonic", with!(id.clone())),
        (".. + trace / bare tonic", with!(id.clone(), trace.clone())),
        (".. + finish / bare tonic", with!(id.clone(), trace.clone(), finish)),
        (".. + catch panic / bare tonic", with!(id.clone(), trace.clone(), finish, panic)),
        (".. + deadline / bare tonic", with!(id.clone(), trace.clone(), finish, panic, deadline)),
        (".. + authenticate / bare tonic", with!(id.clone(), trace.clone(), finish, panic, deadline, authenticate())),
        (
            ".. + authorize / bare tonic",
            with!(id.clone(), trace.clone(), finish, panic, deadline, authenticate(), authorize),
        ),
        (".. + rate limit / bare tonic", with!(id, trace, finish, panic, deadline, authenticate(), authorize, limit)),
    ]
}
