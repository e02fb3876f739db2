//! The first start: an operator application with every permission, in a default tenant with its realm and contract, and one key. Only where
//! there is no application at all, in one unit under the lock of the migrations.

use crate::domain::application::{Application, ApplicationKey, ApplicationSettings, ApplicationState, Grant};
use crate::domain::event::Trail;
use crate::domain::ids::{ApplicationId, ApplicationKeyId, ContractId, RealmId, TenantId};
use crate::domain::language::LanguageCode;
use crate::domain::permission::Permission;
use crate::domain::realm::RealmRules;
use crate::domain::secret::ApplicationKeySecret;
use crate::domain::tenant::{Tenant, TenantState};
use crate::domain::text::Label;
use crate::domain::time_zone::TimeZone;
use crate::store::{NewInstallation, Store};

use super::applications::{key_name, new_key};
use super::portals::{first_contract, internal_realm};
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
    let realm = internal_realm(tenant_id, RealmId::from_uuid(ids.uuid()), RealmRules::default(), now);
    let contract = first_contract(tenant_id, ContractId::from_uuid(ids.uuid()), now);
    let application = Application {
        id: ApplicationId::from_uuid(ids.uuid()),
        home_tenant: tenant_id,
        name: Label::operator(),
        display_name: None,
        state: ApplicationState::Enabled,
        settings: ApplicationSettings::default(),
        create_time: now,
        update_time: now,
        version: 1,
    };
    let tenant = Tenant {
        id: tenant_id,
        number: ids.number(),
        portal_name: None,
        domain: None,
        language: LanguageCode::default(),
        time_zone: TimeZone::UTC,
        owner: None,
        state: TenantState::Active,
        default_contract: contract.id,
        annotations: crate::domain::annotations::Annotations::default(),
        create_time: now,
        update_time: now,
        version: 1,
    };
    let grant = Grant {
        application_id: application.id,
        tenant_id,
        permissions: Permission::ALL.iter().copied().collect(),
        default_realm: Some(realm.id),
        default_contract: None,
        allowed_realms: None,
        allowed_contracts: None,
    };
    let made = Bootstrapped { application_id: application.id, tenant_id, secret };
    let key = new_key(ApplicationKeyId::from_uuid(ids.uuid()), application.id, &made.secret, now);
    let deed = Deed::new("application.created", format!("applications/{}", application.id), "CREATED");
    let mut trail = offline_trail(ids, tenant_id, now, "CreateApplication", deed);
    trail.extend(key_trail(ids, tenant_id, &key));
    let new = NewInstallation { tenant, realm, contract, application, grant, key, trail };
    Ok(store.applications().bootstrap(new).await?.then_some(made))
}

/// Writes a further key of an application straight to the database: for operators who lost theirs.
pub async fn offline_key(
    store: &Store,
    clock: &dyn Clock,
    ids: &dyn Ids,
    application: ApplicationId,
) -> Result<ApplicationKeySecret, Refusal> {
    let Some(found) = store.applications().get(application).await? else {
        return Err(Refusal::not_found(ResourceKind::Application, application));
    };
    let secret = ApplicationKeySecret::from_bytes(ids.secret());
    let key = new_key(ApplicationKeyId::from_uuid(ids.uuid()), application, &secret, clock.now());
    let trail = key_trail(ids, found.home_tenant, &key);
    store.applications().create_key(key, trail).await?;
    Ok(secret)
}

/// A key that nobody asked for over the wire is the one that operators look for first.
fn key_trail(ids: &dyn Ids, home: TenantId, key: &ApplicationKey) -> Trail {
    let deed = Deed::new("application_key.created", key_name(key), "CREATED");
    offline_trail(ids, home, key.create_time, "CreateApplicationKey", deed)
}
