//! Passwords that are forgotten, and first ones: a token goes to the address of the account, and whoever shows it sets the password. Whether
//! an address has an account is not told.

use secrecy::{ExposeSecret, SecretString};

use crate::domain::account::{AccountRef, AccountState, IdentifierKind};
use crate::domain::email::Email;
use crate::domain::limits::LimitName;
use crate::domain::password::Password;
use crate::domain::token::{TenantToken, TokenKind};
use crate::domain::verification::{TokenFault, VerificationKind};
use crate::domain::violation::Violations;
use crate::store::{NewPassword, PasswordByToken};

use super::Provisioning;
use super::accounts::{SeenAccount, View};
use super::cache::RealmKey;
use super::composing::{Delivery, Recipient, Wording};
use super::credentials::{check_confirmation, own_texts, refuse};
use super::draft::Field;
use super::limiter::take;
use super::principal::Call;
use super::refusal::Refusal;
use super::trail::Deed;
use super::verifications::{IssuedVerification, VerificationPurpose, addressee, require_delivery, require_open};

/// The field of the password in FinishPasswordReset.
const NEW_PASSWORD: &str = "new_password.password";

/// A StartPasswordReset request, decoded.
#[derive(Clone, Debug)]
pub struct StartPasswordReset {
    /// Empty = the home tenant.
    pub tenant_id: String,
    /// Empty = the grant's default, else `internal`.
    pub realm_id: String,
    /// The address of the account, or what decoding found wrong.
    pub email: Result<Email, Violations>,
    /// Whether the token is sent, given back, or both.
    pub delivery: Delivery,
}

/// A FinishPasswordReset request, decoded.
#[derive(Debug)]
pub struct FinishPasswordReset {
    /// The token of the mail.
    pub token: SecretString,
    /// The password to come.
    pub new_password: Field<Password>,
    /// To be compared only where it is there.
    pub confirmation: Option<Field<Password>>,
    /// What decoding found wrong.
    pub violations: Violations,
}

impl Provisioning {
    /// Sends a token that a password can be set with, where the address has an account. The work is the same where it has none.
    pub async fn start_password_reset(
        &self,
        call: &Call,
        request: StartPasswordReset,
    ) -> Result<Vec<IssuedVerification>, Refusal> {
        let StartPasswordReset { tenant_id, realm_id, email, delivery } = request;
        let access = self.access(call, &tenant_id).await?;
        require_open(&access)?;
        require_delivery(&access, delivery)?;
        let realm = self.usable_realm(&access, &realm_id).await?;
        let email = email.map_err(Refusal::Invalid)?;
        let addressee = addressee(access.tenant.id, email.key());
        take(&*self.limiter, LimitName::PasswordResets, &addressee).await?;
        let name = AccountRef::Identifier(realm.id, IdentifierKind::Email, email.key().to_owned());
        let account = self.store.accounts().get(access.tenant.id, &name).await?;
        let resets = |state| matches!(state, AccountState::Active | AccountState::PendingVerification);
        let account = account.filter(|account| resets(account.state));
        let is_known = account.is_some();
        let begun = match account {
            Some(account) => {
                let purpose = match account.password_set {
                    true => VerificationPurpose::PasswordReset,
                    false => VerificationPurpose::FirstPassword,
                };
                let person = Recipient::from(&account);
                let begun = self.begin(&access, &realm, purpose, person, delivery, Wording::OfTheTenant).await?;
                begun.map(|begun| (begun, account.id))
            }
            None => self.decoy(&access, &realm, VerificationPurpose::PasswordReset, &email, delivery).await?,
        };
        let returns_token = is_known && delivery.returns_token();
        let issued = self.issue(call, &access, begun.into_iter().collect(), &realm, returns_token).await?;
        Ok(if returns_token { issued } else { Vec::new() })
    }

    /// Sets a password by a token; the account, how the caller sees it, and how many sessions ended.
    pub async fn finish_password_reset(
        &self,
        call: &Call,
        mut request: FinishPasswordReset,
    ) -> Result<(SeenAccount, View, usize), Refusal> {
        let confirmation = request.confirmation.as_ref();
        check_confirmation(&mut request.violations, NEW_PASSWORD, &request.new_password, confirmation);
        let new = match request.new_password {
            Field::Valid(password) if request.violations.is_empty() => password,
            _ => return Err(Refusal::Invalid(request.violations)),
        };
        let invalid = || Refusal::Token(TokenFault::Invalid);
        let token = TenantToken::parse(TokenKind::Password, request.token.expose_secret()).map_err(|_| invalid())?;
        let (tenant_id, hash) = (token.tenant(), token.hash());
        let access = self.access_by_token(call, tenant_id, invalid).await?;
        require_open(&access)?;
        let view = self.view(&access).await?;
        let row = self.store.verifications().by_token(tenant_id, hash).await?;
        let row = row.filter(|row| row.kind == VerificationKind::Password).ok_or_else(invalid)?;
        let account = self.account_of_token(&access, &row).await?;
        let realm = self.realm_of(&access, RealmKey::Id(account.realm_id)).await?;
        let (faults, new) = self.password_faults(call, &realm, new, own_texts(&account)).await?;
        refuse(NEW_PASSWORD, faults)?;
        let credential = self.hash_password(call, new).await?;
        let token_use = self.token_use(&access, row, &account).await?;
        let time = token_use.time;
        let deed = Deed::new("account.password_reset", format!("accounts/{}", account.id), "UPDATED");
        let mut trail = self.trail(call, tenant_id, time, deed);
        self.tell_of_new_password(&access, &realm, &account, &mut trail).await?;
        let password = NewPassword {
            tenant_id,
            account_id: account.id,
            credential,
            expected: None,
            change_required: false,
            keep: None,
            time,
            request: None,
            trail,
        };
        let guard = self.login_guard(tenant_id, &account.id.to_string());
        let channels = password.trail.channels();
        match self.store.verifications().set_password(PasswordByToken { token_use, password, guard }).await {
            Ok((account, ended)) => {
                self.outgoing.wake(&channels);
                self.caches.tenant_changed(tenant_id);
                Ok((self.seen(account).await?, view, ended))
            }
            Err(error) => Err(self.unused(tenant_id, hash, error).await),
        }
    }
}
