//! A fresh database for one server, and a way round the service into it: for states that no rpc of this version leads to, and for counting
//! what was written.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use enroll::store::StoreSettings;

use super::engine::Engine;
use super::postgres;

/// A database that is gone when this is dropped.
pub enum Database {
    /// In a directory of its own.
    Sqlite(TempDir),
    /// On the tests' server.
    Postgres(postgres::Database),
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

impl Database {
    /// An empty one, or one that is migrated already.
    pub async fn fresh(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(tempfile::tempdir().expect("a directory")),
            Engine::Postgres => Self::Postgres(postgres::database().await),
        }
    }

    fn file(directory: &TempDir) -> std::path::PathBuf {
        directory.path().join("enroll.db")
    }

    /// Where the server finds it.
    pub fn settings(&self) -> StoreSettings {
        match self {
            Self::Sqlite(directory) => StoreSettings::sqlite(Self::file(directory)),
            Self::Postgres(database) => StoreSettings::postgres(SecretString::from(database.url.clone())),
        }
    }

    /// Runs a statement behind the service's back. Both engines have to understand it.
    pub async fn execute(&self, statement: &str) {
        match self {
            Self::Sqlite(directory) => {
                let mut connection = connect(&Self::file(directory));
                diesel::sql_query(statement).execute(&mut connection).expect("the statement runs");
            }
            Self::Postgres(database) => {
                session(&database.url).await.batch_execute(statement).await.expect("the statement runs");
            }
        }
    }

    /// How many rows a query such as `accounts WHERE ..` finds.
    pub async fn count(&self, rows: &str) -> i64 {
        count(&self.settings(), rows).await
    }

    /// The texts in the first column, `text`, of what a query finds.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        texts(&self.settings(), query).await
    }
}

/// How many rows a query such as `accounts WHERE ..` finds in the database of a store.
pub async fn count(store: &StoreSettings, rows: &str) -> i64 {
    let query = format!("SELECT count(*) AS count FROM {rows}");
    match store {
        StoreSettings::Sqlite { path, .. } => {
            let counted = diesel::sql_query(query).get_result::<Count>(&mut connect(path));
            counted.expect("the query runs").count
        }
        StoreSettings::Postgres { url, .. } => {
            session(url.expose_secret()).await.query_one(&query, &[]).await.expect("the query runs").get(0)
        }
    }
}

/// The texts in the first column, `text`, of what a query finds.
pub async fn texts(store: &StoreSettings, query: &str) -> Vec<String> {
    match store {
        StoreSettings::Sqlite { path, .. } => {
            let found = diesel::sql_query(query).load::<Line>(&mut connect(path));
            found.expect("the query runs").into_iter().map(|line| line.text).collect()
        }
        StoreSettings::Postgres { url, .. } => {
            let rows = session(url.expose_secret()).await.query(query, &[]).await.expect("the query runs");
            rows.iter().map(|row| row.get(0)).collect()
        }
    }
}

fn connect(path: &Path) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(path.to_str().expect("a path")).expect("the file opens");
    diesel::sql_query("PRAGMA busy_timeout = 10000").execute(&mut connection).expect("a timeout");
    connection
}

/// A session that ends when its client is dropped.
async fn session(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a session");
    tokio::spawn(connection);
    client
}
