//! Migrations: the same on both engines, applied once, by one process at a time.

use std::path::Path;
use std::time::Duration;

use enroll::store::{Store, StoreSettings};
use secrecy::SecretString;
use tokio_postgres::NoTls;

use super::fixtures::World;
use crate::support::postgres;
use crate::support::stores::{TestStore, both_engines};

both_engines!(a_migrated_store_has_nothing_pending);

/// The names of the folders of an engine.
fn folders(engine: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    let entries = std::fs::read_dir(folder).expect("the folder of migrations");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[test]
fn both_engines_have_the_same_migrations() {
    assert_eq!(folders("sqlite"), folders("postgres"));
    assert!(!folders("sqlite").is_empty());
}

async fn a_migrated_store_has_nothing_pending(test: TestStore) {
    assert_eq!(test.store.pending_migrations().await.expect("a read"), Vec::<String>::new());
    assert_eq!(test.store.migrate().await.expect("a migration"), Vec::<String>::new());
    test.store.ping().await.expect("it answers");
}

/// From nothing: all are pending, all are applied, in the order of their names, and the store works.
async fn migrates_from_nothing(settings: StoreSettings, engine: &str) {
    let store = Store::open(&settings).await.expect("the store opens");
    assert_eq!(store.pending_migrations().await.expect("a read"), folders(engine));
    assert_eq!(store.migrate().await.expect("a migration"), folders(engine));
    assert_eq!(store.pending_migrations().await.expect("a read"), Vec::<String>::new());
    World::bootstrap(&store).await;
    store.close().await;
}

#[tokio::test]
async fn sqlite_migrates_from_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    migrates_from_nothing(StoreSettings::sqlite(directory.path().join("enroll.db")), "sqlite").await;
}

#[tokio::test]
async fn postgres_migrates_from_nothing() {
    let database = postgres::empty_database().await;
    let settings = StoreSettings::postgres(SecretString::from(database.url.clone()));
    migrates_from_nothing(settings, "postgres").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_migrate_at_once_apply_each_migration_once() {
    let database = postgres::empty_database().await;
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let settings = StoreSettings::postgres(SecretString::from(database.url.clone()));
        tasks.push(tokio::spawn(async move {
            Store::open(&settings).await.expect("the store opens").migrate().await.expect("a migration")
        }));
    }
    let mut applied = Vec::new();
    for task in tasks {
        applied.extend(task.await.expect("no panic"));
    }
    assert_eq!(applied, folders("postgres"));
}

/// What a server asks that waits for another process to migrate: it must neither wait with it nor begin what that one does.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_is_told_while_another_process_migrates() {
    const INSTALLATION_LOCK: i64 = 0x0065_6e72_6f6c_6c00;
    let database = postgres::empty_database().await;
    let (other, connection) = tokio_postgres::connect(&database.url, NoTls).await.expect("a session");
    tokio::spawn(connection);
    other.batch_execute(&format!("SELECT pg_advisory_lock({INSTALLATION_LOCK})")).await.expect("the lock");
    let settings = StoreSettings::postgres(SecretString::from(database.url.clone()));
    let store = Store::open(&settings).await.expect("the store opens");
    let asked = tokio::time::timeout(Duration::from_secs(10), store.pending_migrations()).await;
    assert_eq!(asked.expect("nothing is waited for").expect("a read"), folders("postgres"));
    let tables = "SELECT count(*) FROM pg_class WHERE relname = '__diesel_schema_migrations'";
    assert_eq!(other.query_one(tables, &[]).await.expect("a count").get::<_, i64>(0), 0, "asking writes nothing");
    // Control: the lock is the one that migrations take.
    let waits = tokio::time::timeout(Duration::from_millis(200), store.migrate()).await;
    waits.expect_err("a migration waits for the other process");
}

/// A session keeps the plan of a check, and may make it on a young database, before there are statistics. What it would choose then is seen
/// here, for every foreign key.
#[tokio::test]
async fn postgres_checks_foreign_keys_by_the_keys_that_they_name() {
    const FOREIGN_KEYS: &str = "
        SELECT c.conname::text, c.confrelid::regclass::text, c.conindid::regclass::text,
            string_agg(quote_ident(a.attname) || ' = $' || k.at, ' AND ' ORDER BY k.at),
            string_agg(format_type(a.atttypid, a.atttypmod), ', ' ORDER BY k.at), string_agg('NULL', ', ')
        FROM pg_constraint c, unnest(c.confkey) WITH ORDINALITY AS k (attnum, at), pg_attribute a
        WHERE c.contype = 'f' AND a.attrelid = c.confrelid AND a.attnum = k.attnum
        GROUP BY c.oid, c.conname, c.confrelid, c.conindid";
    let database = postgres::database().await;
    let (client, connection) = tokio_postgres::connect(&database.url, NoTls).await.expect("a session");
    tokio::spawn(connection);
    client.batch_execute("SET plan_cache_mode = force_generic_plan").await.expect("set");
    let keys = client.query(FOREIGN_KEYS, &[]).await.expect("the foreign keys");
    assert!(keys.len() > 10, "{keys:?}");
    for key in keys {
        let text = |at: usize| key.get::<_, String>(at);
        let (name, table, index, condition, types, values) = (text(0), text(1), text(2), text(3), text(4), text(5));
        let check = format!("PREPARE {name} ({types}) AS SELECT 1 FROM ONLY {table} WHERE {condition} FOR KEY SHARE");
        client.batch_execute(&check).await.expect("prepared");
        let plan = client.query(&format!("EXPLAIN EXECUTE {name} ({values})"), &[]).await.expect("a plan");
        let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
        assert!(plan.iter().any(|line| line.contains(&format!("using {index} on"))), "{name}: {plan:#?}");
    }
}
