//! Messages as files, where nothing is configured to send them by: for trying the service out, and for whoever picks them up.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::carrier::Failure;
use crate::domain::ids::MessageId;

/// A directory for its owner only, made with its first file.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: Arc<Path>,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path: path.into() }
    }

    /// Writes one file, named by the message's id: a message that is sent again is the same file again, and a file is there whole or not at
    /// all.
    pub(super) async fn put(&self, id: MessageId, ending: &'static str, content: Vec<u8>) -> Result<(), Failure> {
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || put(&path, id, ending, &content)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(path = %self.path.display(), error = %error, "a message cannot be written to its folder");
                Err(Failure::later("folder"))
            }
            Err(_) => Err(Failure::later("folder")),
        }
    }
}

fn put(directory: &Path, id: MessageId, ending: &str, content: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let partial = directory.join(format!(".{id}.partial"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&partial, directory.join(format!("{id}.{ending}")))
}
