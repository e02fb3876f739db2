//! Real sockets on loopback, as an attacker, a client and an operator see them.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower::{Service, ServiceExt, service_fn};

use crate::middleware::client_address::TrustedProxies;
use crate::server::settings::{ListenerSettings, ServerSettings};

use super::*;

/// Longer than anything here takes; a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(10);

mod unread;

/// A listener over a service that answers at once, but for the path `/slow`, which waits for `release`, and `/large`, whose answer is.
struct Open {
    address: SocketAddr,
    ends: Ends,
    connections: TaskTracker,
    accepting: JoinHandle<()>,
    release: watch::Sender<bool>,
    /// How many slow and large calls have begun.
    begun: watch::Receiver<usize>,
    /// How many large answers are held.
    held: Arc<()>,
}

async fn open(listener: ListenerSettings) -> Open {
    open_with(ServerSettings { listener, ..ServerSettings::default() }).await
}

/// A large answer, and that it is there.
struct Large(Vec<u8>, #[expect(dead_code, reason = "counted by its owners")] Arc<()>);

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

const LARGE: usize = 1 << 20;

async fn open_with(settings: ServerSettings) -> Open {
    let socket = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = socket.local_addr().expect("an address");
    let (release, released) = watch::channel(false);
    let (begin, begun) = watch::channel(0);
    let held = Arc::new(());
    let holder = Arc::clone(&held);
    let service = service_fn(move |request: Request<Body>| {
        let (mut released, begin, holder) = (released.clone(), begin.clone(), Arc::clone(&holder));
        async move {
            if request.uri().path() == "/large" {
                let answer = Full::new(Bytes::from_owner(Large(vec![7; LARGE], holder)));
                begin.send_modify(|begun| *begun += 1);
                return Ok(Response::new(Body::new(answer.map_err(|never| match never {}))));
            }
            if request.uri().path() == "/slow" {
                begin.send_modify(|begun| *begun += 1);
                let _ = released.wait_for(|released| *released).await;
            }
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let (ends, connections) = (Ends::default(), TaskTracker::new());
    let acceptor = Acceptor::new(socket, Caps::new(&settings.listener, TrustedProxies::default()));
    let protocol = Protocol::new(&settings).expect("no certificates");
    let accepting = tokio::spawn(serve(acceptor, protocol, service, ends.clone(), connections.clone()));
    Open { address, ends, connections, accepting, release, begun, held }
}

impl Open {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("an endpoint").connect_lazy()
    }
}

/// Waits until the other side has closed.
async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is as closed as an end.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("closed in time");
}

async fn call(channel: &mut Channel, path: &str) -> Result<http::StatusCode, tonic::transport::Error> {
    let request = Request::post(path).body(Body::empty()).expect("a request");
    let response = channel.ready().await?.call(request).await?;
    let (parts, body) = response.into_parts();
    let _ = body.collect().await;
    Ok(parts.status)
}

#[tokio::test]
async fn who_does_not_say_what_it_speaks_is_closed() {
    let patience = Duration::from_millis(100);
    let open = open(ListenerSettings { first_byte_timeout: patience, ..ListenerSettings::default() }).await;
    let start = Instant::now();
    let (mut silent, mut slow) = (open.connect().await, open.connect().await);
    slow.write_all(b"PRI * HT").await.expect("sent");
    tokio::join!(closed(&mut silent), closed(&mut slow));
    assert!(start.elapsed() >= patience);
    // The control: one that speaks up is served, and its idle connection outlives the timer.
    let mut channel = open.channel();
    assert_eq!(call(&mut channel, "/").await.expect("served"), 200);
    timeout(2 * patience, std::future::pending::<()>()).await.expect_err("time passes");
    assert_eq!(call(&mut channel, "/").await.expect("served"), 200);
    assert_eq!(open.connections.len(), 1, "the same connection");
}

#[tokio::test]
async fn one_address_gets_its_share_and_no_more() {
    let open = open(ListenerSettings { connections_per_address_max: 2, ..ListenerSettings::default() }).await;
    let (_first, second) = (open.connect().await, open.connect().await);
    let mut third = open.connect().await;
    closed(&mut third).await;
    drop(second);
    // The place is free as soon as the server has seen the end.
    let mut channel = open.channel();
    let served = async { while call(&mut channel, "/").await.is_err() {} };
    timeout(PATIENCE, served).await.expect("a place");
}

#[tokio::test]
async fn metadata_over_the_bound_is_refused_and_the_server_goes_on() {
    let open = open(ListenerSettings::default()).await;
    let mut channel = open.channel();
    let request = Request::post("/").header("x-long", "x".repeat(20 << 10)).body(Body::empty()).expect("a request");
    let refused = channel.ready().await.expect("connected").call(request).await;
    assert!(refused.is_err() || refused.is_ok_and(|response| response.status() == 431));
    assert_eq!(call(&mut open.channel(), "/").await.expect("served"), 200);
}

#[tokio::test]
async fn a_drain_lets_calls_finish_and_idle_connections_go() {
    let mut open = open(ListenerSettings::default()).await;
    let (mut busy, mut idle) = (open.channel(), open.channel());
    assert_eq!(call(&mut idle, "/").await.expect("served"), 200);
    let slow = tokio::spawn(async move { call(&mut busy, "/slow").await });
    open.begun.wait_for(|begun| *begun == 1).await.expect("begun");
    open.ends.drain.cancel();
    timeout(PATIENCE, &mut open.accepting).await.expect("in time").expect("no panic");
    TcpStream::connect(open.address).await.expect_err("the socket is closed");
    assert!(!slow.is_finished());
    open.release.send_replace(true);
    assert_eq!(slow.await.expect("no panic").expect("served"), 200);
    timeout(PATIENCE, open.connections.wait()).await.expect("no connection is left");
}

#[tokio::test]
async fn the_end_of_the_drain_ends_what_hangs() {
    let mut open = open(ListenerSettings::default()).await;
    let mut busy = open.channel();
    let slow = tokio::spawn(async move { call(&mut busy, "/slow").await });
    open.begun.wait_for(|begun| *begun == 1).await.expect("begun");
    open.ends.drain.cancel();
    open.ends.kill.cancel();
    timeout(PATIENCE, open.connections.wait()).await.expect("no connection is left");
    slow.await.expect("no panic").expect_err("cut off");
}

#[tokio::test]
async fn http1_is_spoken_where_the_settings_say() {
    let answer = async |http1| {
        let open = open(ListenerSettings { http1, ..ListenerSettings::default() }).await;
        let mut stream = open.connect().await;
        let request = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.expect("sent");
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("answered or closed in time");
        String::from_utf8_lossy(&answer).into_owned()
    };
    assert!(answer(true).await.starts_with("HTTP/1.1 200"));
    assert!(!answer(false).await.contains("200"));
}
