//! Where it is kept: the only room that knows diesel. One set of queries (`store/queries`) is compiled against each engine; the rest of the
//! house sees [`Store`], whose methods are units of work: a method is one transaction, or one read.
//!
//! Invariants:
//! * a unit of work finishes or leaves nothing, whatever its caller does: cancelling the call does not cancel the unit;
//! * uniqueness is the database's business: nothing asks first and inserts then;
//! * engines' texts stay in here ([`StoreError`]).
//!
//! Absent: the clock, randomness in what is stored, rules. Ids and times are passed in.

pub mod accounts;
pub mod applications;
mod columns;
mod complaint;
pub mod contracts;
mod error;
pub mod outbox;
mod postgres;
pub mod quotas;
pub mod realms;
pub mod requests;
pub mod sessions;
mod settings;
mod sqlite;
mod statements;
pub mod templates;
pub mod tenants;
mod upsert;
pub mod verifications;

use std::sync::Arc;

pub use self::accounts::{AccountFilter, Accounts, Existing, NewAccount, NewCredential};
pub use self::applications::{ApplicationChange, Applications, NewApplication, NewInstallation};
pub use self::contracts::Contracts;
pub use self::error::{Cause, Conflict, StoreError};
pub use self::outbox::{ClaimedMessage, Outbox};
pub use self::quotas::Quotas;
pub use self::realms::Realms;
pub use self::requests::Requests;
pub use self::sessions::{LoginFailure, NewLogin, NewPassword, NewSession, Refresh, Refreshed, Rehash, Sessions};
pub use self::settings::StoreSettings;
pub use self::templates::Templates;
pub use self::tenants::{NewPortal, Tenants};
pub use self::verifications::{Confirmation, PasswordByToken, TokenUse, Verifications};

/// A page by its key: the rows after `after`, at most `limit`. Whoever wants to know whether there is a next page asks for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyset<Id> {
    /// The last row of the page before; absent for the first page.
    pub after: Option<Id>,
    /// How many rows at most.
    pub limit: i64,
}

/// The store. Cloning it is cheap; all clones are one store.
#[derive(Clone)]
pub struct Store {
    /// The engine behind it.
    engine: Arc<Engine>,
}

/// The engines there are.
enum Engine {
    /// A file of this machine.
    Sqlite(sqlite::Engine),
    /// A server.
    Postgres(postgres::Engine),
}

/// A unit of work by its query: owns its inputs, because it may outlive its caller, and may run more than once.
macro_rules! unit {
    ($store:expr, $aggregate:ident :: $query:ident ( $($input:ident),* )) => {{
        let inputs = std::sync::Arc::new(($($input,)*));
        match &*$store.engine {
            $crate::store::Engine::Sqlite(engine) => engine.unit(move |conn| {
                let inputs = std::sync::Arc::clone(&inputs);
                Box::pin(async move {
                    let ($($input,)*) = &*inputs;
                    $crate::store::sqlite::queries::$aggregate::$query(conn, $($input),*).await
                })
            }).await,
            $crate::store::Engine::Postgres(engine) => engine.unit(move |conn| {
                let inputs = std::sync::Arc::clone(&inputs);
                Box::pin(async move {
                    let ($($input,)*) = &*inputs;
                    $crate::store::postgres::queries::$aggregate::$query(conn, $($input),*).await
                })
            }).await,
        }
    }};
}
use unit;

/// A point read by its query: one statement that finds its row by a key. On PostgreSQL it shares a connection and is tried once more over
/// another one where that broke.
macro_rules! read {
    ($store:expr, $($query:ident)::+ ( $($input:expr),* )) => {
        match &*$store.engine {
            $crate::store::Engine::Sqlite(engine) => {
                let mut lent = engine.lend().await?;
                let read = $crate::store::sqlite::queries::$($query)::+(lent.reader(), $($input),*).await;
                read.map_err($crate::store::StoreError::settled)
            }
            $crate::store::Engine::Postgres(engine) => {
                let shared = engine.shared().lend().await?;
                match $crate::store::postgres::queries::$($query)::+(shared.reader(), $($input),*).await {
                    Ok(found) => Ok(found),
                    Err(error) => {
                        let shared = engine.shared().replace(shared, error).await?;
                        let read = $crate::store::postgres::queries::$($query)::+(shared.reader(), $($input),*).await;
                        read.map_err($crate::store::StoreError::settled)
                    }
                }
            }
        }
    };
}
use read;

