//! The form of the tokens that belong to a tenant: `enroll_<kind>_<tenant>_`, 256 random bits, a checksum. The kind lets secret scanners
//! tell what leaked, the tenant's id in clear keeps a look-up inside one tenant, the checksum tells a typing error without a look-up. Only
//! the hash of a token is ever kept.

use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::ids::TenantId;
use super::secret::{CHECKSUM_LEN, KeyHash, MalformedKey, SECRET_LEN, checksum, push_secret};

/// What a token is for. A token of one kind is never one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Shown with every call on behalf of a person.
    Session,
    /// Exchanged, once, for new tokens of the same session.
    Refresh,
    /// The id by which an application knows a verification; it is half of the proof.
    Verification,
    /// Sent by mail: the other half.
    Confirmation,
    /// Sent by mail: lets its holder set a password.
    Password,
}

impl TokenKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Session => "enroll_session_",
            Self::Refresh => "enroll_refresh_",
            Self::Verification => "enroll_verification_",
            Self::Confirmation => "enroll_confirm_",
            Self::Password => "enroll_password_",
        }
    }
}

/// Hexadecimal digits of a tenant's id.
const TENANT_LEN: usize = 32;

/// A token in clear: it is shown once, where it is made, and comes back from whoever holds it.
#[derive(Clone)]
pub struct TenantToken {
    text: Zeroizing<String>,
    tenant: TenantId,
}

impl TenantToken {
    /// The token of 32 random octets; the randomness is the caller's.
    pub fn from_bytes(kind: TokenKind, tenant: TenantId, bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let prefix = kind.prefix();
        let mut text = Zeroizing::new(String::with_capacity(prefix.len() + TENANT_LEN + 1 + SECRET_LEN + CHECKSUM_LEN));
        text.push_str(prefix);
        text.push_str(tenant.as_uuid().simple().encode_lower(&mut Uuid::encode_buffer()));
        text.push('_');
        push_secret(&mut text, &bytes);
        let checksum = checksum(&text);
        text.extend(checksum.map(char::from));
        Self { text, tenant }
    }

    /// Reads a token of this kind. That it has the right form says nothing about whether there is such a token.
    pub fn parse(kind: TokenKind, text: &str) -> Result<Self, MalformedKey> {
        let rest = text.strip_prefix(kind.prefix()).ok_or(MalformedKey)?;
        let (tenant, digits) = rest.split_once('_').ok_or(MalformedKey)?;
        let of_form = tenant.len() == TENANT_LEN
            && tenant.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            && digits.len() == SECRET_LEN + CHECKSUM_LEN
            && digits.bytes().all(|b| b.is_ascii_alphanumeric());
        if !of_form {
            return Err(MalformedKey);
        }
        let (checked, given) = text.split_at(text.len() - CHECKSUM_LEN);
        if checksum(checked) != given.as_bytes() {
            return Err(MalformedKey);
        }
        let tenant = Uuid::try_parse(tenant).map(TenantId::from_uuid).map_err(|_| MalformedKey)?;
        Ok(Self { text: Zeroizing::new(text.to_owned()), tenant })
    }

    /// The tenant it belongs to.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// SHA-256 of the whole text.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.text)
    }

    /// The whole text, for the one it was made for.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for TenantToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tenant() -> TenantId {
        "0190b5a0-7b1c-7def-8123-456789abcdef".parse().expect("an id")
    }

    #[test]
    fn a_token_has_a_fixed_form_and_is_never_shown() {
        let token = TenantToken::from_bytes(TokenKind::Session, tenant(), [0; 32]);
        let head = format!("enroll_session_0190b5a07b1c7def8123456789abcdef_{}", "0".repeat(43));
        assert_eq!(&token.expose()[..head.len()], head);
        assert_eq!(token.expose().len(), head.len() + 6);
        assert_eq!(format!("{token:?}"), "TenantToken(..)");
    }

    proptest! {
        #[test]
        fn a_token_parses_to_itself_and_as_no_other_kind(bytes in any::<[u8; 32]>()) {
            let token = TenantToken::from_bytes(TokenKind::Refresh, tenant(), bytes);
            let read = TenantToken::parse(TokenKind::Refresh, token.expose()).expect("a token");
            prop_assert_eq!((read.hash(), read.tenant()), (token.hash(), tenant()));
            prop_assert!(TenantToken::parse(TokenKind::Session, token.expose()).is_err());
        }

        #[test]
        fn a_typing_error_is_told(bytes in any::<[u8; 32]>(), at in 0_usize..97, to in "[0-9a-zA-Z_]") {
            let token = TenantToken::from_bytes(TokenKind::Session, tenant(), bytes);
            let mut typo = token.expose().to_owned();
            typo.replace_range(at..=at, &to);
            prop_assert_eq!(TenantToken::parse(TokenKind::Session, &typo).is_ok(), typo == token.expose());
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            prop_assert!(TenantToken::parse(TokenKind::Session, &text).is_err());
            let prefixed = format!("enroll_session_{text}");
            prop_assert!(TenantToken::parse(TokenKind::Session, &prefixed).is_err());
        }
    }
}
