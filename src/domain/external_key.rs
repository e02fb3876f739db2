//! Keys that other systems know an account by. They are opaque: kept and compared as given, neither normalised nor folded.

use super::text::{is_printable, text_value};
use super::violation::{Fault, FieldReason};

/// Longest type of key, in characters.
pub const KEY_TYPE_LEN_MAX: usize = 32;

/// Longest key, in code points.
pub const KEY_LEN_MAX: usize = 128;

/// Why a text is no external key or no type of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExternalKeyError {
    /// Nothing.
    #[error("the external key or its type is empty")]
    Empty,
    /// More than `max` characters.
    #[error("the external key or its type is longer than {max} characters")]
    TooLong {
        /// How many there may be.
        max: usize,
    },
    /// In a type: something else than `[A-Za-z0-9._-]`. In a key: something that cannot be printed, or a space at an end.
    #[error("the external key or its type has characters that are not allowed")]
    InvalidCharacters,
}

impl From<ExternalKeyError> for Fault {
    fn from(error: ExternalKeyError) -> Self {
        match error {
            ExternalKeyError::Empty => Self::new(FieldReason::FieldRequired),
            ExternalKeyError::TooLong { max } => Self::new(FieldReason::FieldTooLong).with("max", max),
            ExternalKeyError::InvalidCharacters => Self::new(FieldReason::FieldInvalid),
        }
    }
}

fn check(text: &str, max: usize, is_allowed: impl Fn(char) -> bool) -> Result<String, ExternalKeyError> {
    if text.is_empty() {
        return Err(ExternalKeyError::Empty);
    }
    if text.chars().take(max + 1).count() > max {
        return Err(ExternalKeyError::TooLong { max });
    }
    if !text.chars().all(is_allowed) || text.trim() != text {
        return Err(ExternalKeyError::InvalidCharacters);
    }
    Ok(text.to_owned())
}

/// Whose key it is: 1 to [`KEY_TYPE_LEN_MAX`] of `[A-Za-z0-9._-]` (dialogportal: a number such as `12`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalKeyType(String);

impl ExternalKeyType {
    /// Takes the text as it stands.
    pub fn parse(text: &str) -> Result<Self, ExternalKeyError> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        check(text, KEY_TYPE_LEN_MAX, is_allowed).map(Self)
    }

    /// The text that the store kept: it was parsed when it came in.
    pub(crate) fn restore(text: String) -> Self {
        Self(text)
    }

    /// The type.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_value!(ExternalKeyType, as_str);

/// The key: 1 to [`KEY_LEN_MAX`] printable characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalKey(String);

impl ExternalKey {
    /// Takes the text as it stands.
    pub fn parse(text: &str) -> Result<Self, ExternalKeyError> {
        check(text, KEY_LEN_MAX, is_printable).map(Self)
    }

    /// The text that the store kept: it was parsed when it came in.
    pub(crate) fn restore(text: String) -> Self {
        Self(text)
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_value!(ExternalKey, as_str);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_type_is_a_short_word() {
        for good in ["12", "crm.id_2-a", &"a".repeat(32)] {
            assert_eq!(ExternalKeyType::parse(good).expect("a type").as_str(), good);
        }
        assert_eq!(ExternalKeyType::parse(""), Err(ExternalKeyError::Empty));
        assert_eq!(ExternalKeyType::parse(&"a".repeat(33)), Err(ExternalKeyError::TooLong { max: 32 }));
        for bad in ["a b", "ä", "a/b", "a:b", "a\0"] {
            assert_eq!(ExternalKeyType::parse(bad), Err(ExternalKeyError::InvalidCharacters), "{bad}");
        }
    }

    #[test]
    fn a_key_is_kept_as_given() {
        for good in ["key", "A b", "Ä/ö:1", "e\u{301}", &"ä".repeat(128)] {
            assert_eq!(ExternalKey::parse(good).expect("a key").as_str(), good);
        }
        assert_eq!(ExternalKey::parse(""), Err(ExternalKeyError::Empty));
        assert_eq!(ExternalKey::parse(&"ä".repeat(129)), Err(ExternalKeyError::TooLong { max: 128 }));
        for bad in [" a", "a ", "a\0b", "a\nb", "a\u{202E}b"] {
            assert_eq!(ExternalKey::parse(bad), Err(ExternalKeyError::InvalidCharacters), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parsers_panic(text in any::<String>()) {
            let _ = ExternalKeyType::parse(&text);
            if let Ok(key) = ExternalKey::parse(&text) {
                prop_assert_eq!(key.as_str(), &text);
            }
        }
    }
}
