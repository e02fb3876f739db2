//! Sessions of people: begun by a login or with the account itself, refreshed, asked after, ended. Nothing of a session is cached: one that
//! has ended is refused at the next call.

mod login;
mod owner;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::account::{Account, AccountState};
use crate::domain::ids::{ApplicationId, RequestId, SessionId};
use crate::domain::permission::Permission;
use crate::domain::session::{Restriction, Session, SessionHashes, SessionLifetimes};
use crate::domain::token::{TenantToken, TokenKind};
use crate::domain::violation::Violations;
use crate::store::{Keyset, NewLogin, NewSession, Refresh, Refreshed, Rehash, StoreError};

pub(super) use login::Proven;
pub use login::{Login, Proof};
pub use owner::Subject;

use super::Provisioning;
use super::accounts::{SeenAccount, View};
use super::cache::RealmKey;
use super::paging::{Cursor, ListScope, Page, PageRequest};
use super::principal::Call;
use super::refusal::{AccountFault, Refusal};
use super::trail::Deed;

/// How long the request that used a refresh token may use it again: long enough for an answer that was lost on the way.
const REFRESH_GRACE: TimeDelta = TimeDelta::seconds(10);
/// The longest description of a browser that is kept.
const USER_AGENT_LEN_MAX: usize = 256;

/// A CreateSession request, decoded.
#[derive(Debug)]
pub struct CreateSession {
    /// Empty = the home tenant.
    pub tenant_id: String,
    /// Empty = the grant's default, else `internal`.
    pub realm_id: String,
    /// What the person says, or what is wrong with the request.
    pub proof: Result<Proof, Violations>,
}

/// A session with its tokens in clear, for the one who asked.
#[derive(Clone, Debug)]
pub struct IssuedSession {
    /// The session.
    pub session: Session,
    /// Its bearer token.
    pub bearer: TenantToken,
    /// Its refresh token.
    pub refresh: TenantToken,
}

impl IssuedSession {
    fn hashes(&self) -> SessionHashes {
        SessionHashes { bearer: self.bearer.hash(), refresh: self.refresh.hash() }
    }

    /// What the store keeps of it.
    pub(super) fn to_new(&self) -> NewSession {
        NewSession { session: self.session.clone(), hashes: self.hashes() }
    }
}

/// Why an account cannot be used, if it cannot.
pub(super) fn unusable(account: &Account) -> Option<AccountFault> {
    match account.state {
        AccountState::Active if account.verification_required => Some(AccountFault::NotVerified),
        AccountState::Active => None,
        AccountState::PendingVerification => Some(AccountFault::NotVerified),
        AccountState::Locked => Some(AccountFault::Locked),
        AccountState::Disabled => Some(AccountFault::Disabled),
        AccountState::Deleted => Some(AccountFault::Deleted),
    }
}

