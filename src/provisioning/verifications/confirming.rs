//! ConfirmVerification: a token and its second key, once.

use secrecy::{ExposeSecret, SecretString};

use super::{require_open, unknown};
use crate::domain::account::{Account, AccountRef};
use crate::domain::idempotency::{Outcome, RequestIds};
use crate::domain::ids::TenantId;
use crate::domain::password::Password;
use crate::domain::secret::KeyHash;
use crate::domain::tenant::{Tenant, TenantRef};
use crate::domain::token::{TenantToken, TokenKind};
use crate::domain::verification::{TokenFault, VerificationKind, VerificationToken};
use crate::provisioning::Provisioning;
use crate::provisioning::access::Access;
use crate::provisioning::accounts::{SeenAccount, View};
use crate::provisioning::cache::RealmKey;
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::registration::EndUser;
use crate::provisioning::replay::Repeatable;
use crate::provisioning::trail::Deed;
use crate::store::{Confirmation, Conflict, StoreError, TokenUse};

/// What shows that who has the token is who made the account.
#[derive(Debug)]
pub enum SecondKey {
    /// The id that the application got when the verification began.
    Id(SecretString),
    /// The account's password; absent where the text can be nobody's.
    Password(Option<Password>),
}

/// A ConfirmVerification request, decoded.
#[derive(Debug)]
pub struct Confirm {
    /// The token of the mail, or the code of the text.
    pub token: SecretString,
    /// See [`SecondKey`].
    pub second: SecondKey,
    /// Where the person calls from.
    pub end_user: EndUser,
    /// What the request is known by, where it may be repeated.
    pub repeatable: Option<Repeatable>,
}

/// What ConfirmVerification came to.
#[derive(Debug)]
pub struct Confirmed {
    /// What was proved.
    pub kind: VerificationKind,
    /// The account; absent where it is gone by the time of a repeat.
    pub account: Option<SeenAccount>,
    /// The portal that was opened.
    pub tenant: Option<Tenant>,
    /// How the caller sees the account.
    pub view: View,
    /// Whether this is the answer of an earlier request.
    pub replayed: bool,
}

/// What the first key is.
enum FirstKey {
    Token(TenantToken),
    /// A code means nothing without the id of its verification.
    Code(SecretString, TenantToken),
}

impl FirstKey {
    fn tenant(&self) -> TenantId {
        match self {
            Self::Token(token) => token.tenant(),
            Self::Code(_, id) => id.tenant(),
        }
    }
}

impl Provisioning {
    /// Uses a token.
    pub async fn confirm_verification(
        &self,
        call: &Call,
        request: Result<Confirm, Refusal>,
    ) -> Result<Confirmed, Refusal> {
        let request = request?;
        let first = first_key(&request)?;
        let tenant_id = first.tenant();
        let access = self.access_by_token(call, tenant_id, || Refusal::Token(TokenFault::Invalid)).await?;
        require_open(&access)?;
        // After the commit nothing may fail any more that could have failed before.
        let view = self.view(&access).await?;
        let repeatable = request.repeatable.clone();
        if let Some(before) = self.confirmed_before(call, &access, &first, repeatable.as_ref(), &view).await? {
            return Ok(before);
        }
        match self.confirm_now(call, &access, &first, request, view.clone()).await {
            // An equal request that came at the same time may have used the token meanwhile.
            Err(refusal @ Refusal::Token(_)) => {
                let before = self.confirmed_before(call, &access, &first, repeatable.as_ref(), &view).await?;
                before.ok_or(refusal)
            }
            confirmed => confirmed,
        }
    }

    async fn confirm_now(
        &self,
        call: &Call,
        access: &Access,
        first: &FirstKey,
        request: Confirm,
        view: View,
    ) -> Result<Confirmed, Refusal> {
        let Confirm { second, end_user, repeatable, .. } = request;
        let row = self.token(access, first, second, call, &end_user).await?;
        let account = self.account_of_token(access, &row).await?;
        self.use_token(call, access, row, account, repeatable.as_ref(), view).await
    }

    /// The row of a token whose second key fits.
    async fn token(
        &self,
        access: &Access,
        first: &FirstKey,
        second: SecondKey,
        call: &Call,
        end_user: &EndUser,
    ) -> Result<VerificationToken, Refusal> {
        let invalid = Refusal::Token(TokenFault::Invalid);
        let token = match first {
            FirstKey::Code(code, id) => return self.coded(id, code.expose_secret()).await,
            FirstKey::Token(token) => token,
        };
        let row = self.store.verifications().by_token(token.tenant(), token.hash()).await?;
        let Some(row) = row.filter(|row| row.kind != VerificationKind::Password) else { return Err(invalid) };
        match second {
            SecondKey::Id(text) => {
                let verification = self.verification(&super::id(text.expose_secret())?).await?;
                let same = verification.tenant_id == row.tenant_id
                    && (verification.account_id, verification.kind, &verification.key)
                        == (row.account_id, row.kind, &row.key);
                if same { Ok(row) } else { Err(invalid) }
            }
            SecondKey::Password(password) => {
                let (tenant, id) = (row.tenant_id, row.account_id);
                let guarded = self.guarded(call, access, Some(id), "", end_user).await?;
                let account = self.store.accounts().get(tenant, &AccountRef::Id(id)).await?;
                let phc = self.store.accounts().credential(tenant, id).await?;
                let found = account.map(|account| (account, phc));
                self.check_password(call, access, found, password, guarded).await?;
                Ok(row)
            }
        }
    }

    /// The newest row of a verification that an application knows.
    async fn verification(&self, id: &TenantToken) -> Result<VerificationToken, Refusal> {
        self.store.verifications().by_id(id.tenant(), id.hash()).await?.ok_or_else(unknown)
    }

