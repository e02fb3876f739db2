//! SendVerification: once more what did not arrive. Whom an address belongs to is not told to those who may not read accounts.

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::domain::account::{Account, AccountRef, Origin, Profile};
use crate::domain::email::Email;
use crate::domain::ids::{AccountId, ApplicationId};
use crate::domain::message::Message;
use crate::domain::permission::Permission;
use crate::domain::realm::{DuplicatePolicy, Realm};
use crate::domain::tenant::TenantState;
use crate::domain::verification::{TokenFault, VerificationKind};
use crate::domain::violation::Violations;
use crate::provisioning::Provisioning;
use crate::provisioning::access::Access;
use crate::provisioning::accounts::AccountName;
use crate::provisioning::cache::RealmKey;
use crate::provisioning::composing::{Delivery, Recipient, Wording};
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::trail::Deed;

use super::{
    IssuedVerification, NewVerification, VerificationPurpose, require_delivery, require_open, require_usable, unknown,
};

/// Most accounts that claim one address and are written to at once.
const CLAIMANTS_MAX: i64 = 10;

/// What is to be verified.
#[derive(Clone, Debug)]
pub enum VerificationTarget {
    /// A verification that the application knows.
    Id(SecretString),
    /// Whatever waits for an address to be verified; absent where it is none.
    Email(Option<Email>),
    /// What an account has to verify; of one kind where one is named. For those who read accounts.
    Account(AccountName, Option<VerificationKind>),
    /// Nothing was named.
    Nothing,
}

/// A SendVerification request, decoded.
#[derive(Clone, Debug)]
pub struct SendVerification {
    /// Empty = the home tenant; an id has its own.
    pub tenant_id: String,
    /// Empty = the grant's default, else `internal`; for an address.
    pub realm_id: String,
    /// See [`VerificationTarget`].
    pub target: VerificationTarget,
    /// Whether it is sent, given back, or both.
    pub delivery: Delivery,
    /// What decoding found wrong.
    pub violations: Violations,
}

impl Provisioning {
    /// Sends once more what verifies something; what the caller may know of it.
    pub async fn send_verification(
        &self,
        call: &Call,
        request: SendVerification,
    ) -> Result<Vec<IssuedVerification>, Refusal> {
        let SendVerification { tenant_id, realm_id, target, delivery, violations } = request;
        if let VerificationTarget::Id(id) = target {
            return self.resend(call, &id, delivery, violations).await;
        }
        let access = self.access(call, &tenant_id).await?;
        require_open(&access)?;
        require_delivery(&access, delivery)?;
        if let VerificationTarget::Account(name, kind) = target {
            access.require(Permission::AccountsRead)?;
            violations.into_result(()).map_err(Refusal::Invalid)?;
            let account = self.find_account(&access, &realm_id, name).await?;
            return self.send_to_account(call, &access, &account, kind, delivery).await;
        }
        let realm = self.usable_realm(&access, &realm_id).await?;
        match target {
            VerificationTarget::Email(Some(email)) if violations.is_empty() => {
                self.send_to_address(call, &access, &realm, &email, delivery).await
            }
            _ => Err(Refusal::Invalid(violations)),
        }
    }

    /// Another token of a verification: its id stays.
    async fn resend(
        &self,
        call: &Call,
        id: &SecretString,
        delivery: Delivery,
        violations: Violations,
    ) -> Result<Vec<IssuedVerification>, Refusal> {
        let id = super::id(id.expose_secret())?;
        let access = self.access_by_token(call, id.tenant(), unknown).await?;
        require_open(&access)?;
        require_delivery(&access, delivery)?;
        violations.into_result(()).map_err(Refusal::Invalid)?;
        let row = self.store.verifications().by_id(id.tenant(), id.hash()).await?.ok_or_else(unknown)?;
        let now = self.clock.now();
        if row.fault(now) == Some(TokenFault::Used) {
            return Err(Refusal::Token(TokenFault::Used));
        }
        let account = self.store.accounts().get(id.tenant(), &AccountRef::Id(row.account_id)).await?;
        let account = account.filter(|account| access.allows_realm(account.realm_id)).ok_or_else(unknown)?;
        require_usable(&account)?;
        let realm = self.realm_of(&access, RealmKey::Id(account.realm_id)).await?;
        let is_lost = !self.store.verifications().claims(&row, now).await?;
        let conceals = conceals(&access, &realm);
        if is_lost && !conceals {
            return Err(Refusal::Token(TokenFault::Superseded));
        }
        self.take_repeats(&access, &[&row.key]).await?;
        let purpose = match row.kind {
            VerificationKind::Email => VerificationPurpose::Activation,
            VerificationKind::Phone => VerificationPurpose::PhoneCode,
            VerificationKind::PortalActivation => VerificationPurpose::PortalActivation,
            VerificationKind::Password if account.password_set => VerificationPurpose::PasswordReset,
            VerificationKind::Password => VerificationPurpose::FirstPassword,
        };
        let person = Recipient::from(&account);
        let begun = self.begin(&access, &realm, purpose, person, delivery, Wording::OfTheTenant).await?;
        let mut begun = NewVerification { id, ..begun.ok_or_else(unknown)? };
        if conceals && purpose == VerificationPurpose::Activation {
            let notice = self.notice_of_duplicate(&access, &realm, person, &[account.id]).await?;
            begun.message = notice.filter(|_| delivery.sends()).or(begun.message);
        }
        self.issue(call, &access, vec![(begun, account.id)], &realm, delivery.returns_token()).await
    }

