//! User names: ServiceStack's pattern `^(?=.{3,36}$)([A-Za-z0-9][._-]?)*$` or the realm's own, and RFC 8265's UsernameCaseMapped, folded, as
//! the key. ServiceStack's is read by hand: it looks ahead, and read naively it backtracks without end.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;

use super::case_fold::nfkc_casefold;
use super::text::nfc;
use super::user_name_pattern::UserNamePattern;
use super::violation::{Fault, FieldReason};

/// Fewest characters (ServiceStack).
pub const USER_NAME_LEN_MIN: usize = 3;

/// Most characters (ServiceStack).
pub const USER_NAME_LEN_MAX: usize = 36;

/// Most characters under a realm's own pattern.
pub const OWN_USER_NAME_LEN_MAX: usize = 64;

/// Why a text is no user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserNameError {
    /// Nothing.
    #[error("the user name is empty")]
    Empty,
    /// Fewer than [`USER_NAME_LEN_MIN`] characters.
    #[error("the user name is shorter than {USER_NAME_LEN_MIN} characters")]
    TooShort,
    /// More than this many characters.
    #[error("the user name is longer than {0} characters")]
    TooLong(usize),
    /// Not of the pattern: ServiceStack's has letters and digits, each with at most one of `.`, `_`, `-` after it.
    #[error("the user name has characters that are not allowed, or in places where they are not")]
    Malformed,
}

impl From<UserNameError> for Fault {
    fn from(error: UserNameError) -> Self {
        match error {
            UserNameError::Empty => Self::new(FieldReason::FieldRequired),
            UserNameError::TooShort => Self::new(FieldReason::FieldTooShort).with("min", USER_NAME_LEN_MIN),
            UserNameError::TooLong(max) => Self::new(FieldReason::FieldTooLong).with("max", max),
            UserNameError::Malformed => Self::new(FieldReason::UserNameInvalid),
        }
    }
}

/// A name to log in with. It can never look like an e-mail address (no `@`) or like a number in E.164 (no `+`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName {
    /// As typed.
    text: String,
    /// What uniqueness is on.
    key: String,
}

impl UserName {
    /// Reads the text by a realm's own pattern, else by ServiceStack's.
    pub fn of_realm(text: &str, own_pattern: Option<&UserNamePattern>) -> Result<Self, UserNameError> {
        let Some(pattern) = own_pattern else { return Self::parse(text) };
        let prepared = prepared(text)?;
        if pattern.admits(&prepared) { Self::keyed(text, &prepared) } else { Err(UserNameError::Malformed) }
    }

    /// Reads a text that some realm may have admitted: a name to look up.
    pub fn possible(text: &str) -> Result<Self, UserNameError> {
        Self::keyed(text, &prepared(text)?)
    }

    /// Reads the text by ServiceStack's pattern.
    pub fn parse(text: &str) -> Result<Self, UserNameError> {
        match text.chars().take(USER_NAME_LEN_MAX + 1).count() {
            0 => return Err(UserNameError::Empty),
            1..USER_NAME_LEN_MIN => return Err(UserNameError::TooShort),
            USER_NAME_LEN_MIN..=USER_NAME_LEN_MAX => {}
            _ => return Err(UserNameError::TooLong(USER_NAME_LEN_MAX)),
        }
        let is_separator = |b: u8| matches!(b, b'.' | b'_' | b'-');
        let mut before_may_take_separator = false;
        for b in text.bytes() {
            let is_fine = b.is_ascii_alphanumeric() || (is_separator(b) && before_may_take_separator);
            if !is_fine {
                return Err(UserNameError::Malformed);
            }
            before_may_take_separator = b.is_ascii_alphanumeric();
        }
        Self::keyed(text, text)
    }

    /// The length, `@` and `+` are asked of the key: it is what names are told apart by, and may have more characters than the text.
    fn keyed(text: &str, prepared: &str) -> Result<Self, UserNameError> {
        let key = key(prepared)?;
        if key.chars().count() > OWN_USER_NAME_LEN_MAX {
            return Err(UserNameError::TooLong(OWN_USER_NAME_LEN_MAX));
        }
        if key.contains('@') || key.starts_with('+') || self::key(&key)? != key {
            return Err(UserNameError::Malformed);
        }
        Ok(Self { key, text: text.to_owned() })
    }

    /// The name and the key that the store kept: they were parsed when they came in.
    pub(crate) fn restore(text: String, key: String) -> Self {
        Self { text, key }
    }

