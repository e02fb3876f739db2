//! A writer from outside that lets every unit of work wait: so a test has a call under way for as long as it likes.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tokio_postgres::NoTls;

use super::database::Database;

/// A lock on what units of work write; let go when it is released or dropped.
pub enum Hold {
    /// The write lock of the file.
    Sqlite(SqliteConnection),
    /// The table of the accounts.
    Postgres(tokio_postgres::Client),
}

impl Hold {
    /// Takes it; what has begun before is waited for.
    pub async fn take(database: &Database) -> Self {
        match database {
            Database::Sqlite(directory) => {
                let path = directory.path().join("enroll.db");
                let mut connection =
                    SqliteConnection::establish(path.to_str().expect("a path")).expect("the file opens");
                connection.batch_execute("PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE").expect("the lock");
                Self::Sqlite(connection)
            }
            Database::Postgres(database) => {
                let (client, connection) = tokio_postgres::connect(&database.url, NoTls).await.expect("a session");
                tokio::spawn(connection);
                client.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE").await.expect("the lock");
                Self::Postgres(client)
            }
        }
    }

    /// Lets it go.
    pub async fn release(self) {
        match self {
            Self::Sqlite(mut connection) => connection.batch_execute("ROLLBACK").expect("the lock is let go"),
            Self::Postgres(client) => client.batch_execute("ROLLBACK").await.expect("the lock is let go"),
        }
    }
}
