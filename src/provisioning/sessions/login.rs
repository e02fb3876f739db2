//! Whether a person is who they say: the same work and the same answer whatever is wrong, until the password is right.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::account::{Account, IdentifierKind};
use crate::domain::ids::{AccountId, TenantId};
use crate::domain::limits::LimitName;
use crate::domain::password::Password;
use crate::domain::phone::Phone;
use crate::domain::realm::Realm;
use crate::domain::secret::KeyHash;
use crate::password::PasswordHash;
use crate::provisioning::Provisioning;
use crate::provisioning::access::Access;
use crate::provisioning::limiter::{address_key, take};
use crate::provisioning::master_key::Purpose;
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::registration::EndUser;
use crate::store::{LoginFailure, NewCredential};

/// What a person calls themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// The key of an identifier.
    Identifier(IdentifierKind, String),
    /// A phone number as typed; the realm says how it is read.
    Phone(String),
    /// A text that nobody can be called.
    Nobody(String),
}

/// What a person says to prove who they are.
#[derive(Debug)]
pub struct Proof {
    /// Who they say they are.
    pub login: Login,
    /// The password; absent where the text can be nobody's.
    pub password: Option<Password>,
    /// Where they call from.
    pub end_user: EndUser,
}

/// A person whose password was right.
pub(in crate::provisioning) struct Proven {
    /// The account, in whichever state.
    pub account: Account,
    /// The hash that was verified.
    pub phc: String,
    /// The password once more, where its hash ought to be renewed.
    pub outdated: Option<Password>,
    /// What failures are counted by.
    pub guard: KeyHash,
    /// The address that the person calls from, as it is kept.
    pub address: KeyHash,
}

/// What is looked at before a password is: whose failures count, and from where.
pub(in crate::provisioning) struct Guarded {
    guard: KeyHash,
    address: KeyHash,
}

impl Provisioning {
    /// Whether the person is who they say: LOGIN_FAILED whatever is wrong, after as much work as if nothing were.
    pub(in crate::provisioning) async fn prove(
        &self,
        call: &Call,
        access: &Access,
        realm: &Realm,
        proof: Proof,
    ) -> Result<Proven, Refusal> {
        let (kind, key) = login_key(&proof.login, access, realm);
        let found = self.store.sessions().login(access.tenant.id, realm.id, kind, &key).await?;
        let tried = format!("{}/{kind}/{key}", realm.id);
        let account_id = found.as_ref().map(|(account, _)| account.id);
        let guarded = self.guarded(call, access, account_id, &tried, &proof.end_user).await?;
        self.check_password(call, access, found, proof.password, guarded).await
    }

    /// Takes one attempt, and refuses it where it has to wait. Strangers' attempts are no matter of a person at an address of theirs.
    pub(in crate::provisioning) async fn guarded(
        &self,
        call: &Call,
        access: &Access,
        account: Option<AccountId>,
        tried: &str,
        end_user: &EndUser,
    ) -> Result<Guarded, Refusal> {
        let tenant_id = access.tenant.id;
        let who = account.map_or_else(|| tried.to_owned(), |id| id.to_string());
        let guard = self.login_guard(tenant_id, &who);
        let address = address_key(self.end_user_address(call, end_user)?);
        let address = self.keyed(Purpose::KnownAddress, &[tenant_id.as_bytes(), &address]);
        let nobody = AccountId::from_uuid(Uuid::nil());
        let known = self.store.sessions().knows_address(tenant_id, account.unwrap_or(nobody), address).await?;
        let mut bucket = guard.as_bytes().to_vec();
        if known {
            bucket.extend_from_slice(address.as_bytes());
        }
        take(&*self.limiter, LimitName::Logins, &bucket).await?;
        let waits = self.store.sessions().guard(tenant_id, guard).await?.wait_until;
        match waits.and_then(|end| (end - self.clock.now()).to_std().ok()) {
            Some(retry_after) if !known => Err(Refusal::RateLimited { limit: LimitName::Logins, retry_after }),
            _ => Ok(Guarded { guard, address }),
        }
    }

    /// What failed logins are counted by: an account's id, or what was tried.
    pub(in crate::provisioning) fn login_guard(&self, tenant: TenantId, who: &str) -> KeyHash {
        self.keyed(Purpose::LoginGuard, &[tenant.as_bytes(), who.as_bytes()])
    }

    /// Verifies a password, against nothing where there is no account; a wrong one is counted.
    pub(in crate::provisioning) async fn check_password(
        &self,
        call: &Call,
        access: &Access,
        found: Option<(Account, Option<String>)>,
        password: Option<Password>,
        guarded: Guarded,
    ) -> Result<Proven, Refusal> {
        let Guarded { guard, address } = guarded;
        let bytes = password.clone().map(Password::into_bytes);
        let whole = match (found, &password) {
            (Some((account, Some(phc))), Some(_)) => Some((account, phc)),
            _ => None,
        };
        let verdict = match &whole {
            Some((_, phc)) => {
                let hash = PasswordHash::import(phc).map_err(|fault| Refusal::Internal(Box::new(fault)))?;
                self.hasher.verify(bytes.unwrap_or_default(), &hash, call.deadline).await?
            }
            None => {
                self.hasher.verify_dummy(bytes.unwrap_or_else(|| Zeroizing::new(Vec::new())), call.deadline).await?
            }
        };
        match whole {
            Some((account, phc)) if verdict.matches => {
                let outdated = password.filter(|_| verdict.needs_rehash);
                Ok(Proven { account, phc, outdated, guard, address })
            }
            _ => {
                self.count_failure(access, guard, self.clock.now()).await?;
                Err(Refusal::LoginFailed)
            }
        }
    }

    async fn count_failure(&self, access: &Access, guard: KeyHash, time: DateTime<Utc>) -> Result<(), Refusal> {
        self.store.sessions().fail(LoginFailure { tenant_id: access.tenant.id, guard, time }).await?;
        Ok(())
    }

    /// Hashes a password that was checked.
    pub(in crate::provisioning) async fn hash_password(
        &self,
        call: &Call,
        password: Password,
    ) -> Result<NewCredential, Refusal> {
        let hash = self.hasher.hash(password.into_bytes(), call.deadline).await?;
        Ok(NewCredential { phc: hash.as_phc().to_owned() })
    }

    /// A keyed hash of parts that cannot be confused with others.
    pub(in crate::provisioning) fn keyed(&self, purpose: Purpose, parts: &[&[u8]]) -> KeyHash {
        KeyHash::from_bytes(self.master_key.mac(purpose, &parts.join(&0)))
    }
}

/// The key to look up. What nobody can be called is looked up too, under a key that nobody has.
fn login_key(login: &Login, access: &Access, realm: &Realm) -> (IdentifierKind, String) {
    match login {
        Login::Identifier(kind, key) => (*kind, key.clone()),
        Login::Phone(text) => {
            let region = access.caller.application.settings.default_region.or(realm.rules.default_region);
            let phone = Phone::parse(text, realm.rules.phone_format, region).ok();
            let key = phone.and_then(|phone| phone.key().map(str::to_owned));
            (IdentifierKind::Phone, key.unwrap_or_else(|| nobodys(text)))
        }
        Login::Nobody(text) => (IdentifierKind::UserName, nobodys(text)),
    }
}

/// A key that no identifier has: none begins with a space.
fn nobodys(text: &str) -> String {
    format!(" {text}")
}
