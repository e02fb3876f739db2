//! PBKDF2 as ASP.NET Core Identity stores it, version 3: the base64 of one byte 1, then the PRF, the iterations and the salt's length,
//! each in four bytes, high byte first, the salt, and the tag to the end. Version 2, with a byte 0, has too few iterations to be worth a
//! format.

use super::ImportFault;
use super::fields::{Bytes, padded};
use super::pbkdf2::{Pbkdf2Hash, Prf};

/// The base64 of the version, and of the high bytes of a PRF below 64.
const PREFIX: &str = "AQAAA";
/// Identity itself takes no shorter salt.
const SALT_BYTES_MIN: usize = 16;

/// Reads one.
pub(super) fn read(text: &str) -> Result<Pbkdf2Hash, ImportFault> {
    if !text.starts_with(PREFIX) {
        return Err(ImportFault::Unsupported);
    }
    let blob = padded(text)?;
    let (prf, rest) = number(blob.get(1..).unwrap_or_default())?;
    let (iterations, rest) = number(rest)?;
    let (salt_bytes, rest) = number(rest)?;
    let prf = match prf {
        0 => Prf::Sha1,
        1 => Prf::Sha256,
        2 => Prf::Sha512,
        _ => return Err(ImportFault::Unsupported),
    };
    let salt_bytes = usize::try_from(salt_bytes).map_err(|_| ImportFault::Malformed)?;
    let (salt, tag) = rest.split_at_checked(salt_bytes).ok_or(ImportFault::Malformed)?;
    if salt.len() < SALT_BYTES_MIN {
        return Err(ImportFault::Malformed);
    }
    Pbkdf2Hash::new(prf, iterations, Bytes::new(salt.to_vec()), Bytes::new(tag.to_vec()))
}

/// The next four bytes, and what follows them.
fn number(bytes: &[u8]) -> Result<(u32, &[u8]), ImportFault> {
    let (number, rest) = bytes.split_first_chunk().ok_or(ImportFault::Malformed)?;
    Ok((u32::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    fn verify(text: &str, password: &str) {
        let hash = read(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert!(hash.matches(password.as_bytes()), "{text}");
        assert!(!hash.matches(b"My password"), "{text}");
    }

    /// Of the tests of ASP.NET Core itself (`PasswordHasherTest`).
    #[test]
    fn known_answers_of_asp_net() {
        for text in [
            "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M",
            "AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ=",
            "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw",
            "AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==",
            "AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg/Q8A0WMKbtHQJQ2DHCdoEeeFBrgNlldq6vH4qX/CGqGQ==",
        ] {
            verify(text, "my password");
        }
        // Its own example of another password, and one with bytes behind the tag.
        for text in [
            "AQAAAAAAAAD6AAAAEAhftMyfTJyAAAAAAAAAAAAAAAAAAAih5WsjXaR3PA9M",
            "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHwAAAAAAAAAAAA",
        ] {
            assert!(!read(text).unwrap().matches(b"my password"), "{text}");
        }
    }

    /// Computed by OpenSSL (Python's `hashlib`) and laid out as published.
    #[test]
    fn known_answers_of_a_second_implementation() {
        for (text, password) in [
            ("AQAAAAAAAAPoAAAAEHNpeHRlZW4gb2Ygc2FsdC5DKy4bRdM9ZHEXmFY9J1bgQFmftA==", "correct horse"),
            ("AQAAAAEAACcQAAAAEHNpeHRlZW4gb2Ygc2FsdC6hVoYFv6epix0bEEbPbYQGmsvjHHw9eld+t3jTy6i5Pg==", "correct horse"),
            (
                "AQAAAAIAAAPoAAAAGGEgc2FsdCBvZiB0d2VudHktZm91ciBiLiG0PH83QGJ/nJ+pBlbddkpSSkPB35VyfJrQkmqfwoYecHY1EQ8nuolRXHTZ6LPQMI4CaRc/bP/eYfs1NO1tiRI=",
                "pässwörd ☃",
            ),
        ] {
            verify(text, password);
        }
    }

    fn fault(prf: u32, iterations: u32, salt_bytes: u32, rest: usize) -> Option<ImportFault> {
        let mut blob = vec![1];
        blob.extend([prf, iterations, salt_bytes].into_iter().flat_map(u32::to_be_bytes));
        blob.extend(vec![7; rest]);
        read(&BASE64_STANDARD.encode(blob)).err()
    }

    #[test]
    fn texts_that_cannot_be_read() {
        assert_eq!(fault(1, 10_000, 16, 48), None);
        for (prf, iterations, salt_bytes, rest, expected) in [
            (1, 2_000_000, 64, 128, None),
            (1, 2_000_001, 16, 48, Some(ImportFault::CostOutOfBounds)),
            (1, u32::MAX, 16, 48, Some(ImportFault::CostOutOfBounds)),
            (1, 0, 16, 48, Some(ImportFault::CostOutOfBounds)),
            (3, 10_000, 16, 48, Some(ImportFault::Unsupported)),
            (u32::MAX, 10_000, 16, 48, Some(ImportFault::Unsupported)),
            (1, 10_000, 15, 48, Some(ImportFault::Malformed)),
            (1, 10_000, 65, 100, Some(ImportFault::Malformed)),
            (1, 10_000, 16, 31, Some(ImportFault::Malformed)),
            (1, 10_000, 16, 81, Some(ImportFault::Malformed)),
            (1, 10_000, 16, 15, Some(ImportFault::Malformed)),
            (1, 10_000, u32::MAX, 48, Some(ImportFault::Malformed)),
        ] {
            assert_eq!(fault(prf, iterations, salt_bytes, rest), expected, "{prf} {iterations} {salt_bytes} {rest}");
        }
        for text in ["AQAAA", "AQAAAAEAACcQ", "AQAAAAEAACcQ-_", "AQAAA sentence"] {
            assert_eq!(read(text).err(), Some(ImportFault::Malformed), "{text}");
        }
        // Version 2, and its tests' own example.
        let version_2 = "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==";
        assert_eq!(read(version_2).err(), Some(ImportFault::Unsupported));
    }
}
