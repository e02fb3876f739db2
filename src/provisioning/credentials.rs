//! Passwords by themselves: judged, changed by those who know the old one, set by those who may.

use crate::domain::account::{Account, AccountRef, AccountState};
use crate::domain::event::Trail;
use crate::domain::idempotency::{Outcome, RequestIds};
use crate::domain::message::MailKind;
use crate::domain::password::Password;
use crate::domain::permission::Permission;
use crate::domain::realm::Realm;
use crate::domain::violation::{Fault, FieldReason, Violations};
use crate::password::PasswordHash;
use crate::store::{Conflict, NewCredential, NewPassword, Rehash, StoreError};

use super::Provisioning;
use super::access::Access;
use super::accounts::AccountName;
use super::cache::RealmKey;
use super::composing::Recipient;
use super::draft::Field;
use super::principal::Call;
use super::refusal::{AccountFault, Refusal};
use super::registration::EndUser;
use super::replay::Repeatable;
use super::sessions::{Login, Proof, Proven, unusable};
use super::trail::Deed;

/// A CheckPassword request, decoded.
#[derive(Debug)]
pub struct CheckPassword {
    /// Empty = the home tenant.
    pub tenant_id: String,
    /// Empty = the grant's default, else `internal`.
    pub realm_id: String,
    /// The password, or why no realm would take it.
    pub password: Result<Password, Fault>,
    /// What the person is called.
    pub identifiers: Vec<String>,
    /// What decoding found wrong with the request itself.
    pub violations: Violations,
}

/// A ChangePassword request, decoded.
#[derive(Debug)]
pub struct ChangePassword {
    /// Empty = the person's tenant, else the home tenant.
    pub tenant_id: String,
    /// Empty = the grant's default, else `internal`.
    pub realm_id: String,
    /// Who they say they are; absent = the person of the session.
    pub login: Option<Login>,
    /// The password in force; absent where the text can be nobody's.
    pub old_password: Option<Password>,
    /// The password to come.
    pub new_password: Field<Password>,
    /// To be compared only where it is there.
    pub confirmation: Option<Field<Password>>,
    /// Where they call from.
    pub end_user: EndUser,
    /// What decoding found wrong.
    pub violations: Violations,
}

/// What SetPassword gives an account.
#[derive(Clone, Debug)]
pub enum GivenCredential {
    /// A password under the realm's policy, and whether it has to be changed at the next login.
    Password {
        /// The password.
        password: Field<Password>,
        /// To be compared only where it is there.
        confirmation: Option<Field<Password>>,
        /// Whether it has to be changed at the next login.
        change_required: bool,
    },
    /// The hash of one.
    Hash(PasswordHash),
    /// Nothing, or nothing right; the violations say what.
    Faulty,
}

impl GivenCredential {
    /// Reads the hash of another system; one that cannot be verified is a violation.
    pub fn hash(encoded: &str, violations: &mut Violations) -> Self {
        match PasswordHash::import(encoded) {
            Ok(hash) => Self::Hash(hash),
            Err(_) => {
                violations.push("credential.password_hash.encoded", FieldReason::PasswordHashUnsupported);
                Self::Faulty
            }
        }
    }
}

/// A SetPassword request, decoded.
#[derive(Debug)]
pub struct SetPassword {
    /// Empty = the home tenant.
    pub tenant_id: String,
    /// As in [`super::accounts::GetAccount`].
    pub realm_id: String,
    /// The account.
    pub name: Option<AccountName>,
    /// What it gets.
    pub credential: GivenCredential,
    /// What the request is known by, where it may be repeated.
    pub repeatable: Option<Repeatable>,
    /// What decoding found wrong.
    pub violations: Violations,
}

/// The field of a new password in ChangePassword.
const NEW_PASSWORD: &str = "new_password.password";
/// The field of a password in SetPassword.
const SET_PASSWORD: &str = "credential.password.password";

