//! bcrypt: `$2b$12$<22 letters of salt><31 letters of tag>`. `$2a$` and `$2y$` are the same function; `$2x$` has a bug of its own and is
//! not taken.

use super::ImportFault;
use super::fields::{Bytes, decode};
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The most of a password that bcrypt reads.
const PASSWORD_BYTES_MAX: usize = 72;
/// A tag is what is left of 24 bytes when the last is dropped, as every implementation does.
const TAG_BYTES: usize = 23;
const SALT_BYTES: usize = 16;
const SALT_LETTERS: usize = 22;
const TAG_LETTERS: usize = 31;
/// The logarithm of the rounds.
const COST_MIN: u32 = 4;
const COST_MAX: u32 = 14;

/// Measured: one round of the key schedule takes what Argon2 takes for so many KiB.
const KIB_PASSES_PER_ROUND: u64 = 150;

/// Some implementations leave bits over in the last letter of a salt, and all of them ignore it.
const BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

/// What a text of bcrypt says.
#[derive(Clone)]
pub(in crate::password) struct BcryptHash {
    cost: u32,
    salt: [u8; SALT_BYTES],
    tag: [u8; TAG_BYTES],
}

impl BcryptHash {
    pub(super) fn kib_passes(&self) -> u64 {
        (1 << self.cost) * KIB_PASSES_PER_ROUND
    }

    /// A password of more than 72 bytes would match whatever follows them, and one with a NUL is another one to an implementation in C. So
    /// neither ever matches; both take their time, so that nobody learns from it how the hash was made.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let is_whole = password.len() <= PASSWORD_BYTES_MAX && !password.contains(&0);
        let mut key = Zeroizing::new([0; PASSWORD_BYTES_MAX]);
        let used = password.len().min(PASSWORD_BYTES_MAX);
        key[..used].copy_from_slice(&password[..used]);
        // The key ends with a NUL where there is room for it.
        let key = &key[..(used + 1).min(PASSWORD_BYTES_MAX)];
        let derived = Zeroizing::new(::bcrypt::bcrypt(self.cost, self.salt, key));
        let matches = bool::from(derived[..TAG_BYTES].ct_eq(&self.tag));
        matches && is_whole
    }
}

/// Reads one.
pub(super) fn read(text: &str) -> Result<BcryptHash, ImportFault> {
    let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix));
    let rest = rest.ok_or(ImportFault::Unsupported)?;
    let (cost, letters) = rest.split_once('$').ok_or(ImportFault::Malformed)?;
    let is_cost = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
    if !is_cost || letters.len() != SALT_LETTERS + TAG_LETTERS {
        return Err(ImportFault::Malformed);
    }
    let cost = cost.parse().map_err(|_| ImportFault::Malformed)?;
    if !(COST_MIN..=COST_MAX).contains(&cost) {
        return Err(ImportFault::CostOutOfBounds);
    }
    let (salt, tag) = letters.split_at_checked(SALT_LETTERS).ok_or(ImportFault::Malformed)?;
    Ok(BcryptHash { cost, salt: exactly(&decode(&BASE64, salt)?)?, tag: exactly(&decode(&BASE64, tag)?)? })
}

