//! Accounts: created by a trusted application under a contract (dialogportal, Comexposium), read and listed.

mod reading;
mod taken;
mod writing;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, TypedExternalKey, sole_live_holder};
use crate::domain::application::OnDuplicate;
use crate::domain::contract::Contract;
use crate::domain::external_key::ExternalKeyType;
use crate::domain::idempotency::Outcome;
use crate::domain::ids::AccountId;
use crate::domain::permission::Permission;
use crate::domain::realm::{DuplicatePolicy, Realm, RealmRules, RegistrationMode};
use crate::domain::tenant::TenantState;
use crate::domain::violation::Violations;

pub(super) use reading::permissions;
pub use reading::{AccountName, GetAccount, ListAccounts};
pub(super) use writing::{Writing, identifiers};

use super::Provisioning;
use super::access::Access;
use super::composing::Delivery;
use super::draft::{AccountDraft, FieldPaths};
use super::principal::Call;
use super::refusal::Refusal;
use super::replay::Repeatable;
use super::rules::{self, CheckedAccount, CheckedCredential, Rules};
use super::sessions::IssuedSession;
use super::verifications::{IssuedVerification, require_delivery};
use taken::taken;
use writing::{answer, made_in, quota_exceeded, realm_quota, told_keys};

/// A CreateAccount request, decoded.
#[derive(Debug)]
pub struct CreateAccount {
    /// Empty = the home tenant.
    pub tenant_id: String,
    /// Empty = the grant's default, else `internal`.
    pub realm_id: String,
    /// Empty = the grant's default, else the tenant's.
    pub contract_id: String,
    /// The person.
    pub draft: AccountDraft,
    /// Absent = the application's setting.
    pub on_duplicate: Option<OnDuplicate>,
    /// Which way go what the person is told and the tokens that verify them.
    pub delivery: Delivery,
    /// What the request is known by, where it may be repeated.
    pub repeatable: Option<Repeatable>,
    /// Check only.
    pub validate_only: bool,
}

/// How a caller sees accounts of a tenant: the account itself stays whole, `encode` shows what this lets through.
#[derive(Clone, Debug)]
pub struct View {
    /// Which fields come back.
    pub contract: Arc<Contract>,
    /// The type whose key always comes back.
    pub own_key_type: Option<ExternalKeyType>,
    /// Whether keys of other types come back too.
    pub reads_accounts: bool,
}

impl View {
    /// Whether the caller sees an external key.
    pub fn shows_key(&self, key: &TypedExternalKey) -> bool {
        self.reads_accounts || self.own_key_type.as_ref() == Some(&key.key_type)
    }
}

/// An account with what its roles permit in its realm now.
#[derive(Clone, Debug)]
pub struct SeenAccount {
    /// The account.
    pub account: Account,
    /// The union of its roles' permissions, the tenant's own.
    pub permissions: Vec<String>,
}

/// What a creating request came to.
#[derive(Debug)]
pub struct AccountAnswer {
    /// The account; after `validate_only` the one that would be made; absent where a replayed request's account is gone.
    pub account: Option<SeenAccount>,
    /// The id, also where the account is gone.
    pub account_id: Option<AccountId>,
    /// See [`Outcome`].
    pub outcome: Outcome,
    /// Whether this is the answer of an earlier request.
    pub replayed: bool,
    /// The session that began with the account.
    pub session: Option<IssuedSession>,
    /// What has to be verified; none on a repeat.
    pub verifications: Vec<IssuedVerification>,
    /// How the caller sees it.
    pub view: View,
}

impl AccountAnswer {
    /// The same with the session and the verifications that began with the account.
    pub(super) fn with(self, session: Option<IssuedSession>, verifications: Vec<IssuedVerification>) -> Self {
        Self { session, verifications, ..self }
    }
}

/// Where a person is being made, and by whom.
pub(super) struct Place {
    pub access: Access,
    pub realm: Arc<Realm>,
    pub contract: Arc<Contract>,
    pub paths: FieldPaths,
    /// Which way go what is said of the account and the tokens that verify it.
    pub delivery: Delivery,
    /// Whether the person registers, and is not created by a trusted application.
    pub registers: bool,
    /// Whether the account is the owner of the portal that is being made.
    pub owns_portal: bool,
}

impl Place {
    /// Whether an address or number is only claimed until it is verified, so that nobody keeps its owner out by registering it first.
    pub fn claims(&self) -> bool {
        self.registers && self.realm.rules.registration_mode == RegistrationMode::Verified
    }

    /// Whether the caller may not learn that an address or number is taken.
    pub fn conceals(&self) -> bool {
        self.claims()
            && self.realm.rules.duplicate_policy == DuplicatePolicy::Conceal
            && !self.access.permits(Permission::AccountsRead)
    }

    /// What making an account here is called.
    pub fn outcome(&self) -> Outcome {
        if self.conceals() { Outcome::Accepted } else { Outcome::Created }
    }

    /// Whether an account made here is in use only after its address was verified.
    pub fn verifies_email(&self) -> bool {
        self.realm.rules.verifies_email() || self.opens_portal()
    }