impl Provisioning {
    /// Judges a password as a registration in the realm would; every rule that it breaks.
    pub async fn check_password_rules(&self, call: &Call, request: CheckPassword) -> Result<Vec<Fault>, Refusal> {
        let access = self.access(call, &request.tenant_id).await?;
        let realm = self.realm(&access, &request.realm_id).await?;
        request.violations.into_result(()).map_err(Refusal::Invalid)?;
        match request.password {
            Ok(password) => {
                self.password_faults(call, &realm, password, request.identifiers).await.map(|(faults, _)| faults)
            }
            Err(fault) => Ok(vec![fault]),
        }
    }

    /// Every rule of a realm that a password breaks, its strength last, and the password back.
    pub(super) async fn password_faults(
        &self,
        call: &Call,
        realm: &Realm,
        password: Password,
        own: Vec<String>,
    ) -> Result<(Vec<Fault>, Password), Refusal> {
        let policy = &realm.rules.password_policy;
        let texts: Vec<&str> = own.iter().map(String::as_str).collect();
        let mut faults = policy.check(&password, &texts);
        if !faults.is_empty() || !policy.wants_strength() {
            return Ok((faults, password));
        }
        let policy = policy.clone();
        let estimate = move || {
            let texts: Vec<&str> = own.iter().map(String::as_str).collect();
            (policy.strength_check(&password, &texts), password)
        };
        let (weak, password) = self.hasher.run(call.deadline, estimate).await?;
        faults.extend(weak);
        Ok((faults, password))
    }

    /// Replaces the password of a person who knows the old one; says how many sessions ended.
    pub async fn change_password(&self, call: &Call, mut request: ChangePassword) -> Result<usize, Refusal> {
        let access = self.access_for_person(call, &request.tenant_id).await?;
        access.require_active()?;
        let person = call.person.as_ref().filter(|person| person.tenant_id == access.tenant.id);
        let realm = match (&request.login, person) {
            (Some(_), Some(_)) => {
                request.violations.push("login", FieldReason::FieldForbidden);
                self.realm_of(&access, RealmKey::Internal).await?
            }
            (None, Some(person)) => self.realm_of(&access, RealmKey::Id(person.realm_id)).await?,
            (_, None) => self.usable_realm(&access, &request.realm_id).await?,
        };
        if request.login.is_none() && person.is_none() {
            request.violations.push("login", FieldReason::FieldRequired);
        }
        check_confirmation(&mut request.violations, NEW_PASSWORD, &request.new_password, request.confirmation.as_ref());
        let new = match request.new_password {
            Field::Valid(password) if request.violations.is_empty() => password,
            _ => return Err(Refusal::Invalid(request.violations)),
        };
        let proven = match (request.login, person) {
            (Some(login), _) => {
                let proof = Proof { login, password: request.old_password, end_user: request.end_user };
                self.prove(call, &access, &realm, proof).await?
            }
            (None, Some(person)) => {
                let id = person.account_id;
                let guarded = self.guarded(call, &access, Some(id), "", &request.end_user).await?;
                let account = self.store.accounts().get(access.tenant.id, &AccountRef::Id(id)).await?;
                let phc = self.store.accounts().credential(access.tenant.id, id).await?;
                self.check_password(call, &access, account.map(|account| (account, phc)), request.old_password, guarded)
                    .await?
            }
            (None, None) => return Err(Refusal::required("login")),
        };
        self.write_changed_password(call, &access, &realm, proven, new).await
    }

    async fn write_changed_password(
        &self,
        call: &Call,
        access: &Access,
        realm: &Realm,
        proven: Proven,
        new: Password,
    ) -> Result<usize, Refusal> {
        let Proven { account, phc, .. } = proven;
        if let Some(fault) = unusable(&account) {
            return Err(Refusal::AccountUnusable(fault, account.id));
        }
        let (mut faults, new) = self.password_faults(call, realm, new, own_texts(&account)).await?;
        let old = PasswordHash::import(&phc).map_err(|fault| Refusal::Internal(Box::new(fault)))?;
        if self.hasher.verify(new.clone().into_bytes(), &old, call.deadline).await?.matches {
            faults.push(Fault::new(FieldReason::FieldInvalid).with("differsFrom", "old_password"));
        }
        refuse(NEW_PASSWORD, faults)?;
        let credential = self.hash_password(call, new).await?;
        let keep = call.person.as_ref().filter(|person| person.account_id == account.id);
        let now = self.clock.now();
        let deed = Deed::new("account.password_changed", format!("accounts/{}", account.id), "UPDATED");
        let mut trail = self.trail(call, account.tenant_id, now, deed);
        if self.is_to_be_told(&account).await {
            self.tell_of_new_password(access, realm, &account, &mut trail).await?;
        }
        let new = NewPassword {
            tenant_id: account.tenant_id,
            account_id: account.id,
            expected: Some(Rehash { expected: phc, credential: credential.clone() }),
            credential,
            change_required: false,
            keep: keep.map(|person| person.session_id),
            time: now,
            request: None,
            trail,
        };
        self.replace_password(new).await.map_err(|error| match error {
            StoreError::Stale => Refusal::TransactionConflict,
            error => error.into(),
        })
    }

