//! The first start: an operator application with every permission, in a default tenant with its realm and contract, and one key. Only where
//! there is no application at all, in one unit under the lock of the migrations.

use chrono::{DateTime, Utc};

use crate::domain::application::{Application, ApplicationSettings, ApplicationState, Grant};
use crate::domain::contract::Contract;
use crate::domain::ids::{ApplicationId, ApplicationKeyId, ContractId, RealmId, TenantId};
use crate::domain::language::LanguageCode;
use crate::domain::permission::Permission;
use crate::domain::realm::{Realm, RealmRules};
use crate::domain::secret::ApplicationKeySecret;
use crate::domain::tenant::{Tenant, TenantState};
use crate::domain::text::Label;
use crate::domain::time_zone::TimeZone;
use crate::store::{NewInstallation, Store};

use super::applications::{key_name, new_key};
use super::refusal::{Refusal, ResourceKind};
use super::seams::{Clock, Ids};
use super::trail::{Deed, offline_trail};

/// What the first start made.
#[derive(Debug)]
pub struct Bootstrapped {
    /// The operator's key; to be shown once.
    pub secret: ApplicationKeySecret,
    /// The operator application.
    pub application_id: ApplicationId,
    /// The default tenant, its home.
    pub tenant_id: TenantId,
}

/// Makes the operator application where there is no application; `key` fixes its key, else one is minted. `None` where there is one already.
pub async fn bootstrap(
    store: &Store,
    clock: &dyn Clock,
    ids: &dyn Ids,
    key: Option<ApplicationKeySecret>,
) -> Result<Option<Bootstrapped>, Refusal> {
    if !store.applications().is_empty().await? {
        return Ok(None);
    }
    let now = clock.now();
    let secret = key.unwrap_or_else(|| ApplicationKeySecret::from_bytes(ids.secret()));
    let tenant_id = TenantId::from_uuid(ids.uuid());
    let realm = Realm::internal(tenant_id, RealmId::from_uuid(ids.uuid()), RealmRules::default(), now);
    let contract = Contract::first(tenant_id, ContractId::from_uuid(ids.uuid()), now);
    let application = operator(ApplicationId::from_uuid(ids.uuid()), tenant_id, now);
    let tenant = default_tenant(&contract, ids.number(), now);
    let permissions = Permission::ALL.iter().copied().collect();
    let grant =
        Grant { default_realm: Some(realm.id), ..Grant::bare(application.id, tenant_id).permitting(permissions) };
    let made = Bootstrapped { application_id: application.id, tenant_id, secret };
    let key = new_key(ApplicationKeyId::from_uuid(ids.uuid()), application.id, &made.secret, now);
    let deeds = [
        Deed::new("tenant.created", format!("tenants/{tenant_id}"), "CREATED"),
        Deed::new("application.created", format!("applications/{}", application.id), "CREATED"),
        Deed::new("application_key.created", key_name(&key), "CREATED"),
    ];
    let trail = offline_trail(ids, tenant_id, "Bootstrap", now, deeds);
    let new = NewInstallation { tenant, realm, contract, application, grant, key, trail };
    Ok(store.applications().bootstrap(new).await?.then_some(made))
}

fn operator(id: ApplicationId, home_tenant: TenantId, now: DateTime<Utc>) -> Application {
    Application {
        id,
        home_tenant,
        name: Label::operator(),
        display_name: None,
        state: ApplicationState::Enabled,
        settings: ApplicationSettings::default(),
        create_time: now,
        update_time: now,
        version: 1,
    }
}

/// The tenant that the operator is at home in: no portal, and nobody's.
fn default_tenant(contract: &Contract, number: i64, now: DateTime<Utc>) -> Tenant {
    Tenant {
        id: contract.tenant_id,
        number,
        portal_name: None,
        domain: None,
        language: LanguageCode::default(),
        time_zone: TimeZone::UTC,
        owner: None,
        state: TenantState::Active,
        default_contract: contract.id,
        link_base: None,
        brands: Vec::new(),
        annotations: crate::domain::annotations::Annotations::default(),
        create_time: now,
        update_time: now,
        version: 1,
    }
}

/// Writes a further key of an application straight to the database: for operators who lost theirs.
pub async fn offline_key(
    store: &Store,
    clock: &dyn Clock,
    ids: &dyn Ids,
    application: ApplicationId,
) -> Result<ApplicationKeySecret, Refusal> {
    let found = store.applications().get(application).await?;
    let home = found.ok_or_else(|| Refusal::not_found(ResourceKind::Application, application))?.home_tenant;
    let secret = ApplicationKeySecret::from_bytes(ids.secret());
    let now = clock.now();
    let key = new_key(ApplicationKeyId::from_uuid(ids.uuid()), application, &secret, now);
    let deed = Deed::new("application_key.created", key_name(&key), "CREATED");
    let trail = offline_trail(ids, home, "CreateApplicationKey", now, [deed]);
    store.applications().create_key(key, trail).await?;
    Ok(secret)
}
