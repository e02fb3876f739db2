//! Migrations: the same on both engines, applied once, by one process at a time.

use std::path::Path;

use enroll::store::{Store, StoreSettings};
use secrecy::SecretString;

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