    /// Writes a new password, and lets the mail about it go out; how many sessions ended.
    async fn replace_password(&self, new: NewPassword) -> Result<usize, StoreError> {
        let channels = new.trail.channels();
        let ended = self.store.sessions().replace_password(new).await?;
        self.outgoing.wake(&channels);
        Ok(ended)
    }

    /// Gives an account a password; says how many sessions ended, and whether this is the answer of an earlier request.
    pub async fn set_password(&self, call: &Call, request: SetPassword) -> Result<(usize, bool), Refusal> {
        let access = self.access_with(call, &request.tenant_id, Permission::CredentialsSet).await?;
        access.require_active()?;
        let SetPassword { name, credential, mut violations, repeatable, realm_id, .. } = request;
        if name.is_none() {
            violations.push("account", FieldReason::FieldRequired);
        }
        if let GivenCredential::Password { password, confirmation, .. } = &credential {
            check_confirmation(&mut violations, SET_PASSWORD, password, confirmation.as_ref());
        }
        let Some(name) = name.filter(|_| violations.is_empty()) else { return Err(Refusal::Invalid(violations)) };
        let account = self.find_account(&access, &realm_id, name).await?;
        let tenant_id = Some(access.tenant.id);
        if let Some((_, ids)) = self.said_before(call, tenant_id, repeatable.as_ref()).await? {
            return self.repeated_password(call, ids, credential).await;
        }
        if unusable(&account) == Some(AccountFault::Deleted) {
            return Err(Refusal::AccountUnusable(AccountFault::Deleted, account.id));
        }
        let realm = self.realm_of(&access, RealmKey::Id(account.realm_id)).await?;
        let given = credential.clone();
        let (credential, change_required) = self.given_credential(call, &realm, &account, credential).await?;
        let now = self.clock.now();
        let ids = RequestIds { tenant_id: account.tenant_id, account_id: account.id };
        let deed = Deed::new("account.password_set", format!("accounts/{}", account.id), "UPDATED");
        let mut trail = self.trail(call, account.tenant_id, now, deed);
        if self.is_to_be_told(&account).await {
            self.tell_of_new_password(&access, &realm, &account, &mut trail).await?;
        }
        let new = NewPassword {
            tenant_id: account.tenant_id,
            account_id: account.id,
            credential,
            expected: None,
            change_required,
            keep: None,
            time: now,
            request: self.request_record(call, tenant_id, repeatable.as_ref(), Outcome::Accepted, ids, now)?,
            trail,
        };
        match self.replace_password(new).await {
            Ok(ended) => Ok((ended, false)),
            // Of two equal requests at once the other one wrote.
            Err(StoreError::Conflict(Conflict::Request)) => {
                match self.said_before(call, tenant_id, repeatable.as_ref()).await? {
                    Some((_, ids)) => self.repeated_password(call, ids, given).await,
                    None => Err(Refusal::TransactionConflict),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A repeat is the same request only with the same password, which no fingerprint holds: it has to fit the hash that was written.
    async fn repeated_password(
        &self,
        call: &Call,
        ids: RequestIds,
        credential: GivenCredential,
    ) -> Result<(usize, bool), Refusal> {
        let stored = self.store.accounts().credential(ids.tenant_id, ids.account_id).await?;
        let stored = stored.ok_or(Refusal::RequestIdReused)?;
        let same = match credential {
            GivenCredential::Hash(hash) => hash.as_phc() == stored,
            GivenCredential::Password { password: Field::Valid(password), .. } => {
                let hash = PasswordHash::import(&stored).map_err(|fault| Refusal::Internal(Box::new(fault)))?;
                self.hasher.verify(password.into_bytes(), &hash, call.deadline).await?.matches
            }
            _ => false,
        };
        if same { Ok((0, true)) } else { Err(Refusal::RequestIdReused) }
    }

    /// What is to be stored, and whether it has to be changed at the next login.
    async fn given_credential(
        &self,
        call: &Call,
        realm: &Realm,
        account: &Account,
        credential: GivenCredential,
    ) -> Result<(NewCredential, bool), Refusal> {
        match credential {
            GivenCredential::Hash(hash) => Ok((NewCredential { phc: hash.as_phc().to_owned() }, false)),
            GivenCredential::Password { password: Field::Valid(password), change_required, .. } => {
                let (faults, password) = self.password_faults(call, realm, password, own_texts(account)).await?;
                refuse(SET_PASSWORD, faults)?;
                let change_required = change_required || realm.rules.password_change_on_first_login;
                Ok((self.hash_password(call, password).await?, change_required))
            }
            _ => Err(Refusal::required("credential")),
        }
    }

    /// The notice that somebody has a new password: a person who did not ask for it has to learn of it.
    pub(super) async fn tell_of_new_password(
        &self,
        access: &Access,
        realm: &Realm,
        account: &Account,
        trail: &mut Trail,
    ) -> Result<(), Refusal> {
        let notice = self.notice(access, realm, MailKind::PasswordChanged, Recipient::from(account)).await?;
        let now = self.clock.now();
        trail.messages.extend(notice.map(|notice| self.outgoing.seal(&notice, account.tenant_id, now)));
        Ok(())
    }

    /// An address that is only claimed may be a stranger's; one that is held and not verified gets no more than anybody can have sent there.
    async fn is_to_be_told(&self, account: &Account) -> bool {
        let (Some(email), tenant) = (&account.email, account.tenant_id) else { return false };
        let is_claim = account.email_verify_time.is_none() && account.state == AccountState::PendingVerification;
        !is_claim && (account.email_verify_time.is_some() || self.take_message(tenant, email.key()).await.is_ok())
    }

    pub(super) async fn realm_of(&self, access: &Access, key: RealmKey) -> Result<std::sync::Arc<Realm>, Refusal> {
        let realm = self.caches.realm(&self.store, access.tenant.id, key).await?;
        match realm {
            Some(realm) if realm.is_usable() => Ok(realm),
            realm => Err(Refusal::RealmUnavailable(realm.map(|realm| realm.id.to_string()).unwrap_or_default())),
        }
    }
}

pub(super) fn check_confirmation(
    violations: &mut Violations,
    field: &str,
    password: &Field<Password>,
    confirmation: Option<&Field<Password>>,
) {
    let (Some(password), Some(confirmation)) = (password.valid(), confirmation) else { return };
    if confirmation.valid().is_none_or(|confirmation| confirmation.expose() != password.expose()) {
        violations.push(format!("{field}_confirmation"), FieldReason::PasswordConfirmationMismatch);
    }
}

pub(super) fn refuse(field: &str, faults: Vec<Fault>) -> Result<(), Refusal> {
    let mut violations = Violations::new();
    for fault in faults {
        violations.push_with(field, fault);
    }
    if violations.is_empty() { Ok(()) } else { Err(Refusal::Invalid(violations)) }
}

/// The account's own texts: a password made of them is easily guessed.
pub(super) fn own_texts(account: &Account) -> Vec<String> {
    let profile = &account.profile;
    let mut texts = Vec::with_capacity(5);
    texts.extend(profile.user_name.as_ref().map(|name| name.as_str().to_owned()));
    texts.extend(profile.display_name.as_ref().map(|name| name.as_str().to_owned()));
    if let Some(email) = &account.email {
        texts.push(email.address().to_owned());
        texts.extend(email.address().rsplit_once('@').map(|(local, _)| local.to_owned()));
    }
    texts.extend(account.phone.as_ref().map(|phone| phone.number().to_owned()));
    texts
}
