//! The listeners and the bounds of a connection and of a call.

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::reader::Reader;
use super::setting::named_setting;

/// Who may ask the server for its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reflection {
    /// Whoever connects, where the gRPC listener is on loopback; else applications only.
    Loopback,
    /// Whoever connects.
    On,
    /// Nobody.
    Off,
}
named_setting!(Reflection, "loopback" => Self::Loopback, "on" => Self::On, "off" => Self::Off);

/// The bounds of HTTP/2. Each is set explicitly: a library's `None` can mean "no bound at all".
#[derive(Clone, Copy, Debug)]
pub struct Http2 {
    /// Calls at once on one connection.
    pub concurrent_streams_max: u32,
    /// Flow-control window of one call.
    pub stream_window_bytes: u32,
    /// Flow-control window of one connection.
    pub connection_window_bytes: u32,
    /// How long a connection may be silent before it is pinged.
    pub keepalive_interval: Duration,
    /// How long the answer to a ping may take.
    pub keepalive_timeout: Duration,
    /// How long a frame of an answer may wait for the client to take it.
    pub unread_timeout: Duration,
    /// After how long a connection is asked to be made anew, so that load spreads over replicas.
    pub connection_age_max: Duration,
}

/// The listeners.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where gRPC is served.
    pub listen: SocketAddr,
    /// Whether plain text may be served beyond loopback.
    pub plaintext: bool,
    /// Whether HTTP/1.1 is spoken too: browsers on plain text speak gRPC-Web over nothing else.
    pub http1: bool,
    /// Where metrics and liveness are served.
    pub admin_listen: SocketAddr,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one address.
    pub connections_per_address_max: usize,
    /// How long a new connection may take until its first byte, and for the TLS handshake.
    pub first_byte_timeout: Duration,
    /// How large a request message may be.
    pub message_bytes_max: usize,
    /// What all answers together may hold that clients have not taken yet.
    pub unread_bytes_max: usize,
    /// How large the metadata of a request may be.
    pub metadata_bytes_max: u32,
    /// The longest deadline a call gets, whatever it asks for.
    pub deadline_max: Duration,
    /// How long calls may take to finish after SIGTERM.
    pub drain: Duration,
    /// Whether `serve` migrates the database at its start.
    pub migrate: bool,
    /// See [`Reflection`].
    pub reflection: Reflection,
    /// The proxies whose `x-forwarded-for` is believed; nobody's by default.
    pub trusted_proxies: Vec<IpNet>,
    /// How many keys the rate limiter remembers at most.
    pub limiter_keys_max: usize,
    /// See [`Http2`].
    pub http2: Http2,
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Server {
    pub(super) fn read(reader: &mut Reader<'_>, tls: bool) -> Self {
        let listen = reader.value("server.listen", SocketAddr::from(([127, 0, 0, 1], 50_051)));
        let plaintext = reader.value("server.plaintext", false);
        if !listen.ip().is_loopback() && !tls && !plaintext {
            let message = "beyond loopback a TLS certificate is needed, or server.plaintext = true (--plaintext) where something else \
                           encrypts: keys and passwords would travel in the open";
            reader.fault("server.listen", message.to_owned());
        }
        Self {
            listen,
            plaintext,
            http1: reader.value("server.http1", true),
            admin_listen: reader.value("server.admin_listen", SocketAddr::from(([127, 0, 0, 1], 9_464))),
            connections_max: reader.within("server.connections_max", 4_096, 1..=1_000_000),
            connections_per_address_max: reader.within("server.connections_per_address_max", 512, 1..=1_000_000),
            first_byte_timeout: reader.within("server.first_byte_timeout", seconds(5), seconds(1)..=seconds(60)),
            message_bytes_max: reader.within("server.message_bytes_max", 256 << 10, 16 << 10..=16 << 20),
            unread_bytes_max: reader.within("server.unread_bytes_max", 256 << 20, 16 << 20..=1 << 36),
            metadata_bytes_max: reader.within("server.metadata_bytes_max", 16 << 10, 4 << 10..=1 << 20),
            deadline_max: reader.within("server.deadline_max", seconds(60), seconds(1)..=seconds(600)),
            drain: reader.within("server.drain", seconds(25), seconds(0)..=seconds(600)),
            migrate: reader.value("server.migrate", true),
            reflection: reader.value("server.reflection", Reflection::Loopback),
            trusted_proxies: reader.value("server.trusted_proxies", Vec::new()),
            limiter_keys_max: reader.within("server.limiter_keys_max", 1 << 18, 1 << 10..=1 << 24),
            http2: Http2::read(reader),
        }
    }
}

impl Http2 {
    fn read(reader: &mut Reader<'_>) -> Self {
        let window = 64 << 10..=16 << 20;
        Self {
            concurrent_streams_max: reader.within("server.http2.concurrent_streams_max", 200, 1..=10_000),
            stream_window_bytes: reader.within("server.http2.stream_window_bytes", 256 << 10, window.clone()),
            connection_window_bytes: reader.within("server.http2.connection_window_bytes", 1 << 20, window),
            keepalive_interval: reader.within(
                "server.http2.keepalive_interval",
                seconds(30),
                seconds(5)..=seconds(7_200),
            ),
            keepalive_timeout: reader.within("server.http2.keepalive_timeout", seconds(10), seconds(1)..=seconds(120)),
            unread_timeout: reader.within("server.http2.unread_timeout", seconds(30), seconds(1)..=seconds(600)),
            connection_age_max: reader.within(
                "server.http2.connection_age_max",
                seconds(3_600),
                seconds(10)..=seconds(86_400),
            ),
        }
    }
}