    /// Whether the account's address opens the portal that is being made.
    pub fn opens_portal(&self) -> bool {
        self.owns_portal && self.access.tenant.state == TenantState::PendingActivation
    }

    pub fn view(&self) -> View {
        View {
            contract: self.contract.clone(),
            own_key_type: self.access.caller.application.settings.external_key_type.clone(),
            reads_accounts: self.access.permits(Permission::AccountsRead),
        }
    }

    pub fn rules(&self, now: DateTime<Utc>) -> Rules<'_> {
        let application = &self.access.caller.application;
        Rules {
            terms: &self.contract.terms,
            realm: &self.realm.rules,
            application: &application.settings,
            application_id: application.id,
            reads_accounts: self.access.permits(Permission::AccountsRead),
            registers: self.registers,
            now,
        }
    }
}

impl Provisioning {
    /// Creates an account under a contract.
    pub async fn create_account(&self, call: &Call, request: CreateAccount) -> Result<AccountAnswer, Refusal> {
        let access = self.access_with(call, &request.tenant_id, Permission::AccountsCreate).await?;
        access.require_active()?;
        let on_duplicate = request.on_duplicate.unwrap_or(access.caller.application.settings.on_duplicate);
        if on_duplicate == OnDuplicate::ReturnExisting {
            access.require(Permission::AccountsRead)?;
        }
        if !request.draft.roles.is_empty() {
            access.require(Permission::AccountsAssignRoles)?;
        }
        let realm = self.usable_realm(&access, &request.realm_id).await?;
        let contract = self.contract(&access, &request.contract_id).await?;
        require_delivery(&access, request.delivery)?;
        let (paths, delivery) = (FieldPaths::CREATE_ACCOUNT, request.delivery);
        let place = Place { access, realm, contract, paths, delivery, registers: false, owns_portal: false };
        let checked = rules::check(request.draft, &place.rules(self.clock.now()))?;
        if request.validate_only {
            return self.validated(call, &place, checked, on_duplicate).await;
        }
        let writing = Writing { on_duplicate, repeatable: request.repeatable.as_ref(), logs_in: None };
        self.write(call, &place, checked, writing).await
    }

    /// What is checked only once it is clear that the request is no repeat: a captcha, whose token is good for one question; a password's
    /// strength, which costs; and a consent that was declined, which is a state and no fault of the request.
    pub(super) async fn settle(
        &self,
        call: &Call,
        checked: CheckedAccount,
        realm: &RealmRules,
        paths: &FieldPaths,
    ) -> Result<CheckedAccount, Refusal> {
        if let Some(challenge) = &checked.challenge {
            self.pass_captcha(challenge).await?;
        }
        let mut checked = self.check_strength(call, checked, realm, paths).await?;
        match std::mem::take(&mut checked.declined) {
            declined if declined.is_empty() => Ok(checked),
            declined => Err(Refusal::ConsentRequired(declined)),
        }
    }

    /// Estimates a password's strength where the policy wants it: on the hash threads, since it takes milliseconds.
    async fn check_strength(
        &self,
        call: &Call,
        mut checked: CheckedAccount,
        realm: &RealmRules,
        paths: &FieldPaths,
    ) -> Result<CheckedAccount, Refusal> {
        let password = match std::mem::replace(&mut checked.credential, CheckedCredential::Absent) {
            CheckedCredential::Password(password) if realm.password_policy.wants_strength() => password,
            credential => return Ok(CheckedAccount { credential, ..checked }),
        };
        let (policy, own) = (realm.password_policy.clone(), checked.own_texts());
        let estimate = move || {
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            (policy.strength_check(&password, &own), password)
        };
        let (fault, password) = self.hasher.run(call.deadline, estimate).await?;
        checked.credential = CheckedCredential::Password(password);
        match fault {
            None => Ok(checked),
            Some(fault) => {
                let mut violations = Violations::new();
                violations.push_with(paths.password, fault);
                Err(Refusal::Invalid(violations))
            }
        }
    }

    /// `validate_only`: what would come of it, as far as reading tells.
    pub(super) async fn validated(
        &self,
        call: &Call,
        place: &Place,
        checked: CheckedAccount,
        on_duplicate: OnDuplicate,
    ) -> Result<AccountAnswer, Refusal> {
        let checked = self.settle(call, checked, &place.realm.rules, &place.paths).await?;
        let password_set = !matches!(checked.credential, CheckedCredential::Absent);
        self.announce(place, &checked, password_set).await?;
        if self.store.quotas().exceeded(&realm_quota(&place.realm)).await?.is_some() {
            return Err(quota_exceeded(&place.realm));
        }
        let holders = self.store.accounts().holders(&told_keys(place, &checked)).await?;
        match sole_live_holder(&holders, place.access.grant.allowed_realms.as_deref()) {
            _ if holders.is_empty() => {}
            Some(_) if on_duplicate == OnDuplicate::ReturnExisting => {}
            _ => return Err(taken(place, &checked, &holders)),
        }
        let account = self.account(place, &checked, password_set, self.clock.now());
        Ok(answer(place, made_in(place, account), Outcome::Validated))
    }
}
