//! The hash of a password as it is stored.

use super::cost::Cost;
use super::formats::argon2::Argon2Hash;
use super::formats::foreign::ForeignHash;
use argon2::{Algorithm, Version};
use std::fmt;

/// Bytes of a new salt (RFC 9106, section 3.1: 16 are recommended).
pub const SALT_BYTES: usize = 16;
/// Bytes of a new tag.
pub(super) const TAG_BYTES: usize = 32;

/// A password's hash: the text that is stored, and what was read in it.
///
/// It is made by [`PasswordHasher::hash`](super::PasswordHasher::hash), or read by [`PasswordHash::import`] from outside and from the
/// store alike, so there is none that could not be verified. It is a secret: `Debug` does not show it.
#[derive(Clone)]
pub struct PasswordHash {
    /// As it was given, to the letter.
    text: String,
    /// As it is computed.
    pub(super) format: Format,
}

/// What was read in the text.
#[derive(Clone)]
pub(super) enum Format {
    /// As new ones are, in the arena of the thread.
    Argon2(Argon2Hash),
    /// As another system did.
    Foreign(ForeignHash),
}

impl PasswordHash {
    /// A hash whose text was read before, or will be read as this.
    pub(super) fn new(text: String, format: Format) -> Self {
        Self { text, format }
    }

    /// The text, for the store: the PHC string of a hash of ours, and an imported one to the letter.
    pub fn as_phc(&self) -> &str {
        &self.text
    }

    /// Whether a new hash of the same password would be another one than this: its format, algorithm, version or cost differ, cheaper or
    /// dearer, or its salt or tag is shorter.
    pub(super) fn is_outdated(&self, cost: Cost) -> bool {
        let Format::Argon2(hash) = &self.format else { return true };
        hash.algorithm != Algorithm::Argon2id
            || hash.version != Version::V0x13
            || hash.cost != cost
            || hash.salt.len() < SALT_BYTES
            || hash.tag.len() < TAG_BYTES
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        for text in [
            "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$Ihi6WLoOm0ihPjaZktFGtJvPF+vQ4QWLd5x3KNRVoMo",
            "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",
        ] {
            assert_eq!(format!("{:?}", PasswordHash::import(text).unwrap()), "PasswordHash(..)");
        }
    }
}
