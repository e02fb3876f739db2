//! More work than there is room for, and a database that is away.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_postgres::NoTls;

use enroll::proto::v1;
use enroll::store::StoreSettings;

use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::hold::Hold;
use crate::support::requests::create;
use crate::support::told::read;
use crate::support::{Client, Engine, TestApp, Told, made, on_both_engines, refused};

on_both_engines!(a_hash_that_finds_no_room_is_refused, a_unit_of_work_that_finds_no_room_is_refused);

type Answers = JoinSet<Result<tonic::Response<v1::CreateAccountResponse>, tonic::Status>>;

/// So many calls at once, each for an account of its own.
fn calls(client: &Client, count: usize) -> Answers {
    let mut answers = JoinSet::new();
    for at in 0..count {
        let mut accounts = client.accounts();
        answers.spawn(async move { accounts.create_account(create(&format!("person-{at}@example.com"))).await });
    }
    answers
}

/// The next refusal; none where all calls that are left were done.
async fn next_refusal(answers: &mut Answers) -> Option<Told> {
    while let Some(answer) = answers.join_next().await {
        if let Err(status) = answer.expect("the call ends") {
            return Some(read(&status));
        }
    }
    None
}

async fn a_hash_that_finds_no_room_is_refused(engine: Engine) {
    let app = TestApp::builder(engine).with(|app| {
        (app.hasher.threads, app.hasher.queue_jobs_max) = (1, 1);
        (app.hasher.memory_kib, app.hasher.iterations) = (32 << 10, 10);
    });
    let app = app.start().await;
    let client = app.app(&["accounts.create"]).await;
    let mut answers = calls(&client, 8);
    let mut refusals = 0;
    while let Some(told) = next_refusal(&mut answers).await {
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("ResourceExhausted", "HASH_CAPACITY_EXCEEDED"));
        assert!(told.retry_after.is_some_and(|wait| wait > Duration::ZERO));
        refusals += 1;
    }
    assert!((1..8).contains(&refusals), "{refusals} of 8 were refused");
    assert_eq!(app.database().count("accounts").await, 8 - refusals);
}

async fn a_unit_of_work_that_finds_no_room_is_refused(engine: Engine) {
    // Room for what the server does by itself while the test is set up, and not for all calls.
    let app = TestApp::builder(engine).with(|app| {
        app.store = |settings| match settings {
            StoreSettings::Sqlite { queue_units_max, .. } => *queue_units_max = 8,
            StoreSettings::Postgres { pool_max, acquire_timeout, .. } => {
                (*pool_max, *acquire_timeout) = (8, Duration::from_millis(100));
            }
        };
    });
    let app = app.start().await;
    let client = app.app(&["accounts.create"]).await;
    let hold = Hold::take(app.database()).await;
    let mut answers = calls(&client, 24);
    let told = next_refusal(&mut answers).await.expect("there is no room for all");
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unavailable", "SERVICE_OVERLOADED"));
    assert!(told.retry_after.is_some());
    hold.release().await;
    while let Some(told) = next_refusal(&mut answers).await {
        assert_eq!(told.reason, "SERVICE_OVERLOADED");
    }
    assert!(comes_back(&client).await, "there is room again");
}

/// Whether an account can be made again within bounds: what was under way needs a moment to be done.
async fn comes_back(client: &Client) -> bool {
    for _ in 0..500 {
        if client.accounts().create_account(create("somebody@example.com")).await.is_ok() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// On SQLite readers never wait for a writer; on PostgreSQL they could wait for its connections.
#[test]
fn writers_that_wait_for_a_lock_leave_lists_alone() {
    run(async {
        let app = TestApp::builder(Engine::Postgres).with(|app| {
            app.store = |settings| match settings {
                StoreSettings::Postgres { pool_max, acquire_timeout, .. } => {
                    (*pool_max, *acquire_timeout) = (4, Duration::from_millis(500));
                }
                StoreSettings::Sqlite { .. } => unreachable!("the engine was asked for"),
            };
        });
        let app = app.start().await;
        let client = app.app(&["accounts.create", "tenants.read", "realms.read"]).await;
        let hold = Hold::take(app.database()).await;
        let mut answers = calls(&client, 8);
        // One of them was refused: so all connections for units of work are taken.
        let told = next_refusal(&mut answers).await.expect("there is no room for all");
        assert_eq!(told.reason, "SERVICE_OVERLOADED");
        for _ in 0..3 {
            made(client.tenants().list_tenants(v1::ListTenantsRequest::default()).await);
            made(client.realms().list_realms(v1::ListRealmsRequest::default()).await);
        }
        assert!(!answers.is_empty(), "writers are still waiting");
        hold.release().await;
        assert!(comes_back(&client).await, "there is room again");
    });
}

/// Only PostgreSQL can be away: a file is there.
#[test]
fn a_database_that_is_away_is_told_and_comes_back() {
    run(async {
        let app = TestApp::start(Engine::Postgres).await;
        let client = app.app(&["accounts.create", "accounts.read"]).await;
        made(client.accounts().create_account(create("a@example.com")).await);
        let Database::Postgres(database) = app.database() else { unreachable!("the engine was asked for") };
        let url = database.url.split('?').next().expect("a URL");
        let (server, name) = url.rsplit_once('/').expect("a URL with a database");
        let (session, connection) =
            tokio_postgres::connect(&format!("{server}/postgres"), NoTls).await.expect("a session");
        tokio::spawn(connection);
        let close = format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS false; \
             SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        session.batch_execute(&close).await.expect("the database is closed");
        for _ in 0..3 {
            for told in [
                refused(client.accounts().create_account(create("b@example.com")).await),
                refused(client.accounts().list_accounts(v1::ListAccountsRequest::default()).await),
            ] {
                assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unavailable", "DEPENDENCY_UNAVAILABLE"));
                assert!(told.retry_after.is_some());
            }
        }
        session
            .batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
            .await
            .expect("it is open again");
        assert!(comes_back(&client).await, "the service comes back with its database");
    });
}
