//! Everything about the network that an operator can choose. The configuration makes these; nothing here reads the environment. Every bound
//! of HTTP/2 is set: tonic and hyper take an absent one for "no bound at all".

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::middleware::client_address::TrustedProxies;

/// The network's side of a server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where gRPC is served, and to how many.
    pub listener: ListenerSettings,
    /// The bounds of a connection.
    pub http2: Http2Settings,
    /// Certificates; absent = plain text.
    pub tls: Option<TlsSettings>,
    /// Where metrics and liveness are served, in plain text; port 0 = any free one.
    pub admin_address: SocketAddr,
    /// Whose word about a client's address is taken.
    pub trusted_proxies: TrustedProxies,
    /// Who may ask for the schema.
    pub reflection: Reflection,
    /// The largest request message, in bytes; 256 KiB have room for 64 KiB of attributes and 32 KiB of annotations in any encoding.
    pub message_bytes_max: usize,
    /// What all answers together may hold that clients have not taken yet, in bytes. At half of it clients have a second to take a frame.
    pub unread_bytes_max: usize,
    /// The longest deadline a call gets.
    pub deadline_max: Duration,
    /// How long calls may take to finish once the server is to stop.
    pub drain: Duration,
    /// Whether the start migrates the database; without it the server waits, NOT_SERVING, until somebody has. On SQLite nobody else can while
    /// this process has the file, so there it does not start.
    pub migrate: bool,
    /// How often the expired ones of the remembered requests are deleted; for tests, operators have nothing to choose here.
    pub sweep_interval: Duration,
}

/// The gRPC listener.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// Where; port 0 = any free one.
    pub address: SocketAddr,
    /// Serving beyond loopback without certificates has to be said: keys and passwords travel in the open then.
    pub plaintext_beyond_loopback: bool,
    /// Connections at once; more are closed as they come.
    pub connections_max: usize,
    /// Connections at once from one address (an IPv6 /64); trusted proxies are exempt.
    pub connections_per_address_max: usize,
    /// How long a new connection may take for the TLS handshake, and then again until it has said what it speaks.
    pub first_byte_timeout: Duration,
    /// Whether HTTP/1.1 is spoken too: browsers on plain text speak gRPC-Web over nothing else.
    pub http1: bool,
}

/// The bounds of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Http2Settings {
    /// Calls at once.
    pub concurrent_streams_max: u32,
    /// Streams that the client reset and that were not yet accepted (CVE-2023-44487, rapid reset).
    pub pending_accept_reset_streams_max: usize,
    /// Streams that this server had to reset because of the client's errors (RUSTSEC-2024-0003).
    pub local_error_reset_streams_max: usize,
    /// All metadata of a request together, in bytes.
    pub metadata_bytes_max: u32,
    /// Flow-control window of one call, in bytes.
    pub stream_window_bytes: u32,
    /// Flow-control window of the connection, in bytes.
    pub connection_window_bytes: u32,
    /// The largest frame that the client may send, in bytes.
    pub frame_bytes_max: u32,
    /// How much of one answer HTTP/2 takes before the rest has to wait for the client, in bytes.
    pub send_buffer_bytes_max: usize,
    /// How long a frame of an answer may wait for the client to take it before the connection is ended; at least half as long.
    pub unread_timeout: Duration,
    /// How long the connection may be silent before it is pinged.
    pub keepalive_interval: Duration,
    /// How long the answer to a ping may take.
    pub keepalive_timeout: Duration,
    /// After how long the client is asked to make a new connection, so that load spreads over replicas; up to a tenth more, by chance. It
    /// is ended when no call can be under way any more: after the longer of `drain` and `deadline_max`.
    pub connection_age_max: Duration,
}

/// Certificates of the gRPC listener, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The certificate and its chain.
    pub certificate: PathBuf,
    /// Its key.
    pub private_key: PathBuf,
    /// Who signs the certificates that clients have to show (mTLS). A gate of the transport, not an identity.
    pub client_ca: Option<PathBuf>,
}

/// Who may ask the server for its schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reflection {
    /// Anybody, where the listener is on loopback; else any application.
    #[default]
    Loopback,
    /// Anybody.
    On,
    /// Nobody.
    Off,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listener: ListenerSettings::default(),
            http2: Http2Settings::default(),
            tls: None,
            admin_address: SocketAddr::from(([127, 0, 0, 1], 9_464)),
            trusted_proxies: TrustedProxies::default(),
            reflection: Reflection::default(),
            message_bytes_max: 256 << 10,
            unread_bytes_max: 256 << 20,
            deadline_max: Duration::from_secs(60),
            drain: Duration::from_secs(25),
            migrate: true,
            sweep_interval: Duration::from_secs(60),
        }
    }
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 50_051)),
            plaintext_beyond_loopback: false,
            connections_max: 4_096,
            connections_per_address_max: 512,
            first_byte_timeout: Duration::from_secs(5),
            http1: true,
        }
    }
}

impl Default for Http2Settings {
    fn default() -> Self {
        Self {
            concurrent_streams_max: 200,
            pending_accept_reset_streams_max: 20,
            local_error_reset_streams_max: 1_024,
            metadata_bytes_max: 16 << 10,
            stream_window_bytes: 256 << 10,
            connection_window_bytes: 1 << 20,
            frame_bytes_max: 16 << 10,
            send_buffer_bytes_max: 64 << 10,
            unread_timeout: Duration::from_secs(30),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            connection_age_max: Duration::from_secs(3_600),
        }
    }
}
