//! User names: ServiceStack's pattern `^(?=.{3,36}$)([A-Za-z0-9][._-]?)*$`, and RFC 8265's UsernameCaseMapped as the key. The pattern is
//! read by hand: it looks ahead, and read naively it backtracks without end.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;

use super::text::text_value;
use super::violation::{Fault, FieldReason};

/// Fewest characters (ServiceStack).
pub const USER_NAME_LEN_MIN: usize = 3;

/// Most characters (ServiceStack).
pub const USER_NAME_LEN_MAX: usize = 36;

/// Why a text is no user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserNameError {
    /// Nothing.
    #[error("the user name is empty")]
    Empty,
    /// Fewer than [`USER_NAME_LEN_MIN`] characters.
    #[error("the user name is shorter than {USER_NAME_LEN_MIN} characters")]
    TooShort,
    /// More than [`USER_NAME_LEN_MAX`] characters.
    #[error("the user name is longer than {USER_NAME_LEN_MAX} characters")]
    TooLong,
    /// Something else than letters and digits, each with at most one of `.`, `_`, `-` after it.
    #[error("the user name has characters that are not allowed, or in places where they are not")]
    Malformed,
}

impl From<UserNameError> for Fault {
    fn from(error: UserNameError) -> Self {
        match error {
            UserNameError::Empty => Self::new(FieldReason::FieldRequired),
            UserNameError::TooShort => Self::new(FieldReason::FieldTooShort).with("min", USER_NAME_LEN_MIN),
            UserNameError::TooLong => Self::new(FieldReason::FieldTooLong).with("max", USER_NAME_LEN_MAX),
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
    /// Takes the text as it stands.
    pub fn parse(text: &str) -> Result<Self, UserNameError> {
        match text.chars().take(USER_NAME_LEN_MAX + 1).count() {
            0 => return Err(UserNameError::Empty),
            1..USER_NAME_LEN_MIN => return Err(UserNameError::TooShort),
            USER_NAME_LEN_MIN..=USER_NAME_LEN_MAX => {}
            _ => return Err(UserNameError::TooLong),
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
        let key = UsernameCaseMapped::enforce(text).map_err(|_| UserNameError::Malformed)?;
        Ok(Self { key: key.into_owned(), text: text.to_owned() })
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

text_value!(UserName, as_str);

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
        assert_eq!(UserName::parse(&"a".repeat(37)), Err(UserNameError::TooLong));
    }

    #[test]
    fn a_separator_follows_a_letter_or_digit() {
        for bad in
            [".abc", "a..b", "a._b", "a b c", "a@b.c", "+4520123456", "abc\n", "J\u{f6}rg", "\u{212A}im", "abc\0"]
        {
            assert_eq!(UserName::parse(bad), Err(UserNameError::Malformed), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = UserName::parse(&text);
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
