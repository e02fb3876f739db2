//! What only one engine has, and how each takes a failure of its own kind.

use std::time::Duration;

use enroll::domain::account::AccountRef;
use enroll::store::{Store, StoreError, StoreSettings};
use secrecy::SecretString;

use super::fixtures::World;
use crate::support::stores::{Ground, TestStore};

#[tokio::test]
async fn a_second_process_is_kept_off_a_sqlite_file() {
    let test = TestStore::sqlite().await;
    match Store::open(&test.settings).await {
        Err(StoreError::InUse(path)) => assert!(path.to_string_lossy().ends_with("enroll.db.lock"), "{path:?}"),
        Ok(_) => panic!("a second store was opened"),
        Err(error) => panic!("{error:?}"),
    }
    let test = test.reopened(|_| {}).await;
    test.store.ping().await.expect("the lock went with the first");
}

#[tokio::test]
async fn a_sqlite_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let test = TestStore::sqlite().await;
    let StoreSettings::Sqlite { path, .. } = &test.settings else { panic!("SQLite") };
    let mode = std::fs::metadata(path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_sqlite_queue_is_refused_as_busy() {
    let test = TestStore::sqlite().await;
    let test = test
        .reopened(|settings| {
            if let StoreSettings::Sqlite { queue_units_max, .. } = settings {
                *queue_units_max = 1;
            }
        })
        .await;
    let world = World::bootstrap(&test.store).await;
    let mut tasks = Vec::new();
    for index in 0..200 {
        let (store, new) = (test.store.clone(), world.account(&format!("anna{index}@example.com")));
        tasks.push(tokio::spawn(async move { store.accounts().create(new).await }));
    }
    let (mut made, mut busy) = (0, 0);
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(()) => made += 1,
            Err(StoreError::Busy) => busy += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(made > 0 && busy > 0, "{made} made, {busy} busy");
}

/// Runs a statement in the test's database, from outside the store.
async fn execute(test: &TestStore, statement: &str) {
    let Ground::Postgres(database) = &test.ground else { panic!("PostgreSQL") };
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.expect("a session");
    tokio::spawn(connection);
    client.batch_execute(statement).await.expect("a statement");
}

/// Ends every session of the store, as a restart of the server does.
async fn cut_all(test: &TestStore) {
    let cut = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    execute(test, cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_connections_are_replaced() {
    let test = TestStore::postgres().await;
    let world = World::bootstrap(&test.store).await;
    let new = world.account("anna@example.com");
    let name = AccountRef::Id(new.account.id);
    test.store.accounts().create(new).await.expect("an account");
    for round in 0..3 {
        // Fills the pool, so that several connections break.
        let filter = enroll::store::AccountFilter::default();
        let list = || test.store.accounts().list(world.tenant.id, &filter, super::pages::all());
        let (first, second, third) = tokio::join!(list(), list(), list());
        assert!(first.is_ok() && second.is_ok() && third.is_ok());
        cut_all(&test).await;
        let found = test.store.accounts().get(world.tenant.id, &name).await.expect("a read after the cut");
        assert!(found.is_some());
        let new = world.account(&format!("round{round}@example.com"));
        test.store.accounts().create(new).await.expect("a unit after the cut");
        list().await.expect("a list after the cut");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_given_up() {
    let test = TestStore::postgres().await;
    let world = World::bootstrap(&test.store).await;
    let test = test
        .reopened(|settings| {
            if let StoreSettings::Postgres { statement_timeout, .. } = settings {
                *statement_timeout = Duration::from_millis(100);
            }
        })
        .await;
    let Ground::Postgres(database) = &test.ground else { panic!("PostgreSQL") };
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.expect("a session");
    tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    let refused = test.store.accounts().create(world.account("anna@example.com")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable)), "{refused:?}");
    client.batch_execute("ROLLBACK").await.expect("a rollback");
    test.store.accounts().create(world.account("anna@example.com")).await.expect("nothing was left");
}

/// What the server left for the commit may take longer than a statement, and than an answer is waited for: the unit is kept, and said to be.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_not_given_up() {
    const TIMEOUT: Duration = Duration::from_millis(100);
    let test = TestStore::postgres().await;
    let world = World::bootstrap(&test.store).await;
    let late =
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(8); RETURN NULL; END';
                CREATE CONSTRAINT TRIGGER late AFTER INSERT ON accounts DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION late()";
    execute(&test, late).await;
    let test = test
        .reopened(|settings| {
            if let StoreSettings::Postgres { statement_timeout, pool_max, .. } = settings {
                (*statement_timeout, *pool_max) = (TIMEOUT, 1);
            }
        })
        .await;
    test.store.accounts().create(world.account("anna@example.com")).await.expect("a commit that takes its time");
    execute(&test, "DROP TRIGGER late ON accounts").await;
    // The only connection is as before: with its timeout, and without a transaction.
    let Ground::Postgres(database) = &test.ground else { panic!("PostgreSQL") };
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.expect("a session");
    tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    let refused = test.store.accounts().create(world.account("berta@example.com")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable)), "{refused:?}");
    client.batch_execute("ROLLBACK").await.expect("a rollback");
    test.store.accounts().create(world.account("berta@example.com")).await.expect("nothing was left");
}

