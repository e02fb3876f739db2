//! The unit of work that makes an account: hash, write, and what a collision means. CreateAccount and RegisterAccount share it.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::domain::account::{Account, AccountState, Identifier, IdentifierKind, UniqueKeys};
use crate::domain::application::OnDuplicate;
use crate::domain::consent::Consent;
use crate::domain::event::Trail;
use crate::domain::idempotency::{Outcome, RequestIds};
use crate::domain::ids::AccountId;
use crate::domain::message::{MailKind, Message};
use crate::domain::quota::{QuotaUse, SCOPE_ACCOUNTS_OF_REALM};
use crate::domain::realm::Realm;
use crate::store::{Conflict, Existing, NewAccount, NewCredential, StoreError};

use super::reading::permissions;
use super::taken::taken;
use super::{AccountAnswer, Place, SeenAccount};
use crate::provisioning::composing::{Delivery, Recipient};
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::replay::Repeatable;
use crate::provisioning::rules::{self, CheckedAccount, CheckedCredential};
use crate::provisioning::sessions::{IssuedSession, unusable};
use crate::provisioning::trail::Deed;
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

impl Provisioning {
    /// Hashes and writes a checked person: the unit of work of CreateAccount and RegisterAccount.
    pub(in crate::provisioning) async fn write(
        &self,
        call: &Call,
        place: &Place,
        checked: CheckedAccount,
        writing: Writing<'_>,
    ) -> Result<AccountAnswer, Refusal> {
        let Writing { on_duplicate, repeatable, logs_in } = writing;
        let tenant_id = Some(place.access.tenant.id);
        if let Some(answer) = self.replay(call, place, repeatable).await? {
            return Ok(answer);
        }
        let mut checked = self.settle(call, checked, &place.realm.rules, &place.paths).await?;
        let mail = self.welcome(place, &checked).await?;
        let credential = self.hash(call, std::mem::replace(&mut checked.credential, CheckedCredential::Absent)).await?;
        let settings = &place.access.caller.application.settings;
        rules::mint_external_key(&mut checked.external_keys, settings, self.ids.uuid());
        for _ in 0..TRIES_MAX {
            let now = self.clock.now();
            let account = self.account(place, &checked, credential.is_some(), now);
            let ids = RequestIds { tenant_id: account.tenant_id, account_id: account.id };
            let request = self.request_record(call, tenant_id, repeatable, Outcome::Created, ids, now)?;
            let session = self.first_session(place, &account, logs_in, now);
            let mut trail = self.account_trail(call, &account, now);
            trail.messages.extend(mail.iter().map(|mail| self.outgoing.seal(mail, account.tenant_id, now)));
            let new = NewAccount {
                identifiers: held_identifiers(&checked, &account),
                unique_values: checked.unique_values.clone(),
                credential: credential.clone(),
                session: session.as_ref().map(IssuedSession::to_new),
                quotas: realm_quota(&place.realm),
                request,
                trail,
                account,
            };
            let account = new.account.clone();
            match self.store.accounts().create(new).await {
                Ok(()) => {
                    self.outgoing.wake();
                    return Ok(answer(place, made_in(place, account), Outcome::Created).with_session(session));
                }
                Err(StoreError::Conflict(Conflict::Request)) => {
                    return self.replay(call, place, repeatable).await?.ok_or(Refusal::TransactionConflict);
                }
                Err(StoreError::Unknown) => return self.unknown(call, place, repeatable).await,
                Err(StoreError::QuotaExceeded(_)) => return Err(quota_exceeded(&place.realm)),
                Err(StoreError::Conflict(_)) => {
                    if let Some(answer) = self.collided(call, place, &checked, on_duplicate, repeatable).await? {
                        return Ok(answer);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::TransactionConflict)
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

    /// The mail that tells a person of the account that an application makes for them, where it is to be sent and there is an address.
    pub(super) async fn welcome(&self, place: &Place, checked: &CheckedAccount) -> Result<Option<Message>, Refusal> {
        if place.delivery == Delivery::Suppress {
            return Ok(None);
        }
        let person = Recipient { profile: &checked.profile, email: checked.email.as_ref(), origin: &checked.origin };
        self.compose(&place.access, &place.realm, MailKind::AccountCreated, person, None).await
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
        Ok(Some(AccountAnswer { account, account_id, outcome, replayed: true, session: None, view: place.view() }))
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
        let unverified = place.realm.rules.verify_email && checked.email.is_some() && !checked.email_verified
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
    AccountAnswer { account: Some(seen), account_id, outcome, replayed: false, session: None, view: place.view() }
}

/// An account of the realm that the request names, with what its roles permit there.
pub(super) fn made_in(place: &Place, account: Account) -> SeenAccount {
    SeenAccount { permissions: permissions(&account, &place.realm), account }
}

/// Created accounts hold their identifiers from the moment they are written, verified or not.
pub(in crate::provisioning) fn held_identifiers(checked: &CheckedAccount, account: &Account) -> Vec<Identifier> {
    let verify_time = |kind| match kind {
        IdentifierKind::Email => account.email_verify_time,
        IdentifierKind::Phone => account.phone_verify_time,
        IdentifierKind::UserName => None,
    };
    let held = |(kind, key): &(IdentifierKind, String)| Identifier {
        kind: *kind,
        key: key.clone(),
        held: true,
        verify_time: verify_time(*kind),
        expire_time: None,
    };
    checked.identifiers.iter().map(held).collect()
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

pub(super) fn unique_keys(place: &Place, checked: &CheckedAccount) -> UniqueKeys {
    UniqueKeys {
        tenant_id: place.access.tenant.id,
        realm_id: place.realm.id,
        contract_id: place.contract.id,
        identifiers: checked.identifiers.clone(),
        external_keys: checked.external_keys.clone(),
        unique_values: checked.unique_values.clone(),
    }
}
