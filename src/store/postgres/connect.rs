//! How a connection to the server is made: TLS by rustls, the session's settings, and the check that the server speaks as the store
//! understands. A remote host gets verified TLS unless the URL says `sslmode=disable`; there is no mode that encrypts without verifying,
//! because it would stop nobody.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::driver::Driver;
use super::one_sync::{OneSync, OneSyncInside};
use super::units;
use crate::store::error::{Fault, StoreError};

/// A peer that acknowledges nothing for that long is gone.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);
/// From when on an idle connection is asked for a sign of life: sooner than what stands between here and the server forgets it.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
/// A unit never thinks for that long between two statements.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);

/// How much longer than a statement may take its answer is waited for.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Where the server listens unless the URL says otherwise.
const PORT: u16 = 5432;

/// Has the server speak as `store::error` reads, where that is ours to say: for others than superusers the server would log an error at each
/// connection. Whether it does so all the same is checked at start.
const SPEAK_ENGLISH: &str =
    "SELECT set_config('lc_messages', 'C', false) FROM pg_roles WHERE rolname = current_user AND rolsuper";

/// Makes connections that are alike.
#[derive(Clone)]
pub(in crate::store) struct Connector {
    /// Where to, as whom; the password is in here, so this has no Debug.
    config: Arc<tokio_postgres::Config>,
    /// Absent = plain text.
    tls: Option<MakeRustlsConnect>,
    /// What every session begins with.
    session: Arc<str>,
    /// For how long the server may owe an answer.
    silence_max: Duration,
}

impl Connector {
    /// Reads the URL and the certificates; connects nowhere.
    pub(in crate::store) fn new(
        url: &SecretString,
        statement_timeout: Duration,
        connect_timeout: Duration,
        root_certificates: Option<&Path>,
    ) -> Result<Self, StoreError> {
        let (url, mode) = split_ssl_mode(url.expose_secret())?;
        let mut config: tokio_postgres::Config =
            url.parse().map_err(|error| StoreError::broken(Fault::Other, error))?;
        config.application_name("enroll").connect_timeout(connect_timeout).tcp_user_timeout(TCP_USER_TIMEOUT);
        config.keepalives_idle(KEEPALIVE_AFTER);
        let verify = match mode {
            Some(mode) => mode == TlsMode::VerifyFull,
            None => !is_on_this_machine(&config),
        };
        let tls = verify.then(|| tls(root_certificates)).transpose()?;
        config.ssl_mode(if verify { SslMode::Require } else { SslMode::Disable });
        let session = format!(
            "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}; \
             SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = on; \
             SET timezone = 'UTC'; {SPEAK_ENGLISH}",
            statement_timeout.as_millis(),
            IDLE_IN_TRANSACTION_TIMEOUT.as_millis(),
        );
        let silence_max = statement_timeout + ANSWER_TIME;
        Ok(Self { config: Arc::new(config), tls, session: session.into(), silence_max })
    }

    /// For statements that take as long as they take.
    pub(super) fn patient(&self) -> Self {
        Self { silence_max: Duration::MAX, ..self.clone() }
    }

    /// For how long the server may owe the answer to a statement: longer than it takes to give up on one.
    pub(super) fn silence_max(&self) -> Duration {
        self.silence_max
    }

    /// How long a connection may take to be made.
    pub(super) fn timeout(&self) -> Duration {
        self.config.get_connect_timeout().copied().unwrap_or(TCP_USER_TIMEOUT)
    }

    /// A connection with its session set up. The bound is round all of it: tokio-postgres bounds the TCP handshake only, and a server that
    /// takes connections and says nothing (a full backlog, a stopped process) would be waited for without end.
    pub(super) async fn connect(&self) -> Result<AsyncPgConnection, ConnectionError> {
        let late = |_| ConnectionError::BadConnection(format!("the server was not ready within {:?}", self.timeout()));
        tokio::time::timeout(self.timeout(), self.establish()).await.map_err(late)?
    }

