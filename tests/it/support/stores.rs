//! Stores of both engines for tests, each with a fresh database.

use enroll::store::{Store, StoreSettings};
use secrecy::SecretString;
use tempfile::TempDir;

use super::database;
use super::postgres::{self, Database};

/// A migrated store and what it stands on.
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// How it was opened, to open it again.
    pub settings: StoreSettings,
    /// What it stands on.
    pub ground: Ground,
}

/// What a store stands on, as long as the test runs.
pub enum Ground {
    /// A directory; it goes when this is dropped.
    Sqlite(#[expect(dead_code, reason = "held for its end")] TempDir),
    /// A database of the shared server.
    Postgres(Database),
}

impl TestStore {
    /// A store in a new file.
    pub async fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let settings = StoreSettings::sqlite(directory.path().join("enroll.db"));
        let store = Store::open(&settings).await.expect("the store opens");
        store.migrate().await.expect("the store migrates");
        Self { store, settings, ground: Ground::Sqlite(directory) }
    }

    /// A store in a new database.
    pub async fn postgres() -> Self {
        let database = postgres::database().await;
        let settings = StoreSettings::postgres(SecretString::from(database.url.clone()));
        let store = Store::open(&settings).await.expect("the store opens");
        Self { store, settings, ground: Ground::Postgres(database) }
    }

    /// How many rows a query such as `accounts WHERE ..` finds.
    pub async fn count(&self, rows: &str) -> i64 {
        database::count(&self.settings, rows).await
    }

    /// Closes the store, which waits for all units, and opens it again with other settings.
    pub async fn reopened(self, change: impl FnOnce(&mut StoreSettings)) -> Self {
        let Self { store, mut settings, ground } = self;
        store.close().await;
        drop(store);
        change(&mut settings);
        let store = Store::open(&settings).await.expect("the store opens again");
        Self { store, settings, ground }
    }
}

/// `both_engines!(a, b)`: the test functions `async fn a(test: TestStore)`, each as `a::on_sqlite` and `a::on_postgres`.
macro_rules! both_engines {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::support::stores::TestStore;

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_sqlite() {
                super::$name(TestStore::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_postgres() {
                super::$name(TestStore::postgres().await).await;
            }
        }
    )+};
}
pub(crate) use both_engines;