    /// Tokens for those who claim an address; where another account has it, a notice to its owner instead. The work is the same where
    /// nobody claims it.
    async fn send_to_address(
        &self,
        call: &Call,
        access: &Access,
        realm: &Realm,
        email: &Email,
        delivery: Delivery,
    ) -> Result<Vec<IssuedVerification>, Refusal> {
        self.take_repeats(access, &[email.key()]).await?;
        let (tenant, store) = (access.tenant.id, self.store.verifications());
        let claimants = store.unverified(tenant, realm.id, email.key(), CLAIMANTS_MAX).await?;
        let mut begun = Vec::with_capacity(claimants.len().max(1));
        for account in &claimants {
            if !begun.is_empty() && self.take_message(tenant, email.key()).await.is_err() {
                break;
            }
            let (purpose, person) = (activation(access, account), Recipient::from(account));
            let one = self.begin(access, realm, purpose, person, delivery, Wording::OfTheTenant).await?;
            begun.extend(one.map(|one| (one, account.id)));
        }
        let is_claimed = !claimants.is_empty();
        if !is_claimed {
            begun.extend(self.decoy(access, realm, VerificationPurpose::Activation, email, delivery).await?);
        }
        let ids: Vec<AccountId> = claimants.iter().map(|account| account.id).collect();
        let notice = self.notice_of_duplicate(access, realm, Nobody::default().at(email), &ids).await?;
        if let Some(notice) = notice.filter(|_| is_claimed && delivery.sends()) {
            begun.truncate(1);
            begun.iter_mut().for_each(|(one, _)| one.message = Some(notice.clone()));
        }
        let returns_token = is_claimed && delivery.returns_token();
        let issued = self.issue(call, access, begun, realm, returns_token).await?;
        // The id is half of the proof: whoever only knows an address gets none, unless they may get the whole of it.
        Ok(if returns_token { issued } else { Vec::new() })
    }

    async fn send_to_account(
        &self,
        call: &Call,
        access: &Access,
        account: &Account,
        kind: Option<VerificationKind>,
        delivery: Delivery,
    ) -> Result<Vec<IssuedVerification>, Refusal> {
        let realm = self.realm_of(access, RealmKey::Id(account.realm_id)).await?;
        require_usable(account)?;
        let mut begun = Vec::new();
        for purpose in due(access, &realm, account, kind)? {
            let person = Recipient::from(account);
            let one = self.begin(access, &realm, purpose, person, delivery, Wording::OfTheBrand).await?;
            begun.extend(one.map(|one| (one, account.id)));
        }
        if begun.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<&str> = begun.iter().map(|(one, _)| one.key.as_str()).collect();
        self.take_repeats(access, &keys).await?;
        self.issue(call, access, begun, &realm, delivery.returns_token()).await
    }

    /// What is written where an address has no account: the same rows, for nobody.
    pub(in crate::provisioning) async fn decoy(
        &self,
        access: &Access,
        realm: &Realm,
        purpose: VerificationPurpose,
        email: &Email,
        delivery: Delivery,
    ) -> Result<Option<(NewVerification, AccountId)>, Refusal> {
        let nobody = Nobody::default();
        let begun = self.begin(access, realm, purpose, nobody.at(email), delivery, Wording::OfTheTenant).await?;
        Ok(begun.map(|mut begun| {
            if let Some(Message::Mail(mail)) = &mut begun.message {
                mail.decoy = true;
            }
            (begun, AccountId::from_uuid(self.ids.uuid()))
        }))
    }

