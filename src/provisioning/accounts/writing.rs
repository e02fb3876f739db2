//! The unit of work that makes an account: hash, write, and what a collision means. CreateAccount and RegisterAccount share it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::domain::account::{Account, AccountState, Identifier, IdentifierKind, UniqueKeys};
use crate::domain::application::OnDuplicate;
use crate::domain::consent::Consent;
use crate::domain::event::Trail;
use crate::domain::idempotency::{Outcome, RequestIds};
use crate::domain::ids::AccountId;
use crate::domain::quota::{QuotaUse, SCOPE_ACCOUNTS_OF_REALM};
use crate::domain::realm::Realm;
use crate::domain::verification::CLAIM_LIFETIME;
use crate::store::{Conflict, Existing, NewAccount, NewCredential, StoreError};

use super::reading::permissions;
use super::taken::taken;
use super::{AccountAnswer, Place, SeenAccount};
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::replay::Repeatable;
use crate::provisioning::rules::{self, CheckedAccount, CheckedCredential};
use crate::provisioning::sessions::{IssuedSession, unusable};
use crate::provisioning::trail::Deed;
use crate::provisioning::verifications::Notifications;
use crate::provisioning::{Provisioning, TRIES_MAX};

/// How a checked person is written.
#[derive(Clone, Copy)]
pub(in crate::provisioning) struct Writing<'a> {
    /// What a taken identifier means.
    pub on_duplicate: OnDuplicate,
    /// What the request is known by, where it may be repeated.
    pub repeatable: Option<&'a Repeatable>,
    /// The browser of a person to log in; absent = nobody is logged in.
    pub logs_in: Option<&'a str>,
}

/// A person who can be written.
struct Prepared {
    checked: CheckedAccount,
    credential: Option<NewCredential>,
    said: Notifications,
}

