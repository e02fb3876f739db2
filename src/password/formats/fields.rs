//! What the texts of the formats are made of: fields between dollars, `name=value` pairs, decimals and base64.

use super::ImportFault;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, NO_PAD};
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

/// Bytes of a salt. LDAP's are often as short as 4; none that a known system draws is longer than 64.
const SALT_BYTES: RangeInclusive<usize> = 4..=64;
/// Bytes of a tag: at least 128 bits, so that no guess matches by chance; 64 are all of SHA-512.
const TAG_BYTES: RangeInclusive<usize> = 16..=TAG_BYTES_MAX;
pub(super) const TAG_BYTES_MAX: usize = 64;

/// As PHC strings have it.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(&STANDARD, NO_PAD);
/// As everyone else has it. Some drop the padding on the way.
const PADDED: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Salts, tags and keys out of a text. They are wiped when they are dropped.
pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// Exactly `N` fields between dollars.
pub(super) fn fields<const N: usize>(text: &str) -> Result<[&str; N], ImportFault> {
    let fields: Vec<_> = text.split('$').collect();
    fields.try_into().map_err(|_| ImportFault::Malformed)
}

/// The values of `name=value` pairs between commas, in the order of `names`: each at most once, in any order, and no others.
pub(super) fn parameters<'text, const N: usize>(
    text: &'text str,
    names: [&str; N],
) -> Result<[Option<&'text str>; N], ImportFault> {
    let mut values = [None; N];
    for pair in text.split(',') {
        let (name, value) = pair.split_once('=').ok_or(ImportFault::Malformed)?;
        let place = names.iter().position(|known| *known == name).ok_or(ImportFault::Malformed)?;
        if values[place].replace(value).is_some() {
            return Err(ImportFault::Malformed);
        }
    }
    Ok(values)
}

/// A decimal without sign and leading zeros.
pub(super) fn decimal(text: &str) -> Result<u32, ImportFault> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if !is_plain {
        return Err(ImportFault::Malformed);
    }
    text.parse().map_err(|_| ImportFault::Malformed)
}

/// Base64 without padding, as PHC strings have it.
pub(super) fn unpadded(text: &str) -> Result<Bytes, ImportFault> {
    decode(&UNPADDED, text)
}

/// Base64 as everyone else has it.
pub(super) fn padded(text: &str) -> Result<Bytes, ImportFault> {
    decode(&PADDED, text)
}

/// Base64 of any alphabet.
pub(super) fn decode(engine: &GeneralPurpose, text: &str) -> Result<Bytes, ImportFault> {
    engine.decode(text).map(Zeroizing::new).map_err(|_| ImportFault::Malformed)
}

/// The bytes, if a salt may be as long.
pub(super) fn salt(bytes: Bytes) -> Result<Bytes, ImportFault> {
    within(bytes, &SALT_BYTES)
}

/// The bytes, if a tag may be as long.
pub(super) fn tag(bytes: Bytes) -> Result<Bytes, ImportFault> {
    within(bytes, &TAG_BYTES)
}

fn within(bytes: Bytes, bounds: &RangeInclusive<usize>) -> Result<Bytes, ImportFault> {
    if bounds.contains(&bytes.len()) { Ok(bytes) } else { Err(ImportFault::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_plain() {
        for (text, value) in [("0", 0), ("1", 1), ("29000", 29_000), ("4294967295", u32::MAX)] {
            assert_eq!(decimal(text), Ok(value));
        }
        for text in ["", "+1", "-1", " 1", "01", "00", "1e3", "4294967296", "१"] {
            assert_eq!(decimal(text), Err(ImportFault::Malformed), "{text:?}");
        }
    }

    #[test]
    fn parameters_come_once_and_in_any_order() {
        assert_eq!(parameters("b=2,a=1", ["a", "b"]), Ok([Some("1"), Some("2")]));
        assert_eq!(parameters("a=Bw==", ["a", "b"]), Ok([Some("Bw=="), None]));
        for text in ["", "a", "a=1,", "a=1,a=1", "c=1", "A=1"] {
            assert_eq!(parameters(text, ["a", "b"]), Err(ImportFault::Malformed), "{text:?}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        let bytes = |count| Zeroizing::new(vec![7; count]);
        let lengths = |take: fn(Bytes) -> Result<Bytes, ImportFault>| {
            (0..200).filter(|count| take(bytes(*count)).is_ok()).collect::<Vec<_>>()
        };
        assert_eq!(lengths(salt), (4..=64).collect::<Vec<_>>());
        assert_eq!(lengths(tag), (16..=64).collect::<Vec<_>>());
    }
}
