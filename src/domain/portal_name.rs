//! Portal names: the label before the base domain (ONLYOFFICE). One text is both the name and its key, since a domain name has no case.

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::case_fold::nfkc_casefold;
use super::text::text_value;
use super::violation::{Fault, FieldReason};

/// Fewest characters (ONLYOFFICE).
pub const PORTAL_NAME_LEN_MIN: usize = 6;

/// Most characters: a label of the domain name system.
pub const PORTAL_NAME_LEN_MAX: usize = 63;

/// Why a text is no portal name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortalNameError {
    /// Nothing (ONLYOFFICE: portalNameEmpty).
    #[error("the portal name is empty")]
    Empty,
    /// Fewer than [`PORTAL_NAME_LEN_MIN`] characters (ONLYOFFICE: tooShortError).
    #[error("the portal name is shorter than {PORTAL_NAME_LEN_MIN} characters")]
    TooShort,
    /// More than [`PORTAL_NAME_LEN_MAX`] characters.
    #[error("the portal name is longer than {PORTAL_NAME_LEN_MAX} characters")]
    TooLong,
    /// Something else than letters, digits and inner hyphens, or punycode (ONLYOFFICE: portalNameIncorrect).
    #[error("the portal name has characters that are not allowed")]
    InvalidCharacters,
}

impl From<PortalNameError> for Fault {
    fn from(error: PortalNameError) -> Self {
        match error {
            PortalNameError::Empty => Self::new(FieldReason::FieldRequired),
            PortalNameError::TooShort => Self::new(FieldReason::PortalNameTooShort).with("min", PORTAL_NAME_LEN_MIN),
            PortalNameError::TooLong => Self::new(FieldReason::PortalNameTooLong).with("max", PORTAL_NAME_LEN_MAX),
            PortalNameError::InvalidCharacters => Self::new(FieldReason::PortalNameInvalidCharacters),
        }
    }
}

/// The name of a portal: `^[a-z0-9]([a-z0-9-]){1,61}[a-z0-9]$` of 6 to 63 characters, no `xn--`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortalName(String);

impl PortalName {
    /// Trims and lower-cases ASCII letters. Others are refused, not mapped: the Kelvin sign is no way to write a `k`. The length is judged
    /// before the characters, as ONLYOFFICE does, so that a text has one verdict.
    pub fn parse(text: &str) -> Result<Self, PortalNameError> {
        let name = text.trim();
        match name.chars().take(PORTAL_NAME_LEN_MAX + 1).count() {
            0 => return Err(PortalNameError::Empty),
            1..PORTAL_NAME_LEN_MIN => return Err(PortalNameError::TooShort),
            PORTAL_NAME_LEN_MIN..=PORTAL_NAME_LEN_MAX => {}
            _ => return Err(PortalNameError::TooLong),
        }
        let name = name.to_ascii_lowercase();
        let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_punycode = name.starts_with("xn--");
        if !name.bytes().all(is_allowed) || name.starts_with('-') || name.ends_with('-') || is_punycode {
            return Err(PortalNameError::InvalidCharacters);
        }
        Ok(Self(name))
    }

    /// The text that the store kept: it was parsed when it came in.
    pub(crate) fn restore(text: String) -> Self {
        Self(text)
    }

    /// The name, which is its own key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Names like a text, the likeliest to please first: the text as a name would be written, unless it is one, then that with a word or a number
    /// behind it. Whether one is free or reserved is not known here.
    pub fn suggestions(text: &str) -> impl Iterator<Item = PortalName> {
        const WORDS: [&str; 6] = ["team", "portal", "online", "group", "office", "hub"];
        const NUMBER_MAX: u32 = 99;
        let stem = stem(text);
        let words = WORDS.iter().map(|word| format!("-{word}"));
        let numbers = (2..=NUMBER_MAX).map(|number| format!("-{number}"));
        let with = move |suffix: &str| {
            let room = PORTAL_NAME_LEN_MAX - suffix.len();
            let stem = stem.get(..room).unwrap_or(&stem).trim_end_matches('-');
            Self::parse(&format!("{stem}{suffix}")).ok()
        };
        let (asked, bare) = (Self::parse(text).ok(), with(""));
        let others = words.chain(numbers).filter_map(move |suffix| with(&suffix));
        let others = others.filter({
            let bare = bare.clone();
            move |name| bare.as_ref() != Some(name)
        });
        bare.into_iter().chain(others).filter(move |name| asked.as_ref() != Some(name))
    }
}

/// A text as a name would be written: without case and accents, with a hyphen for what no name has. Empty where it has letters without an ASCII
/// form, or is punycode, which nobody reads.
fn stem(text: &str) -> String {
    const DECOMPOSE: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfkd();
    const READ_MAX: usize = 4 * PORTAL_NAME_LEN_MAX;
    let read: String = text.trim().chars().take(READ_MAX).collect();
    let folded = nfkc_casefold(&read);
    let mut stem = String::new();
    for c in DECOMPOSE.normalize(&folded).chars() {
        match c {
            'a'..='z' | '0'..='9' => stem.push(c),
            '\u{300}'..='\u{36f}' => {}
            c if c.is_alphanumeric() => return String::new(),
            _ if stem.is_empty() || stem.ends_with('-') => {}
            _ => stem.push('-'),
        }
    }
    if folded.starts_with("xn--") { String::new() } else { stem }
}

text_value!(PortalName, as_str);

