//! Salted SHA as LDAP servers keep it: `{SSHA}` and the base64 of the digest of password and salt, followed by the salt. `{SSHA256}` and
//! `{SSHA512}` are the same with SHA-2.

use super::ImportFault;
use super::fields::{Bytes, padded, salt};
use super::foreign::is_tag;
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};

/// The scheme before the base64.
#[derive(Clone, Copy)]
enum Scheme {
    Ssha,
    Ssha256,
    Ssha512,
}

/// What such a text says.
#[derive(Clone)]
pub(in crate::password) struct SshaHash {
    scheme: Scheme,
    digest: Bytes,
    salt: Bytes,
}

impl SshaHash {
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let digest = match self.scheme {
            Scheme::Ssha => digest::<Sha1>,
            Scheme::Ssha256 => digest::<Sha256>,
            Scheme::Ssha512 => digest::<Sha512>,
        };
        is_tag(&self.digest, |derived| digest(password, &self.salt, derived))
    }
}

fn digest<D: Digest>(password: &[u8], salt: &[u8], derived: &mut [u8]) {
    derived.copy_from_slice(&D::new().chain_update(password).chain_update(salt).finalize());
}

/// Reads one. Schemes are written in either case.
pub(super) fn read(text: &str) -> Result<SshaHash, ImportFault> {
    let (name, rest) = text.strip_prefix('{').and_then(|text| text.split_once('}')).ok_or(ImportFault::Unsupported)?;
    let (scheme, digest_bytes) = match name.to_ascii_uppercase().as_str() {
        "SSHA" => (Scheme::Ssha, 20),
        "SSHA256" => (Scheme::Ssha256, 32),
        "SSHA512" => (Scheme::Ssha512, 64),
        _ => return Err(ImportFault::Unsupported),
    };
    let both = padded(rest)?;
    let (digest, salt_bytes) = both.split_at_checked(digest_bytes).ok_or(ImportFault::Malformed)?;
    Ok(SshaHash { scheme, digest: Bytes::new(digest.to_vec()), salt: salt(Bytes::new(salt_bytes.to_vec()))? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by passlib.
    #[test]
    fn known_answers_of_passlib() {
        for text in [
            "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",
            "{ssha}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",
            "{SSHA256}YflVcOMs6k7tbGkQbQNVn6/ehAnUAVltiLPKHBWGi2tzYWx0c2FsdA==",
            "{SSHA256}YflVcOMs6k7tbGkQbQNVn6/ehAnUAVltiLPKHBWGi2tzYWx0c2FsdA",
            "{SSHA512}y/cHkkkEN+grqJLvychQTDh/Ru0soToSM5TivM8b68onQKBadhzFaXO80iCgoOpybJLqe2wUu2TJfYjIDxu07nNpeHRlZW4gb2Ygc2FsdC4=",
        ] {
            let hash = read(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert!(hash.matches(b"correct horse"), "{text}");
            for other in ["correct horsf", "correct hors", "correct horsesalt", ""] {
                assert!(!hash.matches(other.as_bytes()), "{text} {other}");
            }
        }
    }

    #[test]
    fn texts_that_cannot_be_read() {
        for text in [
            "{SSHA}",
            "{SSHA}LhKrkM9Fy",
            "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhA=",
            "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWw=",
            "{SSHA}LhKrkM9Fy-zlstjdD7Kv2s6QvhBzYWx0",
            "{SSHA512}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",
        ] {
            assert_eq!(read(text).err(), Some(ImportFault::Malformed), "{text}");
        }
        let long = format!("{{SSHA}}{}", "A".repeat(115));
        assert_eq!(read(&long).err(), Some(ImportFault::Malformed));
        for text in ["{SHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhA=", "{CRYPT}$2b$12$", "{SSHA", "SSHA}LhKr", "{}"] {
            assert_eq!(read(text).err(), Some(ImportFault::Unsupported), "{text}");
        }
    }
}
