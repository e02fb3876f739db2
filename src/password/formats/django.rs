//! PBKDF2 as Django writes it: `pbkdf2_sha256$<iterations>$<salt>$<tag>`. The salt is text and is taken as it stands.

use super::ImportFault;
use super::fields::{Bytes, decimal, fields, padded};
use super::pbkdf2::{Pbkdf2Hash, Prf};

/// Reads one.
pub(super) fn read(text: &str) -> Result<Pbkdf2Hash, ImportFault> {
    let (name, rest) = text.split_once('$').ok_or(ImportFault::Unsupported)?;
    let prf = match name {
        "pbkdf2_sha256" => Prf::Sha256,
        "pbkdf2_sha1" => Prf::Sha1,
        _ => return Err(ImportFault::Unsupported),
    };
    let [iterations, salt, tag] = fields(rest)?;
    Pbkdf2Hash::new(prf, decimal(iterations)?, Bytes::new(salt.as_bytes().to_vec()), padded(tag)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "H4FMRIqz8vZyfvJdNOh176bSDGkWyt8uOYIlZxanP5E=";

    /// Computed by Django 5.2.
    #[test]
    fn known_answers_of_django() {
        for (text, password) in [
            ("pbkdf2_sha256$1500$seasalt2seasalt2$H4FMRIqz8vZyfvJdNOh176bSDGkWyt8uOYIlZxanP5E=", "correct horse"),
            ("pbkdf2_sha1$1500$seasalt2seasalt2$wtRnHkBukdIRbMqwCwWWNOStax8=", "correct horse"),
            ("pbkdf2_sha256$20$seasalt2seasalt2$QGbEq2Qy604I9E9T/k3bkAhRl0fLRJkCT1RxV3fbZRo=", "pässwörd ☃"),
            ("pbkdf2_sha256$1$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM=", "lètmein"),
        ] {
            let hash = read(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert!(hash.matches(password.as_bytes()), "{text}");
            assert!(!hash.matches(b"correct horsf"), "{text}");
        }
    }

    #[test]
    fn texts_that_cannot_be_read() {
        for (text, fault) in [
            (format!("pbkdf2_sha256$2000001$seasalt2${TAG}"), ImportFault::CostOutOfBounds),
            (format!("pbkdf2_sha256$0$seasalt2${TAG}"), ImportFault::CostOutOfBounds),
            (format!("pbkdf2_sha256$$seasalt2${TAG}"), ImportFault::Malformed),
            (format!("pbkdf2_sha256$i=1$seasalt2${TAG}"), ImportFault::Malformed),
            (format!("pbkdf2_sha256$1$$${TAG}"), ImportFault::Malformed),
            (format!("pbkdf2_sha256$1${}${TAG}", "s".repeat(65)), ImportFault::Malformed),
            (format!("pbkdf2_sha256$1$seasalt2${TAG}$"), ImportFault::Malformed),
            ("pbkdf2_sha256$1$seasalt2$".to_owned(), ImportFault::Malformed),
            ("pbkdf2_sha256$1$seasalt2".to_owned(), ImportFault::Malformed),
            (format!("pbkdf2_sha512$1$seasalt2${TAG}"), ImportFault::Unsupported),
            (format!("pbkdf2$1$seasalt2${TAG}"), ImportFault::Unsupported),
            ("bcrypt_sha256$$2b$12$".to_owned(), ImportFault::Unsupported),
            ("!jHf4kYQfcqHd".to_owned(), ImportFault::Unsupported),
        ] {
            assert_eq!(read(&text).err(), Some(fault), "{text}");
        }
    }
}
