//! Keeps a second process off the database file: two writers would each believe that nobody else commits. The lock is a file beside the
//! database, because SQLite's own locks are taken and dropped with each transaction.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::store::error::{Fault, StoreError};

/// An exclusive lock; the system drops it with the process, however that ends.
pub(super) struct FileLock(File);

impl FileLock {
    /// Takes the lock of the database at `path`, or says that another process has it.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&name)
            .map_err(|error| StoreError::broken(Fault::Other, error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self(file)),
            Err(Errno::WOULDBLOCK) => Err(StoreError::InUse(name.into())),
            Err(error) => Err(StoreError::broken(Fault::Other, error)),
        }
    }

    /// Gives the lock back. Closing the file would not do: a program that is being started has the file open too, until it runs.
    pub(super) fn release(&self) {
        if let Err(error) = flock(&self.0, FlockOperation::Unlock) {
            tracing::warn!(%error, "the lock of the database could not be given back");
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        self.release();
    }
}
