//! What the making of an account says to the person: that it was made, or what has to be proved before it is in use. Composed before anything
//! is written, and written in the same unit.

use crate::domain::account::{AccountRef, IdentifierKind};
use crate::domain::ids::{AccountId, TenantId};
use crate::domain::message::{MailKind, Message};
use crate::domain::realm::Realm;
use crate::provisioning::Provisioning;
use crate::provisioning::access::Access;
use crate::provisioning::accounts::Place;
use crate::provisioning::composing::{Recipient, Wording};
use crate::provisioning::refusal::Refusal;
use crate::provisioning::rules::CheckedAccount;

use super::{NewVerification, VerificationPurpose};

/// What a person is told of their new account.
#[derive(Default)]
pub(in crate::provisioning) struct Notifications {
    /// What has to be proved; each with what brings the token.
    pub verifications: Vec<NewVerification>,
    /// That the account was made.
    pub welcome: Option<Message>,
}

impl Notifications {
    /// Everything that is sent.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.verifications.iter().filter_map(|verification| verification.message.as_ref()).chain(self.welcome.as_ref())
    }
}

impl Provisioning {
    /// What a person is told of the account that is being made for them. TEMPLATE_MISSING and URL_CONFIGURATION_INVALID where they could not
    /// be told.
    pub(in crate::provisioning) async fn announce(
        &self,
        place: &Place,
        checked: &CheckedAccount,
        has_password: bool,
    ) -> Result<Notifications, Refusal> {
        let person = Recipient {
            profile: &checked.profile,
            email: checked.email.as_ref(),
            phone: checked.phone.as_ref(),
            origin: &checked.origin,
            names_itself: !place.registers,
        };
        let (access, realm, delivery) = (&place.access, &*place.realm, place.delivery);
        // A portal that is being made has no words of its own yet.
        let wording = if place.owns_portal { Wording::OfTheTenant } else { Wording::OfTheBrand };
        let mut said = Notifications::default();
        let by_mail = match () {
            () if checked.email.is_none() => None,
            () if !has_password && place.delivery.is_any() => Some(VerificationPurpose::FirstPassword),
            () if place.opens_portal() => Some(VerificationPurpose::PortalActivation),
            // A portal that is in use already: the link only verifies its owner's address.
            () if place.owns_portal => Some(VerificationPurpose::Activation),
            () if realm.rules.verifies_email() && !checked.email_verified => Some(VerificationPurpose::Activation),
            () => None,
        };
        let by_text = checked.phone.is_some() && realm.rules.verify_phone && !checked.phone_verified;
        if let Some(purpose) = by_mail {
            said.verifications.extend(self.begin(access, realm, purpose, person, delivery, wording).await?);
        } else if delivery.sends() && !place.registers && !by_text {
            // Nobody is told that an account is ready which is not in use before its number is proved.
            said.welcome = self.compose(access, realm, MailKind::AccountCreated, person, None, wording).await?;
        }
        if by_text {
            let purpose = VerificationPurpose::PhoneCode;
            said.verifications.extend(self.begin(access, realm, purpose, person, delivery, wording).await?);
        }
        if place.conceals() {
            self.conceal(place, person, &mut said).await?;
        }
        Ok(said)
    }

    /// Where the address is another account's already, its owner is told that instead; the work is the same either way.
    async fn conceal(&self, place: &Place, person: Recipient<'_>, said: &mut Notifications) -> Result<(), Refusal> {
        let notice = self.notice_of_duplicate(&place.access, &place.realm, person, &[]).await?;
        let mut verifications = said.verifications.iter_mut();
        let activation = verifications.find(|one| one.purpose == VerificationPurpose::Activation);
        if let (Some(notice), Some(activation)) = (notice, activation) {
            activation.message = Some(notice);
        }
        Ok(())
    }

    /// The mail to the owner of an address that others, the `claimants`, claim; `None` where nobody has it. It is composed in either
    /// case, for the work to be the same.
    pub(super) async fn notice_of_duplicate(
        &self,
        access: &Access,
        realm: &Realm,
        person: Recipient<'_>,
        claimants: &[AccountId],
    ) -> Result<Option<Message>, Refusal> {
        let Some(email) = person.email else { return Ok(None) };
        let name = AccountRef::Identifier(realm.id, IdentifierKind::Email, email.key().to_owned());
        let holder = self.store.accounts().get(access.tenant.id, &name).await?;
        let owner = holder.as_ref().map_or(person, Recipient::from);
        let notice = self.notice(access, realm, MailKind::AlreadyRegistered, owner).await?;
        Ok(notice.filter(|_| holder.is_some_and(|holder| !claimants.contains(&holder.id))))
    }

    /// Counts what is sent to the addresses of a new account. Beyond what may go to an address in a day nothing is sent to one that
    /// registers, and the answer is the same; what a trusted application sends only makes a repeat wait. What brings nobody a token ends it,
    /// unless the caller `is_told` of it.
    ///
    /// A portal is a tenant of its own: the second of `tenants` is the one whose people may get so many in a day.
    pub(in crate::provisioning) async fn count_messages(
        &self,
        tenants: (TenantId, TenantId),
        registers: bool,
        is_told: bool,
        said: &mut Notifications,
    ) {
        let (tenant, payer) = tenants;
        for verification in said.verifications.iter_mut().filter(|one| one.message.is_some()) {
            // A repeat has to wait for this message, which waits for none itself.
            let _ = self.take_resend(tenant, &verification.key).await;
            let counted = self.take_message(payer, &verification.key).await;
            if counted.is_err() && registers {
                (verification.message, verification.is_void) = (None, !is_told);
            }
        }
    }
}
