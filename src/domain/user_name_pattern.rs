//! A realm's own pattern for user names, in the place of ServiceStack's.

use std::sync::{Arc, OnceLock};

use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use serde::{Deserialize, Serialize};

use super::violation::{Fault, FieldReason};

/// Most characters of a pattern.
pub const USER_NAME_PATTERN_LEN_MAX: usize = 200;

/// Most octets of a pattern that is ready to use: a cached realm has its own. A class of all letters takes some 30 000, as often as it is to
/// be repeated.
const COMPILED_SIZE_MAX: usize = 1 << 17;

/// The same for patterns that were admitted once, perhaps by a version that made less of them.
const KEPT_SIZE_MAX: usize = 2 * COMPILED_SIZE_MAX;

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserNamePatternError {
    /// More than [`USER_NAME_PATTERN_LEN_MAX`] characters.
    #[error("the pattern is longer than {USER_NAME_PATTERN_LEN_MAX} characters")]
    TooLong,
    /// No regular expression, or one that takes too much memory.
    #[error("the pattern is no regular expression, or too large a one")]
    Malformed,
}

impl From<UserNamePatternError> for Fault {
    fn from(error: UserNamePatternError) -> Self {
        match error {
            UserNamePatternError::TooLong => {
                Self::new(FieldReason::FieldTooLong).with("max", USER_NAME_PATTERN_LEN_MAX)
            }
            UserNamePatternError::Malformed => Self::new(FieldReason::FieldInvalid),
        }
    }
}

/// A regular expression that a whole user name has to match, in the syntax of Rust's `regex`: without look-around and back-references, so
/// that no name takes longer to read than in proportion to its length. `\d`, `\w`, `\s` and `\b` are Unicode's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct UserNamePattern {
    /// As it was written.
    source: String,
    /// Made when it is first needed; absent where the text does not stand for one.
    regex: Arc<OnceLock<Option<Regex>>>,
}

impl UserNamePattern {
    /// Takes the text as it stands.
    pub fn parse(text: &str) -> Result<Self, UserNamePatternError> {
        if text.chars().nth(USER_NAME_PATTERN_LEN_MAX).is_some() {
            return Err(UserNamePatternError::TooLong);
        }
        // By itself first: `a)|(b` would be one only between the parentheses that are put round it.
        for pattern in [text, &anchored(text)] {
            compiled(pattern, COMPILED_SIZE_MAX).ok_or(UserNamePatternError::Malformed)?;
        }
        Ok(Self::from(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether the whole of a text matches.
    pub fn admits(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| compiled(&anchored(&self.source), KEPT_SIZE_MAX)).as_ref()
    }
}

/// What the store kept was parsed when it came in.
impl From<String> for UserNamePattern {
    fn from(source: String) -> Self {
        Self { source, regex: Arc::default() }
    }
}

impl From<UserNamePattern> for String {
    fn from(pattern: UserNamePattern) -> Self {
        pattern.source
    }
}

impl PartialEq for UserNamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

fn anchored(pattern: &str) -> String {
    format!(r"\A(?:{pattern})\z")
}

/// For the one engine that needs nothing but the pattern itself: names are short.
fn compiled(pattern: &str, size_max: usize) -> Option<Regex> {
    let one_engine = Config::new()
        .nfa_size_limit(Some(size_max))
        .which_captures(WhichCaptures::Implicit)
        .backtrack(false)
        .onepass(false)
        .hybrid(false)
        .dfa(false);
    Regex::builder().configure(one_engine).build(pattern).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_whole_name_has_to_match() {
        let pattern = UserNamePattern::parse("[a-z]{2}|x[0-9]+").expect("a pattern");
        for fine in ["ab", "x1", "x123"] {
            assert!(pattern.admits(fine), "{fine}");
        }
        for wrong in ["", "a", "abc", "ab1", "x", "x1a", "ab\n", "\nab", "AB"] {
            assert!(!pattern.admits(wrong), "{wrong:?}");
        }
        assert!(!UserNamePattern::parse("(?m)^ab$").expect("a pattern").admits("ab\nab"));
    }

    #[test]
    fn what_is_no_regular_expression_is_refused() {
        for text in ["(", "a)|(b", "[z-a]", "(?=a)b", r"(a)\1", "(?x)a # b", r"\w{3,36}"] {
            assert_eq!(UserNamePattern::parse(text).map(drop), Err(UserNamePatternError::Malformed), "{text}");
        }
        for text in [r"\w+", r"[\p{L}\p{N}._-]+", r"\p{L}{3}\p{L}*", "[A-Za-z0-9]{3,36}", r"\A[a-z]+\z", ""] {
            assert!(UserNamePattern::parse(text).is_ok(), "{text}");
        }
        assert!(UserNamePattern::parse(&"a".repeat(USER_NAME_PATTERN_LEN_MAX)).is_ok());
        let long = "a".repeat(USER_NAME_PATTERN_LEN_MAX + 1);
        assert_eq!(UserNamePattern::parse(&long).map(drop), Err(UserNamePatternError::TooLong));
    }

    /// Classes are Unicode's, unless they say what is in them.
    #[test]
    fn digits_are_those_of_all_scripts() {
        let admits = |pattern: &str, text: &str| UserNamePattern::parse(pattern).expect("a pattern").admits(text);
        assert!(admits(r"\d+", "12\u{661}") && admits(r"\w+", "\u{430}dmin"));
        assert!(!admits("[0-9]+", "12\u{661}") && !admits("[a-z]+", "\u{430}dmin"));
    }

    /// One that a later version wrote and this one cannot read.
    #[test]
    fn a_kept_text_that_is_no_pattern_admits_nobody() {
        assert!(!UserNamePattern::from("(".to_owned()).admits("("));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(pattern in any::<String>(), name in any::<String>()) {
            if let Ok(pattern) = UserNamePattern::parse(&pattern) {
                pattern.admits(&name);
            }
        }
    }
}
