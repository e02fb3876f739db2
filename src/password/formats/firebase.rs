//! Firebase's variant of scrypt. Firebase has no text for a hash together with its parameters, so this is ours:
//! `$firebase-scrypt$ln=14,r=8,ss=<salt separator>,sk=<signer key>$<salt>$<hash>`, where `ln` is the project's `mem_cost`, `r` its
//! `rounds`, and the rest its and the user's values in base64, as `firebase auth:export` writes them.
//!
//! The hash is the signer key, encrypted (AES-256, counter mode from zero) with the first half of the key that scrypt derives from the
//! password and from the salt with the separator behind it.

use super::ImportFault;
use super::fields::{Bytes, decimal, fields, padded, parameters, salt, tag};
use super::foreign::is_tag;
use super::scrypt::ScryptCost;
use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use zeroize::Zeroizing;

/// Bytes of the key of AES-256.
const KEY_BYTES: usize = 32;
/// Firebase derives twice what it uses.
const DERIVED_BYTES: usize = 64;
/// Bytes of a salt separator; Firebase's has one.
const SEPARATOR_BYTES_MAX: usize = 64;

/// What such a text says.
#[derive(Clone)]
pub(in crate::password) struct FirebaseHash {
    pub(super) cost: ScryptCost,
    signer_key: Bytes,
    /// The user's salt, and the separator.
    salt: Bytes,
    /// The signer key, encrypted.
    sealed: Bytes,
}

impl FirebaseHash {
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        is_tag(&self.sealed, |sealed| {
            let mut derived = Zeroizing::new([0; DERIVED_BYTES]);
            self.cost.derive(password, &self.salt, &mut *derived);
            let (key, _) = derived.split_first_chunk::<KEY_BYTES>().expect("invariant: 64 bytes begin with 32");
            sealed.copy_from_slice(&self.signer_key);
            Ctr128BE::<Aes256>::new(key.into(), &[0; 16].into()).apply_keystream(sealed);
        })
    }
}

/// Reads one.
pub(super) fn read(text: &str) -> Result<FirebaseHash, ImportFault> {
    let rest = text.strip_prefix("$firebase-scrypt$").ok_or(ImportFault::Unsupported)?;
    let [values, salt_text, sealed] = fields(rest)?;
    let [Some(log_n), Some(block_size), Some(separator), Some(signer_key)] =
        parameters(values, ["ln", "r", "ss", "sk"])?
    else {
        return Err(ImportFault::Malformed);
    };
    let cost = ScryptCost::new(decimal(log_n)?, decimal(block_size)?, 1)?;
    let (separator, signer_key) = (padded(separator)?, tag(padded(signer_key)?)?);
    let (mut salt, sealed) = (salt(padded(salt_text)?)?, padded(sealed)?);
    if separator.len() > SEPARATOR_BYTES_MAX || sealed.len() != signer_key.len() {
        return Err(ImportFault::Malformed);
    }
    salt.extend_from_slice(&separator);
    Ok(FirebaseHash { cost, signer_key, salt, sealed })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNER_KEY: &str = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";
    const HASH: &str = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
    const SALT: &str = "42xEC+ixf3L2lw==";

    /// The first is the example of Firebase's own scrypt utility; the others were computed by OpenSSL (Python's `hashlib` and
    /// `cryptography`).
    #[test]
    fn known_answers() {
        for (text, password) in [
            (format!("$firebase-scrypt$ln=14,r=8,ss=Bw==,sk={SIGNER_KEY}${SALT}${HASH}"), "user1password"),
            (
                "$firebase-scrypt$ln=8,r=8,ss=c2Vw,sk=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$c2FsdHNhbHQ=$CjjMEugXCUo3HvYk/0483/8OG19Nx/7a5mORwoT9HbJR5w0EW0o2NSFaMeAwnxaslssDDnA8kjO/uPFBno0h+Q==".to_owned(),
                "correct horse",
            ),
            (
                "$firebase-scrypt$ln=8,r=4,ss=,sk=AAECAwQFBgcICQoLDA0ODw==$c2FsdHNhbHQ=$9WaR4H4hceZ2vAR/RbawkQ==".to_owned(),
                "pässwörd ☃",
            ),
        ] {
            let hash = read(&text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert!(hash.matches(password.as_bytes()), "{text}");
            assert!(!hash.matches(b"user2password"), "{text}");
            assert!(!hash.matches(b""), "{text}");
        }
    }

    #[test]
    fn texts_that_cannot_be_read() {
        let fault = |values: &str| read(&format!("$firebase-scrypt${values}${SALT}${HASH}")).err();
        assert_eq!(fault(&format!("sk={SIGNER_KEY},ss=,r=8,ln=14")), None);
        for (values, expected) in [
            (format!("ln=19,r=8,ss=Bw==,sk={SIGNER_KEY}"), ImportFault::CostOutOfBounds),
            (format!("ln=14,r=0,ss=Bw==,sk={SIGNER_KEY}"), ImportFault::CostOutOfBounds),
            (format!("ln=0,r=8,ss=Bw==,sk={SIGNER_KEY}"), ImportFault::CostOutOfBounds),
            (format!("ln=14,r=8,p=1,ss=Bw==,sk={SIGNER_KEY}"), ImportFault::Malformed),
            (format!("ln=14,r=8,sk={SIGNER_KEY}"), ImportFault::Malformed),
            (format!("ln=14,r=8,ss=B,sk={SIGNER_KEY}"), ImportFault::Malformed),
            (format!("ln=14,r=8,ss={SIGNER_KEY}{SIGNER_KEY},sk={SIGNER_KEY}"), ImportFault::Malformed),
            (format!("ln=14,r=8,ss={},sk={SIGNER_KEY}", "A".repeat(88)), ImportFault::Malformed),
            ("ln=14,r=8,ss=Bw==,sk=".to_owned(), ImportFault::Malformed),
            ("ln=14,r=8,ss=Bw==,sk=AAECAwQFBgcICQoLDA0ODw==".to_owned(), ImportFault::Malformed),
        ] {
            assert_eq!(fault(&values), Some(expected), "{values}");
        }
        let text = format!("$firebase-scrypt$ln=14,r=8,ss=Bw==,sk={SIGNER_KEY}${SALT}");
        assert_eq!(read(&text).err(), Some(ImportFault::Malformed));
        assert_eq!(read("$firebase$ln=14").err(), Some(ImportFault::Unsupported));
    }
}
