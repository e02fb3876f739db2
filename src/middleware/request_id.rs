//! The id that caller and operator speak of: taken from `x-request-id` where it is sane, else a new UUIDv7, and always in the answer. As
//! the outermost layer of ours it also opens the record that the other layers fill.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::header::ACCEPT_LANGUAGE;
use http::{HeaderName, HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tower::{Layer, Service};
use uuid::Uuid;

use crate::provisioning::principal::Principal;
use crate::status::AnswerContext;

use super::client_address::TrustedProxies;
use super::inbound::Inbound;
use super::methods::Methods;

/// In: the caller's id. Out: the id of the call.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Long enough for every usual form of id, short enough for every log.
const REQUEST_ID_LEN_MAX: usize = 64;

/// See the module.
#[derive(Clone)]
pub struct RequestIdLayer {
    shared: Arc<Shared>,
}

struct Shared {
    methods: &'static Methods,
    proxies: TrustedProxies,
    mint: Mint,
}

impl RequestIdLayer {
    /// Names the methods of `methods` and believes `proxies` about addresses.
    pub fn new(methods: &'static Methods, proxies: TrustedProxies) -> Self {
        Self { shared: Arc::new(Shared { methods, proxies, mint: Mint::default() }) }
    }
}

impl<S> Layer<S> for RequestIdLayer {
    type Service = RequestId<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestId { inner, shared: self.shared.clone() }
    }
}

/// See the module.
#[derive(Clone)]
pub struct RequestId<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S, B> Service<Request<Body>> for RequestId<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = RequestIdFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let (id, header) = match request.headers().get(&X_REQUEST_ID) {
            Some(header) if is_sane(header.as_bytes()) => {
                (header.to_str().unwrap_or_default().to_owned(), header.clone())
            }
            _ => self.shared.mint.mint(),
        };
        let method = self.shared.methods.find(request.uri().path());
        let language = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let context = AnswerContext::new(id, method.map_or("", |method| &method.rpc), language);
        let peer = request.extensions().get::<TcpConnectInfo>().and_then(|info| info.remote_addr);
        // A connection without an address shares one budget with all such; it does not go without.
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let peer = self.shared.proxies.client(peer, request.headers());
        let inbound = Inbound {
            method,
            peer,
            principal: Principal::Anonymous,
            person: None,
            calling_app: None,
            deadline: Instant::now(),
        };
        request.extensions_mut().insert(context);
        request.extensions_mut().insert(inbound);
        RequestIdFuture { inner: self.inner.call(request), header: Some(header) }
    }
}

pin_project! {
    /// Puts the id into the answer.
    pub struct RequestIdFuture<F> {
        #[pin]
        inner: F,
        header: Option<HeaderValue>,
    }
}

impl<F, B> Future for RequestIdFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Ok(mut response) = ready!(this.inner.poll(cx));
        if let Some(header) = this.header.take() {
            response.headers_mut().insert(X_REQUEST_ID, header);
        }
        Poll::Ready(Ok(response))
    }
}

/// Characters that mean nothing to any log, shell or file system.
fn is_sane(id: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=REQUEST_ID_LEN_MAX).contains(&id.len()) && id.iter().all(plain)
}

/// Mints ids without a system call: they must be unique, not secret. 74 bits of a keyed hash over a counter stand for the random part.
#[derive(Default)]
struct Mint {
    key: RandomState,
    counter: AtomicU64,
}

impl Mint {
    fn mint(&self) -> (String, HeaderValue) {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.key.hash_one(count).to_le_bytes());
        random[8..].copy_from_slice(&self.key.hash_one(!count).to_le_bytes()[..2]);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        let mut text = Uuid::encode_buffer();
        let text = &*id.hyphenated().encode_lower(&mut text);
        let header =
            HeaderValue::from_str(text).expect("invariant: hexadecimal digits and hyphens make a header value");
        (text.to_owned(), header)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn sane_ids_are_short_and_plain() {
        for sane in ["a", "A.b_c-9", &"x".repeat(64)] {
            assert!(is_sane(sane.as_bytes()), "{sane}");
        }
        for odd in ["", " ", "a b", "a/b", "a\"b", "é", "a:b", &"x".repeat(65)] {
            assert!(!is_sane(odd.as_bytes()), "{odd}");
        }
    }

    #[test]
    fn minted_ids_are_uuids_of_version_7_and_differ() {
        let mint = Mint::default();
        let ids: HashSet<String> = (0..10_000).map(|_| mint.mint().0).collect();
        assert_eq!(ids.len(), 10_000);
        for id in ids {
            assert_eq!(Uuid::parse_str(&id).map(|id| id.get_version_num()), Ok(7), "{id}");
            assert!(is_sane(id.as_bytes()));
        }
    }
}
