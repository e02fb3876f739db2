//! The server under test, in this process: everything is real but the clock, the cost of a hash and, unless a test asks, the limits.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

use enroll::delivery::{CaptchaSettings, DeliverySettings, MailRoute};
use enroll::domain::email::Email;
use enroll::domain::limits::{LimitName, RateLimit, RateLimits};
use enroll::domain::portal_name::ReservedNames;
use enroll::domain::secret::ApplicationKeySecret;
use enroll::password::HasherSettings;
use enroll::proto::v1;
use enroll::provisioning::PortalSettings;
use enroll::provisioning::master_key::MasterKey;
use enroll::provisioning::seams::SystemIds;
use enroll::server::house::{HouseSettings, Seams};
use enroll::server::settings::ServerSettings;
use enroll::server::{House, Server};
use enroll::store::StoreSettings;

use super::client::Client;
use super::clock::MovableClock;
use super::database::Database;
use super::engine::Engine;
use super::requests;
use super::told::made;

/// No call of a test waits longer.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);

/// A running server.
pub struct TestApp {
    server: Server,
    /// How it was started.
    builder: Builder,
    database: Database,
    clock: Arc<MovableClock>,
    /// Mails and texts are written there.
    sent: TempDir,
    operator: Client,
    /// Makes the names that tests do not care about.
    names: AtomicUsize,
}

/// A server before it starts.
#[derive(Clone)]
pub struct Builder {
    engine: Engine,
    /// Changes how much of the engine is used; where it is, the engine says.
    pub store: fn(&mut StoreSettings),
    /// See [`HouseSettings`].
    pub limits: RateLimits,
    /// See [`HouseSettings`].
    pub portals: PortalSettings,
    /// See [`HouseSettings`].
    pub hasher: HasherSettings,
    /// See [`DeliverySettings`].
    pub captcha: Option<CaptchaSettings>,
    /// Another way of mails than into the folder.
    pub mail: Option<MailRoute>,
    /// See [`ServerSettings`].
    pub server: ServerSettings,
}

impl Builder {
    fn new(engine: Engine) -> Self {
        let mut limits = RateLimits::default();
        for name in LimitName::ALL {
            limits.set(*name, RateLimit::new(1_000_000, Duration::from_secs(1)));
        }
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server =
            ServerSettings { admin_address: any_port, drain: Duration::from_secs(10), ..Default::default() };
        server.listener.address = any_port;
        Self {
            engine,
            store: |_| {},
            limits,
            portals: PortalSettings {
                base_domain: "portals.example".to_owned(),
                reserved: ReservedNames::default(),
                owner_quota: 5,
                application_quota: 10_000,
                installation_quota: None,
            },
            hasher: HasherSettings { memory_kib: 64, iterations: 1, ..HasherSettings::default() },
            captcha: None,
            mail: None,
            server,
        }
    }

    /// Sets one limit; all others stay out of the way.
    pub fn limit(mut self, name: LimitName, rate: RateLimit) -> Self {
        self.limits.set(name, rate);
        self
    }

    /// Changes any setting.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Starts the server on a fresh database, with its operator.
    pub async fn start(self) -> TestApp {
        let database = Database::fresh(self.engine).await;
        let clock = Arc::new(MovableClock::default());
        let sent = tempfile::tempdir().expect("a directory");
        let mut server = self.serve(&database, &clock, sent.path()).await;
        let made = server.take_bootstrapped().expect("a fresh database has no application");
        let operator = Client::anonymous(connect(server.address())).as_application(
            &made.application_id.to_string(),
            &made.tenant_id.to_string(),
            operator_key().expose(),
        );
        TestApp { server, builder: self, database, clock, sent, operator, names: AtomicUsize::new(0) }
    }

    async fn serve(&self, database: &Database, clock: &Arc<MovableClock>, sent: &Path) -> Server {
        let mut store = database.settings();
        (self.store)(&mut store);
        let sender = Email::parse("no-reply@enroll.example").expect("an address");
        let folder = DeliverySettings::into_folder(sent.to_owned(), sender);
        let mail = self.mail.clone().unwrap_or_else(|| folder.mail.clone());
        let delivery = DeliverySettings { captcha: self.captcha.clone(), mail, ..folder };
        let settings = HouseSettings {
            store,
            hasher: self.hasher,
            portals: self.portals.clone(),
            delivery,
            limits: self.limits.clone(),
            limiter_keys: 1_024,
            master_key: MasterKey::new([7; 32], []),
            bootstrap_key: Some(operator_key()),
        };
        let seams = Seams { clock: clock.clone(), ids: Arc::new(SystemIds) };
        let house = House::open(settings, seams).await.expect("the house opens");
        Server::start(self.server.clone(), house).await.expect("the server starts")
    }
}

