//! Which application calls: from the `authorization` header to a [`Principal`].
//!
//! A wrong checksum costs no look-up; keys that are not ours are remembered for a few seconds; and a peer that keeps failing is refused
//! before anything is looked up. Keys are random and kept as SHA-256, so that the look-up is by hash and compares nothing secret; the
//! stored hash is compared once more in constant time.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::TimeDelta;
use subtle::ConstantTimeEq;

use crate::domain::application::{ApplicationKey, ApplicationState};
use crate::domain::limits::LimitName;
use crate::domain::permission::Permission;
use crate::domain::secret::{ApplicationKeySecret, KeyHash};
use crate::domain::token::{TenantToken, TokenKind};

use super::cache::Caches;
use super::limiter::{Limited, Limiter, address_key};
use super::principal::{Caller, Person, Principal};
use super::refusal::{CredentialFault, Refusal};
use super::seams::Clock;
use super::sessions::unusable;
use crate::store::Store;

/// How coarse `last_used_time` is: a key in steady use is written once in this time.
const LAST_USED_STEP: TimeDelta = TimeDelta::minutes(1);
/// The longest header that is looked at; a key is under 70 characters.
const HEADER_LEN_MAX: usize = 256;

/// Tells callers by their keys.
pub struct Authenticator {
    store: Store,
    caches: Arc<Caches>,
    clock: Arc<dyn Clock>,
    limiter: Arc<dyn Limiter>,
}

impl Authenticator {
    /// Shares the caches with the use cases, which forget what they change.
    pub fn new(store: Store, caches: Arc<Caches>, clock: Arc<dyn Clock>, limiter: Arc<dyn Limiter>) -> Self {
        Self { store, caches, clock, limiter }
    }

    /// Who calls: nobody said (no header), an application, or a refusal.
    pub async fn authenticate(&self, authorization: Option<&str>, peer: IpAddr) -> Result<Principal, Refusal> {
        let Some(header) = authorization else { return Ok(Principal::Anonymous) };
        // A key that is known needs no look-up: whoever guesses from behind the same address does not keep it out.
        if let Some(caller) = self.known(header) {
            return self.check_expiry(caller).map(Principal::Application);
        }
        let peer = address_key(peer);
        self.limiter.peek(LimitName::FailedCredentials, &peer, 1).await.map_err(too_many_failures)?;
        match self.caller(header).await {
            Ok(caller) => Ok(Principal::Application(caller)),
            Err(refusal) => {
                if matches!(refusal, Refusal::Credential(_)) {
                    self.limiter.take(LimitName::FailedCredentials, &peer, 1).await.map_err(too_many_failures)?;
                }
                Err(refusal)
            }
        }
    }

    /// On whose behalf an application calls, by a session token. A tenant that the application has no grant on is told like a token that
    /// does not exist. A token that has ended is everyday, and 256 bits cannot be guessed: it does not count as a failed credential, else
    /// people whose sessions ran out would lock out the application that they come through.
    pub async fn person(&self, caller: &Caller, token: &str) -> Result<Person, Refusal> {
        let token = TenantToken::parse(TokenKind::Session, token).map_err(|_| Refusal::SessionInvalid)?;
        let (tenant, application) = (token.tenant(), caller.application.id);
        let granted = caller.permissions.contains(&Permission::TenantsAny)
            || self.caches.grant(&self.store, application, tenant).await?.is_some();
        if !granted {
            return Err(Refusal::SessionInvalid);
        }
        let found = self.store.sessions().by_bearer(tenant, token.hash()).await?;
        let (session, account) = found.ok_or(Refusal::SessionInvalid)?;
        if !session.holds(self.clock.now()) || unusable(&account).is_some() {
            return Err(Refusal::SessionInvalid);
        }
        Ok(Person {
            tenant_id: tenant,
            realm_id: account.realm_id,
            account_id: account.id,
            session_id: session.id,
            restriction: session.restriction,
            roles: account.roles,
        })
    }

    fn known(&self, header: &str) -> Option<Arc<Caller>> {
        let key = ApplicationKeySecret::parse(bearer(header).ok()?).ok()?;
        self.caches.callers.get(&key.hash())
    }

