//! How a process begins: who migrates, who makes the operator application, and what is left behind of that.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use tokio_postgres::NoTls;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::support::binary::{self, Binary, operator_key};
use crate::support::client::Client;
use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::{Engine, made, on_both_engines, postgres, process, requests};

on_both_engines!(the_first_start_and_an_offline_key_are_in_the_trail);

const TIME_MAX: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The lock that installations and migrations hold.
const INSTALLATION_LOCK: i64 = 0x0065_6e72_6f6c_6c00;

/// `enroll ARGUMENTS` on the database of a test.
fn offline(database: &Database, arguments: &[&str]) -> Command {
    let mut command = binary::command(arguments);
    match database {
        Database::Sqlite(directory) => command.env("ENROLL_DATA_DIR", directory.path()),
        Database::Postgres(database) => command.env("DATABASE_URL", &database.url),
    };
    command
}

fn without_migrating(database: &Database) -> Command {
    let mut command = binary::serve(database);
    command.env("ENROLL_SERVER_MIGRATE", "false");
    command
}

/// Waits until the server at an address says this of itself.
async fn health_is(address: SocketAddr, wanted: ServingStatus) {
    let told = async {
        loop {
            let mut health = HealthClient::new(binary::connect(address));
            let told = health.check(HealthCheckRequest::default()).await;
            if told.is_ok_and(|told| told.into_inner().status() == wanted) {
                return;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    tokio::time::timeout(TIME_MAX, told).await.unwrap_or_else(|_| panic!("the server never says {wanted:?}"));
}

/// One of several replicas that wait for whoever deploys them to run `enroll migrate`.
#[test]
fn a_server_that_waits_for_migrations_serves_once_they_are_done() {
    run(async {
        let database = Database::Postgres(postgres::empty_database().await);
        let binary = Binary::spawn(without_migrating(&database)).await;
        health_is(binary.address(), ServingStatus::NotServing).await;
        let refused = binary.operator().accounts().create_account(requests::create("ada@example.org")).await;
        assert_eq!(refused.expect_err("nothing is there yet").code(), Code::Unavailable);
        process::run_beside(offline(&database, &["migrate"]), TIME_MAX).await.done();
        health_is(binary.address(), ServingStatus::Serving).await;
        // The first start is made up for: the operator is there.
        made(binary.operator().accounts().create_account(requests::create("ada@example.org")).await);
        assert_eq!(database.count("applications").await, 1);
    });
}

/// It has the file to itself: whoever waits there waits for nobody.
#[test]
fn on_sqlite_a_server_that_would_wait_for_ever_does_not_start() {
    run(async {
        let database = Database::fresh(Engine::Sqlite).await;
        let ended = process::run_beside(without_migrating(&database), TIME_MAX).await;
        assert!(!ended.status.success());
        assert!(ended.stderr.contains("run `enroll migrate`"), "{}", ended.stderr);
        process::run_beside(offline(&database, &["migrate"]), TIME_MAX).await.done();
        let binary = Binary::spawn(without_migrating(&database)).await;
        made(binary.operator().accounts().create_account(requests::create("ada@example.org")).await);
    });
}

/// On PostgreSQL the first key has to be given; and a start that has to wait (here for another process that migrates) answers health meanwhile.
#[test]
fn the_first_start_on_postgres_asks_for_a_key_after_it_listens() {
    run(async {
        let ours = postgres::empty_database().await;
        let (other, connection) = tokio_postgres::connect(&ours.url, NoTls).await.expect("a session");
        tokio::spawn(connection);
        other.batch_execute(&format!("SELECT pg_advisory_lock({INSTALLATION_LOCK})")).await.expect("the lock");
        let database = Database::Postgres(ours);
        // A port that was free a moment ago: the server tells its address only once it serves.
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
        let mut command = binary::serve(&database);
        command.env_remove("ENROLL_BOOTSTRAP_KEY").env("ENROLL_SERVER_LISTEN", address.to_string());
        let ended = tokio::spawn(process::run_beside(command, TIME_MAX));
        health_is(address, ServingStatus::NotServing).await;
        other.batch_execute(&format!("SELECT pg_advisory_unlock({INSTALLATION_LOCK})")).await.expect("let go");
        let ended = ended.await.expect("no panic");
        assert!(!ended.status.success());
        assert!(ended.stderr.contains("ENROLL_BOOTSTRAP_KEY"), "{}", ended.stderr);
        assert_eq!(database.count("applications").await, 0);
        // With the key it starts, and later starts do without.
        drop(Binary::start(&database).await);
        let mut command = binary::serve(&database);
        command.env_remove("ENROLL_BOOTSTRAP_KEY");
        drop(Binary::spawn(command).await);
    });
}

async fn the_first_start_and_an_offline_key_are_in_the_trail(engine: Engine) {
    let database = Database::fresh(engine).await;
    Binary::start(&database).await.kill();
    let audited = async |rpc: &str| {
        let rows = format!("audit_entries WHERE rpc = '{rpc}' AND outcome = 'CREATED' AND application_id IS NULL");
        database.count(&rows).await
    };
    // The tenant, the operator and its key, in one unit.
    assert_eq!((audited("Bootstrap").await, audited("CreateApplicationKey").await), (3, 0));
    let printed =
        process::run_beside(offline(&database, &["app", "key", "create", "--offline"]), TIME_MAX).await.done();
    assert_eq!((audited("Bootstrap").await, audited("CreateApplicationKey").await), (3, 1));
    assert_eq!(database.count("events WHERE kind = 'application_key.created'").await, 2);
    let binary = Binary::start(&database).await;
    for key in [operator_key(), printed.trim().to_owned()] {
        let client: Client = binary.anonymous().with_key(&key);
        let address = if key == operator_key() { "ada@example.org" } else { "grace@example.org" };
        made(client.accounts().create_account(requests::create(address)).await);
    }
}
