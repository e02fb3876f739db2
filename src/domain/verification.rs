//! What a person proves by a token that was sent to them: that an address or a number is theirs, that a portal is to be opened, that they may
//! set a password. A verification is known to the application by a secret id, and to the person by a token or a code; only hashes of both
//! are kept.

use chrono::{DateTime, TimeDelta, Utc};

use super::ids::{AccountId, RealmId, TenantId, VerificationTokenId};
use super::secret::KeyHash;
use super::state::text_enum;

text_enum! {
    /// What is proved.
    pub enum VerificationKind {
        /// An e-mail address is theirs.
        Email = "EMAIL",
        /// A phone number is theirs.
        Phone = "PHONE",
        /// The owner of a portal opens it, and the address is theirs.
        PortalActivation = "PORTAL_ACTIVATION",
        /// They may set a password, and the address is theirs.
        Password = "PASSWORD",
    }
}

/// A claim on an address that is not verified ends after this time.
pub const CLAIM_LIFETIME: TimeDelta = TimeDelta::hours(24);
/// A code that was sent to a phone can be used for this time.
pub const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// A code is void after as many wrong ones.
pub const CODE_TRIES_MAX: i32 = 5;
/// Tokens of an account and a kind that can be used at once: sending another one makes the oldest void.
pub const TOKENS_ALIVE_MAX: usize = 3;
/// A password may be reset by a token for this time.
pub const RESET_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// The first password may be set by a token for this time: the mail comes unasked.
pub const FIRST_PASSWORD_LIFETIME: TimeDelta = TimeDelta::days(3);
/// How long it is told of a token that it has expired or was used; after that it is unknown.
pub const TOKEN_REMEMBERED: TimeDelta = TimeDelta::days(7);

/// Seconds of an activation token: at least 5 minutes to read a mail, at most a week.
pub const VERIFICATION_SECONDS: std::ops::RangeInclusive<i64> = 300..=604_800;

/// Why a token cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// Not one of ours, not for this, or a wrong code.
    Invalid,
    /// Past its time, or a code that was tried too often.
    Expired,
    /// Used before, or what it proves was proved by another one.
    Used,
    /// A newer one took its place, or another person was first.
    Superseded,
}

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationToken {
    /// The tenant it belongs to.
    pub tenant_id: TenantId,
    /// UUIDv7.
    pub id: VerificationTokenId,
    /// Of the token, or keyed of the code.
    pub hash: KeyHash,
    /// Of the secret id by which the application knows the verification.
    pub verification: KeyHash,
    /// Who proves something.
    pub account_id: AccountId,
    /// The realm of that account.
    pub realm_id: RealmId,
    /// See [`VerificationKind`].
    pub kind: VerificationKind,
    /// The key of the address or number that it was sent to.
    pub key: String,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// Until when it can be used.
    pub expire_time: DateTime<Utc>,
    /// When it was used, or what it proves was proved.
    pub use_time: Option<DateTime<Utc>>,
    /// When it was made void.
    pub void_time: Option<DateTime<Utc>>,
    /// How many codes were tried against it.
    pub tries: i32,
}

impl VerificationToken {
    /// Why it cannot be used now, if it cannot.
    pub fn fault(&self, now: DateTime<Utc>) -> Option<TokenFault> {
        if self.use_time.is_some() {
            Some(TokenFault::Used)
        } else if self.void_time.is_some() {
            Some(TokenFault::Superseded)
        } else if self.expire_time <= now || self.tries >= CODE_TRIES_MAX {
            Some(TokenFault::Expired)
        } else {
            None
        }
    }
}

/// Six digits out of random octets; the bias of a 64-bit number is below one in 10^13.
pub fn code(random: [u8; 32]) -> String {
    let [a, b, c, d, e, f, g, h, ..] = random;
    format!("{:06}", u64::from_le_bytes([a, b, c, d, e, f, g, h]) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> VerificationToken {
        VerificationToken {
            tenant_id: TenantId::from_uuid(uuid::Uuid::nil()),
            id: VerificationTokenId::from_uuid(uuid::Uuid::nil()),
            hash: KeyHash::from_bytes([1; 32]),
            verification: KeyHash::from_bytes([2; 32]),
            account_id: AccountId::from_uuid(uuid::Uuid::nil()),
            realm_id: RealmId::from_uuid(uuid::Uuid::nil()),
            kind: VerificationKind::Email,
            key: "ada@example.com".to_owned(),
            create_time: DateTime::UNIX_EPOCH,
            expire_time: DateTime::UNIX_EPOCH + TimeDelta::seconds(60),
            use_time: None,
            void_time: None,
            tries: 0,
        }
    }

    #[test]
    fn each_fault_is_told_apart() {
        let (made, end) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + TimeDelta::seconds(60));
        assert_eq!(token().fault(made), None);
        assert_eq!(token().fault(end), Some(TokenFault::Expired));
        let used = VerificationToken { use_time: Some(made), void_time: Some(made), ..token() };
        assert_eq!(used.fault(end), Some(TokenFault::Used));
        let void = VerificationToken { void_time: Some(made), ..token() };
        assert_eq!(void.fault(made), Some(TokenFault::Superseded));
        assert_eq!(VerificationToken { tries: 5, ..token() }.fault(made), Some(TokenFault::Expired));
        assert_eq!(VerificationToken { tries: 4, ..token() }.fault(made), None);
    }

    #[test]
    fn a_code_has_six_digits() {
        assert_eq!(code([0; 32]), "000000");
        let mut random = [0; 32];
        random[..8].copy_from_slice(&1_000_007_u64.to_le_bytes());
        assert_eq!(code(random), "000007");
        assert_eq!(code([255; 32]), "551615");
    }
}