    async fn establish(&self) -> Result<AsyncPgConnection, ConnectionError> {
        let (client, driver) = match (&self.tls, only_host(&self.config)) {
            (Some(tls), _) => {
                let inside = OneSyncInside { tls: tls.clone(), silence_max: self.silence_max };
                Driver::of(self.config.connect(inside).await.map_err(failed)?)
            }
            (None, Some((Host::Unix(directory), port))) => {
                let path = directory.join(format!(".s.PGSQL.{port}"));
                let stream = UnixStream::connect(&path).await.map_err(|error| unreached(path.display(), &error))?;
                self.over(stream).await?
            }
            (None, Some((Host::Tcp(name), port))) => self.over_tcp(name, port).await?,
            // Which of the hosts, tokio-postgres knows better; how long it may owe an answer, nobody watches.
            (None, None) => Driver::of(self.config.connect(NoTls).await.map_err(failed)?),
        };
        let mut conn = AsyncPgConnection::try_from(client).await?;
        conn.batch_execute(&self.session).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        units::prepare(&mut conn).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        conn.set_instrumentation(driver.with_log());
        Ok(conn)
    }

    /// In plain text to a name: over the first of its addresses where the server lets us in.
    async fn over_tcp(&self, name: &str, port: u16) -> Result<(Client, Driver), ConnectionError> {
        let mut refused = ConnectionError::BadConnection(format!("{name} has no address"));
        for address in lookup_host((name, port)).await.map_err(|error| unreached(name, &error))? {
            let connected = match tcp(address, &self.config).await {
                Ok(stream) => self.over(stream).await,
                Err(error) => Err(unreached(address, &error)),
            };
            match connected {
                Ok(connected) => return Ok(connected),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Over a stream that reaches the server.
    async fn over<S>(&self, stream: S) -> Result<(Client, Driver), ConnectionError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Ok(Driver::of(self.config.connect_raw(OneSync::over(stream, self.silence_max), NoTls).await.map_err(failed)?))
    }

    /// Connects once and checks the language of the server's messages, which `store::error` reads.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        let mut conn = self.connect().await.map_err(|error| StoreError::broken(Fault::Lost, error))?;
        let language: String = diesel::dsl::sql::<diesel::sql_types::Text>("SELECT current_setting('lc_messages')")
            .get_result(&mut conn)
            .await?;
        let is_english = ["C", "POSIX", ""].contains(&language.as_str())
            || ["C.", "en_", "en-", "English"].iter().any(|prefix| language.starts_with(prefix));
        if is_english {
            return Ok(());
        }
        Err(StoreError::broken(
            Fault::Other,
            format!("the server's messages are in {language}; ALTER ROLE <role> SET lc_messages = 'C' mends it"),
        ))
    }
}

/// The host and its port, where there is one host and nothing else to choose by.
fn only_host(config: &tokio_postgres::Config) -> Option<(&Host, u16)> {
    let port = match config.get_ports() {
        [] => PORT,
        [port] => *port,
        _ => return None,
    };
    let any = (TargetSessionAttrs::Any, LoadBalanceHosts::Disable);
    match (config.get_hosts(), config.get_hostaddrs()) {
        ([host], []) if (config.get_target_session_attrs(), config.get_load_balance_hosts()) == any => {
            Some((host, port))
        }
        _ => None,
    }
}

/// A stream to there that sends at once what it is given, and ends when the machine there is gone.
async fn tcp(address: SocketAddr, config: &tokio_postgres::Config) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    if config.get_keepalives() {
        let mut keepalive = TcpKeepalive::new().with_time(config.get_keepalives_idle());
        keepalive = config.get_keepalives_interval().into_iter().fold(keepalive, TcpKeepalive::with_interval);
        keepalive = config.get_keepalives_retries().into_iter().fold(keepalive, TcpKeepalive::with_retries);
        socket.set_tcp_keepalive(&keepalive)?;
    }
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(config.get_tcp_user_timeout().copied())?;
    Ok(stream)
}

/// The server was reached, and did not let us in.
fn failed(error: tokio_postgres::Error) -> ConnectionError {
    ConnectionError::CouldntSetupConfiguration(query_error(error))
}

