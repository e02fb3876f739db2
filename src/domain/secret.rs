//! The form of the keys that applications call with: `enroll_app_`, 256 random bits, a checksum. The prefix lets secret scanners find a
//! key that leaked; the checksum tells a typing error from a wrong key without a look-up. Only the hash of a key is ever kept.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const APPLICATION_PREFIX: &str = "enroll_app_";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE: u32 = 62;

/// Digits of 32 octets: 62^43 is the first power of 62 above 2^256.
pub(super) const SECRET_LEN: usize = 43;

/// Digits of a CRC-32: 62^6 is the first power of 62 above 2^32.
pub(super) const CHECKSUM_LEN: usize = 6;

/// How much of a key a list shows: the prefix and five digits of the secret, which leaves 226 bits unknown.
const SHOWN_LEN: usize = 16;

/// A text that cannot be a key of ours, whoever sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text has not the form of a key")]
pub struct MalformedKey;

/// SHA-256 of a key's text: what is kept, and what a key is looked up by. The key has 256 bits of its own, so a slow hash gains nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of a whole text.
    pub(super) fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The hash that was kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The octets to keep.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// A key of an application, in clear: it is shown once, where it is made, and comes with every call.
#[derive(Clone)]
pub struct ApplicationKeySecret(Zeroizing<String>);

impl ApplicationKeySecret {
    /// The key of 32 random octets; the randomness is the caller's.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let mut text = Zeroizing::new(String::with_capacity(APPLICATION_PREFIX.len() + SECRET_LEN + CHECKSUM_LEN));
        text.push_str(APPLICATION_PREFIX);
        push_secret(&mut text, &bytes);
        let checksum = checksum(&text);
        text.extend(checksum.map(char::from));
        Self(text)
    }

    /// Reads a key that a caller sent. That it has the right form says nothing about whether there is such a key.
    pub fn parse(text: &str) -> Result<Self, MalformedKey> {
        let digits = text.strip_prefix(APPLICATION_PREFIX).ok_or(MalformedKey)?;
        let is_digits = digits.len() == SECRET_LEN + CHECKSUM_LEN && digits.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_digits {
            return Err(MalformedKey);
        }
        let (checked, given) = text.split_at(text.len() - CHECKSUM_LEN);
        if checksum(checked) != given.as_bytes() {
            return Err(MalformedKey);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// SHA-256 of the whole text.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }

    /// The first characters, to tell keys apart in a list.
    pub fn prefix(&self) -> &str {
        &self.0[..SHOWN_LEN]
    }

    /// The whole text, for the one who asked for the key.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApplicationKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApplicationKeySecret(..)")
    }
}

/// The octets as one big-endian number in base 62, always as many digits: long division, a digit a round.
pub(super) fn push_secret(text: &mut String, bytes: &[u8; 32]) {
    let mut number = Zeroizing::new(*bytes);
    let mut digits = Zeroizing::new([0_u8; SECRET_LEN]);
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_u32;
        for octet in number.iter_mut() {
            let part = (rest << 8) | u32::from(*octet);
            *octet = (part / BASE) as u8;
            rest = part % BASE;
        }
        *digit = DIGITS[rest as usize];
    }
    text.extend(digits.iter().copied().map(char::from));
}

/// CRC-32 of everything before it, in base 62.
pub(super) fn checksum(text: &str) -> [u8; CHECKSUM_LEN] {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [0; CHECKSUM_LEN];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % BASE) as usize];
        rest /= BASE;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_has_a_fixed_form() {
        let zero = ApplicationKeySecret::from_bytes([0; 32]);
        assert_eq!(&zero.expose()[..54], format!("enroll_app_{}", "0".repeat(43)));
        assert_eq!(zero.expose().len(), 60);
        assert_eq!(zero.prefix(), "enroll_app_00000");
        let mut one = [0; 32];
        one[31] = 62;
        assert_eq!(&ApplicationKeySecret::from_bytes(one).expose()[..54], format!("enroll_app_{}10", "0".repeat(41)));
    }

    #[test]
    fn the_greatest_secret_fits() {
        let greatest = ApplicationKeySecret::from_bytes([0xFF; 32]);
        let number = greatest.expose()[11..54].bytes().fold([0_u8; 33], |number, digit| {
            let value = DIGITS.iter().position(|known| *known == digit).expect("a digit") as u32;
            let mut carry = value;
            let mut next = number;
            for octet in next.iter_mut().rev() {
                carry += u32::from(*octet) * BASE;
                *octet = (carry & 0xFF) as u8;
                carry >>= 8;
            }
            next
        });
        assert_eq!((number[0], &number[1..]), (0, &[0xFF; 32][..]));
    }

    #[test]
    fn the_hash_is_of_the_whole_text() {
        let key = ApplicationKeySecret::from_bytes([7; 32]);
        let expected: [u8; 32] = Sha256::digest(key.expose()).into();
        assert_eq!(key.hash().as_bytes(), &expected);
        assert_eq!(KeyHash::from_bytes(expected), key.hash());
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = ApplicationKeySecret::from_bytes([7; 32]);
        assert_eq!(format!("{key:?} {:?}", key.hash()), "ApplicationKeySecret(..) KeyHash(..)");
    }

    proptest! {
        #[test]
        fn a_key_parses_to_itself_and_a_typing_error_does_not(bytes in any::<[u8; 32]>(), at in 0_usize..60, to in "[0-9A-Za-z]") {
            let key = ApplicationKeySecret::from_bytes(bytes);
            prop_assert_eq!(ApplicationKeySecret::parse(key.expose()).map(|key| key.hash()), Ok(key.hash()));
            let mut typo = key.expose().to_owned();
            typo.replace_range(at..=at, &to);
            prop_assert_eq!(ApplicationKeySecret::parse(&typo).is_ok(), typo == key.expose());
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            prop_assert!(ApplicationKeySecret::parse(&text).is_err());
            let prefixed = format!("enroll_app_{text}");
            prop_assert!(ApplicationKeySecret::parse(&prefixed).is_err());
        }
    }
}