impl Provisioning {
    /// Hashes and writes a checked person: the unit of work of CreateAccount and RegisterAccount.
    pub(in crate::provisioning) async fn write(
        &self,
        call: &Call,
        place: &Place,
        checked: CheckedAccount,
        writing: Writing<'_>,
    ) -> Result<AccountAnswer, Refusal> {
        let Writing { on_duplicate, repeatable, .. } = writing;
        if let Some(answer) = self.replay(call, place, repeatable).await? {
            return Ok(answer);
        }
        let prepared = match self.prepare(call, place, checked).await {
            // An equal request that came at the same time may have used the captcha's token, or hold what this one asks for.
            Err(refusal @ (Refusal::CaptchaInvalid(_) | Refusal::AlreadyExists(_) | Refusal::QuotaExceeded { .. })) => {
                return self.replay(call, place, repeatable).await?.ok_or(refusal);
            }
            prepared => prepared?,
        };
        for _ in 0..TRIES_MAX {
            let (new, session) = self.unit(call, place, &prepared, writing, self.clock.now())?;
            let (account, channels) = (new.account.clone(), new.trail.channels());
            match self.store.accounts().create(new).await {
                Ok(()) => {
                    self.outgoing.wake(&channels);
                    let returns_token = place.delivery.returns_token();
                    let issued = prepared.said.verifications.into_iter().map(|one| one.issued(returns_token));
                    let answer = answer(place, made_in(place, account), place.outcome());
                    return Ok(answer.with(session, issued.collect()));
                }
                Err(StoreError::Conflict(Conflict::Request)) => {
                    return self.replay(call, place, repeatable).await?.ok_or(Refusal::TransactionConflict);
                }
                Err(StoreError::Unknown) => return self.unknown(call, place, repeatable).await,
                Err(StoreError::QuotaExceeded(_)) => return Err(quota_exceeded(&place.realm)),
                Err(StoreError::Conflict(_)) => {
                    if let Some(answer) =
                        self.collided(call, place, &prepared.checked, on_duplicate, repeatable).await?
                    {
                        return Ok(answer);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::TransactionConflict)
    }

    /// Everything that is done once, however often the unit is tried: what costs least comes first.
    async fn prepare(&self, call: &Call, place: &Place, checked: CheckedAccount) -> Result<Prepared, Refusal> {
        let mut checked = self.settle(call, checked, &place.realm.rules, &place.paths).await?;
        let has_password = !matches!(checked.credential, CheckedCredential::Absent);
        let mut said = self.announce(place, &checked, has_password).await?;
        let credential = self.hash(call, std::mem::replace(&mut checked.credential, CheckedCredential::Absent)).await?;
        if place.registers {
            self.tell_held(place, &checked).await?;
        }
        let tenant = place.access.tenant.id;
        self.count_messages((tenant, tenant), place.registers, place.delivery.returns_token(), &mut said).await;
        let settings = &place.access.caller.application.settings;
        rules::mint_external_key(&mut checked.external_keys, settings, self.ids.uuid());
        Ok(Prepared { checked, credential, said })
    }

    /// What one try writes; ids and number are new at each.
    fn unit(
        &self,
        call: &Call,
        place: &Place,
        prepared: &Prepared,
        writing: Writing<'_>,
        now: DateTime<Utc>,
    ) -> Result<(NewAccount, Option<IssuedSession>), Refusal> {
        let Prepared { checked, credential, said } = prepared;
        let account = self.account(place, checked, credential.is_some(), now);
        let (tenant_id, account_id) = (account.tenant_id, account.id);
        let ids = RequestIds { tenant_id, account_id };
        let request = self.request_record(call, Some(tenant_id), writing.repeatable, place.outcome(), ids, now)?;
        let session = self.first_session(place, &account, writing.logs_in, now);
        let mut trail = self.account_trail(call, &account, now);
        trail.messages.extend(said.messages().map(|message| self.outgoing.seal(message, tenant_id, now)));
        let token = |verification| self.token_row(verification, account_id, place.realm.id, now);
        let new = NewAccount {
            identifiers: identifiers(place, checked, &account),
            unique_values: checked.unique_values.clone(),
            credential: credential.clone(),
            verifications: said.verifications.iter().map(token).collect(),
            session: session.as_ref().map(IssuedSession::to_new),
            quotas: realm_quota(&place.realm),
            request,
            trail,
            account,
        };
        Ok((new, session))
    }

    /// What a person who registers is told before a message goes to the address that they name. What they only claim collides with nothing, so
    /// that it has to be looked up to be told at all; in the end the database decides.
    pub(super) async fn tell_held(&self, place: &Place, checked: &CheckedAccount) -> Result<(), Refusal> {
        if self.store.quotas().exceeded(&realm_quota(&place.realm)).await?.is_some() {
            return Err(quota_exceeded(&place.realm));
        }
        let holders = self.store.accounts().holders(&told_keys(place, checked)).await?;
        if holders.is_empty() { Ok(()) } else { Err(taken(place, checked, &holders)) }
    }

    /// The session that an account begins with, where one is asked for and the account can be used.
    fn first_session(
        &self,
        place: &Place,
        account: &Account,
        logs_in: Option<&str>,
        now: DateTime<Utc>,
    ) -> Option<IssuedSession> {
        let user_agent = logs_in.filter(|_| account.password_set && unusable(account).is_none())?;
        let application_id = place.access.caller.application.id;
        Some(self.mint_session(account, application_id, place.realm.rules.sessions, user_agent, now))
    }

    /// After a collision: who holds what the request asks for? Answers or refuses; `None` where nobody does any more, so that the unit is
    /// worth another try.
    async fn collided(
        &self,
        call: &Call,
        place: &Place,
        checked: &CheckedAccount,
        on_duplicate: OnDuplicate,
        repeatable: Option<&Repeatable>,
    ) -> Result<Option<AccountAnswer>, Refusal> {
        let keys = unique_keys(place, checked);
        if on_duplicate == OnDuplicate::Fail {
            let holders = self.store.accounts().holders(&keys).await?;
            return if holders.is_empty() { Ok(None) } else { Err(taken(place, checked, &holders)) };
        }
        let now = self.clock.now();
        let tenant_id = place.access.tenant.id;
        // The store fills the account's id in once it knows whose it is.
        let ids = RequestIds { tenant_id, account_id: AccountId::from_uuid(uuid::Uuid::nil()) };
        let request = self.request_record(call, Some(tenant_id), repeatable, Outcome::Existing, ids, now)?;
        let allowed = place.access.grant.allowed_realms.clone();
        match self.store.accounts().record_existing(keys, allowed, request).await {
            Ok(Existing::Account(account)) => {
                // The account may stand in another realm than the one that the request names, with other roles.
                let seen = self.seen(*account).await?;
                Ok(Some(answer(place, seen, Outcome::Existing)))
            }
            Ok(Existing::Holders(holders)) if holders.is_empty() => Ok(None),
            Ok(Existing::Holders(holders)) => Err(taken(place, checked, &holders)),
            Err(StoreError::Conflict(Conflict::Request)) => self.replay(call, place, repeatable).await,
            Err(StoreError::Unknown) => self.unknown(call, place, repeatable).await.map(Some),
            Err(error) => Err(error.into()),
        }
    }

    /// After a commit whose outcome nobody told: the request's row, read over another connection, says whether it came through. Where the
    /// request has no id, or the row is not there, only the caller can find out.
    async fn unknown(
        &self,
        call: &Call,
        place: &Place,
        repeatable: Option<&Repeatable>,
    ) -> Result<AccountAnswer, Refusal> {
        self.replay(call, place, repeatable).await?.ok_or(Refusal::DependencyUnavailable)
    }

    /// The answer of the first success of this request, if there was one.
    async fn replay(
        &self,
        call: &Call,
        place: &Place,
        repeatable: Option<&Repeatable>,
    ) -> Result<Option<AccountAnswer>, Refusal> {
        let said = self.said_before(call, Some(place.access.tenant.id), repeatable).await?;
        let Some((outcome, ids)) = said else { return Ok(None) };
        let account = self.replayed_account(&ids).await?;
        let account = match account.filter(|account| place.access.allows_realm(account.realm_id)) {
            Some(account) => Some(self.seen(account).await?),
            None => None,
        };
        let account_id = Some(ids.account_id);
        let (replayed, view) = (true, place.view());
        Ok(Some(AccountAnswer {
            account,
            account_id,
            outcome,
            replayed,
            session: None,
            verifications: Vec::new(),
            view,
        }))
    }

    /// The credential to write: a password is hashed here, after every check that costs less.
    pub(in crate::provisioning) async fn hash(
        &self,
        call: &Call,
        credential: CheckedCredential,
    ) -> Result<Option<NewCredential>, Refusal> {
        let hash = match credential {
            CheckedCredential::Absent => return Ok(None),
            CheckedCredential::Hash(hash) => hash,
            CheckedCredential::Password(password) => self.hasher.hash(password.into_bytes(), call.deadline).await?,
        };
        Ok(Some(NewCredential { phc: hash.as_phc().to_owned() }))
    }

    /// The trail of an account's creation.
    pub(in crate::provisioning) fn account_trail(&self, call: &Call, account: &Account, now: DateTime<Utc>) -> Trail {
        let deed = Deed::new("account.created", format!("accounts/{}", account.id), Outcome::Created.as_str());
        let data = json!({ "realm_id": account.realm_id.to_string(), "state": account.state.as_str() });
        self.trail_with(call, account.tenant_id, now, deed, data)
    }

    /// The account as it will be kept; ids and number are new at each try.
    pub(in crate::provisioning) fn account(
        &self,
        place: &Place,
        checked: &CheckedAccount,
        password_set: bool,
        now: DateTime<Utc>,
    ) -> Account {
        let unverified = place.verifies_email() && checked.email.is_some() && !checked.email_verified
            || place.realm.rules.verify_phone && checked.phone.is_some() && !checked.phone_verified;
        Account {
            tenant_id: place.access.tenant.id,
            id: AccountId::from_uuid(self.ids.uuid()),
            number: self.ids.number(),
            realm_id: place.realm.id,
            contract_id: place.contract.id,
            contract_version: place.contract.version,
            profile: checked.profile.clone(),
            email: checked.email.clone(),
            email_verify_time: checked.email_verified.then_some(now),
            phone: checked.phone.clone(),
            phone_verify_time: checked.phone_verified.then_some(now),
            state: if unverified { AccountState::PendingVerification } else { AccountState::Active },
            verification_required: unverified,
            password_set,
            password_change_required: checked.password_change_required,
            external_keys: checked.external_keys.clone(),
            consents: checked.consents.iter().map(|consent| Consent { accept_time: now, ..consent.clone() }).collect(),
            origin: checked.origin.clone(),
            roles: checked.roles.clone(),
            attributes: checked.attributes.clone(),
            annotations: checked.annotations.clone(),
            create_time: now,
            update_time: now,
            delete_time: None,
            purge_time: None,
            version: 1,
        }
    }
}

pub(super) fn answer(place: &Place, seen: SeenAccount, outcome: Outcome) -> AccountAnswer {
    let account_id = Some(seen.account.id);
    AccountAnswer {
        account: Some(seen),
        account_id,
        outcome,
        replayed: false,
        session: None,
        verifications: Vec::new(),
        view: place.view(),
    }
}

/// An account of the realm that the request names, with what its roles permit there.
pub(super) fn made_in(place: &Place, account: Account) -> SeenAccount {
    SeenAccount { permissions: permissions(&account, &place.realm), account }
}

/// What an account holds from the moment it is written, verified or not; where addresses are only claimed, these and until when.
pub(in crate::provisioning) fn identifiers(
    place: &Place,
    checked: &CheckedAccount,
    account: &Account,
) -> Vec<Identifier> {
    let verify_time = |kind| match kind {
        IdentifierKind::Email => account.email_verify_time,
        IdentifierKind::Phone => account.phone_verify_time,
        IdentifierKind::UserName => None,
    };
    let identifier = |(kind, key): &(IdentifierKind, String)| {
        let held = !is_claimed(place, *kind);
        let lifetime = CLAIM_LIFETIME.max(TimeDelta::seconds(place.realm.rules.verification_seconds.into()));
        let expire_time = (!held).then(|| account.create_time + lifetime);
        Identifier { kind: *kind, key: key.clone(), held, verify_time: verify_time(*kind), expire_time }
    };
    checked.identifiers.iter().map(identifier).collect()
}

/// The count that an account of the realm is taken from, where it has one.
pub(super) fn realm_quota(realm: &Realm) -> Vec<QuotaUse> {
    let limit = realm.rules.account_quota.and_then(|quota| i64::try_from(quota).ok());
    let used = limit.map(|limit| QuotaUse {
        tenant_id: Some(realm.tenant_id),
        scope: SCOPE_ACCOUNTS_OF_REALM,
        key: realm.id.to_string(),
        limit,
    });
    used.into_iter().collect()
}

pub(super) fn quota_exceeded(realm: &Realm) -> Refusal {
    let limit = realm.rules.account_quota.and_then(|quota| i64::try_from(quota).ok()).unwrap_or(i64::MAX);
    Refusal::QuotaExceeded { metric: "accounts", subject: "realm", limit }
}

/// Whether an identifier of this kind is only claimed: what nobody verifies would stay a claim for ever.
fn is_claimed(place: &Place, kind: IdentifierKind) -> bool {
    match kind {
        IdentifierKind::Email => place.claims(),
        IdentifierKind::Phone => place.claims() && place.realm.rules.verify_phone,
        IdentifierKind::UserName => false,
    }
}

/// What the unit of work can collide with: claims collide with nothing.
pub(super) fn unique_keys(place: &Place, checked: &CheckedAccount) -> UniqueKeys {
    let mut keys = told_keys(place, checked);
    keys.identifiers.retain(|(kind, _)| !is_claimed(place, *kind));
    keys
}

/// What the caller is told of where it is taken.
pub(super) fn told_keys(place: &Place, checked: &CheckedAccount) -> UniqueKeys {
    let told = |(kind, _): &&(IdentifierKind, String)| !(place.conceals() && is_claimed(place, *kind));
    UniqueKeys {
        tenant_id: place.access.tenant.id,
        realm_id: place.realm.id,
        contract_id: place.contract.id,
        identifiers: checked.identifiers.iter().filter(told).cloned().collect(),
        external_keys: checked.external_keys.clone(),
        unique_values: checked.unique_values.clone(),
    }
}