/// A read of more than one row. On PostgreSQL it has a connection of the lists' pool to itself, so that nothing waits behind it.
macro_rules! list {
    ($store:expr, $($query:ident)::+ ( $($input:expr),* )) => {
        match &*$store.engine {
            $crate::store::Engine::Sqlite(engine) => {
                let mut lent = engine.lend().await?;
                let read = $crate::store::sqlite::queries::$($query)::+(lent.reader(), $($input),*).await;
                read.map_err($crate::store::StoreError::settled)
            }
            $crate::store::Engine::Postgres(engine) => {
                let conn = engine.acquire().await?;
                match $crate::store::postgres::queries::$($query)::+(&conn, $($input),*).await {
                    Ok(found) => Ok(found),
                    Err(error) => {
                        let conn = engine.replace(conn, error).await?;
                        let read = $crate::store::postgres::queries::$($query)::+(&conn, $($input),*).await;
                        read.map_err($crate::store::StoreError::settled)
                    }
                }
            }
        }
    };
}
use list;

impl Store {
    /// Opens the store without migrating it. [`StoreError::InUse`] where another process has the SQLite file.
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let engine = match settings {
            StoreSettings::Sqlite { path, readers, queue_units_max } => {
                Engine::Sqlite(sqlite::Engine::open(path, *readers, *queue_units_max).await?)
            }
            StoreSettings::Postgres {
                url,
                pool_max,
                shared_readers,
                statement_timeout,
                acquire_timeout,
                connect_timeout,
                root_certificates,
            } => {
                let connector =
                    postgres::Connector::new(url, *statement_timeout, *connect_timeout, root_certificates.as_deref())?;
                let bounds = postgres::Bounds {
                    pool_max: *pool_max,
                    shared_readers: *shared_readers,
                    acquire_timeout: *acquire_timeout,
                };
                Engine::Postgres(postgres::Engine::open(connector, &bounds).await?)
            }
        };
        Ok(Self { engine: Arc::new(engine) })
    }

    /// Applies what is pending, one process at a time; names what it applied.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.migrate().await,
            Engine::Postgres(engine) => engine.migrate().await,
        }
    }

    /// Names the migrations that are not applied yet.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.pending_migrations().await,
            Engine::Postgres(engine) => engine.pending_migrations().await,
        }
    }

    /// Whether this process has the database to itself, so that nobody else can migrate it meanwhile or make its first application.
    pub fn is_exclusive(&self) -> bool {
        matches!(&*self.engine, Engine::Sqlite(_))
    }

    /// Whether the engine answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        read!(self, ping())
    }

    /// Waits for the units of work that run, then ends the engine. What is asked after that is refused as unavailable.
    pub async fn close(&self) {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.close().await,
            Engine::Postgres(engine) => engine.close().await,
        }
    }

    /// Applications, grants and keys.
    pub fn applications(&self) -> Applications<'_> {
        Applications(self)
    }

    /// Tenants.
    pub fn tenants(&self) -> Tenants<'_> {
        Tenants(self)
    }

    /// Realms.
    pub fn realms(&self) -> Realms<'_> {
        Realms(self)
    }

    /// Contracts.
    pub fn contracts(&self) -> Contracts<'_> {
        Contracts(self)
    }

    /// Templates.
    pub fn templates(&self) -> Templates<'_> {
        Templates(self)
    }

    /// Accounts.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }

    /// Sessions of people, and what guards their logins.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }

    /// Tokens that were sent to people, and claims on addresses.
    pub fn verifications(&self) -> Verifications<'_> {
        Verifications(self)
    }

    /// Counts that quotas are held against.
    pub fn quotas(&self) -> Quotas<'_> {
        Quotas(self)
    }

    /// Remembered requests.
    pub fn requests(&self) -> Requests<'_> {
        Requests(self)
    }

    /// Messages to send.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox(self)
    }
}
