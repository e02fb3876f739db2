//! The rooms behind the network, put together: store, hash threads, limiter, authenticator, use cases. The command line opens the same house
//! without a server.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::delivery::{DeliveryError, DeliverySettings, OwnOrShipped, Renderer, SiteVerify, Workers, WorkersParts};
use crate::domain::limits::RateLimits;
use crate::domain::secret::ApplicationKeySecret;
use crate::domain::verification::TOKEN_REMEMBERED;
use crate::middleware::gcra::Gcra;
use crate::password::{HasherSettings, PasswordHasher};
use crate::provisioning::authentication::Authenticator;
use crate::provisioning::bootstrap::{self, Bootstrapped};
use crate::provisioning::cache::Caches;
use crate::provisioning::captcha::Captcha;
use crate::provisioning::limiter::Limiter;
use crate::provisioning::master_key::MasterKey;
use crate::provisioning::outgoing::Outgoing;
use crate::provisioning::refusal::Refusal;
use crate::provisioning::seams::{Clock, Ids, SystemClock, SystemIds};
use crate::provisioning::{Parts, PortalSettings, Provisioning};
use crate::store::{Store, StoreError, StoreSettings};
use crate::telemetry::metric;

/// How far the clocks of replicas may be apart: what has expired here may be remembered a little longer there.
const CLOCK_SKEW_MAX: TimeDelta = TimeDelta::hours(1);
/// How long failed logins in a row are remembered after the last of them.
const FAILURES_KEPT: TimeDelta = TimeDelta::days(1);

/// Claims that one round ends; each is a unit of its own.
const CLAIMS_MAX: i64 = 100;

/// What a house is made of.
pub struct HouseSettings {
    /// Which engine, where.
    pub store: StoreSettings,
    /// Threads and cost of a hash.
    pub hasher: HasherSettings,
    /// What holds for portals.
    pub portals: PortalSettings,
    /// What leaves the house, and by which way.
    pub delivery: DeliverySettings,
    /// The rate of every limit.
    pub limits: RateLimits,
    /// How many keys each limit remembers.
    pub limiter_keys: usize,
    /// One key a purpose is derived from it.
    pub master_key: MasterKey,
    /// The key of the operator application that the first start makes; absent = one is minted.
    pub bootstrap_key: Option<ApplicationKeySecret>,
}

/// What time it is and where ids come from; tests pass their own.
pub struct Seams {
    /// See [`Clock`].
    pub clock: Arc<dyn Clock>,
    /// See [`Ids`].
    pub ids: Arc<dyn Ids>,
}

impl Default for Seams {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(SystemIds) }
    }
}

/// Why the house cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// The database.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The hash threads.
    #[error("the hash threads: {0}")]
    Hasher(#[from] crate::password::StartError),
    /// The ways out of the house.
    #[error("delivery: {0}")]
    Delivery(#[from] DeliveryError),
    /// The operator application.
    #[error("the operator application: {0}")]
    Bootstrap(#[from] Refusal),
    /// Of several replicas only one would mint the first key, into the log of whichever that was.
    #[error(
        "the first start on PostgreSQL needs ENROLL_BOOTSTRAP_KEY or ENROLL_BOOTSTRAP_KEY_FILE: the key of the operator application \
         (`enroll app key generate` prints a new one)"
    )]
    BootstrapKeyRequired,
    /// Waiting would be in vain: the one who waits holds the file that somebody else would have to migrate.
    #[error(
        "migrations are pending, and this server is not to apply them: run `enroll migrate` before it (on SQLite nobody else can while it \
         has the file), or leave out --no-migrate (server.migrate = false)"
    )]
    MigrationsPending,
}

/// The captcha provider that is configured, if one is.
fn captcha(settings: &DeliverySettings) -> Result<Option<Arc<dyn Captcha>>, DeliveryError> {
    let Some(settings) = &settings.captcha else { return Ok(None) };
    Ok(Some(Arc::new(SiteVerify::new(settings)?)))
}

/// See the module.
pub struct House {
    store: Store,
    hasher: PasswordHasher,
    seams: Seams,
    limiter: Arc<dyn Limiter>,
    caches: Arc<Caches>,
    provisioning: Arc<Provisioning>,
    workers: Workers,
    bootstrap_key: Option<ApplicationKeySecret>,
}

