//! E-mail addresses: the address as typed, and the key that uniqueness is on. Stricter than RFC 5321: no quoted local part, no domain
//! literal, no comment, no name without a dot; nobody registers with those, and every one of them is a second spelling of something else.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::case_fold::nfkc_casefold;
use super::text::{is_printable, text_value};
use super::violation::{Fault, FieldReason};

/// Longest address in octets: RFC 5321's path of 256 without its brackets.
pub const EMAIL_OCTETS_MAX: usize = 254;

/// Longest local part in octets (RFC 5321, 4.5.3.1.1).
pub const LOCAL_OCTETS_MAX: usize = 64;

/// The version of the algorithm that makes the key. It changes with every change after which an address can get another key.
pub const EMAIL_KEY_VERSION: i16 = 1;

/// Why a text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing.
    #[error("the e-mail address is empty")]
    Empty,
    /// More than [`EMAIL_OCTETS_MAX`] octets, as typed or as a key.
    #[error("the e-mail address is longer than {EMAIL_OCTETS_MAX} octets")]
    TooLong,
    /// No local part of the allowed form before the last `@`.
    #[error("the part before the @ is not valid")]
    InvalidLocalPart,
    /// No domain name after the last `@`.
    #[error("the domain is not valid")]
    InvalidDomain,
}

impl From<EmailError> for Fault {
    fn from(error: EmailError) -> Self {
        match error {
            EmailError::Empty => Self::new(FieldReason::FieldRequired),
            EmailError::TooLong => Self::new(FieldReason::FieldTooLong).with("max", EMAIL_OCTETS_MAX),
            EmailError::InvalidLocalPart | EmailError::InvalidDomain => Self::new(FieldReason::EmailInvalid),
        }
    }
}

/// An e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email {
    /// As typed: mail goes to this address and no other.
    address: String,
    /// NFKC_Casefold of the local part, `@`, the domain in A-labels.
    key: String,
    /// Where the domain begins in the key.
    domain_at: usize,
    /// The version of the algorithm that made the key.
    key_version: i16,
}

impl Email {
    /// Splits at the last `@` and takes the address apart. Nothing is trimmed: a space is a typing error that the person should see.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > EMAIL_OCTETS_MAX {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::InvalidDomain)?;
        check_local(local)?;
        let folded = nfkc_casefold(local);
        // Folding can lengthen a text, and can uncover characters (a full-width @) that have no place in it.
        check_local(&folded)?;
        let domain = a_labels(domain)?;
        if !domain.contains('.') {
            return Err(EmailError::InvalidDomain);
        }
        let key = format!("{folded}@{domain}");
        if key.len() > EMAIL_OCTETS_MAX {
            return Err(EmailError::TooLong);
        }
        let domain_at = folded.len() + 1;
        Ok(Self { address: text.to_owned(), key, domain_at, key_version: EMAIL_KEY_VERSION })
    }

    /// The address and the key that the store kept: they were parsed when they came in, and the key's algorithm may have changed since.
    pub(crate) fn restore(address: String, key: String, key_version: i16) -> Self {
        let domain_at = key.rfind('@').map_or(0, |at| at + 1);
        Self { address, key, domain_at, key_version }
    }

    /// The address as typed.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What uniqueness is on: the same for all spellings of one address.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The version of the algorithm that made the key: keys of an older one are found by it when the algorithm changes.
    pub fn key_version(&self) -> i16 {
        self.key_version
    }

    /// The domain in A-labels, lower case.
    pub fn domain(&self) -> &str {
        &self.key[self.domain_at..]
    }
}

text_value!(Email, address);

/// RFC 5322's dot-atom, with RFC 6531's letters beyond ASCII: no quotes, no space, no dot at an end or beside another.
fn check_local(local: &str) -> Result<(), EmailError> {
    let is_atom = |c: char| match c {
        c if c.is_ascii() => c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c),
        c => is_printable(c) && !c.is_whitespace() && c != char::REPLACEMENT_CHARACTER,
    };
    let is_dot_atom = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom));
    if is_dot_atom && local.len() <= LOCAL_OCTETS_MAX { Ok(()) } else { Err(EmailError::InvalidLocalPart) }
}

/// UTS 46, strict but for hyphens in the third and fourth place, which real names have.
fn a_labels(domain: &str) -> Result<Cow<'_, str>, EmailError> {
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| EmailError::InvalidDomain)?;
    // A last label of digits is an IPv4 address or a typing error, never a top-level domain (RFC 3696, section 2).
    let is_number = ascii.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    if is_number { Err(EmailError::InvalidDomain) } else { Ok(ascii) }
}

/// A domain whose addresses may register.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailDomain(String);

impl EmailDomain {
    /// A domain name without `@` and without wildcards, kept in A-labels.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > EMAIL_OCTETS_MAX {
            return Err(EmailError::TooLong);
        }
        a_labels(text).map(|domain| Self(domain.into_owned()))
    }

    /// The domain in A-labels, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the address is of this domain or of one below it: `example.com` covers `a@mail.example.com`, never `a@notexample.com`.
    pub fn covers(&self, email: &Email) -> bool {
        email.domain().strip_suffix(self.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

text_value!(EmailDomain, as_str);

#[cfg(test)]
mod tests;