    /// The row of a code: each try is counted before it is looked at, so that no number of guesses at once is more than there may be.
    async fn coded(&self, id: &TenantToken, code: &str) -> Result<VerificationToken, Refusal> {
        let newest = self.verification(id).await?;
        if newest.kind != VerificationKind::Phone {
            return Err(Refusal::Token(TokenFault::Invalid));
        }
        let (now, account) = (self.clock.now(), newest.account_id);
        let tried = self.store.verifications().try_code(newest.tenant_id, account, newest.kind, now).await?;
        if tried.is_empty() {
            return Err(Refusal::Token(newest.fault(now).unwrap_or(TokenFault::Expired)));
        }
        let hash = self.code_hash(newest.tenant_id, account, code);
        // The try was counted: the fifth is looked at all the same.
        let right = tried.into_iter().find(|row| row.hash == hash && row.key == newest.key);
        right.map(|row| VerificationToken { tries: 0, ..row }).ok_or(Refusal::Token(TokenFault::Invalid))
    }

    async fn use_token(
        &self,
        call: &Call,
        access: &Access,
        token: VerificationToken,
        account: Account,
        repeatable: Option<&Repeatable>,
        view: View,
    ) -> Result<Confirmed, Refusal> {
        let (tenant_id, kind, hash) = (token.tenant_id, token.kind, token.hash);
        let token_use = self.token_use(access, token, &account).await?;
        let now = token_use.time;
        let ids = RequestIds { tenant_id, account_id: account.id };
        let deed = Deed::new("account.verified", format!("accounts/{}", account.id), "UPDATED");
        let confirmation = Confirmation {
            request: self.request_record(call, Some(tenant_id), repeatable, Outcome::Accepted, ids, now)?,
            trail: self.trail(call, tenant_id, now, deed),
            token_use,
        };
        match self.store.verifications().confirm(confirmation).await {
            Ok(account) => self.confirmed(access, kind, Some(account), false, view).await,
            Err(StoreError::Conflict(Conflict::Request)) => Err(Refusal::Token(TokenFault::Used)),
            Err(error) => Err(self.unused(tenant_id, hash, error).await),
        }
    }

    /// What an account needs beside the token that is being used.
    pub(in crate::provisioning) async fn token_use(
        &self,
        access: &Access,
        token: VerificationToken,
        account: &Account,
    ) -> Result<TokenUse, Refusal> {
        let realm = self.realm_of(access, RealmKey::Id(account.realm_id)).await?;
        Ok(TokenUse {
            needs_email: realm.rules.verifies_email() && account.email.is_some(),
            // A number that is kept as typed cannot be written to.
            needs_phone: realm.rules.verify_phone && account.phone.as_ref().is_some_and(|phone| phone.key().is_some()),
            token,
            time: self.clock.now(),
        })
    }

    /// Why a token could not be used that could be a moment ago.
    pub(in crate::provisioning) async fn unused(&self, tenant: TenantId, hash: KeyHash, error: StoreError) -> Refusal {
        match error {
            StoreError::Stale => match self.store.verifications().by_token(tenant, hash).await {
                Ok(row) => {
                    let fault = row.and_then(|row| row.fault(self.clock.now()));
                    fault.map_or(Refusal::TransactionConflict, Refusal::Token)
                }
                Err(error) => error.into(),
            },
            // Another account was first, or the account has another address by now.
            StoreError::Conflict(Conflict::Identifiers) | StoreError::Missing => Refusal::Token(TokenFault::Superseded),
            error => error.into(),
        }
    }

    /// The answer of the first success of this request, if there was one.
    async fn confirmed_before(
        &self,
        call: &Call,
        access: &Access,
        first: &FirstKey,
        repeatable: Option<&Repeatable>,
        view: &View,
    ) -> Result<Option<Confirmed>, Refusal> {
        let said = self.said_before(call, Some(first.tenant()), repeatable).await?;
        let Some((_, ids)) = said else { return Ok(None) };
        let kind = match first {
            FirstKey::Code(..) => VerificationKind::Phone,
            FirstKey::Token(token) => {
                let row = self.store.verifications().by_token(token.tenant(), token.hash()).await?;
                row.map_or(VerificationKind::Email, |row| row.kind)
            }
        };
        let account = self.replayed_account(&ids).await?;
        let account = account.filter(|account| access.allows_realm(account.realm_id));
        self.confirmed(access, kind, account, true, view.clone()).await.map(Some)
    }

    async fn confirmed(
        &self,
        access: &Access,
        kind: VerificationKind,
        account: Option<Account>,
        replayed: bool,
        view: View,
    ) -> Result<Confirmed, Refusal> {
        let tenant_id = access.tenant.id;
        let tenant = match kind {
            VerificationKind::PortalActivation => {
                self.caches.tenant_changed(tenant_id);
                self.store.tenants().get(&TenantRef::Id(tenant_id)).await?
            }
            _ => None,
        };
        let account = match account {
            Some(account) => Some(self.seen(account).await?),
            None => None,
        };
        Ok(Confirmed { kind, account, tenant, view, replayed })
    }
}

/// Six digits are a code, everything else is a token of a mail.
fn first_key(request: &Confirm) -> Result<FirstKey, Refusal> {
    let text = request.token.expose_secret();
    let is_code = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    match &request.second {
        SecondKey::Id(id) if is_code => Ok(FirstKey::Code(request.token.clone(), super::id(id.expose_secret())?)),
        SecondKey::Password(_) if is_code => Err(Refusal::required("verification_id")),
        _ => {
            let token = TenantToken::parse(TokenKind::Confirmation, text);
            token.map(FirstKey::Token).map_err(|_| Refusal::Token(TokenFault::Invalid))
        }
    }
}
