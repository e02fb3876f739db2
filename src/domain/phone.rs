//! Phone numbers: E.164 by libphonenumber's numbering plans. A number has to be possible (country code and length), not assigned: plans
//! open new ranges faster than releases ship, and whether somebody answers is what a verification finds out.

use std::fmt;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat};

use super::state::text_enum;
use super::text::{TextError, parse_line, text_value};
use super::violation::{Fault, FieldReason};

/// Longest number as typed, in code points (ONLYOFFICE).
pub const PHONE_LEN_MAX: usize = 32;

text_enum! {
    /// How a number is kept.
    pub enum PhoneFormat {
        /// In E.164; what cannot be brought into it is refused.
        E164 = "E164",
        /// As typed, whatever it is; one that can be brought into E.164 still has a key (ONLYOFFICE).
        AsTyped = "AS_TYPED",
    }
}

/// Why a text is no phone number or no region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing.
    #[error("the phone number is empty")]
    Empty,
    /// More than [`PHONE_LEN_MAX`] characters.
    #[error("the phone number is longer than {PHONE_LEN_MAX} characters")]
    TooLong,
    /// No number of any numbering plan, or one without a country code where no region is known.
    #[error("the phone number is not valid")]
    Invalid,
    /// Not a region that libphonenumber knows.
    #[error("the region is not an ISO 3166 alpha-2 code with a numbering plan")]
    UnknownRegion,
}

impl From<PhoneError> for Fault {
    fn from(error: PhoneError) -> Self {
        match error {
            PhoneError::Empty => Self::new(FieldReason::FieldRequired),
            PhoneError::TooLong => Self::new(FieldReason::FieldTooLong).with("max", PHONE_LEN_MAX),
            PhoneError::Invalid => Self::new(FieldReason::PhoneInvalid),
            PhoneError::UnknownRegion => Self::new(FieldReason::FieldInvalid),
        }
    }
}

/// Where a number without a country code belongs: an ISO 3166 alpha-2 code that has a numbering plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    /// Two upper-case letters.
    code: [u8; 2],
}

impl Region {
    /// Reads `DK` or `dk`.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| PhoneError::UnknownRegion)?;
        let region = Self { code: code.map(|b| b.to_ascii_uppercase()) };
        let plan = region.plan().and_then(|plan| PHONE_NUMBER_UTIL.get_country_code_for_region(plan));
        plan.map(|_| region).ok_or(PhoneError::UnknownRegion)
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.code).expect("invariant: the two bytes were a text when they were read")
    }

    fn plan(self) -> Option<rlibphonenumber::Region> {
        self.as_str().parse().ok()
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({self})")
    }
}

text_value!(Region, as_str);

/// A phone number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone {
    /// In E.164 or as typed, by the format that it was read in.
    number: String,
    /// In E.164; absent where the number cannot be brought into it.
    key: Option<String>,
}

impl Phone {
    /// Reads a number with a country code, or of `region`. Digits, and what people put between them, are all that a number may have:
    /// letters, extensions and `tel:` are refused in E.164 and have no key as typed.
    pub fn parse(text: &str, format: PhoneFormat, region: Option<Region>) -> Result<Self, PhoneError> {
        let typed = parse_line(text, PHONE_LEN_MAX).map_err(|error| match error {
            TextError::Empty => PhoneError::Empty,
            TextError::TooLong { .. } => PhoneError::TooLong,
            TextError::InvalidCharacters => PhoneError::Invalid,
        })?;
        match (e164(&typed, region), format) {
            (Some(key), PhoneFormat::E164) => Ok(Self { number: key.clone(), key: Some(key) }),
            (None, PhoneFormat::E164) => Err(PhoneError::Invalid),
            (key, PhoneFormat::AsTyped) => Ok(Self { number: typed, key }),
        }
    }

    /// The number that was kept: its key depended on a region that may have changed since.
    pub fn from_stored(number: String, key: Option<String>) -> Self {
        Self { number, key }
    }

