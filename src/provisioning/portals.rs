//! Portals: a tenant, its realm `internal`, its first contract and its owner, in one unit of work (ONLYOFFICE makes eight saves and can
//! leave an ownerless portal; here nothing is half-made).

mod names;
mod rows;

use std::sync::Arc;

use secrecy::SecretString;

use crate::domain::account::Account;
use crate::domain::annotations::Annotations;
use crate::domain::application::PortalDefaults;
use crate::domain::captcha::CaptchaToken;
use crate::domain::contract::{Contract, ContractTerms};
use crate::domain::idempotency::{Outcome, RequestIds};
use crate::domain::language::LanguageCode;
use crate::domain::limits::LimitName;
use crate::domain::permission::Permission;
use crate::domain::portal_name::PortalName;
use crate::domain::quota::QuotaUse;
use crate::domain::realm::{ROLE_ADMIN, ROLE_OWNER, RealmRules};
use crate::domain::tenant::{Tenant, TenantRef};
use crate::domain::time_zone::TimeZone;
use crate::domain::violation::FieldReason;
use crate::store::{Conflict, NewPortal, StoreError};

pub use names::{PortalNameFault, PortalNameVerdict};

use super::access::Access;
use super::accounts::{SeenAccount, View, permissions};
use super::composing::Delivery;
use super::draft::{AccountDraft, Field, FieldPaths};
use super::principal::Call;
use super::refusal::{Refusal, TakenKind};
use super::registration::EndUser;
use super::replay::Repeatable;
use super::rules::{self, CheckedAccount, CheckedCredential, Rules};
use super::verifications::{IssuedVerification, Notifications, require_delivery};
use super::{Provisioning, TRIES_MAX};

/// The field that a portal's name stands in.
const PORTAL_NAME_FIELD: &str = "tenant.portal_name";

/// What an owner has to say (ONLYOFFICE demands the first three).
const OWNER_REQUIRED: [&str; 3] = ["profile.given_name", "profile.family_name", "email.address"];

/// A RegisterPortal request, decoded.
#[derive(Debug)]
pub struct RegisterPortal {
    /// The portal's name.
    pub portal_name: Field<PortalName>,
    /// Absent = en-US.
    pub language: Field<LanguageCode>,
    /// Absent = by the language.
    pub time_zone: Field<TimeZone>,
    /// Inert pairs.
    pub annotations: Annotations,
    /// The owner, with the violations of the whole request.
    pub owner: AccountDraft,
    /// Which way the token goes that opens the portal.
    pub delivery: Delivery,
    /// What they got from the captcha provider.
    pub captcha: Option<CaptchaToken>,
    /// What the request is known by, where it may be repeated.
    pub repeatable: Option<Repeatable>,
    /// Check only.
    pub validate_only: bool,
}

/// What RegisterPortal came to.
#[derive(Debug)]
pub struct PortalAnswer {
    /// The tenant and its owner; after `validate_only` those that would be made; absent where a replayed request's tenant is gone.
    pub made: Option<(Tenant, Option<SeenAccount>)>,
    /// See [`Outcome`].
    pub outcome: Outcome,
    /// Whether this is the answer of an earlier request.
    pub replayed: bool,
    /// What opens the portal; none on a repeat.
    pub verifications: Vec<IssuedVerification>,
    /// The link that opens it, for those who may have tokens (ONLYOFFICE).
    pub reference: Option<SecretString>,
    /// How the caller sees the owner.
    pub view: View,
}

impl Provisioning {
    /// Registers a portal with its owner.
    pub async fn register_portal(
        &self,
        call: &Call,
        end_user: &EndUser,
        mut request: RegisterPortal,
    ) -> Result<PortalAnswer, Refusal> {
        self.take_attempt(call, LimitName::PortalRegistrations, end_user).await?;
        let home = self.access_with(call, "", Permission::TenantsCreate).await?;
        home.require_active()?;
        require_delivery(&home, request.delivery)?;
        let mut plan = self.plan(&home, &mut request)?;
        let demanded = home.caller.application.settings.portal_captcha_required;
        plan.owner.challenge = self.challenge(call, demanded, request.captcha.take(), end_user)?;
        if request.validate_only {
            let plan = self.settle_plan(call, plan).await?;
            return self.validated_portal(call, &home, &plan).await;
        }
        let repeatable = request.repeatable.as_ref();
        if let Some(answer) = self.replay_portal(call, &home, repeatable).await? {
            return Ok(answer);
        }
        let plan = match self.settle_plan(call, plan).await {
            // An equal request that came at the same time may have used the captcha's token.
            Err(refusal @ Refusal::CaptchaInvalid(_)) => {
                return self.replay_portal(call, &home, repeatable).await?.ok_or(refusal);
            }
            plan => plan?,
        };
        self.write_portal(call, &home, plan, repeatable).await.map_err(|refusal| match refusal {
            cause @ Refusal::Internal(_) => Refusal::TenantProvisioningFailed(Box::new(cause)),
            refusal => refusal,
        })
    }