    async fn caller(&self, header: &str) -> Result<Arc<Caller>, Refusal> {
        let invalid = || Refusal::Credential(CredentialFault::Invalid);
        let hash = ApplicationKeySecret::parse(bearer(header)?).map_err(|_| invalid())?.hash();
        let caller = self.caches.callers.through(hash, || self.look_up(hash)).await?;
        self.check_expiry(caller.ok_or_else(invalid)?)
    }

    /// [`Self::load`], unless the key was unknown a few seconds ago.
    async fn look_up(&self, hash: KeyHash) -> Result<Option<Arc<Caller>>, Refusal> {
        let unknown = &self.caches.unknown_keys;
        if unknown.get(&hash).is_some() {
            return Ok(None);
        }
        let began = unknown.moment();
        let caller = self.load(&hash).await?;
        if caller.is_none() {
            unknown.keep(began, hash, ());
        }
        Ok(caller)
    }

    /// A key that may be used, with its application; `None` for an unknown or revoked key or a disabled application.
    async fn load(&self, hash: &KeyHash) -> Result<Option<Arc<Caller>>, Refusal> {
        let Some((application, key)) = self.store.applications().by_key(*hash).await? else { return Ok(None) };
        let same: bool = key.hash.as_bytes().ct_eq(hash.as_bytes()).into();
        if !same || key.revoke_time.is_some() || application.state != ApplicationState::Enabled {
            return Ok(None);
        }
        self.note_use(&key);
        let permissions = self.store.applications().permissions(application.id).await?;
        let legacy_codes = Arc::new(application.settings.legacy_codes.clone());
        let (key_id, key_expire_time) = (key.id, key.expire_time);
        Ok(Some(Arc::new(Caller { application, legacy_codes, key_id, key_expire_time, permissions })))
    }

    /// Writes `last_used_time`, at most once a step, behind the call's back: it is worth no call's failure.
    fn note_use(&self, key: &ApplicationKey) {
        let now = self.clock.now();
        if key.last_used_time.is_some_and(|last| now - last < LAST_USED_STEP) {
            return;
        }
        let (store, id) = (self.store.clone(), key.id);
        tokio::spawn(async move {
            if let Err(error) = store.applications().touch_key(id, now).await {
                tracing::debug!(%error, "the use of a key was not noted");
            }
        });
    }

    fn check_expiry(&self, caller: Arc<Caller>) -> Result<Arc<Caller>, Refusal> {
        match caller.key_expire_time {
            Some(end) if end <= self.clock.now() => Err(Refusal::Credential(CredentialFault::Expired)),
            _ => Ok(caller),
        }
    }
}

fn too_many_failures(limited: Limited) -> Refusal {
    Refusal::RateLimited { limit: LimitName::FailedCredentials, retry_after: limited.retry_after }
}

/// The key out of `Bearer <key>`; the scheme in any case (RFC 9110 section 11.1).
fn bearer(header: &str) -> Result<&str, Refusal> {
    let (scheme, key) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Credential(CredentialFault::SchemeUnsupported));
    }
    match key.trim_matches(' ') {
        "" => Err(Refusal::Credential(CredentialFault::Missing)),
        _ if header.len() > HEADER_LEN_MAX => Err(Refusal::Credential(CredentialFault::Invalid)),
        key => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case_and_nothing_else() {
        for header in ["Bearer key", "bearer key", "BEARER   key "] {
            assert_eq!(bearer(header).ok(), Some("key"), "{header}");
        }
        let fault = |header: &str| match bearer(header) {
            Err(Refusal::Credential(fault)) => Some(fault),
            _ => None,
        };
        assert_eq!(fault("Basic dXNlcg=="), Some(CredentialFault::SchemeUnsupported));
        assert_eq!(fault("key"), Some(CredentialFault::SchemeUnsupported));
        assert_eq!(fault("Bearer "), Some(CredentialFault::Missing));
        assert_eq!(fault("Bearer"), Some(CredentialFault::Missing));
        assert_eq!(fault(&format!("Bearer {}", "x".repeat(300))), Some(CredentialFault::Invalid));
    }
}
