//! A few connections that all point reads share. Statements are pipelined, so that one connection carries what a pool of sixteen does not;
//! what is slow must not come by here, for everything behind it would wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel_async::AsyncPgConnection;
use tokio::sync::RwLock;

use super::Reader;
use super::connect::Connector;
use crate::store::error::{Fault, StoreError};

/// The connections, opened when they are first needed.
pub(in crate::store) struct SharedReaders {
    /// Makes them.
    connector: Connector,
    /// Each with the number of times it was replaced.
    slots: Vec<RwLock<Slot>>,
    /// Whose turn it is.
    next: AtomicUsize,
}

/// A place for a connection.
#[derive(Default)]
struct Slot {
    /// Counts the connections that were here, so that of many reads that see one break only the first replaces it.
    generation: u64,
    /// The connection.
    conn: Option<Arc<AsyncPgConnection>>,
}

/// A share in a connection.
pub(in crate::store) struct Shared {
    /// The connection.
    conn: Arc<AsyncPgConnection>,
    /// Which slot it is of.
    slot: usize,
    /// Which connection of the slot.
    generation: u64,
}

impl Shared {
    /// What queries take.
    pub(in crate::store) fn reader(&self) -> Reader<'_> {
        &self.conn
    }
}

impl SharedReaders {
    /// `count` connections, at least one.
    pub(super) fn new(connector: Connector, count: usize) -> Self {
        let slots = (0..count.max(1)).map(|_| RwLock::default()).collect();
        Self { connector, slots, next: AtomicUsize::new(0) }
    }

    /// A share in the connection whose turn it is.
    pub(in crate::store) async fn lend(&self) -> Result<Shared, StoreError> {
        let slot = self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len();
        {
            let place = self.slots[slot].read().await;
            if let Some(conn) = &place.conn {
                return Ok(Shared { conn: Arc::clone(conn), slot, generation: place.generation });
            }
        }
        self.open(slot, 0).await
    }

    /// After a read over `broken` failed with `error`: a share in another connection to try once more, where the connection was to blame.
    pub(in crate::store) async fn replace(&self, broken: Shared, error: StoreError) -> Result<Shared, StoreError> {
        if error.fault() != Some(Fault::Lost) {
            return Err(error.settled());
        }
        self.open(broken.slot, broken.generation).await
    }

    /// Opens the slot's connection, unless it is there already and newer than `seen`.
    async fn open(&self, slot: usize, seen: u64) -> Result<Shared, StoreError> {
        let mut place = self.slots[slot].write().await;
        match &place.conn {
            Some(conn) if place.generation != seen => {
                return Ok(Shared { conn: Arc::clone(conn), slot, generation: place.generation });
            }
            _ => place.conn = None,
        }
        // Boxed: connecting has large states, which every read would carry though hardly any connects.
        let opened = Box::pin(self.connector.connect()).await;
        let opened = opened.map_err(|error| StoreError::broken(Fault::Lost, error).settled())?;
        let conn = Arc::new(opened);
        place.generation += 1;
        place.conn = Some(Arc::clone(&conn));
        Ok(Shared { conn, slot, generation: place.generation })
    }
}
