//! What people prove by tokens that are sent to them: that an address or a number is theirs, that a portal is to be opened, that they may set
//! a password.
//!
//! Invariants:
//! * a token proves something once; looking at a link proves nothing, only ConfirmVerification and FinishPasswordReset do;
//! * an address takes two keys, the token and either the id that the application got or the account's password: so nobody who follows a
//!   link hands their address to an account that somebody else made;
//! * of what is sent only hashes are kept.

mod claims;
mod confirming;
mod notifying;
mod sending;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use crate::domain::account::{Account, AccountRef, Profile};
use crate::domain::ids::{AccountId, RealmId, TenantId, VerificationTokenId};
use crate::domain::limits::LimitName;
use crate::domain::message::{MailKind, Message, TextMessage};
use crate::domain::permission::Permission;
use crate::domain::realm::{Realm, RealmRules};
use crate::domain::secret::KeyHash;
use crate::domain::tenant::TenantState;
use crate::domain::token::{TenantToken, TokenKind};
use crate::domain::verification::{
    CODE_LIFETIME, FIRST_PASSWORD_LIFETIME, RESET_LIFETIME, TokenFault, VerificationKind, VerificationToken, code,
};

pub use confirming::{Confirm, Confirmed, SecondKey};
pub(super) use notifying::Notifications;
pub use sending::{SendVerification, VerificationTarget};

use super::Provisioning;
use super::access::Access;
use super::composing::{Delivery, Recipient, Token, Wording, spoken};
use super::limiter::{Limited, take};
use super::master_key::Purpose;
use super::refusal::{AccountFault, Refusal, ResourceKind};
use super::sessions::unusable;

/// Why something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VerificationPurpose {
    /// An e-mail address is to be verified.
    Activation,
    /// A portal is to be opened.
    PortalActivation,
    /// A phone number is to be verified.
    PhoneCode,
    /// An account has no password yet.
    FirstPassword,
    /// A password is forgotten.
    PasswordReset,
}

impl VerificationPurpose {
    pub(super) fn kind(self) -> VerificationKind {
        match self {
            Self::Activation => VerificationKind::Email,
            Self::PortalActivation => VerificationKind::PortalActivation,
            Self::PhoneCode => VerificationKind::Phone,
            Self::FirstPassword | Self::PasswordReset => VerificationKind::Password,
        }
    }

    /// The mail and the kind of token in it; a code goes to a phone.
    fn mail(self) -> Option<(MailKind, TokenKind)> {
        match self {
            Self::Activation => Some((MailKind::Activation, TokenKind::Confirmation)),
            Self::PortalActivation => Some((MailKind::PortalActivation, TokenKind::Confirmation)),
            Self::FirstPassword => Some((MailKind::SetPassword, TokenKind::Password)),
            Self::PasswordReset => Some((MailKind::PasswordReset, TokenKind::Password)),
            Self::PhoneCode => None,
        }
    }

    fn lifetime(self, rules: &RealmRules) -> TimeDelta {
        match self {
            Self::Activation | Self::PortalActivation => TimeDelta::seconds(rules.verification_seconds.into()),
            Self::PhoneCode => CODE_LIFETIME,
            Self::FirstPassword => FIRST_PASSWORD_LIFETIME,
            Self::PasswordReset => RESET_LIFETIME,
        }
    }
}

/// A verification as it is told to the application that asked for it.
#[derive(Clone, Debug)]
pub struct IssuedVerification {
    /// The id by which the application knows it, which is half of the proof.
    pub id: TenantToken,
    /// What is proved.
    pub kind: VerificationKind,
    /// Until when its token can be used.
    pub expire_time: DateTime<Utc>,
    /// The token or code itself, for those who may have it.
    pub token: Option<Secret>,
    /// The link with the token in it, where there is a base for links.
    pub url: Option<SecretString>,
}

/// What is sent to the person.
#[derive(Clone, Debug)]
pub enum Secret {
    /// By mail.
    Token(TenantToken),
    /// To a phone.
    Code(Code),
}

impl Secret {
    /// Its text, for the one it was made for.
    pub fn expose(&self) -> &str {
        match self {
            Self::Token(token) => token.expose(),
            Self::Code(Code(code)) => code,
        }
    }
}

/// Six digits; never shown.
#[derive(Clone)]
pub struct Code(String);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(..)")
    }
}

