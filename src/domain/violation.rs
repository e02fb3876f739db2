//! What is wrong with a request, field by field. A parser knows why it refuses a value ([`Fault`]); whoever reads the request knows which
//! field the value came in and gathers all faults before anything is refused ([`Violations`]). Wire codes are absent: `status` has them.

use std::collections::BTreeMap;

use super::state::text_enum;

text_enum! {
    /// Why a field is refused. The text is the reason that the caller sees.
    pub enum FieldReason {
        /// Has to be there and is not.
        FieldRequired = "FIELD_REQUIRED",
        /// Must not be there.
        FieldForbidden = "FIELD_FORBIDDEN",
        /// Is there and is not what it has to be.
        FieldInvalid = "FIELD_INVALID",
        /// Shorter or less than `min`.
        FieldTooShort = "FIELD_TOO_SHORT",
        /// Longer or more than `max`.
        FieldTooLong = "FIELD_TOO_LONG",
        /// Cannot be changed any more.
        FieldImmutable = "FIELD_IMMUTABLE",
        /// No such field.
        FieldUnknown = "FIELD_UNKNOWN",
        /// Not an e-mail address.
        EmailInvalid = "EMAIL_INVALID",
        /// An e-mail address of a domain that may not register.
        EmailDomainNotAllowed = "EMAIL_DOMAIN_NOT_ALLOWED",
        /// Not a phone number.
        PhoneInvalid = "PHONE_INVALID",
        /// Not a user name.
        UserNameInvalid = "USER_NAME_INVALID",
        /// Not a language, or none that is offered.
        LanguageUnsupported = "LANGUAGE_UNSUPPORTED",
        /// Not an IANA time zone.
        TimeZoneInvalid = "TIME_ZONE_INVALID",
        /// A URL of a kind or place that is not allowed.
        UrlNotAllowed = "URL_NOT_ALLOWED",
        /// A portal name with other characters than letters, digits and inner hyphens.
        PortalNameInvalidCharacters = "PORTAL_NAME_INVALID_CHARACTERS",
        /// A portal name shorter than `min`.
        PortalNameTooShort = "PORTAL_NAME_TOO_SHORT",
        /// A portal name longer than `max`.
        PortalNameTooLong = "PORTAL_NAME_TOO_LONG",
        /// A portal name that nobody can have.
        PortalNameReserved = "PORTAL_NAME_RESERVED",
        /// A password shorter than `min`.
        PasswordTooShort = "PASSWORD_TOO_SHORT",
        /// A password longer than `max`.
        PasswordTooLong = "PASSWORD_TOO_LONG",
        /// A password without a character of `class`.
        PasswordCharacterClassMissing = "PASSWORD_CHARACTER_CLASS_MISSING",
        /// A password that is too easily guessed.
        PasswordTooWeak = "PASSWORD_TOO_WEAK",
        /// A password that stands in a list of known ones.
        PasswordBreached = "PASSWORD_BREACHED",
        /// A password that is or contains an identifier of its account.
        PasswordContainsIdentifier = "PASSWORD_CONTAINS_IDENTIFIER",
        /// A confirmation that is not the password.
        PasswordConfirmationMismatch = "PASSWORD_CONFIRMATION_MISMATCH",
        /// A password hash of an unknown format or of excessive cost.
        PasswordHashUnsupported = "PASSWORD_HASH_UNSUPPORTED",
    }
}

/// Facts about a rule, such as `min`, `max`, `allowed`: never anything of the refused value.
pub type Params = BTreeMap<&'static str, String>;

/// Why a value is refused, before anybody said which field it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// See [`FieldReason`].
    pub reason: FieldReason,
    /// See [`Params`].
    pub params: Params,
}

impl Fault {
    /// A fault with nothing more to say.
    pub fn new(reason: FieldReason) -> Self {
        Self { reason, params: Params::new() }
    }

    /// The same with one more fact about the rule.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.insert(name, value.to_string());
        self
    }
}

impl From<FieldReason> for Fault {
    fn from(reason: FieldReason) -> Self {
        Self::new(reason)
    }
}

/// One broken rule of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's path from the request root.
    pub field: String,
    /// See [`FieldReason`].
    pub reason: FieldReason,
    /// See [`Params`].
    pub params: Params,
}

/// How many violations are kept. An answer shows fewer; the bound keeps a hostile request from filling memory with them.
const VIOLATIONS_MAX: usize = 100;

/// Gathers every broken rule of a request, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a broken rule that needs no facts.
    pub fn push(&mut self, field: impl Into<String>, reason: FieldReason) {
        self.push_with(field, reason);
    }

    /// Adds a fault of a value.
    pub fn push_with(&mut self, field: impl Into<String>, fault: impl Into<Fault>) {
        if self.0.len() < VIOLATIONS_MAX {
            let Fault { reason, params } = fault.into();
            self.0.push(Violation { field: field.into(), reason, params });
        }
    }

    /// Adds every fault of one value.
    pub fn push_all<F: Into<Fault>>(&mut self, field: &str, faults: impl IntoIterator<Item = F>) {
        for fault in faults {
            self.push_with(field, fault);
        }
    }

    /// The parsed value, or its fault added and nothing.
    pub fn check<T, F: Into<Fault>>(&mut self, field: &str, parsed: Result<T, F>) -> Option<T> {
        parsed.map_err(|fault| self.push_with(field, fault)).ok()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rules are broken.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The broken rules, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }

    /// Adds those of another reader after these.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
        self.0.truncate(VIOLATIONS_MAX);
    }

    /// `ok` where nothing is wrong.
    pub fn into_result<T>(self, ok: T) -> Result<T, Self> {
        if self.is_empty() { Ok(ok) } else { Err(self) }
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_stand_in_the_order_of_finding() {
        let mut violations = Violations::new();
        assert_eq!(violations.clone().into_result(1), Ok(1));
        violations.push("b", FieldReason::FieldRequired);
        violations.push_with("a", Fault::new(FieldReason::FieldTooLong).with("max", 5));
        assert_eq!(violations.check("c", Err::<(), _>(FieldReason::FieldInvalid)), None);
        assert_eq!(violations.check("d", Ok::<_, Fault>(7)), Some(7));
        let seen: Vec<_> = violations.iter().map(|violation| (violation.field.as_str(), violation.reason)).collect();
        let expected =
            [("b", FieldReason::FieldRequired), ("a", FieldReason::FieldTooLong), ("c", FieldReason::FieldInvalid)];
        assert_eq!(seen, expected);
        assert_eq!(violations.iter().nth(1).map(|violation| violation.params["max"].as_str()), Some("5"));
        assert_eq!(violations.clone().into_result(()), Err(violations));
    }

    #[test]
    fn a_flood_of_violations_is_bounded() {
        let mut violations = Violations::new();
        violations.push_all("x", std::iter::repeat_n(FieldReason::FieldInvalid, 1_000));
        assert_eq!(violations.len(), VIOLATIONS_MAX);
        violations.append(violations.clone());
        assert_eq!(violations.len(), VIOLATIONS_MAX);
    }
}
