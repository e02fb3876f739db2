//! People who register themselves in a realm, through an application (Fluid Topics, ServiceStack).

use std::net::IpAddr;

use crate::domain::application::OnDuplicate;
use crate::domain::captcha::CaptchaToken;
use crate::domain::limits::LimitName;
use crate::domain::permission::Permission;
use crate::domain::realm::{REGISTRARS, Realm, RegistrationMode};

use super::Provisioning;
use super::access::Access;
use super::accounts::{AccountAnswer, Place, Writing};
use super::composing::Delivery;
use super::draft::{AccountDraft, FieldPaths};
use super::limiter::take_for_address;
use super::principal::{Call, Person};
use super::redirects::Redirect;
use super::refusal::Refusal;
use super::replay::Repeatable;
use super::rules;

/// Where the person calls from, as the application says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndUser {
    /// An IP address; only an application with `end_user.assert` is believed.
    pub ip_address: String,
    /// The browser's name; a session keeps it.
    pub user_agent: String,
}

/// A RegisterAccount request, decoded.
#[derive(Debug)]
pub struct RegisterAccount {
    /// Empty = the home tenant.
    pub tenant_id: String,
    /// Empty = the grant's default, else `internal`.
    pub realm_id: String,
    /// Empty = the grant's default, else the tenant's.
    pub contract_id: String,
    /// The person.
    pub draft: AccountDraft,
    /// Where they call from.
    pub end_user: EndUser,
    /// What they got from the captcha provider.
    pub captcha: Option<CaptchaToken>,
    /// Where the application means to go on.
    pub redirect: Redirect,
    /// What the request is known by, where it may be repeated.
    pub repeatable: Option<Repeatable>,
    /// Whether to log the person in.
    pub auto_login: bool,
    /// Check only.
    pub validate_only: bool,
}

/// What RegisterAccount came to.
#[derive(Debug)]
pub struct Registered {
    /// The account, and the session that began with it.
    pub answer: AccountAnswer,
    /// Where the application goes on.
    pub redirect: Redirect,
}

impl Provisioning {
    /// Where a person calls from: the address that a trusted application states, else the peer's. A bad value means the peer's address,
    /// never a skipped check.
    pub(super) fn end_user_address(&self, call: &Call, end_user: &EndUser) -> Result<IpAddr, Refusal> {
        let caller = call.principal.caller()?;
        let asserted = caller.permissions.contains(&Permission::EndUserAssert);
        Ok(asserted.then(|| end_user.ip_address.parse().ok()).flatten().unwrap_or(call.peer))
    }

    /// Takes one attempt from the end user's address.
    pub(super) async fn take_attempt(&self, call: &Call, limit: LimitName, end_user: &EndUser) -> Result<(), Refusal> {
        let address = self.end_user_address(call, end_user)?;
        take_for_address(&*self.limiter, limit, address).await
    }

    /// Registers a person in a PUBLIC or VERIFIED realm, or, on the word of those who may, in a CLOSED one.
    pub async fn register_account(&self, call: &Call, request: RegisterAccount) -> Result<Registered, Refusal> {
        self.take_attempt(call, LimitName::AccountRegistrations, &request.end_user).await?;
        let access = self.access(call, &request.tenant_id).await?;
        access.require_active()?;
        let realm = self.usable_realm(&access, &request.realm_id).await?;
        require_open(&access, &realm, call.person.as_deref())?;
        let contract = self.contract(&access, &request.contract_id).await?;
        let (paths, delivery) = (FieldPaths::REGISTER_ACCOUNT, Delivery::Send);
        let place = Place { access, realm, contract, paths, delivery, registers: true, owns_portal: false };
        let mut draft = request.draft;
        let is_verified_by_phone = place.realm.rules.verify_phone && draft.phone.is_given();
        if !draft.user_name.is_given() || place.claims() && !is_verified_by_phone {
            draft.require("email.address");
        }
        rules::require_password(&mut draft);
        let settings = &place.access.caller.application.settings;
        let redirect = request.redirect.check(settings, &mut draft.violations);
        let mut checked = rules::check(draft, &place.rules(self.clock.now()))?;
        rules::fall_back_to_a_display_name(&mut checked.profile, &place.contract.terms);
        let demanded = place.realm.rules.captcha_required;
        checked.challenge = self.challenge(call, demanded, request.captcha, &request.end_user)?;
        if request.validate_only {
            let answer = self.validated(call, &place, checked, OnDuplicate::Fail).await?;
            return Ok(Registered { answer, redirect });
        }
        let logs_in = request.auto_login.then_some(request.end_user.user_agent.as_str());
        let writing = Writing { on_duplicate: OnDuplicate::Fail, repeatable: request.repeatable.as_ref(), logs_in };
        let answer = self.write(call, &place, checked, writing).await?;
        Ok(Registered { answer, redirect })
    }
}

/// Who may register others in a CLOSED realm: an application that may create accounts, and a person of that realm who administrates people.
fn require_open(access: &Access, realm: &Realm, person: Option<&Person>) -> Result<(), Refusal> {
    let registrar = person.is_some_and(|person| {
        person.tenant_id == access.tenant.id
            && person.realm_id == realm.id
            && person.roles.iter().any(|role| REGISTRARS.contains(&role.as_str()))
    });
    match realm.rules.registration_mode {
        RegistrationMode::Public | RegistrationMode::Verified => Ok(()),
        RegistrationMode::Closed if registrar || access.permits(Permission::AccountsCreate) => Ok(()),
        RegistrationMode::Closed => Err(Refusal::RegistrationClosed),
    }
}