/// Nobody was there.
fn unreached(place: impl fmt::Display, error: &io::Error) -> ConnectionError {
    ConnectionError::BadConnection(format!("error connecting to server: {place}: {error}"))
}

/// Keeps the causes, which have the server's words and what is wrong with its certificate: the error by itself says that there is one.
pub(super) fn query_error(error: tokio_postgres::Error) -> diesel::result::Error {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    diesel::result::Error::QueryBuilderError(text.into())
}

/// The two modes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TlsMode {
    /// Plain text.
    Disable,
    /// TLS, with the certificate and the host name verified.
    VerifyFull,
}

/// Takes `sslmode` out of the URL: tokio-postgres does not know `verify-full`. The modes of libpq between the two are refused, since what
/// they promise is not what their names say.
fn split_ssl_mode(url: &str) -> Result<(String, Option<TlsMode>), StoreError> {
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), None)) };
    let mut mode = None;
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", "disable")) => mode = Some(TlsMode::Disable),
            Some(("sslmode", "verify-full")) => mode = Some(TlsMode::VerifyFull),
            Some(("sslmode", _)) => {
                return Err(StoreError::broken(Fault::Other, "sslmode is either verify-full or disable"));
            }
            _ => rest.push(pair),
        }
    }
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok((url, mode))
}

/// Whether nothing that is said to the server leaves this machine. A `hostaddr` is what is connected to, whatever the host is called.
fn is_on_this_machine(config: &tokio_postgres::Config) -> bool {
    config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

/// Whether a host is this machine.
fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

/// TLS that verifies, with the authorities of the file or of the operating system.
fn tls(root_certificates: Option<&Path>) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = rustls::RootCertStore::empty();
    let certificates = match root_certificates {
        Some(path) => certificates_of(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _unusable) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(StoreError::broken(Fault::Other, "no authority to verify the server's certificate with"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::broken(Fault::Other, error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The certificates of a PEM file.
fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let unreadable = |error: rustls::pki_types::pem::Error| {
        StoreError::broken(Fault::Other, format!("{}: {error}", PathBuf::from(path).display()))
    };
    CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector(url: &str) -> Result<Connector, StoreError> {
        let second = Duration::from_secs(1);
        Connector::new(&SecretString::from(url.to_owned()), second, second, None)
    }

    #[test]
    fn sslmode_is_taken_out_of_the_url() {
        let (url, mode) = split_ssl_mode("postgres://h/d?sslmode=verify-full&x=1").expect("a mode");
        assert_eq!((url.as_str(), mode), ("postgres://h/d?x=1", Some(TlsMode::VerifyFull)));
        let (url, mode) = split_ssl_mode("postgres://h/d?sslmode=disable").expect("a mode");
        assert_eq!((url.as_str(), mode), ("postgres://h/d", Some(TlsMode::Disable)));
        for loose in ["prefer", "require", "verify-ca", "allow", ""] {
            assert!(split_ssl_mode(&format!("postgres://h/d?sslmode={loose}")).is_err(), "{loose}");
        }
    }

    #[test]
    fn only_this_machine_gets_plain_text_by_default() {
        for local in ["localhost", "127.0.0.1", "[::1]", "%2Frun%2Fpostgresql"] {
            let connector = connector(&format!("postgres://user@{local}/db")).expect("a connector");
            assert!(connector.tls.is_none(), "{local}");
        }
        for remote in ["db.example.com", "10.0.0.1", "localhost,db.example.com"] {
            match connector(&format!("postgres://user@{remote}/db")) {
                Ok(connector) => assert!(connector.tls.is_some(), "{remote}"),
                Err(error) => assert!(format!("{error:?}").contains("no authority"), "{remote}: {error:?}"),
            }
        }
        assert!(!is_on_this_machine(
            &"postgres://user@localhost/db?hostaddr=10.0.0.1".parse().expect("a configuration")
        ));
        assert!(connector("postgres://user@db.example.com/db?sslmode=disable").expect("a connector").tls.is_none());
    }
}