fn exactly<const N: usize>(bytes: &Bytes) -> Result<[u8; N], ImportFault> {
    bytes.as_slice().try_into().map_err(|_| ImportFault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTERS: &str = "hDLzPFH9Ac/Uol5xdFHDg.GYKmgduqnREmHmp//UWYnNsHdvZl6x2";

    fn hash(text: &str) -> BcryptHash {
        read(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
    }

    /// Computed by the `bcrypt` of PyPI; the last two are of the tests of Openwall's `crypt_blowfish`.
    #[test]
    fn known_answers() {
        for (text, password) in [
            ("$2a$04$ZX7WNPHtiZCKWGbByTmrpeFIel.uShYOG7zh3AJaHPDMoVO/aBwq6", "correct horse"),
            ("$2b$04$hDLzPFH9Ac/Uol5xdFHDg.GYKmgduqnREmHmp//UWYnNsHdvZl6x2", "correct horse"),
            ("$2y$04$hDLzPFH9Ac/Uol5xdFHDg.GYKmgduqnREmHmp//UWYnNsHdvZl6x2", "correct horse"),
            ("$2b$05$4vN0r8axT1tEW.DRz.c7/OL9wJR2PWP0ZOUhsJAY3YrU2DFyyQkLq", "pässwörd ☃"),
            ("$2b$04$KmQSzDvOwWm3tv1PwCkLoeoI4YY46Y3URoKkuPaE9nIFIcw9hiXu6", ""),
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
            ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"),
        ] {
            let hash = hash(text);
            assert!(hash.matches(password.as_bytes()), "{text}");
            assert!(!hash.matches(b"correct horsf"), "{text}");
        }
    }

    #[test]
    fn a_password_that_bcrypt_does_not_read_whole_never_matches() {
        let of_72 = hash("$2b$04$2zN.4hWZ6Ibax94h09sEluADd7J.bLts9AbtsadWh5ax3xrTvgOKu");
        assert!(of_72.matches(&[b'x'; 72]));
        for count in [71, 73, 80, 1_024] {
            assert!(!of_72.matches(&vec![b'x'; count]), "{count}");
        }
        let of_71 = hash("$2b$04$nKpQMGPrGfKO6hYdlDn8heJIkVyMJd/yt.2INlwgwkoXHoJMBER0a");
        assert!(of_71.matches(&[b'x'; 71]));
        assert!(!of_71.matches(&[b'x'; 72]));
        // As the key it would be the very same.
        let mut with_nul = [b'x'; 72];
        with_nul[71] = 0;
        assert!(!of_71.matches(&with_nul));
        let empty = hash("$2b$04$KmQSzDvOwWm3tv1PwCkLoeoI4YY46Y3URoKkuPaE9nIFIcw9hiXu6");
        assert!(!empty.matches(b"\0"));
    }

    #[test]
    fn costs_beyond_the_bounds() {
        for (cost, fault) in [
            ("04", None),
            ("14", None),
            ("03", Some(ImportFault::CostOutOfBounds)),
            ("00", Some(ImportFault::CostOutOfBounds)),
            ("15", Some(ImportFault::CostOutOfBounds)),
            ("99", Some(ImportFault::CostOutOfBounds)),
            ("4", Some(ImportFault::Malformed)),
            ("014", Some(ImportFault::Malformed)),
            ("+4", Some(ImportFault::Malformed)),
            ("", Some(ImportFault::Malformed)),
        ] {
            assert_eq!(read(&format!("$2b${cost}${LETTERS}")).err(), fault, "{cost}");
        }
    }

    #[test]
    fn texts_that_cannot_be_read() {
        for text in [
            "$2b$".to_owned(),
            "$2b$04".to_owned(),
            "$2b$04$".to_owned(),
            format!("$2b$04${}", &LETTERS[1..]),
            format!("$2b$04${LETTERS}."),
            format!("$2b$04${}=", &LETTERS[1..]),
            format!("$2b$04${}+", &LETTERS[1..]),
            // As many bytes, and the border between salt and tag within a character.
            format!("$2b$04${}é{}", &LETTERS[..21], &LETTERS[23..]),
        ] {
            assert_eq!(read(&text).err(), Some(ImportFault::Malformed), "{text}");
        }
        for prefix in ["$2$", "$2x$", "$2c$", "$2B$", "2b$"] {
            assert_eq!(read(&format!("{prefix}04${LETTERS}")).err(), Some(ImportFault::Unsupported), "{prefix}");
        }
    }

    #[test]
    fn bits_left_over_in_a_salt_change_nothing() {
        // The 22nd letter of a salt has four bits of no use: `.` and `/` say the same.
        let other = LETTERS.replacen("Dg.", "Dg/", 1);
        let (hash, same) = (hash(&format!("$2b$04${LETTERS}")), hash(&format!("$2b$04${other}")));
        assert_eq!(hash.salt, same.salt);
    }
}
