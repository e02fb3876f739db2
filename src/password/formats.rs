//! Hashes that were made elsewhere. One file a format; each says which prefix it knows and within which costs it is taken.

pub(super) mod argon2;

use super::hash::PasswordHash;
use thiserror::Error;

/// The longest text that is looked at. The longest PHC string of Argon2 within our bounds has some 200 bytes.
const HASH_BYTES_MAX: usize = 512;

/// Why a hash is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ImportFault {
    /// Its format is none of ours.
    #[error("the format of the hash is not supported")]
    Unsupported,
    /// Its format is ours, but it cannot be read.
    #[error("the hash is malformed")]
    Malformed,
    /// To verify it would cost more than any hash may, or it names a cost that Argon2 does not have.
    #[error("the cost of the hash is out of bounds")]
    CostOutOfBounds,
}

impl PasswordHash {
    /// Reads a hash: a PHC string of `argon2id`, `argon2i` or `argon2d`, version 1.0 or 1.3, with a cost that [`Cost`](super::Cost)
    /// takes, a salt of 8 to 48 bytes and a tag of 16 to 64. Key ids and associated data are refused: without the key they name, nothing
    /// could be verified.
    pub fn import(text: &str) -> Result<Self, ImportFault> {
        if text.len() > HASH_BYTES_MAX || !argon2::knows(text) {
            return Err(ImportFault::Unsupported);
        }
        Ok(Self::new(text.to_owned(), argon2::read(text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formats_that_are_none_of_ours() {
        for text in [
            "",
            "password",
            "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
            "$argon2x$v=19$m=64,t=1,p=1$c29tZXNhbHQ$Ihi6WLoOm0ihPjaZktFGtJvPF+vQ4QWLd5x3KNRVoMo",
            "argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$Ihi6WLoOm0ihPjaZktFGtJvPF+vQ4QWLd5x3KNRVoMo",
            "$ARGON2ID$v=19$m=64,t=1,p=1$c29tZXNhbHQ$Ihi6WLoOm0ihPjaZktFGtJvPF+vQ4QWLd5x3KNRVoMo",
        ] {
            assert_eq!(PasswordHash::import(text).err(), Some(ImportFault::Unsupported), "{text}");
        }
        let long = format!("$argon2id${}", "a".repeat(HASH_BYTES_MAX));
        assert_eq!(PasswordHash::import(&long).err(), Some(ImportFault::Unsupported));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_kept_to_the_letter(text in r"\$argon2(id|i|d)(\$v=(16|19|20))?\$m=[0-9]{1,7},t=[0-9]{1,2},p=[0-9]{1,2}\$[A-Za-z0-9+/]{8,24}\$[A-Za-z0-9+/]{20,90}") {
            if let Ok(hash) = PasswordHash::import(&text) {
                prop_assert_eq!(hash.as_phc(), text);
            }
        }

        #[test]
        fn no_text_panics(text in r"\$argon2(id|i|d)\PC{0,80}") {
            let _ = PasswordHash::import(&text);
        }
    }
}
