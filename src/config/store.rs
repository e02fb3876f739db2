//! Which engine keeps the data, where, and how much of it is used.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::reader::Reader;

/// Where the data is kept.
#[derive(Clone, Debug)]
pub enum Engine {
    /// An embedded database in a directory of its own, used by one process.
    Sqlite {
        /// The directory; made when it is not there.
        data_dir: PathBuf,
    },
    /// A server shared by any number of replicas.
    Postgres {
        /// `postgres://user:password@host/database?sslmode=..`.
        url: SecretString,
        /// PEM: who signs the server's certificate; the system's authorities where absent.
        root_certificates: Option<PathBuf>,
    },
}

/// How much of an engine is used.
#[derive(Clone, Copy, Debug)]
pub struct PoolSettings {
    /// PostgreSQL: connections for units of work and lists; a quarter is for lists alone.
    pub connections_max: usize,
    /// PostgreSQL: connections shared by point reads, pipelined.
    pub shared_connections: usize,
    /// SQLite: connections for reads; absent = one a core.
    pub readers: Option<usize>,
    /// SQLite: units of work that may wait for the writer; more are refused as overload.
    pub queue_units_max: usize,
    /// How long a unit waits for a connection.
    pub acquire_timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
}

/// The store's settings.
#[derive(Clone, Debug)]
pub struct Store {
    /// See [`Engine`].
    pub engine: Engine,
    /// Where files are kept that are not the engine's: messages that are written and not sent.
    pub data_dir: PathBuf,
    /// See [`PoolSettings`].
    pub pool: PoolSettings,
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Store {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let url = reader.secret("store.database_url", postgres_url);
        let default = default_data_dir(reader);
        let data_dir = reader.value("store.data_dir", default);
        let root_certificates = reader.optional("store.root_certificates");
        let engine = match url {
            Some(url) => Engine::Postgres { url, root_certificates },
            None => Engine::Sqlite { data_dir: data_dir.clone() },
        };
        Self { engine, data_dir, pool: PoolSettings::read(reader) }
    }
}

impl PoolSettings {
    fn read(reader: &mut Reader<'_>) -> Self {
        let waits = seconds(1)..=seconds(300);
        Self {
            connections_max: reader.within("store.connections_max", 16, 1..=1_000),
            shared_connections: reader.within("store.shared_connections", 2, 1..=64),
            readers: Some(reader.within("store.readers", 0, 0..=256)).filter(|readers| *readers > 0),
            queue_units_max: reader.within("store.queue_units_max", 1_024, 1..=100_000),
            acquire_timeout: reader.within("store.acquire_timeout", seconds(2), waits.clone()),
            connect_timeout: reader.within("store.connect_timeout", seconds(5), waits.clone()),
            statement_timeout: reader.within("store.statement_timeout", seconds(10), waits),
        }
    }
}

/// XDG's place for data. Without a home (a system service) it has to be the current directory's: a relative path says so plainly.
fn default_data_dir(reader: &Reader<'_>) -> PathBuf {
    let xdg = reader.foreign_variable("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = reader.foreign_variable("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    xdg.or(home).map_or_else(|| PathBuf::from("enroll-data"), |base| base.join("enroll"))
}

/// Only the scheme is looked at: the rest is the driver's to judge.
fn postgres_url(text: &SecretString) -> Result<SecretString, String> {
    match text.expose_secret().split_once("://") {
        Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => Ok(text.clone()),
        _ => Err("expected postgres://..; for SQLite leave it out and set store.data_dir (--data-dir)".into()),
    }
}