    /// The checks that cost more than reading the request.
    async fn settle_plan(&self, call: &Call, plan: Plan) -> Result<Plan, Refusal> {
        let owner = self.settle(call, plan.owner, &plan.realm, &FieldPaths::REGISTER_PORTAL).await?;
        Ok(Plan { owner, ..plan })
    }

    /// `validate_only`: what would come of it, as far as reading tells.
    async fn validated_portal(&self, call: &Call, home: &Access, plan: &Plan) -> Result<PortalAnswer, Refusal> {
        self.tell_unavailable(plan, &self.portal_quotas(home, plan)).await?;
        let NewPortal { tenant, realm, contract, owner, .. } = self.portal(call, home, plan, None, self.clock.now());
        let password_set = !matches!(plan.owner.credential, CheckedCredential::Absent);
        let account = Account { password_set, ..owner.account };
        let owner = SeenAccount { permissions: permissions(&account, &realm), account };
        let view = portal_view(home, Arc::new(contract));
        let (made, outcome) = (Some((tenant, Some(owner))), Outcome::Validated);
        Ok(PortalAnswer { made, outcome, replayed: false, verifications: Vec::new(), reference: None, view })
    }

    /// What can be known of a name and of quotas before anything is written, and before a message is counted to the owner's address. In the
    /// end the database decides.
    async fn tell_unavailable(&self, plan: &Plan, quotas: &[(QuotaUse, &'static str)]) -> Result<(), Refusal> {
        let uses: Vec<QuotaUse> = quotas.iter().map(|(quota, _)| quota.clone()).collect();
        if let Some(at) = self.store.quotas().exceeded(&uses).await? {
            return Err(quota_exceeded(quotas, at));
        }
        if !self.store.tenants().names_taken(std::slice::from_ref(&plan.name)).await?.is_empty() {
            return Err(name_taken());
        }
        Ok(())
    }

    /// Checks everything that a request says; every violation at once.
    fn plan(&self, home: &Access, request: &mut RegisterPortal) -> Result<Plan, Refusal> {
        let mut owner = std::mem::replace(&mut request.owner, AccountDraft::new(FieldPaths::REGISTER_PORTAL));
        let name = std::mem::take(&mut request.portal_name);
        if name.valid().is_some_and(|name| self.portals.reserved.contains(name)) {
            owner.violations.push(PORTAL_NAME_FIELD, FieldReason::PortalNameReserved);
        }
        for path in OWNER_REQUIRED {
            owner.require(path);
        }
        let language = request.language.valid().cloned().unwrap_or_default();
        let time_zone = request.time_zone.valid().cloned().unwrap_or_else(|| TimeZone::for_language(&language));
        let application = &home.caller.application;
        let realm = realm_rules(&application.settings.portal_defaults);
        let rules = Rules {
            terms: &ContractTerms::permissive(),
            realm: &realm,
            application: &application.settings,
            application_id: application.id,
            reads_accounts: home.permits(Permission::AccountsRead),
            registers: true,
            now: self.clock.now(),
        };
        let mut owner = rules::check(owner, &rules)?;
        rules::fall_back_to_a_display_name(&mut owner.profile, rules.terms);
        owner.profile.language.get_or_insert_with(|| language.clone());
        owner.profile.time_zone.get_or_insert(time_zone);
        owner.roles = vec![ROLE_OWNER.to_owned(), ROLE_ADMIN.to_owned()];
        let name = name.into_valid().ok_or(Refusal::Internal("a checked portal has no name".into()))?;
        let annotations = std::mem::take(&mut request.annotations);
        Ok(Plan { name, language, time_zone, annotations, realm, owner, delivery: request.delivery })
    }

    /// Hashes the owner's password and writes everything in one unit.
    async fn write_portal(
        &self,
        call: &Call,
        home: &Access,
        mut plan: Plan,
        repeatable: Option<&Repeatable>,
    ) -> Result<PortalAnswer, Refusal> {
        let credential = std::mem::replace(&mut plan.owner.credential, CheckedCredential::Absent);
        let credential = self.hash(call, credential).await?;
        let settings = &home.caller.application.settings;
        rules::mint_external_key(&mut plan.owner.external_keys, settings, self.ids.uuid());
        let quotas = self.portal_quotas(home, &plan);
        // An equal request that came at the same time may hold what this one asks for.
        if let Err(refusal) = self.tell_unavailable(&plan, &quotas).await {
            return self.replay_portal(call, home, repeatable).await?.ok_or(refusal);
        }
        for _ in 0..TRIES_MAX {
            let now = self.clock.now();
            let mut portal = self.portal(call, home, &plan, credential.clone(), now);
            let said = self.announce_portal(home, &plan, &mut portal, now).await?;
            let ids = RequestIds { tenant_id: portal.tenant.id, account_id: portal.owner.account.id };
            let request = self.request_record(call, None, repeatable, Outcome::Created, ids, now)?;
            // The answer is made of what is in hand: after the commit nothing can fail any more.
            let account = portal.owner.account.clone();
            let owner = SeenAccount { permissions: permissions(&account, &portal.realm), account };
            let made = Some((portal.tenant.clone(), Some(owner)));
            let view = portal_view(home, Arc::new(portal.contract.clone()));
            let new = NewPortal { request, quotas: quotas.iter().map(|(quota, _)| quota.clone()).collect(), ..portal };
            let channels = new.owner.trail.channels();
            match self.store.tenants().register_portal(new).await {
                Ok(()) => {
                    self.outgoing.wake(&channels);
                    let (verifications, reference) = opening(home, said, plan.delivery);
                    let outcome = Outcome::Created;
                    return Ok(PortalAnswer { made, outcome, replayed: false, verifications, reference, view });
                }
                Err(StoreError::Conflict(Conflict::PortalRequest)) => {
                    let answer = self.replay_portal(call, home, repeatable).await?;
                    return answer.ok_or(Refusal::TransactionConflict);
                }
                Err(StoreError::Conflict(Conflict::PortalName | Conflict::TenantDomain)) => return Err(name_taken()),
                Err(StoreError::Conflict(Conflict::TenantNumber | Conflict::AccountNumber)) => {}
                Err(StoreError::QuotaExceeded(at)) => return Err(quota_exceeded(&quotas, at)),
                Err(StoreError::Unknown) => {
                    let answer = self.replay_portal(call, home, repeatable).await?;
                    return answer.ok_or(Refusal::DependencyUnavailable);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::TransactionConflict)
    }

    async fn replay_portal(
        &self,
        call: &Call,
        home: &Access,
        repeatable: Option<&Repeatable>,
    ) -> Result<Option<PortalAnswer>, Refusal> {
        let Some((outcome, ids)) = self.said_before(call, None, repeatable).await? else { return Ok(None) };
        let tenant = self.store.tenants().get(&TenantRef::Id(ids.tenant_id)).await?;
        let contract = match &tenant {
            Some(tenant) => self.caches.contract(&self.store, tenant.id, tenant.default_contract).await?,
            None => None,
        };
        let contract = match contract {
            Some(contract) => contract,
            None => self.contract(home, "").await?,
        };
        let made = match tenant {
            Some(tenant) => match self.replayed_account(&ids).await? {
                Some(owner) => Some((tenant, Some(self.seen(owner).await?))),
                None => Some((tenant, None)),
            },
            None => None,
        };
        let (verifications, view) = (Vec::new(), portal_view(home, contract));
        Ok(Some(PortalAnswer { made, outcome, replayed: true, verifications, reference: None, view }))
    }
}

/// How the caller sees the owner: through the portal's contract.
fn portal_view(home: &Access, contract: Arc<Contract>) -> View {
    View {
        contract,
        own_key_type: home.caller.application.settings.external_key_type.clone(),
        reads_accounts: home.permits(Permission::AccountsRead),
    }
}

fn quota_exceeded(quotas: &[(QuotaUse, &'static str)], at: usize) -> Refusal {
    let (limit, subject) = quotas.get(at).map_or((0, ""), |(quota, subject)| (quota.limit, *subject));
    Refusal::QuotaExceeded { metric: "tenants", subject, limit }
}

/// A request that meets every rule.
struct Plan {
    name: PortalName,
    language: LanguageCode,
    time_zone: TimeZone,
    annotations: Annotations,
    realm: RealmRules,
    owner: CheckedAccount,
    delivery: Delivery,
}

/// What the caller is told of what opens a portal; the link of it is told to all who may have tokens.
fn opening(home: &Access, said: Notifications, delivery: Delivery) -> (Vec<IssuedVerification>, Option<SecretString>) {
    let reference = said.verifications.iter().find_map(|verification| verification.url.clone());
    let reference = reference.filter(|_| home.permits(Permission::VerificationsReturnToken));
    let issued = said.verifications.into_iter().map(|verification| verification.issued(delivery.returns_token()));
    (issued.collect(), reference)
}

fn name_taken() -> Refusal {
    Refusal::taken(TakenKind::PortalName, PORTAL_NAME_FIELD)
}

/// The rules of a portal's realm: closed to strangers, with the password policy and phone rules of the application that registers it.
fn realm_rules(defaults: &PortalDefaults) -> RealmRules {
    RealmRules {
        password_policy: defaults.password_policy.clone(),
        phone_format: defaults.phone_format,
        default_region: defaults.default_region,
        ..RealmRules::default()
    }
}