/// Two units that wait for each other: the server ends one, and the store runs it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_run_again() {
    let test = TestStore::postgres().await;
    let world = World::bootstrap(&test.store).await;
    let mut first = world.account("a@example.com");
    let mut second = world.account("b@example.com");
    let quota = |key: &str| enroll::domain::quota::QuotaUse {
        tenant_id: None,
        scope: "test",
        key: key.to_owned(),
        limit: 1_000_000,
    };
    first.quotas = vec![quota("x"), quota("y")];
    second.quotas = vec![quota("y"), quota("x")];
    for round in 0..20 {
        let fresh = |template: &enroll::store::NewAccount, name: &str| {
            let mut new = world.account(&format!("{name}{round}@example.com"));
            new.quotas = template.quotas.clone();
            new
        };
        let accounts = test.store.accounts();
        let (one, two) = tokio::join!(accounts.create(fresh(&first, "a")), accounts.create(fresh(&second, "b")));
        one.expect("the first of the round");
        two.expect("the second of the round");
    }
}

#[tokio::test]
async fn an_exhausted_pool_is_busy() {
    let test = TestStore::postgres().await;
    let world = World::bootstrap(&test.store).await;
    let test = test
        .reopened(|settings| {
            if let StoreSettings::Postgres { pool_max, acquire_timeout, .. } = settings {
                (*pool_max, *acquire_timeout) = (1, Duration::from_millis(50));
            }
        })
        .await;
    let Ground::Postgres(database) = &test.ground else { panic!("PostgreSQL") };
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.expect("a session");
    tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    let store = test.store.clone();
    let new = world.account("a@example.com");
    let waiting = tokio::spawn(async move { store.accounts().create(new).await });
    // The unit has the only connection once it waits for the lock.
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted";
    while client.query_one(waits, &[]).await.expect("a count").get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
    let refused = test.store.accounts().create(world.account("b@example.com")).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    client.batch_execute("ROLLBACK").await.expect("a rollback");
    waiting.await.expect("no panic").expect("the first got through");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_without_its_words() {
    let url = SecretString::from("postgres://nobody:geheim@127.0.0.1:1/none".to_owned());
    match Store::open(&StoreSettings::postgres(url)).await {
        Err(error @ StoreError::Unavailable) => {
            assert_eq!(error.to_string(), "the store is unavailable");
            assert!(!format!("{error:?}").contains("geheim"));
        }
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("a store without a server"),
    }
}

/// A server that takes the connection and never says a word.
#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_without_end() {
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let mut settings = StoreSettings::postgres(SecretString::from(format!("postgres://nobody@127.0.0.1:{port}/none")));
    if let StoreSettings::Postgres { connect_timeout, .. } = &mut settings {
        *connect_timeout = Duration::from_millis(100);
    }
    let opened = tokio::time::timeout(Duration::from_secs(10), Store::open(&settings)).await.expect("a bound");
    assert!(matches!(opened.map(|_| ()), Err(StoreError::Unavailable)));
    drop(silent);
}
