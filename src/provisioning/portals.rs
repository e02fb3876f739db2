//! Portals: a tenant, its realm `internal`, its first contract and its owner, in one unit of work (ONLYOFFICE makes eight saves and can
//! leave an ownerless portal; here nothing is half-made).

mod names;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::domain::account::Account;
use crate::domain::annotations::Annotations;
use crate::domain::application::{Grant, PortalDefaults};
use crate::domain::contract::{Contract, ContractTerms};
use crate::domain::idempotency::{Outcome, RequestIds};
use crate::domain::ids::{ContractId, RealmId, TenantId};
use crate::domain::language::LanguageCode;
use crate::domain::limits::LimitName;
use crate::domain::permission::{Permission, Permissions};
use crate::domain::portal_name::PortalName;
use crate::domain::quota::{
    QuotaUse, SCOPE_PORTALS_OF_APPLICATION, SCOPE_PORTALS_OF_INSTALLATION, SCOPE_PORTALS_OF_OWNER,
};
use crate::domain::realm::{ROLE_ADMIN, ROLE_OWNER, Realm, RealmKind, RealmRules, RealmState};
use crate::domain::tenant::{Tenant, TenantRef, TenantState};
use crate::domain::text::Label;
use crate::domain::time_zone::TimeZone;
use crate::domain::violation::FieldReason;
use crate::store::{Conflict, NewAccount, NewCredential, NewPortal, StoreError};

pub use names::{PortalNameFault, PortalNameVerdict};

use super::access::Access;
use super::accounts::{Place, SeenAccount, View, held_identifiers};
use super::draft::{AccountDraft, Field, FieldPaths};
use super::master_key::Purpose;
use super::principal::Call;
use super::refusal::{Refusal, TakenKind};
use super::registration::EndUser;
use super::replay::Repeatable;
use super::rules::{self, CheckedAccount, CheckedCredential, Rules};
use super::trail::Deed;
use super::{Provisioning, TRIES_MAX};

/// The field that a portal's name stands in.
const PORTAL_NAME_FIELD: &str = "tenant.portal_name";
/// What an owner has to say (ONLYOFFICE demands the first three).
const OWNER_REQUIRED: [&str; 4] = ["profile.given_name", "profile.family_name", "email.address", "password"];
/// What an application that registered a portal may not do there: these rights are over tenants, not in one.
const NOT_IN_A_PORTAL: [Permission; 2] = [Permission::TenantsAny, Permission::TenantsCreate];

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
    /// Where they call from.
    pub end_user: EndUser,
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
    /// How the caller sees the owner.
    pub view: View,
}

impl Provisioning {
    /// Registers a portal with its owner.
    pub async fn register_portal(&self, call: &Call, mut request: RegisterPortal) -> Result<PortalAnswer, Refusal> {
        self.take_attempt(call, LimitName::PortalRegistrations, &request.end_user).await?;
        let home = self.access_with(call, "", Permission::TenantsCreate).await?;
        home.require_active()?;
        let mut plan = self.plan(&home, &mut request)?;
        plan.owner = self.check_strength(call, plan.owner, &plan.realm, &FieldPaths::REGISTER_PORTAL).await?;
        if request.validate_only {
            return self.validated_portal(call, &home, &plan).await;
        }
        let repeatable = request.repeatable.as_ref();
        if let Some(answer) = self.replay_portal(call, &home, repeatable).await? {
            return Ok(answer);
        }
        self.write_portal(call, &home, plan, repeatable).await.map_err(|refusal| match refusal {
            cause @ Refusal::Internal(_) => Refusal::TenantProvisioningFailed(Box::new(cause)),
            refusal => refusal,
        })
    }

    /// `validate_only`: what would come of it, as far as reading tells.
    async fn validated_portal(&self, call: &Call, home: &Access, plan: &Plan) -> Result<PortalAnswer, Refusal> {
        if !self.store.tenants().names_taken(std::slice::from_ref(&plan.name)).await?.is_empty() {
            return Err(name_taken());
        }
        let NewPortal { tenant, owner, .. } = self.portal(call, home, plan, None, self.clock.now());
        let password_set = !matches!(plan.owner.credential, CheckedCredential::Absent);
        let owner = SeenAccount { account: Account { password_set, ..owner.account }, permissions: Vec::new() };
        let view = self.portal_view(home, None).await?;
        Ok(PortalAnswer { made: Some((tenant, Some(owner))), outcome: Outcome::Validated, replayed: false, view })
    }

