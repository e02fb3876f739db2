//! Ids of things: a type each, so that the id of one is never taken for the id of another. Minting them is somebody else's: a domain
//! has no randomness and no clock.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::violation::{Fault, FieldReason};

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Another form than 8-4-4-4-12 hexadecimal digits.
    #[error("an id is a UUID in its hyphenated form")]
    Malformed,
}

impl From<IdError> for Fault {
    fn from(_: IdError) -> Self {
        Self::new(FieldReason::FieldInvalid)
    }
}

/// The hyphenated form only: the uuid crate also takes braces, `urn:uuid:` and bare digits, which would give one id several texts.
/// Digits may be of either case, as RFC 9562 demands of readers.
fn parse_hyphenated(text: &str) -> Result<Uuid, IdError> {
    const HYPHENATED_LEN: usize = 36;
    if text.len() != HYPHENATED_LEN {
        return Err(IdError::Malformed);
    }
    Uuid::try_parse(text).map_err(|_| IdError::Malformed)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The id that was minted as this UUID.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID, for the store.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }

            /// Its 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_hyphenated(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A tenant.
    TenantId,
    /// A realm of a tenant.
    RealmId,
    /// A calling application.
    ApplicationId,
    /// A key of an application: its row, never its text.
    ApplicationKeyId,
    /// A contract, the same for all its versions.
    ContractId,
    /// An account.
    AccountId,
    /// What a caller names a request, to repeat it safely.
    RequestId,
    /// An event.
    EventId,
    /// A row of the audit trail.
    AuditId,
    /// A message to send.
    MessageId,
    /// A session of a person.
    SessionId,
    /// A token that was sent to a person: its row, never its text.
    VerificationTokenId,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0190b5a0-7b1c-7def-8123-456789abcdef";

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id: AccountId = TEXT.parse().expect("an id");
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(TEXT.to_uppercase().parse(), Ok(id));
        assert_eq!(AccountId::from_uuid(id.as_uuid()), id);
        let bare = TEXT.replace('-', "");
        for other in [&bare, &format!("{{{TEXT}}}"), &format!("urn:uuid:{TEXT}"), "", "1", &format!("{TEXT} ")] {
            assert_eq!(other.parse::<AccountId>(), Err(IdError::Malformed), "{other}");
        }
        let misplaced = "0190b5a07b1c-7def-8123-4567-89abcdef";
        assert_eq!((misplaced.len(), misplaced.parse::<AccountId>()), (36, Err(IdError::Malformed)));
    }

    #[test]
    fn json_holds_the_text() {
        let id: TenantId = TEXT.parse().expect("an id");
        let json = serde_json::to_string(&id).expect("json");
        assert_eq!(json, format!("\"{TEXT}\""));
        assert_eq!(serde_json::from_str::<TenantId>(&json).expect("an id"), id);
        assert!(serde_json::from_str::<TenantId>("\"x\"").is_err());
    }
}
