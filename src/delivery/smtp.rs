//! Mail to a server, over a few connections that are used again.

use std::path::Path;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

use super::DeliveryError;
use super::carrier::Failure;
use super::settings::{SmtpSettings, SmtpTls};

/// For one command and its answer.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(30);
/// Servers end what idles for longer than a few minutes; this is less than any of them waits.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);

/// A mail server.
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// The pool has no bound of its own on connections in use.
    connections: Semaphore,
}

impl Smtp {
    /// Connects with the first mail.
    pub(super) fn new(settings: &SmtpSettings) -> Result<Self, DeliveryError> {
        let tls = match settings.tls {
            SmtpTls::None => Tls::None,
            SmtpTls::Starttls => Tls::Required(parameters(settings)?),
            SmtpTls::Implicit => Tls::Wrapper(parameters(settings)?),
        };
        let pool = PoolConfig::new().max_size(settings.connections_max).idle_timeout(IDLE_TIME_MAX);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(COMMAND_TIME_MAX))
            .pool_config(pool);
        if let Some((user, password)) = &settings.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        let permits = usize::try_from(settings.connections_max).unwrap_or(1).max(1);
        Ok(Self { transport: builder.build(), connections: Semaphore::new(permits) })
    }

    /// Sends one mail, once.
    pub(super) async fn send(&self, envelope: &Envelope, content: &[u8]) -> Result<(), Failure> {
        let Ok(_connection) = self.connections.acquire().await else { return Err(Failure::later("stopped")) };
        match self.transport.send_raw(envelope, content).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failure(error).await),
        }
    }

    /// A refusal is the mail's fault only where the server is content with everything before the mail: connection, TLS, user. A wrong
    /// password must not bury the mails of a day.
    async fn failure(&self, error: Error) -> Failure {
        let is_refusal = error.is_permanent() || error.is_client();
        if is_refusal && self.transport.test_connection().await.is_ok_and(|is_connected| is_connected) {
            return Failure::never(error.status().map_or_else(
                // Nothing else of a finished mail is for the client to refuse.
                || "the server has no SMTPUTF8".to_owned(),
                |code| format!("refused {code}"),
            ));
        }
        match error.status() {
            Some(code) => Failure::later(format!("answered {code}")),
            None => {
                // What the server answered may repeat the mail and is not told; this is about the connection.
                tracing::warn!(error = %error, "the mail server cannot be reached");
                Failure::later(if error.is_timeout() { "timeout" } else { "unreachable" })
            }
        }
    }
}

fn parameters(settings: &SmtpSettings) -> Result<TlsParameters, DeliveryError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca {
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authority(path)?);
    }
    builder.build().map_err(|error| DeliveryError::Tls(error.to_string()))
}

fn authority(path: &Path) -> Result<Certificate, DeliveryError> {
    let fault = |cause: String| DeliveryError::Authority { path: path.to_owned(), cause };
    let pem = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    Certificate::from_pem(&pem).map_err(|error| fault(error.to_string()))
}
