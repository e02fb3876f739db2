//! The pool of connections that read. A read is inline and never awaits, so a connection is away for microseconds only.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::connection::open_reader;
use super::{Conn, Reader};
use crate::store::error::StoreError;

/// The pool. Connections are opened when they are first needed.
pub(super) struct Readers {
    /// The database file.
    path: PathBuf,
    /// Connections that nobody uses right now; the last used is the first to go, its pages are warm.
    idle: Mutex<Vec<Conn>>,
    /// As many permits as connections may be away.
    permits: Semaphore,
}

/// A connection that is away; it comes back when this is dropped.
pub(in crate::store) struct Lent<'a> {
    /// There until dropped.
    conn: Option<Conn>,
    /// Where it goes back to.
    readers: &'a Readers,
    /// Goes back after the connection.
    _permit: SemaphorePermit<'a>,
}

impl Readers {
    /// At most `count` connections.
    pub(super) fn new(path: PathBuf, count: usize) -> Self {
        Self { path, idle: Mutex::new(Vec::new()), permits: Semaphore::new(count.max(1)) }
    }

    /// A connection, as soon as one is free.
    pub(super) async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let permit = self.permits.acquire().await.map_err(|_| StoreError::Unavailable)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => open_reader(&self.path).map_err(StoreError::settled)?,
        };
        Ok(Lent { conn: Some(conn), readers: self, _permit: permit })
    }
}

impl Lent<'_> {
    /// What queries take.
    pub(in crate::store) fn reader(&mut self) -> Reader<'_> {
        self.conn.as_mut().expect("invariant: the connection is there until this is dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // A connection that a panic went through is closed instead: nobody knows what it was doing.
        if let Some(conn) = self.conn.take().filter(|_| !std::thread::panicking()) {
            self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        }
    }
}
