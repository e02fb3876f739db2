//! Certificates: of the listener, and of the command line as a client.

use std::path::PathBuf;

use super::reader::Reader;

/// The certificate of the gRPC listener. The files are read at the start of `serve`, not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// PEM: the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM: its key.
    pub private_key: PathBuf,
    /// PEM: who signs the certificates that clients have to show (mTLS). A gate of the transport, not an identity.
    pub client_ca: Option<PathBuf>,
}

impl Tls {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let pair = read_pair(reader, "tls");
        let client_ca = reader.optional("tls.client_ca");
        if client_ca.is_some() && pair.is_none() {
            reader.fault("tls.client_ca", "needs tls.certificate and tls.private_key".into());
        }
        pair.map(|(certificate, private_key)| Self { certificate, private_key, client_ca })
    }
}

/// What the client trusts and shows, where the endpoint is `https`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientTls {
    /// PEM: who signs the server's certificate; the system's authorities where absent.
    pub ca: Option<PathBuf>,
    /// PEM: the certificate shown to the server, and its key (mTLS).
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl ClientTls {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { ca: reader.optional("client.ca"), identity: read_pair(reader, "client") }
    }
}

/// A certificate and its key: both or neither.
fn read_pair(reader: &mut Reader<'_>, section: &str) -> Option<(PathBuf, PathBuf)> {
    let (certificate_key, private_key_key) = (format!("{section}.certificate"), format!("{section}.private_key"));
    let certificate: Option<PathBuf> = reader.optional(&certificate_key);
    let private_key: Option<PathBuf> = reader.optional(&private_key_key);
    match (&certificate, &private_key) {
        (Some(_), None) => reader.fault(&certificate_key, format!("needs {private_key_key} beside it")),
        (None, Some(_)) => reader.fault(&private_key_key, format!("needs {certificate_key} beside it")),
        _ => {}
    }
    certificate.zip(private_key)
}
