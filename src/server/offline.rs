//! What an operator does to the database without a server: migrate it, and make a key when none is left to call with.

use crate::config::{Config, ConfigError};
use crate::domain::application::Application;
use crate::domain::ids::ApplicationId;
use crate::domain::secret::ApplicationKeySecret;
use crate::domain::tenant::Tenant;
use crate::provisioning::bootstrap;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::seams::{Ids, SystemClock, SystemIds};
use crate::store::{Keyset, Store, StoreError};

use super::from_config;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// There is no such application.
    #[error("there is no application `{0}` in this database")]
    NoApplication(String),
    /// The key.
    #[error("the key: {0}")]
    Refused(#[from] Refusal),
}

/// Brings the schema up to date; the names of what was applied.
pub async fn migrate(config: &Config) -> Result<Vec<String>, OfflineError> {
    config.create_data_dir()?;
    let store = Store::open(&from_config::store(&config.store)).await?;
    let applied = store.migrate().await;
    store.close().await;
    Ok(applied?)
}

/// Makes a further key of an application, named by its id or its name; of several with one name the one of the oldest tenant is meant.
pub async fn create_key(config: &Config, application: &str) -> Result<ApplicationKeySecret, OfflineError> {
    let store = Store::open(&from_config::store(&config.store)).await?;
    let made = create_key_in(&store, application).await;
    store.close().await;
    made
}

async fn create_key_in(store: &Store, application: &str) -> Result<ApplicationKeySecret, OfflineError> {
    let id = match application.parse() {
        Ok(id) => ApplicationId::from_uuid(id),
        Err(_) => find(store, application).await?.ok_or_else(|| OfflineError::NoApplication(application.to_owned()))?,
    };
    Ok(bootstrap::offline_key(store, &SystemClock, &SystemIds, id).await?)
}

/// A key that nobody has yet.
pub fn generate_key() -> ApplicationKeySecret {
    ApplicationKeySecret::from_bytes(SystemIds.secret())
}

/// How many rows are read at once.
const PAGE: i64 = 200;

/// Walks the tenants in the order in which they were made, and their applications.
async fn find(store: &Store, name: &str) -> Result<Option<ApplicationId>, StoreError> {
    let mut after = None;
    loop {
        let tenants: Vec<Tenant> = store.tenants().list_all(Keyset { after, limit: PAGE }).await?;
        for tenant in &tenants {
            if let Some(found) = find_in(store, tenant, name).await? {
                return Ok(Some(found.id));
            }
        }
        match tenants.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(None),
        }
    }
}

async fn find_in(store: &Store, tenant: &Tenant, name: &str) -> Result<Option<Application>, StoreError> {
    let mut after = None;
    loop {
        let applications = store.applications().list(tenant.id, Keyset { after, limit: PAGE }).await?;
        let last = applications.last().map(|application| application.id);
        let found = applications.into_iter().find(|application| application.name.as_str() == name);
        match (found, last) {
            (Some(found), _) => return Ok(Some(found)),
            (None, Some(last)) => after = Some(last),
            (None, None) => return Ok(None),
        }
    }
}