fn operator_key() -> ApplicationKeySecret {
    ApplicationKeySecret::from_bytes([42; 32])
}

/// A connection of its own, made at the first call.
fn connect(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    endpoint.timeout(CALL_TIME_MAX).connect_timeout(CALL_TIME_MAX).connect_lazy()
}

impl TestApp {
    /// A server with nothing special about it.
    pub async fn start(engine: Engine) -> Self {
        Self::builder(engine).start().await
    }

    /// A server that a test changes before it starts.
    pub fn builder(engine: Engine) -> Builder {
        Builder::new(engine)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The time that the server goes by.
    pub fn clock(&self) -> &MovableClock {
        &self.clock
    }

    /// The rooms behind the network.
    pub fn house(&self) -> &House {
        self.server.house()
    }

    /// Where mails (`.eml`) and texts (`.txt`) are written.
    pub fn sent(&self) -> &Path {
        self.sent.path()
    }

    /// The way round the service.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Drains, stops, and starts again on the same database, at another address and without anything cached.
    pub async fn restart(self) -> Self {
        let Self { server, builder, database, clock, sent, operator, names } = self;
        server.shut_down().await;
        let server = builder.serve(&database, &clock, sent.path()).await;
        let Client { application_id, tenant_id, key, .. } = operator;
        let operator = Client::anonymous(connect(server.address())).as_application(&application_id, &tenant_id, &key);
        Self { server, builder, database, clock, sent, operator, names }
    }

    /// Drains and stops; the database stays for as long as the caller keeps it.
    pub async fn stop(self) -> Database {
        self.server.shut_down().await;
        self.database
    }

    /// A new connection of nobody.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(connect(self.address()))
    }

    /// The application that the first start makes: every permission, on every tenant.
    pub fn operator(&self) -> Client {
        self.operator.clone()
    }

    /// An application of the default tenant with these permissions there.
    pub async fn app(&self, permissions: &[&str]) -> Client {
        let tenant_id = self.operator.tenant_id.clone();
        self.app_with(&tenant_id, application(permissions)).await
    }

    /// An application as described, at home in a tenant; without a name it gets one.
    pub async fn app_with(&self, tenant_id: &str, mut application: v1::Application) -> Client {
        if application.name.is_empty() {
            application.name = self.name("app");
        }
        self.operator.application(tenant_id, application).await
    }

    /// An application of a tenant of its own, with these permissions there and none elsewhere.
    pub async fn app_of_another_tenant(&self, permissions: &[&str]) -> Client {
        let request = requests::portal(&self.name("another"));
        let portal = made(self.operator.registration().register_portal(request).await);
        self.activate_portals().await;
        self.app_with(&portal.tenant.expect("a tenant").tenant_id, application(permissions)).await
    }

    /// Opens every portal that waits for its owner's link.
    pub async fn activate_portals(&self) {
        self.database.execute("UPDATE tenants SET state = 'ACTIVE' WHERE state = 'PENDING_ACTIVATION'").await;
    }

    /// A realm of the default tenant; its id.
    pub async fn realm(&self, mut realm: v1::Realm) -> String {
        if realm.name.is_empty() {
            realm.name = self.name("realm");
        }
        let request = v1::CreateRealmRequest { realm: Some(realm), ..Default::default() };
        made(self.operator.realms().create_realm(request).await).realm.expect("a realm").realm_id
    }

    /// A contract of the default tenant; its id.
    pub async fn contract(&self, mut contract: v1::Contract) -> String {
        if contract.name.is_empty() {
            contract.name = self.name("contract");
        }
        let request = v1::CreateContractRequest { contract: Some(contract), ..Default::default() };
        made(self.operator.contracts().create_contract(request).await).contract.expect("a contract").contract_id
    }

    /// A name that nothing else in this server has.
    pub fn name(&self, stem: &str) -> String {
        format!("{stem}-{}", self.names.fetch_add(1, Ordering::SeqCst))
    }
}

/// An application with a grant on its home tenant.
pub fn application(permissions: &[&str]) -> v1::Application {
    let permissions = permissions.iter().map(ToString::to_string).collect();
    v1::Application { grants: vec![v1::Grant { permissions, ..Default::default() }], ..Default::default() }
}
