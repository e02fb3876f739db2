//! Languages: BCP 47 tags in their canonical case, of languages that ISO 639-1 or ISO 639-2 knows.

use oxilangtag::LanguageTag;

use super::language_codes::shortest_code;
use super::text::text_value;
use super::violation::{Fault, FieldReason};

/// Longest tag (RFC 5646, section 4.4.1, recommends room for 35 characters).
const TAG_LEN_MAX: usize = 35;

/// Why a text is no language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LanguageError {
    /// Nothing.
    #[error("the language is empty")]
    Empty,
    /// Not a BCP 47 tag, or one of a language that is not known.
    #[error("the language is not known")]
    Unknown,
}

impl From<LanguageError> for Fault {
    fn from(error: LanguageError) -> Self {
        match error {
            LanguageError::Empty => Self::new(FieldReason::FieldRequired),
            LanguageError::Unknown => Self::new(FieldReason::LanguageUnsupported),
        }
    }
}

/// A language, such as `en`, `fr-FR` or `zh-Hant-TW`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageCode(String);

/// `en-US`, as in ONLYOFFICE.
impl Default for LanguageCode {
    fn default() -> Self {
        Self("en-US".to_owned())
    }
}

impl LanguageCode {
    /// Reads a tag of any case. A three-letter code, terminologic or bibliographic, becomes the two-letter one where there is one
    /// (Comexposium: `fre-FR`, `eng-GB`), since BCP 47 has only that.
    pub fn parse(text: &str) -> Result<Self, LanguageError> {
        if text.is_empty() {
            return Err(LanguageError::Empty);
        }
        if text.len() > TAG_LEN_MAX {
            return Err(LanguageError::Unknown);
        }
        let tag = LanguageTag::parse_and_normalize(text).map_err(|_| LanguageError::Unknown)?;
        let language = tag.primary_language();
        let shortest = shortest_code(language).ok_or(LanguageError::Unknown)?;
        let rest = tag.as_str().strip_prefix(language).ok_or(LanguageError::Unknown)?;
        Ok(Self(format!("{shortest}{rest}")))
    }

    /// The text that the store kept: it was parsed when it came in.
    pub(crate) fn restore(text: String) -> Self {
        Self(text)
    }

    /// The tag in canonical case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language without script, region and variants: `fr` of `fr-FR`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

text_value!(LanguageCode, as_str);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_get_their_canonical_case_and_shortest_code() {
        for (text, canonical, primary) in [
            ("en", "en", "en"),
            ("EN-us", "en-US", "en"),
            ("fre-FR", "fr-FR", "fr"),
            ("fra-fr", "fr-FR", "fr"),
            ("eng-GB", "en-GB", "en"),
            ("GER", "de", "de"),
            ("zh-hant-tw", "zh-Hant-TW", "zh"),
            ("es-419", "es-419", "es"),
            ("haw", "haw", "haw"),
            ("sl-rozaj", "sl-rozaj", "sl"),
        ] {
            let language = LanguageCode::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((language.as_str(), language.primary()), (canonical, primary));
        }
    }

    #[test]
    fn what_is_no_known_language_is_refused() {
        assert_eq!(LanguageCode::parse(""), Err(LanguageError::Empty));
        let long = format!("en-{}", ["abcdefgh"; 4].join("-"));
        for bad in [
            "xx",
            "zzz",
            "english",
            "en_US",
            "en-",
            "-en",
            "e",
            "mul",
            "und",
            "x-klingon",
            "not-a-language",
            "français",
            "en\0",
            &long,
        ] {
            assert_eq!(LanguageCode::parse(bad), Err(LanguageError::Unknown), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_language_parses_to_itself(text in any::<String>(), likely in "[a-zA-Z]{2,3}(-[a-zA-Z]{4})?(-[a-zA-Z]{2})?") {
            for text in [text, likely] {
                if let Ok(language) = LanguageCode::parse(&text) {
                    prop_assert_eq!(LanguageCode::parse(language.as_str()), Ok(language.clone()));
                    prop_assert_eq!(LanguageCode::parse(&text.to_uppercase()), Ok(language));
                }
            }
        }
    }
}
