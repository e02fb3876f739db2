//! A password on its way to the hash: prepared once by RFC 8265's OpaqueString, wiped from memory when dropped, never shown. It is not
//! normalised by NFKC anywhere: that would make different passwords equal.

use std::fmt;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::Rules;
use precis_profiles::precis_core::{DerivedPropertyValue, FreeformClass, StringClass};
use zeroize::Zeroizing;

use super::text::{is_invisible, is_printable};
use super::violation::{Fault, FieldReason};

/// Most octets, before and after preparation: what preparing and hashing may cost is bounded before either begins.
pub const PASSWORD_OCTETS_MAX: usize = 1024;

/// Why a text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing.
    #[error("the password is empty")]
    Empty,
    /// More than [`PASSWORD_OCTETS_MAX`] octets.
    #[error("the password is longer than {PASSWORD_OCTETS_MAX} octets")]
    TooLong,
    /// A control or invisible character, or a code point that is no character: it cannot be typed again reliably.
    #[error("the password has characters that are not allowed")]
    InvalidCharacters,
}

impl From<PasswordError> for Fault {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Empty => Self::new(FieldReason::FieldRequired),
            PasswordError::TooLong => {
                Self::new(FieldReason::PasswordTooLong).with("unit", "octets").with("max", PASSWORD_OCTETS_MAX)
            }
            PasswordError::InvalidCharacters => Self::new(FieldReason::FieldInvalid),
        }
    }
}

/// A prepared password.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Spaces of all kinds become U+0020, the rest NFC; nothing is trimmed, folded or dropped.
    pub fn prepare(text: &str) -> Result<Self, PasswordError> {
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        if text.len() > PASSWORD_OCTETS_MAX {
            return Err(PasswordError::TooLong);
        }
        if !is_freeform(text) {
            return Err(PasswordError::InvalidCharacters);
        }
        let profile = OpaqueString::new();
        let spaced = profile.additional_mapping_rule(text).map_err(|_| PasswordError::InvalidCharacters)?;
        let spaced = Zeroizing::new(spaced.into_owned());
        let composed = profile.normalization_rule(spaced.as_str()).map_err(|_| PasswordError::InvalidCharacters)?;
        let prepared = Zeroizing::new(composed.into_owned());
        if prepared.len() > PASSWORD_OCTETS_MAX {
            return Err(PasswordError::TooLong);
        }
        // Composing can give a character that the class refuses (the Greek dot U+0387 becomes the middle dot U+00B7). RFC 8264, section 7:
        // what is not stable under its own rules is refused.
        if !is_freeform(&prepared) {
            return Err(PasswordError::InvalidCharacters);
        }
        Ok(Self(prepared))
    }

    /// The prepared text, for the checks and the hash.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The octets to hash; they wipe themselves too.
    pub fn into_bytes(mut self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(std::mem::take(&mut *self.0).into_bytes())
    }

    /// Code points: one character counts one, in whichever script.
    #[expect(clippy::len_without_is_empty, reason = "an empty password does not exist")]
    pub fn len(&self) -> usize {
        self.0.chars().count()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// RFC 8264's FreeformClass. Its tables end with Unicode 6.3, so characters assigned since (most emoji) are judged by today's properties,
/// by the same rule: assigned, visible, no control. For the class they stand as a letter.
fn is_freeform(text: &str) -> bool {
    let class = FreeformClass::default();
    let is_newer = |c: char| class.get_value_from_char(c) == DerivedPropertyValue::Unassigned && is_assigned(c);
    let known: Zeroizing<String> =
        Zeroizing::new(text.chars().map(|c| if !c.is_ascii() && is_newer(c) { 'x' } else { c }).collect());
    class.allows(known.as_str()).is_ok()
}

fn is_assigned(c: char) -> bool {
    let category = const { CodePointMapData::<GeneralCategory>::new() }.get(c);
    let is_character = !matches!(
        category,
        GeneralCategory::Unassigned | GeneralCategory::Control | GeneralCategory::Format | GeneralCategory::PrivateUse
    );
    is_character && is_printable(c) && !is_invisible(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prepared(text: &str) -> String {
        Password::prepare(text).unwrap_or_else(|error| panic!("{text}: {error}")).expose().to_owned()
    }

    #[test]
    fn opaque_string_maps_spaces_composes_and_does_nothing_else() {
        assert_eq!(prepared(" correct horse  Battery "), " correct horse  Battery ");
        assert_eq!(prepared("foo\u{1680}bar\u{a0}baz"), "foo bar baz");
        assert_eq!(prepared("re\u{301}"), "r\u{e9}");
        assert_eq!(prepared("ﬁＡ\u{2126}²"), "ﬁＡ\u{3a9}²");
        assert_eq!(prepared("пароль密码"), "пароль密码");
    }

    #[test]
    fn emoji_of_every_age_are_characters() {
        for text in ["\u{2764}\u{1F412}", "\u{1F914}\u{1F970}\u{1FAE0}"] {
            assert_eq!(prepared(text), text);
        }
    }

    #[test]
    fn what_cannot_be_typed_again_is_refused() {
        for bad in [
            "a\0",
            "a\tb",
            "a\nb",
            "\u{7f}",
            "a\u{200B}b",
            "a\u{FE0F}",
            "a\u{FFFF}",
            "a\u{E000}",
            "a\u{378}",
            "\u{1100}",
            "a\u{E0001}",
            "a\u{387}",
        ] {
            assert_eq!(Password::prepare(bad), Err(PasswordError::InvalidCharacters), "{bad:?}");
        }
    }

    #[test]
    fn the_length_is_bounded_in_octets_and_counted_in_code_points() {
        assert_eq!(Password::prepare(""), Err(PasswordError::Empty));
        assert!(Password::prepare(&"a".repeat(1024)).is_ok());
        assert_eq!(Password::prepare(&"a".repeat(1025)), Err(PasswordError::TooLong));
        // Two octets each, four once composed: U+0344 is one that NFC takes apart.
        assert_eq!(Password::prepare(&"\u{344}".repeat(512)), Err(PasswordError::TooLong));
        assert_eq!(Password::prepare("e\u{301}\u{1F412}x").expect("a password").len(), 3);
    }

    #[test]
    fn a_password_is_never_shown() {
        let password = Password::prepare("opensesame").expect("a password");
        assert_eq!(format!("{password:?} {:?}", Some(&password)), "Password(..) Some(Password(..))");
        assert_eq!(password.into_bytes().as_slice(), b"opensesame");
    }

    proptest! {
        #[test]
        fn preparing_never_panics_and_a_prepared_password_stays(text in any::<String>(), likely in "\\PC{1,4}") {
            for text in [text, likely] {
                if let Ok(password) = Password::prepare(&text) {
                    prop_assert_eq!(Password::prepare(password.expose()), Ok(password.clone()));
                }
            }
        }

        #[test]
        fn printable_ascii_is_kept_as_typed(text in "[ -~]{1,64}") {
            prop_assert_eq!(prepared(&text), text);
        }
    }
}
