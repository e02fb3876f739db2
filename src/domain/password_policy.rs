//! What a password has to be in a realm. Every broken rule is said at once; composition rules exist because some old systems demand them,
//! and are off unless a realm turns them on (NIST SP 800-63B advises against them).

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::case_fold::nfkc_casefold;
use super::common_passwords::is_common;
use super::password::Password;
use super::state::text_enum;
use super::violation::{Fault, FieldReason};

/// Fewest code points of an identifier that must not occur inside a password: shorter ones occur by chance.
const CONTAINED_IDENTIFIER_LEN_MIN: usize = 6;

/// Most code points whose strength is estimated; the time that it takes grows faster than the length.
const STRENGTH_LEN_MAX: usize = 100;

/// The highest score of the estimate.
const STRENGTH_MAX: u8 = 4;

/// Most code points that a policy can allow: a code point has at least one octet.
const LENGTH_LIMIT: u32 = super::password::PASSWORD_OCTETS_MAX as u32;

text_enum! {
    /// Policies by name, each at least as strict as the one before.
    pub enum PolicyPreset {
        /// 6 code points and nothing else (Fluid Topics: LOW).
        Low = "LOW",
        /// 8, not a common password, no identifier in it.
        Standard = "STANDARD",
        /// 12, not a common password, no identifier in it (Fluid Topics: HIGH).
        High = "HIGH",
        /// 15, not a common password, no identifier in it, and hard to guess (NIST SP 800-63B-4).
        Nist = "NIST",
    }
}

impl PolicyPreset {
    /// The policy of this name.
    pub fn policy(self) -> PasswordPolicy {
        let standard = PasswordPolicy::default();
        match self {
            Self::Low => PasswordPolicy { length_min: 6, check_common: false, check_identifiers: false, ..standard },
            Self::Standard => standard,
            Self::High => PasswordPolicy { length_min: 12, ..standard },
            Self::Nist => PasswordPolicy { length_min: 15, strength_min: Some(3), ..standard },
        }
    }
}

/// The rules for passwords of a realm. The default is [`PolicyPreset::Standard`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordPolicy {
    /// Fewest code points.
    pub length_min: u32,
    /// Most code points.
    pub length_max: u32,
    /// Has to have a lower-case letter.
    pub require_lower: bool,
    /// Has to have an upper-case letter.
    pub require_upper: bool,
    /// Has to have a digit.
    pub require_digit: bool,
    /// Has to have something that is neither a letter nor a digit; a space counts.
    pub require_symbol: bool,
    /// Must not stand in the list of common passwords.
    pub check_common: bool,
    /// Must neither be nor contain an identifier of its account.
    pub check_identifiers: bool,
    /// Has to reach this score of zxcvbn, 0 to 4; absent = is not estimated.
    pub strength_min: Option<u8>,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            length_min: 8,
            length_max: 128,
            require_lower: false,
            require_upper: false,
            require_digit: false,
            require_symbol: false,
            check_common: true,
            check_identifiers: true,
            strength_min: None,
        }
    }
}

/// A policy that no password can follow, or that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordPolicyError {
    /// `length_min` is 0 or above `length_max`.
    #[error("length_min has to be between 1 and length_max")]
    LengthMin,
    /// `length_max` is more than a password can have.
    #[error("length_max has to be at most {LENGTH_LIMIT}")]
    LengthMax,
    /// `strength_min` is no score.
    #[error("strength_min has to be between 0 and {STRENGTH_MAX}")]
    StrengthMin,
}

impl PasswordPolicyError {
    /// The member of the policy that is wrong.
    pub fn member(self) -> &'static str {
        match self {
            Self::LengthMin => "length_min",
            Self::LengthMax => "length_max",
            Self::StrengthMin => "strength_min",
        }
    }
}

impl From<PasswordPolicyError> for Fault {
    fn from(error: PasswordPolicyError) -> Self {
        let fault = Self::new(FieldReason::FieldInvalid);
        match error {
            PasswordPolicyError::LengthMin => fault.with("min", 1),
            PasswordPolicyError::LengthMax => fault.with("max", LENGTH_LIMIT),
            PasswordPolicyError::StrengthMin => fault.with("max", STRENGTH_MAX),
        }
    }
}

impl PasswordPolicy {
    /// Everything that is wrong with the policy itself.
    pub fn check_definition(&self) -> Vec<PasswordPolicyError> {
        let rules = [
            (PasswordPolicyError::LengthMin, self.length_min == 0 || self.length_min > self.length_max),
            (PasswordPolicyError::LengthMax, self.length_max > LENGTH_LIMIT),
            (PasswordPolicyError::StrengthMin, self.strength_min.is_some_and(|score| score > STRENGTH_MAX)),
        ];
        rules.into_iter().filter_map(|(error, is_broken)| is_broken.then_some(error)).collect()
    }

    /// Every rule that the password breaks, but for its strength ([`Self::strength_check`]). `identifiers`: the account's e-mail address,
    /// user name and phone number.
    pub fn check(&self, password: &Password, identifiers: &[&str]) -> Vec<Fault> {
        let text = password.expose();
        let length = password.len();
        let mut faults = Vec::new();
        if length < self.length_min as usize {
            faults.push(Fault::new(FieldReason::PasswordTooShort).with("min", self.length_min));
        }
        if length > self.length_max as usize {
            faults.push(Fault::new(FieldReason::PasswordTooLong).with("max", self.length_max));
        }
        let is_symbol = |c: char| !c.is_alphanumeric();
        let classes = [
            ("lower", self.require_lower, text.contains(char::is_lowercase)),
            ("upper", self.require_upper, text.contains(char::is_uppercase)),
            ("digit", self.require_digit, text.contains(char::is_numeric)),
            ("symbol", self.require_symbol, text.contains(is_symbol)),
        ];
        for (class, _, _) in classes.iter().filter(|(_, is_required, is_there)| *is_required && !is_there) {
            faults.push(Fault::new(FieldReason::PasswordCharacterClassMissing).with("class", class));
        }
        if self.check_common && is_common(text) {
            faults.push(Fault::new(FieldReason::PasswordBreached));
        }
        if self.check_identifiers && has_identifier(text, identifiers) {
            faults.push(Fault::new(FieldReason::PasswordContainsIdentifier));
        }
        faults
    }

    /// Whether [`Self::strength_check`] has anything to do.
    pub fn wants_strength(&self) -> bool {
        self.strength_min.is_some_and(|score| score > 0)
    }

    /// The fault of a password that is too easily guessed. It can take milliseconds: it belongs on the threads that hash.
    pub fn strength_check(&self, password: &Password, identifiers: &[&str]) -> Option<Fault> {
        let wanted = self.strength_min.filter(|score| *score > 0)?;
        let text = password.expose();
        let cut = text.char_indices().nth(STRENGTH_LEN_MAX).map_or(text, |(at, _)| &text[..at]);
        let score = u8::from(zxcvbn::zxcvbn(cut, identifiers).score());
        (score < wanted).then(|| Fault::new(FieldReason::PasswordTooWeak).with("min", wanted))
    }
}

/// Whether the password is one of the identifiers, or contains one that is long enough not to be in it by chance; case and width make no
/// difference.
fn has_identifier(password: &str, identifiers: &[&str]) -> bool {
    let password = Zeroizing::new(nfkc_casefold(password));
    identifiers.iter().map(|identifier| nfkc_casefold(identifier)).any(|identifier| {
        let is_long = identifier.chars().count() >= CONTAINED_IDENTIFIER_LEN_MIN;
        *password == identifier || (is_long && password.contains(&identifier))
    })
}

#[cfg(test)]
mod tests;
