//! Plain texts: names for people, labels for machines. What is normalised here is normalised for ever: lengths count code points after
//! NFC, so that a limit means the same however a keyboard composes its letters.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

use super::violation::{Fault, FieldReason};

/// Longest name of a person or thing, in code points (ONLYOFFICE: first and last name of 255).
pub const NAME_LEN_MAX: usize = 255;

/// Longest label, in characters: a label may become a label of the domain name system.
pub const LABEL_LEN_MAX: usize = 63;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or nothing that can be seen.
    #[error("the text is empty")]
    Empty,
    /// More than `max` code points.
    #[error("the text is longer than {max} characters")]
    TooLong {
        /// How many there may be.
        max: usize,
    },
    /// A control character, a line break, a reversal of the writing direction, or another character than the rule allows.
    #[error("the text has characters that are not allowed")]
    InvalidCharacters,
}

impl From<TextError> for Fault {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty => Self::new(FieldReason::FieldRequired),
            TextError::TooLong { max } => Self::new(FieldReason::FieldTooLong).with("max", max),
            TextError::InvalidCharacters => Self::new(FieldReason::FieldInvalid),
        }
    }
}

/// NFC, without a copy where the text is in it already.
pub(super) fn nfc(text: &str) -> Cow<'_, str> {
    const { ComposingNormalizerBorrowed::new_nfc() }.normalize(text)
}

/// Code points after NFC: what every length in the contract counts.
pub(super) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { nfc(text).chars().count() }
}

/// Shows nothing by itself (zero-width space, soft hyphen, variation selector ...).
pub(super) fn is_invisible(c: char) -> bool {
    const { CodePointSetData::new::<DefaultIgnorableCodePoint>() }.contains(c)
}

/// May stand in a line of text: no control, no line or paragraph separator, no noncharacter, and none of the characters that reverse
/// the text after them, with which a name could pass for another.
pub fn is_printable(c: char) -> bool {
    let is_separator = matches!(c, '\u{2028}' | '\u{2029}');
    let is_reversing = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let is_noncharacter = matches!(c, '\u{FDD0}'..='\u{FDEF}') || (c as u32) & 0xFFFE == 0xFFFE;
    !(c.is_control() || is_separator || is_reversing || is_noncharacter)
}

/// A line of at most `max` code points: trimmed, in NFC.
pub(super) fn parse_line(text: &str, max: usize) -> Result<String, TextError> {
    let line = nfc(text.trim());
    if line.chars().all(is_invisible) {
        return Err(TextError::Empty);
    }
    if line.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    if !line.chars().all(is_printable) {
        return Err(TextError::InvalidCharacters);
    }
    Ok(line.into_owned())
}

/// Writes a value as its text; reading parses the text again. `$text` is the accessor of the text, `parse` gives the value.
macro_rules! text_value {
    ($name:ident, $text:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.$text())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.$text())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(super) use text_value;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Trims and normalises; refuses what is empty, longer than [`NAME_LEN_MAX`] or more than a line.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                parse_line(text, NAME_LEN_MAX).map(Self)
            }

            /// The text that the store kept: it was parsed when it came in.
            pub(crate) fn restore(text: String) -> Self {
                Self(text)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        text_value!($name, as_str);
    )+};
}

names! {
    /// A given or family name.
    PersonName,
    /// A name to show, of a person or a thing.
    DisplayName,
}

/// The name of a realm, application or contract: `^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`, at most [`LABEL_LEN_MAX`] characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

impl Label {
    /// The name of the realm that every tenant has.
    pub fn internal() -> Self {
        Self("internal".to_owned())
    }

    /// The name of the contract that a tenant begins with.
    pub fn default_name() -> Self {
        Self("default".to_owned())
    }

    /// The name of the application that the first start makes.
    pub fn operator() -> Self {
        Self("operator".to_owned())
    }

    /// Takes the text as it stands: a machine's name is neither trimmed nor lower-cased.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !text.chars().all(is_allowed) || text.starts_with('-') || text.ends_with('-') {
            return Err(TextError::InvalidCharacters);
        }
        if text.len() > LABEL_LEN_MAX {
            return Err(TextError::TooLong { max: LABEL_LEN_MAX });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text that the store kept: it was parsed when it came in.
    pub(crate) fn restore(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_value!(Label, as_str);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_trimmed_and_composed() {
        assert_eq!(PersonName::parse("  Rene\u{301} \t").expect("a name").as_str(), "Ren\u{e9}");
        assert_eq!(DisplayName::parse("Anna  Maria").expect("a name").as_str(), "Anna  Maria");
    }

    #[test]
    fn a_name_has_at_most_255_code_points_after_nfc() {
        assert!(PersonName::parse(&"e\u{301}".repeat(255)).is_ok());
        assert!(PersonName::parse(&"\u{1F600}".repeat(255)).is_ok());
        assert_eq!(PersonName::parse(&"a".repeat(256)), Err(TextError::TooLong { max: 255 }));
    }

    #[test]
    fn a_name_is_one_visible_line() {
        for empty in ["", "   ", "\u{200B}", "\u{3000}\u{3164}", "\u{AD}"] {
            assert_eq!(PersonName::parse(empty), Err(TextError::Empty), "{empty:?}");
        }
        for bad in ["a\0b", "a\nb", "a\u{2028}b", "a\u{85}b", "a\u{202E}b", "a\u{FFFF}b", "a\u{1FFFE}b"] {
            assert_eq!(PersonName::parse(bad), Err(TextError::InvalidCharacters), "{bad:?}");
        }
        assert!(PersonName::parse("نام\u{200C}خانوادگی").is_ok());
    }

    #[test]
    fn labels_are_lower_case_slugs() {
        for good in ["a", "0", "a-b", "internal", &"a".repeat(63)] {
            assert!(Label::parse(good).is_ok(), "{good}");
        }
        for bad in ["-a", "a-", "A", "a_b", "a b", "é", " a"] {
            assert_eq!(Label::parse(bad), Err(TextError::InvalidCharacters), "{bad}");
        }
        assert_eq!(Label::parse(""), Err(TextError::Empty));
        assert_eq!(Label::parse(&"a".repeat(64)), Err(TextError::TooLong { max: 63 }));
    }

    #[test]
    fn json_holds_the_text_and_reading_parses_it() {
        let label = Label::parse("web-shop").expect("a label");
        assert_eq!(serde_json::to_string(&label).expect("json"), "\"web-shop\"");
        assert_eq!(serde_json::from_str::<Label>("\"web-shop\"").expect("a label"), label);
        assert!(serde_json::from_str::<Label>("\"Web\"").is_err());
    }

    proptest! {
        #[test]
        fn a_parsed_name_parses_to_itself(text in any::<String>()) {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.as_str()), Ok(name));
            }
            let _ = Label::parse(&text);
        }
    }
}
