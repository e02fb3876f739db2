//! Where the store is and how much of it may be used at once. The configuration makes these; nothing here reads the environment.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// Which engine, and its bounds.
#[derive(Clone, Debug)]
pub enum StoreSettings {
    /// A file on this machine, for one process.
    Sqlite {
        /// The database file; made (readable by its owner only) where it is not there. Its directory has to exist.
        path: PathBuf,
        /// Connections that read; at least 1. Reads run inline, so more than there are worker threads are of no use.
        readers: usize,
        /// Units of work that may wait for the writer; more are refused as busy.
        queue_units_max: usize,
    },
    /// A server, for any number of processes.
    Postgres {
        /// `postgres://user:password@host/database`. `sslmode=disable` and `sslmode=verify-full` are understood; without one a remote host
        /// gets verify-full, loopback and unix sockets plain text.
        url: SecretString,
        /// Connections for units of work and lists. A quarter is for lists alone; each have one at least.
        pool_max: usize,
        /// Connections that all point reads share, pipelined; at least 1.
        shared_readers: usize,
        /// After that the server gives up on a statement.
        statement_timeout: Duration,
        /// How long a unit of work waits for a connection before it is refused as busy.
        acquire_timeout: Duration,
        /// How long a new connection may take.
        connect_timeout: Duration,
        /// PEM file of the authorities that may have signed the server's certificate; absent = the operating system's.
        root_certificates: Option<PathBuf>,
    },
}

impl StoreSettings {
    /// SQLite with the usual bounds.
    pub fn sqlite(path: PathBuf) -> Self {
        let readers = std::thread::available_parallelism().map_or(4, usize::from);
        Self::Sqlite { path, readers, queue_units_max: 1024 }
    }

    /// PostgreSQL with the usual bounds.
    pub fn postgres(url: SecretString) -> Self {
        Self::Postgres {
            url,
            pool_max: 16,
            shared_readers: 2,
            statement_timeout: Duration::from_secs(10),
            acquire_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(5),
            root_certificates: None,
        }
    }
}