    /// Checks everything that a request says; every violation at once.
    fn plan(&self, home: &Access, request: &mut RegisterPortal) -> Result<Plan, Refusal> {
        let mut owner = std::mem::replace(&mut request.owner, AccountDraft::new(FieldPaths::REGISTER_PORTAL));
        let name = std::mem::take(&mut request.portal_name);
        match &name {
            Field::Absent => owner.violations.push(PORTAL_NAME_FIELD, FieldReason::FieldRequired),
            Field::Valid(name) if self.portals.reserved.contains(name) => {
                owner.violations.push(PORTAL_NAME_FIELD, FieldReason::PortalNameReserved);
            }
            _ => {}
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
        rules::fall_back_to_a_display_name(&mut owner.profile);
        owner.profile.language.get_or_insert_with(|| language.clone());
        owner.profile.time_zone.get_or_insert(time_zone);
        owner.roles = vec![ROLE_OWNER.to_owned(), ROLE_ADMIN.to_owned()];
        let name = name.into_valid().ok_or(Refusal::Internal("a checked portal has no name".into()))?;
        Ok(Plan { name, language, time_zone, annotations: std::mem::take(&mut request.annotations), realm, owner })
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
        for _ in 0..TRIES_MAX {
            let now = self.clock.now();
            let portal = self.portal(call, home, &plan, credential.clone(), now);
            let ids = RequestIds { tenant_id: portal.tenant.id, account_id: portal.owner.account.id };
            let request = self.request_record(call, None, repeatable, Outcome::Created, ids, now)?;
            let (tenant, owner) = (portal.tenant.clone(), portal.owner.account.clone());
            let new = NewPortal { request, quotas: quotas.iter().map(|(quota, _)| quota.clone()).collect(), ..portal };
            match self.store.tenants().register_portal(new).await {
                Ok(()) => {
                    let view = self.portal_view(home, Some(&tenant)).await?;
                    let made = Some((tenant, Some(self.seen(owner).await?)));
                    return Ok(PortalAnswer { made, outcome: Outcome::Created, replayed: false, view });
                }
                Err(StoreError::Conflict(Conflict::PortalRequest)) => {
                    let answer = self.replay_portal(call, home, repeatable).await?;
                    return answer.ok_or(Refusal::TransactionConflict);
                }
                Err(StoreError::Conflict(Conflict::PortalName | Conflict::TenantDomain)) => return Err(name_taken()),
                Err(StoreError::Conflict(Conflict::TenantNumber | Conflict::AccountNumber)) => {}
                Err(StoreError::QuotaExceeded(at)) => {
                    let (limit, subject) = quotas.get(at).map_or((0, ""), |(quota, subject)| (quota.limit, *subject));
                    return Err(Refusal::QuotaExceeded { metric: "tenants", subject, limit });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::TransactionConflict)
    }

    /// Everything that the unit writes, but for quotas and the request row.
    fn portal(
        &self,
        call: &Call,
        home: &Access,
        plan: &Plan,
        credential: Option<NewCredential>,
        now: DateTime<Utc>,
    ) -> NewPortal {
        let application = &home.caller.application;
        let tenant_id = TenantId::from_uuid(self.ids.uuid());
        let contract = first_contract(tenant_id, ContractId::from_uuid(self.ids.uuid()), now);
        let realm = internal_realm(tenant_id, RealmId::from_uuid(self.ids.uuid()), plan.realm.clone(), now);
        let base = application.settings.portal_defaults.base_domain.as_ref().unwrap_or(&self.portals.base_domain);
        let mut tenant = Tenant {
            id: tenant_id,
            number: self.ids.number(),
            portal_name: Some(plan.name.clone()),
            domain: Some(format!("{}.{base}", plan.name.as_str())),
            language: plan.language.clone(),
            time_zone: plan.time_zone,
            owner: None,
            state: TenantState::Active,
            default_contract: contract.id,
            annotations: plan.annotations.clone(),
            create_time: now,
            update_time: now,
            version: 1,
        };
        let permissions: Permissions =
            home.grant.permissions.iter().copied().filter(|held| !NOT_IN_A_PORTAL.contains(held)).collect();
        let grant = Grant {
            application_id: application.id,
            tenant_id,
            permissions,
            default_realm: Some(realm.id),
            default_contract: None,
            allowed_realms: None,
            allowed_contracts: None,
        };
        let place = Place {
            access: Access {
                caller: home.caller.clone(),
                tenant: Arc::new(tenant.clone()),
                grant: Arc::new(grant.clone()),
            },
            realm: Arc::new(realm.clone()),
            contract: Arc::new(contract.clone()),
            paths: FieldPaths::REGISTER_PORTAL,
        };
        let account = self.account(&place, &plan.owner, credential.is_some(), now);
        tenant.owner = Some(account.id);
        let deed = Deed::new("tenant.created", format!("tenants/{tenant_id}"), Outcome::Created.as_str());
        let data = json!({ "owner_account_id": account.id.to_string() });
        let trail = self.trail_with(call, tenant_id, now, deed, data);
        let owner = NewAccount {
            identifiers: held_identifiers(&plan.owner, &account),
            unique_values: Vec::new(),
            credential,
            quotas: Vec::new(),
            request: None,
            trail: self.account_trail(call, &account, now),
            account,
        };
        NewPortal { tenant, realm, contract, grant, owner, quotas: Vec::new(), request: None, trail }
    }

    /// The counts that a portal is taken from, each with whose it is.
    fn portal_quotas(&self, home: &Access, plan: &Plan) -> Vec<(QuotaUse, &'static str)> {
        let application = &home.caller.application;
        let quota = |scope, key, limit: u64| QuotaUse {
            tenant_id: None,
            scope,
            key,
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
        };
        let owner_key = plan.owner.email.as_ref().map(|email| {
            // A person's address stands in no global row in clear.
            URL_SAFE_NO_PAD.encode(self.master_key.mac(Purpose::QuotaKey, email.key().as_bytes()))
        });
        let per_application = application.settings.portal_quota.unwrap_or(self.portals.application_quota);
        let mut quotas = Vec::with_capacity(3);
        quotas.extend(owner_key.map(|key| (quota(SCOPE_PORTALS_OF_OWNER, key, self.portals.owner_quota), "owner")));
        quotas.push((quota(SCOPE_PORTALS_OF_APPLICATION, application.id.to_string(), per_application), "application"));
        let whole = self.portals.installation_quota;
        quotas.extend(whole.map(|limit| (quota(SCOPE_PORTALS_OF_INSTALLATION, String::new(), limit), "installation")));
        quotas
    }

    async fn replay_portal(
        &self,
        call: &Call,
        home: &Access,
        repeatable: Option<&Repeatable>,
    ) -> Result<Option<PortalAnswer>, Refusal> {
        let Some((outcome, ids)) = self.said_before(call, None, repeatable).await? else { return Ok(None) };
        let tenant = self.store.tenants().get(&TenantRef::Id(ids.tenant_id)).await?;
        let view = self.portal_view(home, tenant.as_ref()).await?;
        let made = match tenant {
            Some(tenant) => match self.replayed_account(&ids).await? {
                Some(owner) => Some((tenant, Some(self.seen(owner).await?))),
                None => Some((tenant, None)),
            },
            None => None,
        };
        Ok(Some(PortalAnswer { made, outcome, replayed: true, view }))
    }

    /// How the caller sees the owner: through the portal's contract, as far as there is a portal.
    async fn portal_view(&self, home: &Access, tenant: Option<&Tenant>) -> Result<View, Refusal> {
        let contract = match tenant {
            Some(tenant) => self.caches.contract(&self.store, tenant.id, tenant.default_contract).await?,
            None => None,
        };
        let contract = match contract {
            Some(contract) => contract,
            None => self.contract(home, "").await?,
        };
        Ok(View {
            contract,
            own_key_type: home.caller.application.settings.external_key_type.clone(),
            reads_accounts: home.permits(Permission::AccountsRead),
        })
    }
}

/// A request that meets every rule.
struct Plan {
    name: PortalName,
    language: LanguageCode,
    time_zone: TimeZone,
    annotations: Annotations,
    realm: RealmRules,
    owner: CheckedAccount,
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

/// The realm that every tenant has.
pub(super) fn internal_realm(tenant_id: TenantId, id: RealmId, rules: RealmRules, now: DateTime<Utc>) -> Realm {
    Realm {
        tenant_id,
        id,
        name: Label::internal(),
        display_name: None,
        kind: RealmKind::Internal,
        state: RealmState::Enabled,
        rules,
        create_time: now,
        update_time: now,
        version: 1,
    }
}

/// The contract that a new tenant begins with.
pub(super) fn first_contract(tenant_id: TenantId, id: ContractId, now: DateTime<Utc>) -> Contract {
    Contract {
        tenant_id,
        id,
        name: Label::default_name(),
        version: 1,
        terms: ContractTerms::permissive(),
        create_time: now,
        update_time: now,
    }
}
