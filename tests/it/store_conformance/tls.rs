//! PostgreSQL over TLS, as an operator sets it up: a server that takes nothing else over the network, and `enroll migrate` with `sslmode=verify-full`.
//! Only the certificate of the host that is meant, signed by an authority that is trusted, is spoken to; units run there as anywhere.

use std::path::Path;
use std::time::Duration;

use enroll::domain::account::AccountRef;
use enroll::store::{Store, StoreError, StoreSettings};

use super::fixtures::World;
use crate::support::binary;
use crate::support::certificates::{Authority, put};
use crate::support::engine::run;
use crate::support::postgres::Cluster;
use crate::support::process::{self, Ended};

const TIME_MAX: Duration = Duration::from_secs(30);

fn url(host: &str, port: u16, mode: &str) -> String {
    format!("postgres://postgres@{host}:{port}/postgres{mode}")
}

/// `enroll migrate` to a host of this machine.
async fn migrate(host: &str, port: u16, mode: &str, authorities: &Path) -> Ended {
    let mut command = binary::command(&["migrate"]);
    command.env("DATABASE_URL", url(host, port, mode)).env("ENROLL_STORE_ROOT_CERTIFICATES", authorities);
    process::run_beside(command, TIME_MAX).await
}

#[test]
fn only_a_verified_server_is_spoken_to() {
    run(async {
        const VERIFY: &str = "?sslmode=verify-full";
        let (authority, stranger) = (Authority::new(), Authority::new());
        let own = authority.sign("localhost");
        let (cluster, port) = Cluster::secured(&own.certificate, &own.private_key).await;
        let files = tempfile::tempdir().expect("a directory");
        let trusted = put(files.path(), "trusted.pem", &authority.pem());
        let unknown = put(files.path(), "unknown.pem", &stranger.pem());

        let stranger = migrate("localhost", port, VERIFY, &unknown).await;
        assert!(!stranger.status.success(), "signed by nobody that is trusted: {}", stranger.stdout);
        assert!(stranger.stderr.contains("invalid peer certificate"), "{}", stranger.stderr);
        let other_host = migrate("127.0.0.1", port, VERIFY, &trusted).await;
        assert!(!other_host.status.success(), "the certificate is another host's: {}", other_host.stdout);
        assert!(other_host.stderr.contains("not valid for"), "{}", other_host.stderr);
        // Control: this server takes no plain text, so that what follows is encrypted.
        let plain = migrate("localhost", port, "?sslmode=disable", &trusted).await;
        assert!(!plain.status.success(), "in plain text: {}", plain.stdout);
        let there = "tenants";
        assert!(!cluster.has_table(there).await, "nobody was let in");

        let applied = migrate("localhost", port, VERIFY, &trusted).await.done();
        assert!(applied.contains("0001_installation"), "{applied}");
        assert!(cluster.has_table(there).await);

        let mut settings = StoreSettings::postgres(url("localhost", port, VERIFY).into());
        if let StoreSettings::Postgres { root_certificates, pool_max, .. } = &mut settings {
            (*root_certificates, *pool_max) = (Some(trusted), 1);
        }
        let store = Store::open(&settings).await.expect("the store opens");
        let world = World::bootstrap(&store).await;
        for name in ["a", "b"] {
            let account = world.account(&format!("{name}@example.com"));
            let id = account.account.id;
            store.accounts().create(account).await.expect("written");
            let read = store.accounts().get(world.tenant.id, &AccountRef::Id(id)).await.expect("read");
            assert!(read.is_some(), "{name}");
        }
        let taken = store.accounts().create(world.account("a@example.com")).await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    });
}
