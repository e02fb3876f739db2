//! Accepts connections: as many as the caps allow, without delay of small packets, and without spinning when the process is out of file
//! descriptors.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tower::Service;

use crate::telemetry::field;

use super::caps::{Caps, Place};
use super::connection::{Ends, Protocol};

/// After a first failure of the system to give a connection.
const PAUSE_MIN: Duration = Duration::from_millis(10);
/// After many in a row.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Takes connections from a socket.
pub(super) struct Acceptor {
    listener: TcpListener,
    caps: Arc<Caps>,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener, caps: Arc<Caps>) -> Self {
        Self { listener, caps }
    }

    /// The next connection that there is a place for.
    pub(super) async fn accept(&self) -> (TcpStream, SocketAddr, Place) {
        let mut pause = PAUSE_MIN;
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    pause = PAUSE_MIN;
                    if let Ok(place) = self.caps.admit(peer.ip()) {
                        // A socket that cannot be set so is a slower one, or gone already.
                        let _ = stream.set_nodelay(true);
                        return (stream, peer, place);
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!({ field::ERROR } = %error, "no connection can be accepted; waiting");
                    time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }
}

/// Failures of the connection that was to be accepted; all others (EMFILE, ENFILE, ENOBUFS, ENOMEM) are ours and last for a while.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Serves until `ends` says to drain; the socket is closed then, and the tasks in `tracker` end with their connections.
pub(super) async fn serve<S>(acceptor: Acceptor, protocol: Protocol, stack: S, ends: Ends, tracker: TaskTracker)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    loop {
        let (stream, peer, place) = tokio::select! {
            accepted = acceptor.accept() => accepted,
            () = ends.drain.cancelled() => break,
        };
        let (protocol, stack, ends) = (protocol.clone(), stack.clone(), ends.clone());
        tracker.spawn(async move {
            protocol.serve(stream, peer, stack, ends).await;
            drop(place);
        });
    }
    tracker.close();
}

#[cfg(test)]
mod tests;