impl Provisioning {
    /// Mints a session; it begins when the unit of work that writes it commits.
    pub(super) fn mint_session(
        &self,
        account: &Account,
        application_id: ApplicationId,
        lifetimes: SessionLifetimes,
        user_agent: &str,
        now: DateTime<Utc>,
    ) -> IssuedSession {
        let user_agent: String = user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_LEN_MAX).collect();
        let session = Session {
            tenant_id: account.tenant_id,
            id: SessionId::from_uuid(self.ids.uuid()),
            account_id: account.id,
            realm_id: account.realm_id,
            application_id,
            restriction: account.password_change_required.then_some(Restriction::ChangePassword),
            user_agent: Some(user_agent).filter(|text| !text.is_empty()),
            create_time: now,
            refresh_time: now,
            bearer_expire_time: lifetimes.bearer_end(now),
            expire_time: lifetimes.refresh_end(now),
            revoke_time: None,
        };
        self.with_tokens(session)
    }

    fn with_tokens(&self, session: Session) -> IssuedSession {
        let token = |kind| TenantToken::from_bytes(kind, session.tenant_id, self.ids.secret());
        IssuedSession { bearer: token(TokenKind::Session), refresh: token(TokenKind::Refresh), session }
    }

    /// Logs a person in.
    pub async fn create_session(
        &self,
        call: &Call,
        request: CreateSession,
    ) -> Result<(IssuedSession, SeenAccount, View), Refusal> {
        let access = self.access(call, &request.tenant_id).await?;
        access.require_active()?;
        let realm = self.usable_realm(&access, &request.realm_id).await?;
        let proof = request.proof.map_err(Refusal::Invalid)?;
        let user_agent = proof.end_user.user_agent.clone();
        let Proven { account, phc, outdated, guard, address } = self.prove(call, &access, &realm, proof).await?;
        if let Some(fault) = unusable(&account) {
            return Err(Refusal::AccountUnusable(fault, account.id));
        }
        let rehash = match outdated {
            Some(password) => {
                Some(Rehash { expected: phc.clone(), credential: self.hash_password(call, password).await? })
            }
            None => None,
        };
        let now = self.clock.now();
        let application_id = access.caller.application.id;
        let issued = self.mint_session(&account, application_id, realm.rules.sessions, &user_agent, now);
        let deed = Deed::new("session.created", format!("sessions/{}", issued.session.id), "CREATED");
        let trail = self.trail(call, account.tenant_id, now, deed);
        let login = NewLogin { session: issued.to_new(), guard, address, verified: phc, rehash, trail };
        match self.store.sessions().log_in(login).await {
            // Somebody set another password while this one was being verified.
            Err(StoreError::Stale) => return Err(Refusal::LoginFailed),
            logged_in => logged_in?,
        }
        let view = self.view(&access).await?;
        Ok((issued, self.seen(account).await?, view))
    }

    /// Exchanges a refresh token for new tokens of its session.
    pub async fn refresh_session(
        &self,
        call: &Call,
        refresh_token: &str,
        request_id: Option<RequestId>,
    ) -> Result<IssuedSession, Refusal> {
        let token = TenantToken::parse(TokenKind::Refresh, refresh_token).map_err(|_| Refusal::SessionInvalid)?;
        let access = self.access_by_token(call, token.tenant(), || Refusal::SessionInvalid).await?;
        let found = self.store.sessions().by_refresh(token.tenant(), token.hash()).await?;
        let (session, account) = found.ok_or(Refusal::SessionInvalid)?;
        let now = self.clock.now();
        let ended = session.revoke_time.is_some() || session.expire_time <= now;
        if ended || session.application_id != access.caller.application.id || unusable(&account).is_some() {
            return Err(Refusal::SessionInvalid);
        }
        if session.restriction.is_some() {
            return Err(Refusal::AccountUnusable(AccountFault::PasswordChangeRequired, account.id));
        }
        let realm = self.caches.realm(&self.store, account.tenant_id, RealmKey::Id(account.realm_id)).await?;
        let lifetimes = realm.map(|realm| realm.rules.sessions).ok_or(Refusal::SessionInvalid)?;
        let issued = self.with_tokens(Session {
            refresh_time: now,
            bearer_expire_time: lifetimes.bearer_end(now),
            expire_time: lifetimes.refresh_end(now),
            ..session
        });
        let resource = format!("sessions/{}", issued.session.id);
        let deed = Deed::new("session.refreshed", resource.clone(), "UPDATED");
        let reuse = Deed::new("session.reused", resource, "REVOKED");
        let refresh = Refresh {
            tenant_id: token.tenant(),
            used: token.hash(),
            request_id,
            grace_begin: now - REFRESH_GRACE,
            session: issued.session.clone(),
            hashes: issued.hashes(),
            trail: self.trail(call, token.tenant(), now, deed),
            reuse_trail: self.trail(call, token.tenant(), now, reuse),
        };
        match self.store.sessions().refresh(refresh).await? {
            Refreshed::Renewed => Ok(issued),
            Refreshed::Ended => Err(Refusal::SessionInvalid),
            Refreshed::Reused => {
                tracing::warn!(session_id = %issued.session.id, "a refresh token came twice; its session is ended");
                Err(Refusal::SessionInvalid)
            }
        }
    }

    /// Says whose a bearer token is.
    pub async fn get_session(&self, call: &Call, bearer_token: &str) -> Result<(Session, SeenAccount, View), Refusal> {
        let token = TenantToken::parse(TokenKind::Session, bearer_token).map_err(|_| Refusal::SessionInvalid)?;
        let access = self.access_by_token(call, token.tenant(), || Refusal::SessionInvalid).await?;
        access.require(Permission::SessionsRead)?;
        let found = self.store.sessions().by_bearer(token.tenant(), token.hash()).await?;
        let (session, account) = found.ok_or(Refusal::SessionInvalid)?;
        if !session.holds(self.clock.now()) || unusable(&account).is_some() || !access.allows_realm(account.realm_id) {
            return Err(Refusal::SessionInvalid);
        }
        if session.restriction.is_some() {
            return Err(Refusal::AccountUnusable(AccountFault::PasswordChangeRequired, account.id));
        }
        let view = self.view(&access).await?;
        Ok((session, self.seen(account).await?, view))
    }

    /// The sessions of an account that have not ended, in the order they were made.
    pub async fn list_sessions(
        &self,
        call: &Call,
        subject: &Subject,
        page: &PageRequest,
    ) -> Result<Page<Session>, Refusal> {
        let (access, account_id) = self.subject(call, subject, Permission::SessionsRead).await?;
        let now = self.clock.now();
        let scope = ListScope::new("sessions")
            .with(access.caller.application.id.to_string())
            .with(access.tenant.id.to_string())
            .with(account_id.to_string());
        let cursor = Cursor::begin(&self.master_key, now, page, scope)?;
        let keyset = Keyset { after: cursor.after.map(SessionId::from_uuid), limit: cursor.limit() };
        let rows = self.store.sessions().list(access.tenant.id, account_id, now, keyset).await?;
        Ok(cursor.finish(rows, &*self.ids, now, |session| session.id.as_uuid()))
    }

    /// Ends a session; says whether there was one to end. A person ends the own ones, and the calling one where none is named.
    pub async fn revoke_session(&self, call: &Call, tenant_id: &str, session_id: &str) -> Result<bool, Refusal> {
        let access = self.access_for_person(call, tenant_id).await?;
        let person = call.person.as_ref().filter(|person| person.tenant_id == access.tenant.id);
        let of = match person {
            Some(person) if !access.permits(Permission::SessionsRevoke) => Some(person.account_id),
            _ => {
                access.require(Permission::SessionsRevoke)?;
                None
            }
        };
        let id = match (session_id, person) {
            ("", Some(person)) => person.session_id,
            ("", None) => return Err(Refusal::required("session_id")),
            (text, _) => match text.parse::<SessionId>() {
                Ok(id) => id,
                Err(_) => return Ok(false),
            },
        };
        let now = self.clock.now();
        let deed = Deed::new("session.revoked", format!("sessions/{id}"), "REVOKED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        Ok(self.store.sessions().revoke(access.tenant.id, id, of, now, trail).await?)
    }

    /// Ends every session of an account, or all but the calling one; says how many there were.
    pub async fn revoke_all_sessions(
        &self,
        call: &Call,
        subject: &Subject,
        keep_calling: bool,
    ) -> Result<usize, Refusal> {
        let (access, account_id) = self.subject(call, subject, Permission::SessionsRevoke).await?;
        let keep = call.person.as_ref().filter(|_| keep_calling).map(|person| person.session_id);
        let now = self.clock.now();
        let deed = Deed::new("account.sessions_revoked", format!("accounts/{account_id}"), "REVOKED");
        let trail = self.trail(call, access.tenant.id, now, deed);
        Ok(self.store.sessions().revoke_all(access.tenant.id, account_id, keep, now, trail).await?)
    }
}