/// A verification that begins: its secrets in clear, and what is sent.
pub(super) struct NewVerification {
    pub purpose: VerificationPurpose,
    pub id: TenantToken,
    pub secret: Secret,
    /// The key of the address or number.
    pub key: String,
    /// Whether nobody gets the token: it is written, for the work to be the same, and cannot be used.
    pub is_void: bool,
    pub expire_time: DateTime<Utc>,
    pub url: Option<SecretString>,
    pub message: Option<Message>,
}

impl NewVerification {
    /// What the application is told of it.
    pub(super) fn issued(self, returns_token: bool) -> IssuedVerification {
        let (token, url) = match returns_token {
            true => (Some(self.secret), self.url),
            false => (None, None),
        };
        IssuedVerification { id: self.id, kind: self.purpose.kind(), expire_time: self.expire_time, token, url }
    }
}

impl Provisioning {
    /// Mints what a person has to show, and composes what brings it to them; `None` where they have no address for it.
    pub(super) async fn begin(
        &self,
        access: &Access,
        realm: &Realm,
        purpose: VerificationPurpose,
        recipient: Recipient<'_>,
        delivery: Delivery,
        wording: Wording,
    ) -> Result<Option<NewVerification>, Refusal> {
        match purpose.mail() {
            Some(by_mail) => self.begin_by_mail(access, realm, purpose, by_mail, recipient, (delivery, wording)).await,
            None => Ok(self.begin_by_text(access, realm, purpose, recipient, delivery)),
        }
    }

    async fn begin_by_mail(
        &self,
        access: &Access,
        realm: &Realm,
        purpose: VerificationPurpose,
        (mail, token_kind): (MailKind, TokenKind),
        recipient: Recipient<'_>,
        (delivery, wording): (Delivery, Wording),
    ) -> Result<Option<NewVerification>, Refusal> {
        let Some(email) = recipient.email else { return Ok(None) };
        let nameless = Profile { language: recipient.profile.language.clone(), ..Profile::default() };
        let recipient = match recipient.names_itself {
            true => recipient,
            false => Recipient { profile: &nameless, ..recipient },
        };
        let (id, expire_time) = self.new_id(access, realm, purpose);
        let minted = TenantToken::from_bytes(token_kind, access.tenant.id, self.ids.secret());
        let token = Token { text: minted.expose().to_owned(), expire_time };
        let message = match delivery.sends() {
            true => self.compose(access, realm, mail, recipient, Some(&token), wording).await?,
            false => None,
        };
        let url = match &message {
            Some(message) => message.link().map(str::to_owned),
            // Whoever gets the token gets the link with it; a link that nobody gets is not missed.
            None => match self.link(access, mail, recipient.origin, Some(&token)) {
                Err(refusal) if delivery.returns_token() && wording == Wording::OfTheBrand => return Err(refusal),
                link => link.ok().flatten(),
            },
        };
        let (secret, key, url) = (Secret::Token(minted), email.key().to_owned(), url.map(SecretString::from));
        let is_void = false;
        Ok(Some(NewVerification { purpose, id, secret, key, is_void, expire_time, url, message }))
    }

    fn begin_by_text(
        &self,
        access: &Access,
        realm: &Realm,
        purpose: VerificationPurpose,
        recipient: Recipient<'_>,
        delivery: Delivery,
    ) -> Option<NewVerification> {
        let phone = recipient.phone?;
        let key = phone.key()?.to_owned();
        let (id, expire_time) = self.new_id(access, realm, purpose);
        let code = code(self.ids.secret());
        let minutes = u32::try_from(purpose.lifetime(&realm.rules).num_minutes()).unwrap_or_default();
        let language = spoken(recipient.profile, realm, &access.tenant).clone();
        let text = TextMessage { to: phone.number().to_owned(), language, code: code.clone(), minutes };
        let message = delivery.sends().then_some(Message::Text(text));
        let (secret, is_void) = (Secret::Code(Code(code)), false);
        Some(NewVerification { purpose, id, secret, key, is_void, expire_time, url: None, message })
    }

    fn new_id(&self, access: &Access, realm: &Realm, purpose: VerificationPurpose) -> (TenantToken, DateTime<Utc>) {
        let id = TenantToken::from_bytes(TokenKind::Verification, access.tenant.id, self.ids.secret());
        (id, self.clock.now() + purpose.lifetime(&realm.rules))
    }

