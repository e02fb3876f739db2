//! Certificates of the listener: rustls with ring, TLS 1.2 and 1.3, and for mTLS the authority that clients' certificates need. They are read
//! again at SIGHUP, so that a renewed certificate needs no restart.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::telemetry::field;

use super::settings::TlsSettings;

/// Why the certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds no PEM of the kind that is needed.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: pem::Error,
    },
    /// A file holds no certificate.
    #[error("{}: no certificate in it", .0.display())]
    Empty(PathBuf),
    /// Certificate and key do not fit, or one is malformed.
    #[error("the certificate cannot be used: {0}")]
    Certificate(#[from] rustls::Error),
    /// No client could pass.
    #[error("the authority of clients cannot be used: {0}")]
    ClientAuthority(#[from] rustls::server::VerifierBuilderError),
}

/// The certificates in force. All clones are the same certificates.
#[derive(Clone)]
pub(super) struct Certificates {
    settings: TlsSettings,
    protocols: &'static [&'static str],
    current: watch::Sender<TlsAcceptor>,
}

impl Certificates {
    /// Reads the files of the settings.
    pub(super) fn read(settings: TlsSettings, protocols: &'static [&'static str]) -> Result<Self, TlsError> {
        let current = watch::Sender::new(acceptor(&settings, protocols)?);
        Ok(Self { settings, protocols, current })
    }

    /// For one connection: those of this moment, which it keeps.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.current.borrow().clone()
    }

    /// Reads the files again at every SIGHUP, until `stop`.
    pub(super) async fn renew(self, stop: CancellationToken) {
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(error) => {
                tracing::error!({ field::ERROR } = %error, "SIGHUP is not heard: certificates are read at the start only");
                return;
            }
        };
        loop {
            tokio::select! {
                _ = hangup.recv() => {}
                () = stop.cancelled() => return,
            }
            match acceptor(&self.settings, self.protocols) {
                Ok(renewed) => {
                    self.current.send_replace(renewed);
                    tracing::info!("the certificates were read again");
                }
                // Half-written files, say: better the old ones than none.
                Err(error) => tracing::error!({ field::ERROR } = %error, "the certificates stay as they were"),
            }
        }
    }
}

/// Reads the files of the settings. `protocols` are offered in this order (ALPN).
fn acceptor(settings: &TlsSettings, protocols: &[&str]) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let builder = match &settings.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key =
        PrivateKeyDer::from_pem_file(&settings.private_key).map_err(|error| file(&settings.private_key, error))?;
    let mut config = builder.with_single_cert(certificates(&settings.certificate)?, key)?;
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| file(path, error))?;
    if certificates.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(certificates) }
}

fn file(path: &Path, source: pem::Error) -> TlsError {
    TlsError::File { path: path.to_owned(), source }
}

/// What a handshake that took too long is called.
pub(super) fn handshake_timeout() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long")
}

#[cfg(test)]
mod tests;