impl House {
    /// Opens the store and starts the hash threads. Nothing is migrated and nothing is written.
    pub async fn open(settings: HouseSettings, seams: Seams) -> Result<Self, HouseError> {
        let store = Store::open(&settings.store).await?;
        let hasher = PasswordHasher::start(settings.hasher)?;
        let limiter: Arc<dyn Limiter> = Arc::new(Gcra::new(&settings.limits, settings.limiter_keys));
        let caches = Arc::new(Caches::default());
        let renderer = Arc::new(Renderer::new());
        let outgoing = Arc::new(Outgoing::new(settings.master_key.clone(), seams.ids.clone()));
        let provisioning = Arc::new(Provisioning::new(Parts {
            store: store.clone(),
            hasher: hasher.clone(),
            caches: caches.clone(),
            clock: seams.clock.clone(),
            ids: seams.ids.clone(),
            limiter: limiter.clone(),
            captcha: captcha(&settings.delivery)?,
            master_key: settings.master_key,
            outgoing: outgoing.clone(),
            renderer: renderer.clone(),
            portals: settings.portals,
        }));
        let delivery = WorkersParts {
            store: store.clone(),
            outgoing,
            clock: seams.clock.clone(),
            ids: seams.ids.clone(),
            renderer: renderer.clone(),
            templates: Arc::new(OwnOrShipped { store: store.clone(), renderer }),
        };
        let workers = Workers::new(settings.delivery, delivery)?;
        let bootstrap_key = settings.bootstrap_key;
        Ok(Self { store, hasher, seams, limiter, caches, provisioning, workers, bootstrap_key })
    }

    /// Brings the schema up to date; the names of what was applied.
    pub async fn migrate(&self) -> Result<Vec<String>, HouseError> {
        Ok(self.store.migrate().await?)
    }

    /// Whether the schema is up to date.
    pub async fn is_migrated(&self) -> Result<bool, HouseError> {
        Ok(self.store.pending_migrations().await?.is_empty())
    }

    /// Makes the operator application where there is no application. On PostgreSQL its key has to be given.
    pub async fn bootstrap(&self) -> Result<Option<Bootstrapped>, HouseError> {
        let mints = self.bootstrap_key.is_none();
        if mints && !self.store.is_exclusive() && self.store.applications().is_empty().await? {
            return Err(HouseError::BootstrapKeyRequired);
        }
        let (clock, ids) = (&*self.seams.clock, &*self.seams.ids);
        Ok(bootstrap::bootstrap(&self.store, clock, ids, self.bootstrap_key.clone()).await?)
    }

    /// Deletes what is over, up to `limit` rows of each kind: requests that nobody may repeat any more, sessions that nobody can refresh,
    /// failures that nobody waits for, tokens that nobody is told of, claims that have ended. How many there were.
    pub(super) async fn sweep(&self, limit: u32) -> Result<usize, StoreError> {
        let expired = self.seams.clock.now() - CLOCK_SKEW_MAX;
        let requests = self.store.requests().sweep(expired, limit).await?;
        let sessions = self.store.sessions().sweep(expired, limit).await?;
        let failures = self.store.sessions().sweep_failures(expired - FAILURES_KEPT, limit).await?;
        let tokens = self.store.verifications().sweep(expired - TOKEN_REMEMBERED, limit).await?;
        let claims = self.provisioning.end_claims(CLAIMS_MAX).await?;
        let swept = [
            ("request", requests),
            ("session", sessions),
            ("login_failure", failures),
            ("verification", tokens),
            ("claim", claims),
        ];
        for (kind, count) in swept.into_iter().filter(|(_, count)| *count > 0) {
            metrics::counter!(metric::ROWS_SWEPT, "kind" => kind).increment(u64::try_from(count).unwrap_or(u64::MAX));
        }
        Ok(swept.iter().map(|(_, count)| count).sum())
    }

    /// Begins to send what is in the outbox.
    pub(super) fn deliver(&self) {
        self.workers.start();
    }

    /// The use cases.
    pub fn provisioning(&self) -> Arc<Provisioning> {
        self.provisioning.clone()
    }

    /// Where everything is kept.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Tells callers by their keys; shares the caches of the use cases, which forget what they change.
    pub(super) fn authenticator(&self) -> Authenticator {
        Authenticator::new(self.store.clone(), self.caches.clone(), self.seams.clock.clone(), self.limiter.clone())
    }

    /// The limiter that layers and use cases share.
    pub(super) fn limiter(&self) -> Arc<dyn Limiter> {
        self.limiter.clone()
    }

    /// Takes no more messages, and finishes those that are under way, within `drain`.
    pub(super) async fn stop_delivering(&self, drain: Duration) {
        self.workers.stop(drain).await;
    }

    /// Ends the hash threads, waits for the units of work that are under way, and lets the database go.
    pub async fn close(&self) {
        self.hasher.shutdown().await;
        self.store.close().await;
    }
}