    /// The row of a verification that begins, for an account that is being made or is there.
    pub(super) fn token_row(
        &self,
        verification: &NewVerification,
        account: AccountId,
        realm: RealmId,
        now: DateTime<Utc>,
    ) -> VerificationToken {
        let tenant_id = verification.id.tenant();
        let hash = match &verification.secret {
            Secret::Token(token) => token.hash(),
            Secret::Code(Code(code)) => self.code_hash(tenant_id, account, code),
        };
        VerificationToken {
            tenant_id,
            id: VerificationTokenId::from_uuid(self.ids.uuid()),
            hash,
            verification: verification.id.hash(),
            account_id: account,
            realm_id: realm,
            kind: verification.purpose.kind(),
            key: verification.key.clone(),
            create_time: now,
            expire_time: verification.expire_time,
            use_time: None,
            void_time: verification.is_void.then_some(now),
            tries: 0,
        }
    }

    /// Six digits are hashed under a key of ours, bound to their account: whoever has the database cannot try them out.
    fn code_hash(&self, tenant: TenantId, account: AccountId, code: &str) -> KeyHash {
        self.keyed(Purpose::Code, &[tenant.as_bytes(), account.as_bytes(), code.as_bytes()])
    }

    /// The account that a token was sent to, where the token can still be used and the account too.
    pub(super) async fn account_of_token(
        &self,
        access: &Access,
        token: &VerificationToken,
    ) -> Result<Account, Refusal> {
        let account = self.store.accounts().get(token.tenant_id, &AccountRef::Id(token.account_id)).await?;
        let account = account.filter(|account| access.allows_realm(account.realm_id));
        let account = account.ok_or(Refusal::Token(TokenFault::Invalid))?;
        if let Some(fault) = token.fault(self.clock.now()) {
            return Err(Refusal::Token(fault));
        }
        require_usable(&account)?;
        Ok(account)
    }

    /// Whether another message to an address or number could go now.
    async fn peek_repeat(&self, tenant: TenantId, key: &str) -> Result<(), Refusal> {
        for limit in [LimitName::VerificationResends, LimitName::VerificationMessages] {
            let free = self.limiter.peek(limit, &addressee(tenant, key), 1).await;
            free.map_err(|Limited { retry_after }| Refusal::RateLimited { limit, retry_after })?;
        }
        Ok(())
    }

    /// Takes one message from what may go to an address or number in a day.
    pub(super) async fn take_message(&self, tenant: TenantId, key: &str) -> Result<(), Refusal> {
        take(&*self.limiter, LimitName::VerificationMessages, &addressee(tenant, key)).await
    }

    /// Takes one repeat; the first message counts too, so that the next one waits for it.
    pub(super) async fn take_resend(&self, tenant: TenantId, key: &str) -> Result<(), Refusal> {
        take(&*self.limiter, LimitName::VerificationResends, &addressee(tenant, key)).await
    }
}

/// What messages to one address or number are counted by.
pub(super) fn addressee(tenant: TenantId, key: &str) -> Vec<u8> {
    [tenant.as_bytes().as_slice(), key.as_bytes()].concat()
}

/// The id of a verification is a secret: it is not told back.
fn unknown() -> Refusal {
    Refusal::not_found(ResourceKind::Verification, "")
}

/// Reads the id of a verification.
fn id(text: &str) -> Result<TenantToken, Refusal> {
    TenantToken::parse(TokenKind::Verification, text).map_err(|_| unknown())
}

/// Who may get tokens in the answer.
pub(super) fn require_delivery(access: &Access, delivery: Delivery) -> Result<(), Refusal> {
    if delivery.returns_token() { access.require(Permission::VerificationsReturnToken) } else { Ok(()) }
}

/// TENANT_NOT_ACTIVE where the tenant is neither in use nor waiting for its owner.
pub(super) fn require_open(access: &Access) -> Result<(), Refusal> {
    match access.tenant.state {
        TenantState::PendingActivation => Ok(()),
        _ => access.require_active(),
    }
}

/// Why an account can neither prove anything nor be asked to: whatever is wrong with it but for its not being verified.
pub(super) fn require_usable(account: &Account) -> Result<(), Refusal> {
    match unusable(account) {
        None | Some(AccountFault::NotVerified) => Ok(()),
        Some(fault) => Err(Refusal::AccountUnusable(fault, account.id)),
    }
}