    /// The name as typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What uniqueness is on: the same whatever the case.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The text as patterns read it and lengths count it: composed and narrow, and without what no user name may have (RFC 8265, section 3.3.1).
fn prepared(text: &str) -> Result<String, UserNameError> {
    // No character takes more than four to be composed of.
    let too_long = UserNameError::TooLong(OWN_USER_NAME_LEN_MAX);
    if text.chars().nth(4 * OWN_USER_NAME_LEN_MAX).is_some() {
        return Err(too_long);
    }
    if text.is_empty() {
        return Err(UserNameError::Empty);
    }
    let prepared = UsernameCaseMapped::prepare(nfc(text)).map_err(|_| UserNameError::Malformed)?;
    if prepared.chars().count() > OWN_USER_NAME_LEN_MAX { Err(too_long) } else { Ok(prepared.into_owned()) }
}

/// UsernameCaseMapped, and then folded as addresses are: it makes every character small by itself, so that words which have another small
/// letter at their end would have a key for each way of writing them.
fn key(prepared: &str) -> Result<String, UserNameError> {
    let mapped = UsernameCaseMapped::enforce(prepared).map_err(|_| UserNameError::Malformed)?;
    Ok(nfkc_casefold(&mapped))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_name_stays_as_typed_and_the_key_has_no_case() {
        let name = UserName::parse("John.Doe-1_").expect("a user name");
        assert_eq!((name.as_str(), name.key()), ("John.Doe-1_", "john.doe-1_"));
    }

    #[test]
    fn lengths_are_3_to_36() {
        assert_eq!(UserName::parse(""), Err(UserNameError::Empty));
        assert_eq!(UserName::parse("ab"), Err(UserNameError::TooShort));
        assert!(UserName::parse("abc").is_ok());
        assert!(UserName::parse(&"a".repeat(36)).is_ok());
        assert_eq!(UserName::parse(&"a".repeat(37)), Err(UserNameError::TooLong(36)));
    }

    #[test]
    fn a_separator_follows_a_letter_or_digit() {
        for bad in
            [".abc", "a..b", "a._b", "a b c", "a@b.c", "+4520123456", "abc\n", "J\u{f6}rg", "\u{212A}im", "abc\0"]
        {
            assert_eq!(UserName::parse(bad), Err(UserNameError::Malformed), "{bad}");
        }
    }

    #[test]
    fn a_realms_own_pattern_stands_in_the_place_of_the_other() {
        let pattern = UserNamePattern::parse(r"\p{L}+( \p{L}+)?|[+\u{ff0b}].*|.*[@\u{ff20}].*|#.*").expect("a pattern");
        let read = |text: &str| UserName::of_realm(text, Some(&pattern));
        assert_eq!(read("J\u{d6}RG").expect("a user name").key(), "j\u{f6}rg");
        assert_eq!(read("a").expect("a user name").key(), "a");
        assert!(read(&"a".repeat(64)).is_ok());
        assert_eq!(read(""), Err(UserNameError::Empty));
        for long in ["a".repeat(65), "\u{130}".repeat(33), "a".repeat(1_000_000)] {
            assert_eq!(read(&long), Err(UserNameError::TooLong(64)));
        }
        // Composed or not, narrow or not, at the end of a word or not.
        assert_eq!(read(&"e\u{301}".repeat(64)).expect("a user name").key(), "\u{e9}".repeat(64));
        assert_eq!(read("\u{ff21}").expect("a user name").key(), "a");
        let greek = read("\u{393}\u{399}\u{3a9}\u{3a1}\u{393}\u{39f}\u{3a3}").expect("a user name");
        assert_eq!(greek.key(), read("\u{3b3}\u{3b9}\u{3c9}\u{3c1}\u{3b3}\u{3bf}\u{3c2}").expect("a user name").key());
        // Not of the pattern; of it, but like an address or a number; no name by RFC 8265.
        let excluding = UserNamePattern::parse("[^#].*").expect("a pattern");
        assert_eq!(UserName::of_realm("\u{ff03}bot", Some(&excluding)), Err(UserNameError::Malformed));
        for bad in [
            "anna-1",
            "anna@example.com",
            "anna\u{ff20}example.com",
            "+4512345678",
            "\u{ff0b}4512345678",
            "anna berta",
            "#\u{0}",
            "#\u{202e}x",
        ] {
            assert_eq!(read(bad), Err(UserNameError::Malformed), "{bad:?}");
        }
        assert_eq!(UserName::of_realm("J\u{d6}RG", None), Err(UserNameError::Malformed));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = UserName::parse(&text);
        }

        #[test]
        fn the_key_of_a_possible_name_is_its_own_key(
            text in "[=<>\u{338}\u{345}\u{130}\u{3a3}\u{3c3}\u{3c2}\u{df}\u{1c80}\u{94d}\u{200d}aA\u{ff03}\u{e9}e\u{301}]{1,64}|\\PC{1,16}"
        ) {
            if let Ok(name) = UserName::possible(&text) {
                let again = UserName::possible(name.key()).expect("a user name");
                prop_assert_eq!(again.key(), name.key());
            }
        }

        #[test]
        fn case_makes_no_difference(text in "[\u{3a3}\u{3c3}\u{3c2}\u{df}\u{1e9e}\u{1c82}\u{43e}\u{e9}e\u{301}aA1.]{1,20}") {
            if let (Ok(name), Ok(upper)) = (UserName::possible(&text), UserName::possible(&text.to_uppercase())) {
                prop_assert_eq!(upper.key(), name.key());
            }
        }

        #[test]
        fn no_possible_name_looks_like_an_address_or_a_number(text in "[+@\u{ff0b}\u{ff20}a1.]{1,12}") {
            if let Ok(name) = UserName::possible(&text) {
                prop_assert!(!name.key().contains('@') && !name.key().starts_with('+'), "{}", name.key());
            }
        }

        #[test]
        fn what_the_usual_pattern_admits_is_possible_under_the_same_key(text in "([A-Za-z0-9][._-]?){3,18}") {
            prop_assert_eq!(UserName::possible(&text), UserName::parse(&text));
        }

        #[test]
        fn every_text_of_the_pattern_is_a_name_and_case_makes_no_difference(text in "([A-Za-z0-9][._-]?){3,18}") {
            let name = UserName::parse(&text).expect("a user name");
            prop_assert_eq!(name.as_str(), &text);
            let upper = UserName::parse(&text.to_uppercase()).expect("a user name");
            prop_assert_eq!(upper.key(), name.key());
            let key = UserName::parse(name.key()).expect("a user name");
            prop_assert_eq!(key.key(), name.key());
        }
    }
}