    /// Writes tokens and messages in one unit.
    pub(in crate::provisioning) async fn issue(
        &self,
        call: &Call,
        access: &Access,
        begun: Vec<(NewVerification, AccountId)>,
        realm: &Realm,
        returns_token: bool,
    ) -> Result<Vec<IssuedVerification>, Refusal> {
        let (now, tenant_id) = (self.clock.now(), access.tenant.id);
        // Who was written to is a person's data, and whether there is such a person too: the trail says only that somebody asked.
        let deed = Deed::new("verification.sent", format!("realms/{}", realm.id), "CREATED");
        let mut trail = self.trail(call, tenant_id, now, deed);
        let mut rows = Vec::with_capacity(begun.len());
        for (one, account) in &begun {
            rows.push(self.token_row(one, *account, realm.id, now));
            trail.messages.extend(one.message.iter().map(|message| self.outgoing.seal(message, tenant_id, now)));
        }
        let channels = trail.channels();
        self.store.verifications().issue(rows, trail).await?;
        self.outgoing.wake(&channels);
        Ok(begun.into_iter().map(|(one, _)| one.issued(returns_token)).collect())
    }

    /// Takes one message to each that somebody asked for: it waits for the one before it, and there are only so many in a day. Where one has
    /// to wait, none is taken.
    async fn take_repeats(&self, access: &Access, keys: &[&str]) -> Result<(), Refusal> {
        let tenant = access.tenant.id;
        for key in keys {
            self.peek_repeat(tenant, key).await?;
        }
        for key in keys {
            self.take_resend(tenant, key).await?;
            self.take_message(tenant, key).await?;
        }
        Ok(())
    }
}

/// Nobody, who has the address that somebody asked about.
struct Nobody {
    profile: Profile,
    origin: Origin,
}

impl Default for Nobody {
    fn default() -> Self {
        let application_id = ApplicationId::from_uuid(Uuid::nil());
        let origin = Origin { application_id, brand: None, edition: None, third_party_id: None };
        Self { profile: Profile::default(), origin }
    }
}

impl Nobody {
    fn at<'a>(&'a self, email: &'a Email) -> Recipient<'a> {
        Recipient { profile: &self.profile, email: Some(email), phone: None, origin: &self.origin, names_itself: false }
    }
}

/// Whether the caller may not learn that somebody else has an address.
fn conceals(access: &Access, realm: &Realm) -> bool {
    realm.rules.duplicate_policy == DuplicatePolicy::Conceal && !access.permits(Permission::AccountsRead)
}

/// How an account's address is verified: the owner of a portal that is not open yet opens it by that.
fn activation(access: &Access, account: &Account) -> VerificationPurpose {
    let tenant = &access.tenant;
    let opens = tenant.state == TenantState::PendingActivation && tenant.owner == Some(account.id);
    if opens { VerificationPurpose::PortalActivation } else { VerificationPurpose::Activation }
}

/// What an account has to verify by its realm's rules, or the one thing that is asked for.
fn due(
    access: &Access,
    realm: &Realm,
    account: &Account,
    kind: Option<VerificationKind>,
) -> Result<Vec<VerificationPurpose>, Refusal> {
    let email = account.email.is_some() && account.email_verify_time.is_none();
    let phone = account.phone.is_some() && account.phone_verify_time.is_none();
    let mut due = Vec::with_capacity(2);
    match kind {
        Some(VerificationKind::Email | VerificationKind::PortalActivation) if email => {
            due.push(activation(access, account));
        }
        Some(VerificationKind::Phone) if phone && realm.rules.verify_phone => due.push(VerificationPurpose::PhoneCode),
        Some(VerificationKind::Password) if !account.password_set => due.push(VerificationPurpose::FirstPassword),
        Some(_) => return Err(Refusal::Token(TokenFault::Used)),
        None => {
            let purpose = activation(access, account);
            let asks = realm.rules.verifies_email() || purpose == VerificationPurpose::PortalActivation;
            due.extend((email && asks).then_some(purpose));
            due.extend((phone && realm.rules.verify_phone).then_some(VerificationPurpose::PhoneCode));
        }
    }
    Ok(due)
}
