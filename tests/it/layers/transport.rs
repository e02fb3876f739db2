//! TLS and mTLS of the real binary on loopback: who is let in, and who is not.

use std::time::Duration;

use tempfile::TempDir;
use tonic::Status;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use enroll::proto::v1;

use crate::support::binary::{self, Binary, operator_key};
use crate::support::certificates::{self, Authority, put};
use crate::support::client::Client;
use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::{Engine, made, requests};

const TIME_MAX: Duration = Duration::from_secs(10);

/// A server with certificates of `authority`, asking for those of `clients` where there are such.
async fn secured(database: &Database, authority: &Authority, clients: Option<&Authority>) -> (Binary, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let own = authority.sign("localhost");
    let mut command = binary::serve(database);
    command
        .env("ENROLL_TLS_CERTIFICATE", put(directory.path(), "server.pem", &own.certificate))
        .env("ENROLL_TLS_PRIVATE_KEY", put(directory.path(), "server.key", &own.private_key));
    if let Some(clients) = clients {
        command.env("ENROLL_TLS_CLIENT_CA", put(directory.path(), "clients.pem", &clients.pem()));
    }
    (Binary::spawn(command).await, directory)
}

/// One call as the operator over TLS.
async fn call(binary: &Binary, trusted: &Authority, identity: Option<certificates::Identity>) -> Result<(), Status> {
    let mut tls = ClientTlsConfig::new().domain_name("localhost").ca_certificate(Certificate::from_pem(trusted.pem()));
    if let Some(identity) = identity {
        tls = tls.identity(Identity::from_pem(identity.certificate, identity.private_key));
    }
    let endpoint = Endpoint::from_shared(format!("https://{}", binary.address())).expect("an address");
    let endpoint = endpoint.tls_config(tls).expect("a configuration").timeout(TIME_MAX).connect_timeout(TIME_MAX);
    let client = Client::anonymous(endpoint.connect_lazy()).with_key(&operator_key());
    client.tenants().list_tenants(v1::ListTenantsRequest::default()).await.map(|_| ())
}

#[test]
fn a_server_with_a_certificate_speaks_tls_only() {
    run(async {
        let database = Database::fresh(Engine::Sqlite).await;
        let authority = Authority::new();
        let (binary, _files) = secured(&database, &authority, None).await;
        call(&binary, &authority, None).await.expect("the certificate is trusted");
        call(&binary, &Authority::new(), None).await.expect_err("nobody knows who signed it");
        let plain = binary.operator().tenants().list_tenants(v1::ListTenantsRequest::default()).await;
        plain.expect_err("plain text is not spoken here");
        // Whoever was turned away harmed nobody.
        call(&binary, &authority, None).await.expect("it still serves");
    });
}

#[test]
fn a_server_that_asks_for_certificates_lets_only_those_in_that_it_trusts() {
    run(async {
        let database = Database::fresh(Engine::Sqlite).await;
        let (authority, clients) = (Authority::new(), Authority::new());
        let (binary, _files) = secured(&database, &authority, Some(&clients)).await;
        call(&binary, &authority, Some(clients.sign("a-client"))).await.expect("a known client");
        call(&binary, &authority, None).await.expect_err("a client without a certificate");
        call(&binary, &authority, Some(authority.sign("a-client"))).await.expect_err("signed by somebody else");
        call(&binary, &authority, Some(clients.sign("a-client"))).await.expect("it still serves");
    });
}

#[test]
fn a_renewed_certificate_is_taken_at_sighup_and_an_unusable_one_is_not() {
    run(async {
        let database = Database::fresh(Engine::Sqlite).await;
        let (old, new) = (Authority::new(), Authority::new());
        let (binary, files) = secured(&database, &old, None).await;
        call(&binary, &old, None).await.expect("the first certificate");
        put(files.path(), "server.pem", "half a cert");
        binary.hang_up();
        binary.said("the certificates stay as they were").await;
        call(&binary, &old, None).await.expect("still the first certificate");
        let renewed = new.sign("localhost");
        put(files.path(), "server.pem", &renewed.certificate);
        put(files.path(), "server.key", &renewed.private_key);
        binary.hang_up();
        binary.said("the certificates were read again").await;
        call(&binary, &new, None).await.expect("the new certificate");
        call(&binary, &old, None).await.expect_err("the old one is gone");
    });
}

#[test]
fn plain_text_beyond_loopback_has_to_be_asked_for() {
    run(async {
        let database = Database::fresh(Engine::Sqlite).await;
        let mut command = binary::serve(&database);
        command.env("ENROLL_SERVER_LISTEN", "0.0.0.0:0");
        let ended = crate::support::process::run_beside(command, TIME_MAX).await;
        assert!(!ended.status.success());
        assert!(ended.stderr.contains("plaintext"), "{}", ended.stderr);
        let mut command = binary::serve(&database);
        command.env("ENROLL_SERVER_LISTEN", "0.0.0.0:0").env("ENROLL_SERVER_PLAINTEXT", "true");
        let binary = Binary::spawn(command).await;
        let reachable = std::net::SocketAddr::from(([127, 0, 0, 1], binary.address().port()));
        let client = Client::anonymous(binary::connect(reachable)).with_key(&operator_key());
        made(client.accounts().create_account(requests::create("ada@example.org")).await);
    });
}
