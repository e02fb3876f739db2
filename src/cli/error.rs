//! Why a command failed, said to a person.

use std::io;

use crate::config::ConfigError;
use crate::server::offline::OfflineError;
use crate::server::{HouseError, StartError};

use super::refused::Refused;

/// A command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The service refused.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The client cannot be set up.
    #[error("cannot call {endpoint}: {cause}")]
    Client {
        /// Where the service should be.
        endpoint: String,
        /// Why not.
        cause: String,
    },
    /// A file or the terminal.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The database cannot be used.
    #[error(transparent)]
    House(#[from] HouseError),
    /// What was to be done to the database was not done.
    #[error(transparent)]
    Offline(#[from] OfflineError),
}

/// An error with its causes, those left out that it repeats already.
pub fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let further = error.to_string();
        if !text.contains(&further) {
            text = format!("{text}: {further}");
        }
        cause = error.source();
    }
    text
}

impl CliError {
    /// Names the file or stream that failed.
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what: what.into(), source }
    }
}
