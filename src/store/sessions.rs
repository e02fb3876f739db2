//! Sessions of people, and what guards their logins.

use std::fmt;

use chrono::{DateTime, Utc};

use super::accounts::NewCredential;
use super::{Keyset, Store, StoreError, list, read, unit};
use crate::domain::account::{Account, IdentifierKind};
use crate::domain::event::Trail;
use crate::domain::idempotency::RequestRecord;
use crate::domain::ids::{AccountId, RealmId, RequestId, SessionId, TenantId};
use crate::domain::secret::KeyHash;
use crate::domain::session::{LoginGuard, Session, SessionHashes};

/// A session to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// The hashes of its tokens.
    pub hashes: SessionHashes,
}

/// A hash to put in the place of an outdated one of the same password.
#[derive(Clone)]
pub struct Rehash {
    /// The hash that was verified; where another one stands by now, that one stays.
    pub expected: String,
    /// The new hash.
    pub credential: NewCredential,
}

impl fmt::Debug for Rehash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rehash(***)")
    }
}

/// A login that was right: what is written in one unit of work.
#[derive(Clone)]
pub struct NewLogin {
    /// The session.
    pub session: NewSession,
    /// Whose failures are forgotten.
    pub guard: KeyHash,
    /// From where it came; known from now on.
    pub address: KeyHash,
    /// The hash that was verified.
    pub verified: String,
    /// The hash to put in its place.
    pub rehash: Option<Rehash>,
    /// What is said of it.
    pub trail: Trail,
}

impl fmt::Debug for NewLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewLogin").field("session", &self.session).finish_non_exhaustive()
    }
}

/// A login that was wrong.
#[derive(Clone, Copy, Debug)]
pub struct LoginFailure {
    /// In which tenant.
    pub tenant_id: TenantId,
    /// What was tried.
    pub guard: KeyHash,
    /// When.
    pub time: DateTime<Utc>,
}

/// A refresh token that came to be exchanged.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The tenant that the token names.
    pub tenant_id: TenantId,
    /// Its hash.
    pub used: KeyHash,
    /// The request that uses it: the same one may come again for a moment.
    pub request_id: Option<RequestId>,
    /// From when on the same request may come again no more.
    pub grace_begin: DateTime<Utc>,
    /// The session as it will be: its times.
    pub session: Session,
    /// The hashes of its new tokens.
    pub hashes: SessionHashes,
    /// What is said where it is exchanged.
    pub trail: Trail,
    /// What is said where it came a second time.
    pub reuse_trail: Trail,
}

/// What became of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The session has the new tokens.
    Renewed,
    /// The token was used before: the session is ended.
    Reused,
    /// There is no such token any more, or its session has ended.
    Ended,
}

/// A password that takes the place of another, or is the first.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// In which tenant.
    pub tenant_id: TenantId,
    /// Whose.
    pub account_id: AccountId,
    /// The new hash.
    pub credential: NewCredential,
    /// The hash that was verified before, where one had to be.
    pub expected: Option<Rehash>,
    /// Whether it has to be changed at the next login.
    pub change_required: bool,
    /// The one session that goes on, with its restriction taken away.
    pub keep: Option<SessionId>,
    /// When.
    pub time: DateTime<Utc>,
    /// The row of its request id.
    pub request: Option<RequestRecord>,
    /// What is said of it.
    pub trail: Trail,
}

/// The sessions of a store.
#[derive(Clone, Copy)]
pub struct Sessions<'s>(pub(super) &'s Store);

impl Sessions<'_> {
    /// The account that holds an identifier, with its password hash: what a login is checked against.
    pub async fn login(
        self,
        tenant: TenantId,
        realm: RealmId,
        kind: IdentifierKind,
        key: &str,
    ) -> Result<Option<(Account, Option<String>)>, StoreError> {
        read!(self.0, logins::find(&tenant, &realm, &kind, key))
    }

    /// How often logins failed.
    pub async fn guard(self, tenant: TenantId, guard: KeyHash) -> Result<LoginGuard, StoreError> {
        read!(self.0, logins::guard(&tenant, &guard))
    }

    /// Whether a person has logged in from an address before.
    pub async fn knows_address(
        self,
        tenant: TenantId,
        account: AccountId,
        address: KeyHash,
    ) -> Result<bool, StoreError> {
        read!(self.0, logins::knows_address(&tenant, &account, &address))
    }

    /// Counts a login that was wrong, and says how many there were in a row.
    pub async fn fail(self, failure: LoginFailure) -> Result<i32, StoreError> {
        unit!(self.0, logins::fail(failure))
    }

    /// Begins a session by a login that was right. [`StoreError::Stale`] where the password is another one by now.
    pub async fn log_in(self, login: NewLogin) -> Result<(), StoreError> {
        unit!(self.0, logins::succeed(login))
    }

    /// The session of a bearer token and its account.
    pub async fn by_bearer(self, tenant: TenantId, bearer: KeyHash) -> Result<Option<(Session, Account)>, StoreError> {
        read!(self.0, sessions::by_bearer(&tenant, &bearer))
    }

    /// The session of a refresh token, used or not, and its account.
    pub async fn by_refresh(
        self,
        tenant: TenantId,
        refresh: KeyHash,
    ) -> Result<Option<(Session, Account)>, StoreError> {
        read!(self.0, sessions::by_refresh(&tenant, &refresh))
    }

    /// Exchanges a refresh token for new tokens, once.
    pub async fn refresh(self, refresh: Refresh) -> Result<Refreshed, StoreError> {
        unit!(self.0, sessions::refresh(refresh))
    }

    /// A page of an account's sessions that have not ended at `now`, by id.
    pub async fn list(
        self,
        tenant: TenantId,
        account: AccountId,
        now: DateTime<Utc>,
        page: Keyset<SessionId>,
    ) -> Result<Vec<Session>, StoreError> {
        list!(self.0, sessions::list(&tenant, &account, &now, &page))
    }

    /// Ends a session, of that account where one is named; says whether there was one to end.
    pub async fn revoke(
        self,
        tenant: TenantId,
        session: SessionId,
        of: Option<AccountId>,
        now: DateTime<Utc>,
        trail: Trail,
    ) -> Result<bool, StoreError> {
        unit!(self.0, sessions::revoke(tenant, session, of, now, trail))
    }

    /// Ends all sessions of an account but one; says how many there were.
    pub async fn revoke_all(
        self,
        tenant: TenantId,
        account: AccountId,
        keep: Option<SessionId>,
        now: DateTime<Utc>,
        trail: Trail,
    ) -> Result<usize, StoreError> {
        unit!(self.0, sessions::revoke_all(tenant, account, keep, now, trail))
    }

    /// Forgets up to `limit` sessions that had expired by `expired`; how many there were.
    pub async fn sweep(self, expired: DateTime<Utc>, limit: u32) -> Result<usize, StoreError> {
        unit!(self.0, sessions::sweep(expired, limit))
    }

    /// Forgets up to `limit` counts of failures of which the last was before `until`; how many there were.
    pub async fn sweep_failures(self, until: DateTime<Utc>, limit: u32) -> Result<usize, StoreError> {
        unit!(self.0, logins::sweep(until, limit))
    }

    /// Writes a password and ends every other session of its account. [`StoreError::Stale`] where another password came first.
    pub async fn replace_password(self, new: NewPassword) -> Result<usize, StoreError> {
        unit!(self.0, logins::replace_password(new))
    }
}
