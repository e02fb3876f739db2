//! One connection from its first byte to its last: TLS, then HTTP/2 (or HTTP/1.1 for gRPC-Web) with every bound set, until the client goes,
//! does not read its answers, the connection has become old, or the server drains.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tower::Service;

use super::first_bytes::FirstBytes;
use super::in_task::{NewCalls, WithCalls};
use super::settings::{Http2Settings, ServerSettings};
use super::tls::{self, Certificates, TlsError};
use super::unread::{Budget, InPieces, Pieces, Unread};
use crate::telemetry::metric;

/// How connections are served.
#[derive(Clone)]
pub(super) struct Protocol {
    http2: Http2Settings,
    /// Whether HTTP/1.1 is spoken too.
    http1: bool,
    tls: Option<Certificates>,
    first_byte_timeout: Duration,
    unread_timeout: Duration,
    /// Of the answers of all connections.
    unread_budget: Arc<Budget>,
    age_max: Duration,
    /// How long a connection stays after GOAWAY.
    grace: Duration,
}

/// Why this side ended a connection.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Cut {
    #[error("an answer was not read")]
    Unread,
    #[error("calls were still under way long after the connection should have gone")]
    Lingering,
}

impl Cut {
    /// Counts it.
    fn told(self) -> Self {
        let cause = match self {
            Self::Unread => "answer_unread",
            Self::Lingering => "lingering",
        };
        metrics::counter!(metric::CONNECTIONS_CUT, "cause" => cause).increment(1);
        self
    }
}

/// What ends a connection from outside.
#[derive(Clone, Default)]
pub(super) struct Ends {
    /// Say goodbye (GOAWAY), and end with the last call.
    pub(super) drain: CancellationToken,
    /// End now.
    pub(super) kill: CancellationToken,
}

impl Protocol {
    pub(super) fn new(settings: &ServerSettings) -> Result<Self, TlsError> {
        let protocols: &'static [&'static str] = if settings.listener.http1 { &["h2", "http/1.1"] } else { &["h2"] };
        let tls = settings.tls.clone().map(|settings| Certificates::read(settings, protocols)).transpose()?;
        let first_byte_timeout = settings.listener.first_byte_timeout;
        let (http2, http1) = (settings.http2, settings.listener.http1);
        let Http2Settings { unread_timeout, connection_age_max: age_max, .. } = http2;
        // No call that was accepted before the goodbye lasts longer; streams without a deadline are begun anew elsewhere.
        let grace = settings.drain.max(settings.deadline_max);
        let unread_budget = Budget::new(settings.unread_bytes_max);
        Ok(Self { http2, http1, tls, first_byte_timeout, unread_timeout, unread_budget, age_max, grace })
    }

    /// The certificates that new connections get; absent = plain text.
    pub(super) fn certificates(&self) -> Option<Certificates> {
        self.tls.clone()
    }

    /// Serves a connection until it ends; why it ended is of interest to nobody but a log at level DEBUG.
    pub(super) async fn serve<S>(self, stream: TcpStream, peer: SocketAddr, stack: S, ends: Ends)
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static,
    {
        let info = TcpConnectInfo { local_addr: stream.local_addr().ok(), remote_addr: Some(peer) };
        let served = async {
            match &self.tls {
                None => self.serve_io(stream, stack, info, &ends).await,
                Some(tls) => {
                    let handshake = time::timeout(self.first_byte_timeout, tls.acceptor().accept(stream)).await;
                    let stream = handshake.map_err(|_| tls::handshake_timeout())??;
                    self.serve_io(stream, stack, info, &ends).await
                }
            }
        };
        let ended = tokio::select! {
            ended = served => ended,
            () = ends.kill.cancelled() => return,
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "a connection ended with an error");
        }
    }

    async fn serve_io<I, S>(
        &self,
        io: I,
        stack: S,
        info: TcpConnectInfo,
        ends: &Ends,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static,
    {
        let age_max = jittered(self.age_max, &info);
        let io = TokioIo::new(FirstBytes::new(io, self.first_byte_timeout));
        let unread = Unread::new(Arc::clone(&self.unread_budget));
        let calls = Calls { stack, info, unread: Arc::clone(&unread) };
        let served = |new: NewCalls| self.builder(new).serve_connection(io, calls).into_owned();
        let mut connection = pin!(WithCalls::new(served));
        let mut stalled = pin!(unread.stalled(self.unread_timeout));
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = stalled.as_mut() => return Err(Cut::Unread.told().into()),
            () = ends.drain.cancelled() => {}
            () = time::sleep(age_max) => {}
        }
        connection.as_mut().connection().graceful_shutdown();
        tokio::select! {
            ended = connection => ended,
            () = stalled => Err(Cut::Unread.told().into()),
            () = time::sleep(self.grace) => Err(Cut::Lingering.told().into()),
        }
    }

    /// HTTP for one connection, every bound set that there is.
    fn builder(&self, new_calls: NewCalls) -> auto::Builder<NewCalls> {
        let mut builder = auto::Builder::new(new_calls);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.http2.concurrent_streams_max)
            .max_pending_accept_reset_streams(self.http2.pending_accept_reset_streams_max)
            .max_local_error_reset_streams(self.http2.local_error_reset_streams_max)
            .max_header_list_size(self.http2.metadata_bytes_max)
            .initial_stream_window_size(self.http2.stream_window_bytes)
            .initial_connection_window_size(self.http2.connection_window_bytes)
            .adaptive_window(false)
            .max_frame_size(self.http2.frame_bytes_max)
            .max_send_buf_size(self.http2.send_buffer_bytes_max)
            .keep_alive_interval(self.http2.keepalive_interval)
            .keep_alive_timeout(self.http2.keepalive_timeout);
        // hyper buffers a request's head and the beginning of its body in one; below 8 KiB it panics.
        let head_bytes_max = usize::try_from(self.http2.metadata_bytes_max).unwrap_or(usize::MAX).max(8 << 10);
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.first_byte_timeout)
            .max_buf_size(head_bytes_max);
        if self.http1 { builder } else { builder.http2_only() }
    }
}

/// Up to a tenth more, by chance: connections that began together do not end together.
fn jittered(age: Duration, info: &TcpConnectInfo) -> Duration {
    let chance = RandomState::new().hash_one(info.remote_addr) % 1_000;
    age + age.mul_f64(0.1) * u32::try_from(chance).unwrap_or(0) / 1_000
}

/// The calls of one connection.
#[derive(Clone)]
struct Calls<S> {
    stack: S,
    info: TcpConnectInfo,
    unread: Arc<Unread>,
}

impl<S> hyper::service::Service<Request<Incoming>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    type Response = Response<Pieces>;
    type Error = Infallible;
    type Future = InPieces<S::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.info.clone());
        // Every layer is always ready; the clone is what a tower service needs to be called through a shared reference.
        InPieces::new(self.stack.clone().call(request), Arc::clone(&self.unread))
    }
}