/// Names that no portal can have: what an operator of the base domain needs, and what would pass for the operator. Names of fewer than
/// [`PORTAL_NAME_LEN_MIN`] characters (`www`, `mail`, `admin`) cannot be registered anyway.
pub const RESERVED_BY_DEFAULT: &[&str] = &[
    "accounts",
    "account",
    "activate",
    "activation",
    "administrator",
    "autoconfig",
    "autodiscover",
    "billing",
    "broadcasthost",
    "certificate",
    "console",
    "contact",
    "control",
    "customer",
    "customers",
    "dashboard",
    "database",
    "default",
    "developer",
    "developers",
    "download",
    "downloads",
    "enroll",
    "enterprise",
    "exchange",
    "forgot",
    "gateway",
    "health",
    "hostmaster",
    "internal",
    "isatap",
    "localhost",
    "localdomain",
    "logout",
    "mailer-daemon",
    "marketing",
    "metrics",
    "monitor",
    "monitoring",
    "nobody",
    "noreply",
    "no-reply",
    "official",
    "operator",
    "partner",
    "partners",
    "password",
    "payment",
    "payments",
    "postmaster",
    "preview",
    "privacy",
    "production",
    "register",
    "registration",
    "secure",
    "security",
    "server",
    "service",
    "services",
    "signin",
    "signup",
    "staging",
    "static",
    "statistics",
    "status",
    "support",
    "system",
    "usenet",
    "webmail",
    "webmaster",
    "website",
    "wpad-proxy",
];

/// The reserved names in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedNames(std::collections::HashSet<String>);

impl ReservedNames {
    /// These names and no others; case and spaces round them make no difference.
    pub fn new<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        Self(names.into_iter().map(|name| name.as_ref().trim().to_ascii_lowercase()).collect())
    }

    /// Whether nobody can have the name.
    pub fn contains(&self, name: &PortalName) -> bool {
        self.0.contains(name.as_str())
    }
}

impl Default for ReservedNames {
    fn default() -> Self {
        Self::new(RESERVED_BY_DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> PortalName {
        PortalName::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_name_is_trimmed_and_lower_cased() {
        assert_eq!(name("  ExAmple ").as_str(), "example");
        assert_eq!(name("a-1--b").as_str(), "a-1--b");
    }

    #[test]
    fn lengths_are_6_to_63() {
        assert_eq!(PortalName::parse("  "), Err(PortalNameError::Empty));
        assert_eq!(PortalName::parse("abcde"), Err(PortalNameError::TooShort));
        assert!(PortalName::parse("abcdef").is_ok());
        assert!(PortalName::parse(&"a".repeat(63)).is_ok());
        assert_eq!(PortalName::parse(&"a".repeat(64)), Err(PortalNameError::TooLong));
    }

    #[test]
    fn only_letters_digits_and_inner_hyphens() {
        for bad in [
            "-abcdef",
            "abcdef-",
            "abc_def",
            "abc.def",
            "abc def",
            "m\u{fc}nchen",
            "xn--mnchen-3ya",
            "XN--abc",
            "\u{212A}elvin",
        ] {
            assert_eq!(PortalName::parse(bad), Err(PortalNameError::InvalidCharacters), "{bad}");
        }
    }

    #[test]
    fn the_default_list_reserves_what_can_be_registered_and_not_the_example() {
        let reserved = ReservedNames::default();
        assert!(!reserved.contains(&name("example")));
        for text in RESERVED_BY_DEFAULT {
            assert!(reserved.contains(&name(text)), "{text}");
        }
        let own = ReservedNames::new([" Acme-Corp "]);
        assert!(own.contains(&name("acme-corp")) && !own.contains(&name("support")));
        assert!(own.contains(&name("ACME-corp")) && !own.contains(&name("acme-inc")));
    }

    #[test]
    fn suggestions_differ_from_the_name_and_from_each_other() {
        let word_at_the_end = format!("{}-team", "a".repeat(58));
        for text in ["example", "abcdef", &"a".repeat(63), &format!("{}-b", "a".repeat(61)), &word_at_the_end] {
            let suggestions: Vec<_> = PortalName::suggestions(text).collect();
            let distinct: std::collections::HashSet<_> = suggestions.iter().collect();
            assert!(suggestions.len() == distinct.len() && suggestions.len() > 50, "{text}");
            assert!(!suggestions.contains(&name(text)));
        }
        let near: Vec<_> = PortalName::suggestions(&format!("{word_at_the_end}s")).take(2).collect();
        assert_ne!(near[0], near[1]);
    }

    #[test]
    fn suggestions_are_near_what_was_meant() {
        for (text, near) in [
            ("example", "example-team"),
            ("acme", "acme-team"),
            (" Acme & Sons, Ltd. ", "acme-sons-ltd"),
            ("B\u{fc}cherei Stra\u{df}e", "bucherei-strasse"),
            ("-trailing-", "trailing"),
            (&"a".repeat(99), &"a".repeat(63)),
        ] {
            assert_eq!(PortalName::suggestions(text).next(), Some(name(near)), "{text}");
        }
        for text in ["", " _ ", "\u{65e5}\u{672c}\u{8a9e}", "xn--bcherei-n2a"] {
            assert_eq!(PortalName::suggestions(text).next(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_its_own_key(text in any::<String>(), likely in " {0,2}[a-zA-Z0-9-]{4,66} {0,2}") {
            for text in [text, likely] {
                if let Ok(name) = PortalName::parse(&text) {
                    prop_assert_eq!(PortalName::parse(name.as_str()), Ok(name.clone()));
                    prop_assert_eq!(PortalName::parse(&text.to_ascii_uppercase()), Ok(name));
                }
            }
        }
    }
}