    /// The number in E.164 or as typed.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// What uniqueness is on, where the number has it: E.164.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

/// The number in E.164, where it can be brought into it without loss.
fn e164(typed: &str, region: Option<Region>) -> Option<String> {
    let is_digit = |c: char| CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::DecimalNumber;
    let is_between = |c: char| matches!(c, '+' | '＋' | ' ' | '\u{a0}' | '-' | '‐'..='―' | '.' | '/' | '(' | ')');
    let is_allowed = |c: char| is_digit(c) || is_between(c);
    if !typed.chars().all(is_allowed) {
        return None;
    }
    let key = normalize(typed, region)?;
    // Some plans read a number that is possible but not assigned differently once it is in E.164 (a trunk prefix taken twice). Such a
    // number would have two keys; it has none.
    (normalize(&key, None)? == key).then_some(key)
}

fn normalize(text: &str, region: Option<Region>) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(text, region.and_then(Region::plan)).ok()?;
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number).ok()?;
    if length != NumberLengthType::IsPossible {
        return None;
    }
    Some(PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::PhoneFormat::{AsTyped, E164};
    use super::*;

    fn region(code: &str) -> Option<Region> {
        Some(Region::parse(code).expect("a region"))
    }

    fn key(text: &str, code: &str) -> Option<String> {
        Phone::parse(text, E164, region(code)).ok().and_then(|phone| phone.key().map(str::to_owned))
    }

    #[test]
    fn spellings_of_one_number_meet() {
        for text in [
            "20 12 34 56",
            "+45 20123456",
            "0045 20-12-34-56",
            "(20) 12.34.56",
            "+4520123456",
            "２０１２３４５６",
            "＋45 20123456",
        ] {
            assert_eq!(key(text, "DK").as_deref(), Some("+4520123456"), "{text}");
        }
        assert_eq!(key("030 901820", "DE").as_deref(), Some("+4930901820"));
        assert_eq!(key("06 6982", "IT").as_deref(), Some("+39066982"));
        assert_eq!(key("(202) 555-0123", "US").as_deref(), Some("+12025550123"));
    }

    #[test]
    fn e164_refuses_what_is_no_number() {
        for text in [
            "abc",
            "12",
            "+45",
            "+999123456789",
            "+45 20 12 34 56 ext. 7",
            "tel:+4520123456",
            "1-800-FLOWERS",
            "+",
            "call 20123456",
            "20123456½",
        ] {
            assert_eq!(Phone::parse(text, E164, region("DK")), Err(PhoneError::Invalid), "{text}");
        }
        assert_eq!(Phone::parse("20123456", E164, None), Err(PhoneError::Invalid));
        assert_eq!(Phone::parse("5550123", E164, region("US")), Err(PhoneError::Invalid), "a local number only");
        assert_eq!(Phone::parse(" ", E164, None), Err(PhoneError::Empty));
        assert_eq!(Phone::parse(&"2".repeat(33), E164, None), Err(PhoneError::TooLong));
    }

    #[test]
    fn as_typed_keeps_everything_and_keys_what_it_can() {
        let phone = Phone::parse("123456789", AsTyped, None).expect("a number");
        assert_eq!((phone.number(), phone.key()), ("123456789", None));
        let phone = Phone::parse(" +45 20 12 34 56 ", AsTyped, None).expect("a number");
        assert_eq!((phone.number(), phone.key()), ("+45 20 12 34 56", Some("+4520123456")));
        let phone = Phone::parse("ask for John, ext. 7", AsTyped, region("DK")).expect("a number");
        assert_eq!(phone.key(), None);
        assert!(Phone::parse(&"x".repeat(32), AsTyped, None).is_ok());
        assert_eq!(Phone::parse(&"x".repeat(33), AsTyped, None), Err(PhoneError::TooLong));
        assert_eq!(Phone::parse("1\n2", AsTyped, None), Err(PhoneError::Invalid));
        assert_eq!(Phone::parse("", AsTyped, None), Err(PhoneError::Empty));
    }

    #[test]
    fn a_region_has_a_numbering_plan() {
        assert_eq!(Region::parse("dk").expect("a region").as_str(), "DK");
        for bad in ["", "D", "DNK", "XX", "ZZ", "001", "é", "1A"] {
            assert_eq!(Region::parse(bad), Err(PhoneError::UnknownRegion), "{bad}");
        }
        assert_eq!(serde_json::from_str::<Region>("\"SE\"").expect("a region").to_string(), "SE");
        assert!(serde_json::from_str::<Region>("\"XX\"").is_err());
    }

    #[test]
    fn a_kept_number_is_taken_as_it_is() {
        let phone = Phone::parse("20123456", AsTyped, region("DK")).expect("a number");
        let kept = Phone::from_stored(phone.number().to_owned(), phone.key().map(str::to_owned));
        assert_eq!(kept, phone);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            for format in [E164, AsTyped] {
                let _ = Phone::parse(&text, format, region("US"));
            }
            let _ = Region::parse(&text);
        }

        #[test]
        fn a_key_is_its_own_key(
            text in "[+0]{0,3}[0-9 ()/.-]{5,18}",
            code in prop::sample::select(vec!["US", "DE", "IT", "GB", "DK", "AR", "BR", "MX", "RU", "CI", "SM", "KZ"]),
        ) {
            if let Some(first) = key(&text, code) {
                prop_assert_eq!(key(&first, code), Some(first.clone()));
                prop_assert_eq!(key(&first, "JP"), Some(first));
            }
        }
    }
}
