//! Tokens that were sent to people, what becomes of an account when one is used, and claims on addresses.

use chrono::{DateTime, Utc};

use super::{NewPassword, Store, StoreError, list, read, unit};
use crate::domain::account::Account;
use crate::domain::event::Trail;
use crate::domain::idempotency::RequestRecord;
use crate::domain::ids::{AccountId, RealmId, TenantId};
use crate::domain::secret::KeyHash;
use crate::domain::verification::{VerificationKind, VerificationToken};

/// A token that is being used, and what its account needs beside it.
#[derive(Clone, Debug)]
pub struct TokenUse {
    /// The token as it was read.
    pub token: VerificationToken,
    /// Whether the account's e-mail address has to be verified before it is in use.
    pub needs_email: bool,
    /// Whether its phone number has to be.
    pub needs_phone: bool,
    /// When.
    pub time: DateTime<Utc>,
}

/// The use of a token that proves an address or a number.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// See [`TokenUse`].
    pub token_use: TokenUse,
    /// The row of its request id.
    pub request: Option<RequestRecord>,
    /// What is said of it.
    pub trail: Trail,
}

/// The use of a token that lets its holder set a password.
#[derive(Clone, Debug)]
pub struct PasswordByToken {
    /// See [`TokenUse`].
    pub token_use: TokenUse,
    /// The password.
    pub password: NewPassword,
    /// What failed logins of the account are counted by; they are forgotten.
    pub guard: KeyHash,
}

/// The verifications of a store.
#[derive(Clone, Copy)]
pub struct Verifications<'s>(pub(super) &'s Store);

impl Verifications<'_> {
    /// Writes tokens and what is said of them. Of an account's tokens of a kind only the newest few can still be used afterwards.
    pub async fn issue(self, tokens: Vec<VerificationToken>, trail: Trail) -> Result<(), StoreError> {
        unit!(self.0, verifications::issue(tokens, trail))
    }

    /// The row of a token, used or not.
    pub async fn by_token(self, tenant: TenantId, token: KeyHash) -> Result<Option<VerificationToken>, StoreError> {
        read!(self.0, verifications::by_token(&tenant, &token))
    }

    /// The newest row of a verification.
    pub async fn by_id(self, tenant: TenantId, verification: KeyHash) -> Result<Option<VerificationToken>, StoreError> {
        read!(self.0, verifications::by_id(&tenant, &verification))
    }

    /// The newest accounts whose e-mail address that is and was never verified, held or claimed; at most `limit`.
    pub async fn unverified(
        self,
        tenant: TenantId,
        realm: RealmId,
        email_key: &str,
        limit: i64,
    ) -> Result<Vec<Account>, StoreError> {
        list!(self.0, verifications::unverified(&tenant, &realm, email_key, limit))
    }

    /// Counts one try of a code against every code of an account that can be used, and gives these back.
    pub async fn try_code(
        self,
        tenant: TenantId,
        account: AccountId,
        kind: VerificationKind,
        now: DateTime<Utc>,
    ) -> Result<Vec<VerificationToken>, StoreError> {
        unit!(self.0, verifications::try_code(tenant, account, kind, now))
    }

    /// Uses a token: the claim becomes the identifier, other claims on it end, the account is in use where nothing else is missing, its
    /// sessions end. [`StoreError::Stale`] where the token cannot be used any more, [`StoreError::Missing`] where its account has no such
    /// address any more, [`Identifiers`](super::Conflict::Identifiers) where another account was first.
    pub async fn confirm(self, confirmation: Confirmation) -> Result<Account, StoreError> {
        unit!(self.0, verifications::confirm(confirmation))
    }

    /// The same with a token that lets its holder set a password; the account, and how many sessions ended.
    pub async fn set_password(self, by_token: PasswordByToken) -> Result<(Account, usize), StoreError> {
        unit!(self.0, verifications::set_password(by_token))
    }

    /// Whether an account still holds or claims what a token was sent to.
    pub async fn claims(self, token: &VerificationToken, now: DateTime<Utc>) -> Result<bool, StoreError> {
        read!(self.0, verifications::claims(token, &now))
    }

    /// Accounts with a claim that had ended by `expired`; at most `limit`.
    pub async fn ended_claims(
        self,
        expired: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(TenantId, AccountId)>, StoreError> {
        list!(self.0, verifications::ended_claims(&expired, limit))
    }

    /// Deletes an account that was never in use with its ended claims; of one that is in use only these.
    pub async fn end_claims(
        self,
        tenant: TenantId,
        account: AccountId,
        expired: DateTime<Utc>,
        trail: Trail,
    ) -> Result<(), StoreError> {
        unit!(self.0, verifications::end_claims(tenant, account, expired, trail))
    }

    /// Forgets up to `limit` tokens that had expired by `expired`; how many there were.
    pub async fn sweep(self, expired: DateTime<Utc>, limit: u32) -> Result<usize, StoreError> {
        unit!(self.0, verifications::sweep(expired, limit))
    }
}
