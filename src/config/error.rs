//! What is wrong with a configuration: every fault at once, each with its setting and where the value came from.

use std::fmt;

use super::sources::Origin;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The setting's name, such as `server.drain`; empty where the fault is about a whole file.
    pub key: String,
    /// Where the value came from.
    pub origin: Origin,
    /// What is wrong; never the value of a secret.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        match self.origin {
            Origin::Default => Ok(()),
            _ => write!(f, " ({})", self.origin),
        }
    }
}

/// The configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// Every fault; never empty.
    pub faults: Vec<Fault>,
}

impl ConfigError {
    /// One fault that concerns the configuration as a whole.
    pub fn of(key: &str, origin: Origin, message: impl Into<String>) -> Self {
        Self { faults: vec![Fault { key: key.to_owned(), origin, message: message.into() }] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}
