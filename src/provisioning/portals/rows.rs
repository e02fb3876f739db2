//! What the unit of work of a portal writes: its tenant, realm, contract and grant, its owner, and the counts it is taken from.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::Plan;
use crate::domain::application::{Application, Grant};
use crate::domain::contract::Contract;
use crate::domain::idempotency::Outcome;
use crate::domain::ids::{ContractId, RealmId, TenantId};
use crate::domain::link::LinkBase;
use crate::domain::permission::{Permission, Permissions};
use crate::domain::quota::{
    QuotaUse, SCOPE_PORTALS_OF_APPLICATION, SCOPE_PORTALS_OF_INSTALLATION, SCOPE_PORTALS_OF_OWNER,
};
use crate::domain::realm::Realm;
use crate::domain::tenant::{Tenant, TenantState};
use crate::provisioning::Provisioning;
use crate::provisioning::access::Access;
use crate::provisioning::accounts::{Place, identifiers};
use crate::provisioning::composing::Delivery;
use crate::provisioning::draft::FieldPaths;
use crate::provisioning::master_key::Purpose;
use crate::provisioning::principal::Call;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::trail::Deed;
use crate::provisioning::verifications::Notifications;
use crate::store::{NewAccount, NewCredential, NewPortal};

/// What an application that registered a portal may not do there: these rights are over tenants, not in one.
const NOT_IN_A_PORTAL: [Permission; 2] = [Permission::TenantsAny, Permission::TenantsCreate];

impl Provisioning {
    /// Everything that the unit writes, but for quotas and the request row; ids and numbers are new at each try.
    pub(super) fn portal(
        &self,
        call: &Call,
        home: &Access,
        plan: &Plan,
        credential: Option<NewCredential>,
        now: DateTime<Utc>,
    ) -> NewPortal {
        let application = &home.caller.application;
        let tenant_id = TenantId::from_uuid(self.ids.uuid());
        let contract = Contract::first(tenant_id, ContractId::from_uuid(self.ids.uuid()), now);
        let realm = Realm::internal(tenant_id, RealmId::from_uuid(self.ids.uuid()), plan.realm.clone(), now);
        let mut tenant = self.tenant(application, plan, &contract, now);
        let grant = grant(application, &home.grant, &realm);
        let place = place(home, &tenant, &grant, &realm, &contract, plan.delivery);
        let account = self.account(&place, &plan.owner, credential.is_some(), now);
        tenant.owner = Some(account.id);
        let deed = Deed::new("tenant.created", format!("tenants/{tenant_id}"), Outcome::Created.as_str());
        let data = json!({ "owner_account_id": account.id.to_string() });
        let trail = self.trail_with(call, tenant_id, now, deed, data);
        let owner = NewAccount {
            identifiers: identifiers(&place, &plan.owner, &account),
            unique_values: Vec::new(),
            credential,
            verifications: Vec::new(),
            session: None,
            quotas: Vec::new(),
            request: None,
            trail: self.account_trail(call, &account, now),
            account,
        };
        NewPortal { tenant, realm, contract, grant, owner, quotas: Vec::new(), request: None, trail }
    }

    /// Writes into the rows of a portal what its owner is told of it; the portal's own words and links are used.
    pub(super) async fn announce_portal(
        &self,
        home: &Access,
        plan: &Plan,
        portal: &mut NewPortal,
        now: DateTime<Utc>,
    ) -> Result<Notifications, Refusal> {
        let NewPortal { tenant, grant, realm, contract, owner, .. } = portal;
        let place = place(home, tenant, grant, realm, contract, plan.delivery);
        let has_password = owner.credential.is_some();
        let mut said = self.announce(&place, &plan.owner, has_password).await?;
        let is_told = plan.delivery.returns_token() || home.permits(Permission::VerificationsReturnToken);
        self.count_messages((tenant.id, home.tenant.id), true, is_told, &mut said).await;
        let (account, realm) = (owner.account.id, owner.account.realm_id);
        owner.verifications = said.verifications.iter().map(|one| self.token_row(one, account, realm, now)).collect();
        let messages = said.messages().map(|message| self.outgoing.seal(message, tenant.id, now));
        owner.trail.messages.extend(messages);
        Ok(said)
    }

    /// The tenant, which has no owner yet.
    fn tenant(&self, application: &Application, plan: &Plan, contract: &Contract, now: DateTime<Utc>) -> Tenant {
        let base = application.settings.portal_defaults.base_domain.as_ref().unwrap_or(&self.portals.base_domain);
        let domain = format!("{}.{base}", plan.name.as_str());
        let opens_at_once = application.settings.portal_defaults.active_at_once;
        Tenant {
            id: contract.tenant_id,
            number: self.ids.number(),
            portal_name: Some(plan.name.clone()),
            link_base: LinkBase::parse(&format!("https://{domain}")).ok(),
            domain: Some(domain),
            language: plan.language.clone(),
            time_zone: plan.time_zone,
            owner: None,
            state: if opens_at_once { TenantState::Active } else { TenantState::PendingActivation },
            default_contract: contract.id,
            brands: Vec::new(),
            annotations: plan.annotations.clone(),
            create_time: now,
            update_time: now,
            version: 1,
        }
    }

    /// The counts that a portal is taken from, each with whose it is.
    pub(super) fn portal_quotas(&self, home: &Access, plan: &Plan) -> Vec<(QuotaUse, &'static str)> {
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
}

/// Where the owner of a portal is made.
fn place(
    home: &Access,
    tenant: &Tenant,
    grant: &Grant,
    realm: &Realm,
    contract: &Contract,
    delivery: Delivery,
) -> Place {
    let access =
        Access { caller: home.caller.clone(), tenant: Arc::new(tenant.clone()), grant: Arc::new(grant.clone()) };
    Place {
        access,
        realm: Arc::new(realm.clone()),
        contract: Arc::new(contract.clone()),
        paths: FieldPaths::REGISTER_PORTAL,
        delivery,
        registers: true,
        owns_portal: true,
    }
}

/// What the application may do in the portal that it registers: what it may do at home, but for the rights over tenants.
fn grant(application: &Application, home: &Grant, realm: &Realm) -> Grant {
    let permissions: Permissions =
        home.permissions.iter().copied().filter(|held| !NOT_IN_A_PORTAL.contains(held)).collect();
    Grant { default_realm: Some(realm.id), ..Grant::bare(application.id, realm.tenant_id).permitting(permissions) }
}
