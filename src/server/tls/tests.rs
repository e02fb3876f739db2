//! Handshakes over loopback with certificates made for these tests (for `localhost`, until 2120), and files that are none.

use std::fs;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::*;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/tls/certificates").join(name)
}

fn settings(client_ca: bool) -> TlsSettings {
    TlsSettings {
        certificate: path("server.pem"),
        private_key: path("server.key"),
        client_ca: client_ca.then(|| path("ca.pem")),
    }
}

/// A client that trusts the test authority, and shows its certificate or none.
fn connector(identity: bool) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&path("ca.pem")).expect("the authority") {
        roots.add(certificate).expect("an authority");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_root_certificates(roots);
    let mut config = if identity {
        let key = PrivateKeyDer::from_pem_file(path("client.key")).expect("a key");
        builder.with_client_auth_cert(certificates(&path("client.pem")).expect("a certificate"), key).expect("they fit")
    } else {
        builder.with_no_client_auth()
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// What the client reads from a server that greets whoever passes its handshake; and the protocol they agreed on.
async fn greeting(settings: &TlsSettings, identity: bool) -> io::Result<(String, Option<Vec<u8>>)> {
    let acceptor = acceptor(settings, &["h2", "http/1.1"]).expect("certificates");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let server = async {
        let (stream, _) = listener.accept().await?;
        let mut stream = acceptor.accept(stream).await?;
        stream.write_all(b"hello").await?;
        stream.shutdown().await
    };
    let client = async {
        let name = ServerName::try_from("localhost").expect("a name");
        let mut stream = connector(identity).connect(name, TcpStream::connect(address).await?).await?;
        let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok((text, protocol))
    };
    let (_, read) = tokio::join!(server, client);
    read
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_speaks_http2() {
    let (text, protocol) = greeting(&settings(false), false).await.expect("a handshake");
    assert_eq!((text.as_str(), protocol.as_deref()), ("hello", Some(&b"h2"[..])));
}

#[tokio::test]
async fn mutual_tls_lets_in_who_shows_a_certificate_of_the_authority_and_nobody_else() {
    assert!(greeting(&settings(true), true).await.is_ok());
    assert!(greeting(&settings(true), false).await.is_err());
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let refused = |settings: TlsSettings| acceptor(&settings, &["h2"]).err().map(|error| error.to_string());
    let missing = refused(TlsSettings { certificate: path("absent.pem"), ..settings(false) });
    assert!(missing.is_some_and(|error| error.contains("absent.pem")));
    let empty = tempfile::NamedTempFile::new().expect("a file");
    fs::write(&empty, "no PEM").expect("written");
    let named = refused(TlsSettings { certificate: empty.path().to_owned(), ..settings(false) });
    assert!(named.is_some_and(|error| error.contains("no certificate")));
    let strange_key = refused(TlsSettings { private_key: path("client.key"), ..settings(false) });
    assert!(strange_key.is_some_and(|error| error.contains("cannot be used")));
    let no_authority = refused(TlsSettings { client_ca: Some(empty.path().to_owned()), ..settings(false) });
    assert!(no_authority.is_some());
}
