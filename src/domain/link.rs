//! Links that people are sent to: absolute https URLs, or http on the machine itself for development. They are matched exactly, as text,
//! so a link is kept as given.

use url::{Host, Url};

use super::text::{is_printable, text_value};
use super::violation::{Fault, FieldReason};

/// Longest link in octets: what every browser and proxy takes.
pub const LINK_OCTETS_MAX: usize = 2048;

/// Why a text is no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nothing.
    #[error("the URL is empty")]
    Empty,
    /// More than [`LINK_OCTETS_MAX`] octets.
    #[error("the URL is longer than {LINK_OCTETS_MAX} octets")]
    TooLong,
    /// Not an absolute URL.
    #[error("the URL is not an absolute one")]
    Malformed,
    /// Another scheme than https, http elsewhere than on the machine itself, or a URL with a user, a password or a fragment.
    #[error("a URL of this kind is not allowed")]
    NotAllowed,
}

impl From<LinkError> for Fault {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Empty => Self::new(FieldReason::FieldRequired),
            LinkError::TooLong => Self::new(FieldReason::FieldTooLong).with("max", LINK_OCTETS_MAX),
            LinkError::Malformed => Self::new(FieldReason::FieldInvalid),
            LinkError::NotAllowed => Self::new(FieldReason::UrlNotAllowed),
        }
    }
}

/// An absolute https URL, or http with a loopback host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(String);

impl Link {
    /// Takes the text as it stands. What a URL parser would silently mend (spaces, line breaks, backslashes, a missing slash) is refused:
    /// another reader might mend it differently.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        if text.is_empty() {
            return Err(LinkError::Empty);
        }
        if text.len() > LINK_OCTETS_MAX {
            return Err(LinkError::TooLong);
        }
        let is_clean = |c: char| is_printable(c) && !c.is_whitespace() && c != '\\';
        if !text.chars().all(is_clean) {
            return Err(LinkError::Malformed);
        }
        let url = Url::parse(text).map_err(|_| LinkError::Malformed)?;
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let after_scheme = text.get(url.scheme().len()..).unwrap_or_default();
        let authority = after_scheme.strip_prefix("://").and_then(|rest| rest.split(['/', '?', '#']).next());
        let is_allowed_scheme = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
        // RFC 9700 for redirects: nothing hidden before the host, nothing after a #.
        let is_plain = !authority.is_some_and(|authority| authority.contains('@')) && url.fragment().is_none();
        if !is_allowed_scheme || !is_plain {
            return Err(LinkError::NotAllowed);
        }
        if authority.is_none_or(str::is_empty) {
            return Err(LinkError::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The link as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_value!(Link, as_str);

/// What links in mails begin with: a [`Link`] that a path can be put behind, so one without a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkBase(String);

impl LinkBase {
    /// Takes what [`Link::parse`] takes, but for a query.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        match Link::parse(text)? {
            Link(text) if text.contains('?') => Err(LinkError::NotAllowed),
            Link(text) => Ok(Self(text)),
        }
    }

    /// The text that the store kept: it was parsed when it came in.
    pub(crate) fn restore(text: String) -> Self {
        Self(text)
    }

    /// The base as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The link to a page below the base, with a token where it carries one. Page and token are ours: they have only characters that a URL
    /// takes as they are.
    pub fn page(&self, page: &str, token: Option<&str>) -> String {
        let base = self.0.trim_end_matches('/');
        let query = token.map(|token| format!("?token={token}")).unwrap_or_default();
        format!("{base}/{page}{query}")
    }
}

text_value!(LinkBase, as_str);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_link_is_kept_as_given() {
        for good in [
            "https://example.com",
            "https://Example.com/a?b=c%20d",
            "https://example.com/@user",
            "HTTPS://example.com/",
            "http://localhost:3000/cb",
            "http://127.0.0.1/",
            "http://[::1]:8080/",
            "https://b\u{fc}cher.example/",
        ] {
            assert_eq!(Link::parse(good).expect("a link").as_str(), good);
        }
    }

    #[test]
    fn only_https_or_the_machine_itself() {
        for bad in [
            "http://example.com",
            "http://localhost.example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user@example.com",
            "https://user:pw@example.com",
            "https://@example.com",
            "https://example.com@evil.org",
            "https://example.com/#x",
        ] {
            assert_eq!(Link::parse(bad), Err(LinkError::NotAllowed), "{bad}");
        }
        for bad in [
            "/relative",
            "//example.com",
            "example.com",
            "https://",
            "https:/example.com",
            "https:example.com",
            "https:///example.com",
            "https://exa mple.com",
            " https://example.com",
            "https://example.com\n",
            "https://example.com\\@evil.org",
            "https://example.com/\u{202E}x",
        ] {
            assert_eq!(Link::parse(bad), Err(LinkError::Malformed), "{bad}");
        }
        assert_eq!(Link::parse(""), Err(LinkError::Empty));
        let path = "a".repeat(2048 - "https://example.com/".len());
        assert!(Link::parse(&format!("https://example.com/{path}")).is_ok());
        assert_eq!(Link::parse(&format!("https://example.com/{path}a")), Err(LinkError::TooLong));
    }

    #[test]
    fn a_page_stands_below_its_base() {
        for (base, link) in [
            ("https://example.com", "https://example.com/activate?token=t_1"),
            ("https://example.com/", "https://example.com/activate?token=t_1"),
            ("http://localhost:3000/fr/", "http://localhost:3000/fr/activate?token=t_1"),
        ] {
            assert_eq!(LinkBase::parse(base).expect("a base").page("activate", Some("t_1")), link);
        }
        assert_eq!(
            LinkBase::parse("https://a.example").expect("a base").page("login", None),
            "https://a.example/login"
        );
        for bad in ["https://example.com/?a=b", "https://example.com?", "http://example.com", "https://example.com/#a"]
        {
            assert_eq!(LinkBase::parse(bad), Err(LinkError::NotAllowed), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            for text in [text.clone(), format!("https://{text}"), format!("https://example.com/{text}")] {
                if let Ok(link) = Link::parse(&text) {
                    prop_assert_eq!(link.as_str(), &text);
                }
            }
        }
    }
}
