//! The product under measurement: the server as `enroll serve` starts it, with every default but the limits, which are out of the way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use prost::Message;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use enroll::delivery::DeliverySettings;
use enroll::domain::account::{Account, AccountRef, Identifier, IdentifierKind};
use enroll::domain::email::Email;
use enroll::domain::event::Trail;
use enroll::domain::ids::{AccountId, TenantId};
use enroll::domain::limits::{LimitName, RateLimit, RateLimits};
use enroll::domain::portal_name::ReservedNames;
use enroll::domain::secret::ApplicationKeySecret;
use enroll::domain::user_name::UserName;
use enroll::password::HasherSettings;
use enroll::proto::v1;
use enroll::provisioning::PortalSettings;
use enroll::provisioning::master_key::MasterKey;
use enroll::provisioning::seams::{Ids, SystemIds};
use enroll::server::house::{HouseSettings, Seams};
use enroll::server::settings::ServerSettings;
use enroll::server::{House, Server};
use enroll::store::{NewAccount, Store, StoreSettings};

use super::generator::{Generator, Target};

/// The path of the rpc.
pub const CREATE_ACCOUNT: &str = "/enroll.v1.AccountService/CreateAccount";
/// The path of the rpc.
pub const GET_ACCOUNT: &str = "/enroll.v1.AccountService/GetAccount";
/// Keys that a limit remembers, as the configuration has it.
pub const LIMITER_KEYS: usize = 1 << 18;
/// Accounts that are written at once while the database is filled: no more than PostgreSQL's pool has connections.
const FILL_AT_ONCE: usize = 16;

/// A running server.
pub struct Product {
    server: Server,
    tenant_id: TenantId,
    key: ApplicationKeySecret,
    /// SQLite's directory, gone with the server.
    _directory: TempDir,
}

impl Product {
    /// On a new file.
    pub fn on_sqlite(runtime: &Runtime) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let store = StoreSettings::sqlite(directory.path().join("enroll.db"));
        Self::start(runtime, store, Some(directory))
    }

    /// On an empty database.
    pub fn on_postgres(runtime: &Runtime, url: &str) -> Self {
        Self::start(runtime, StoreSettings::postgres(url.into()), None)
    }

    fn start(runtime: &Runtime, store: StoreSettings, directory: Option<TempDir>) -> Self {
        let directory = directory.unwrap_or_else(|| tempfile::tempdir().expect("a directory"));
        let sender = Email::parse("no-reply@enroll.example").expect("an address");
        let key = ApplicationKeySecret::from_bytes([42; 32]);
        let house = HouseSettings {
            store,
            hasher: HasherSettings::default(),
            portals: PortalSettings {
                base_domain: "portals.example".to_owned(),
                reserved: ReservedNames::default(),
                owner_quota: 5,
                application_quota: 10_000,
                installation_quota: None,
            },
            delivery: DeliverySettings::into_folder(directory.path().join("mail"), sender),
            limits: no_limits(),
            limiter_keys: LIMITER_KEYS,
            master_key: MasterKey::new([7; 32], []),
            bootstrap_key: Some(key.clone()),
        };
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut settings = ServerSettings { admin_address: any_port, ..ServerSettings::default() };
        settings.listener.address = any_port;
        let mut server = runtime.block_on(async {
            let house = House::open(house, Seams::default()).await.expect("the house opens");
            Server::start(settings, house).await.expect("the server starts")
        });
        let made = server.take_bootstrapped().expect("a new database has no application");
        Self { server, tenant_id: made.tenant_id, key, _directory: directory }
    }

    /// The operator's key.
    pub fn key(&self) -> &ApplicationKeySecret {
        &self.key
    }

    /// The operator's tenant.
    pub fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    /// The store behind it.
    pub fn store(&self) -> &Store {
        self.server.house().store()
    }

    /// The server itself.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// CreateAccount by the operator, another person at each call.
    pub fn create_account(&self, generator: &Generator) -> Target {
        let bodies = |n| Bytes::from(create_account_request(n, true).encode_to_vec());
        generator.target(self.server.address(), CREATE_ACCOUNT, self.key.expose(), Arc::new(bodies))
    }

    /// Fills the database with accounts that are like one made by the rpc, but without passwords, through the store.
    pub fn fill(&self, runtime: &Runtime, generator: &Generator, count: usize) -> Vec<AccountId> {
        let body = Bytes::from(create_account_request(0, false).encode_to_vec());
        let one = Arc::new(move |_| body.clone());
        let answer = generator.ask(&generator.target(self.server.address(), CREATE_ACCOUNT, self.key.expose(), one));
        let made = v1::CreateAccountResponse::decode(answer).expect("a message").account.expect("an account");
        let id: AccountId = made.account_id.parse().expect("an id");
        let accounts = self.store().accounts();
        runtime.block_on(async {
            let like = accounts.get(self.tenant_id, &AccountRef::Id(id)).await.expect("read").expect("it is there");
            let others = (1..count).map(|n| {
                let account = another(&like, n);
                let id = account.id;
                async move {
                    accounts.create(new_account(account)).await.expect("written");
                    id
                }
            });
            let mut ids: Vec<AccountId> =
                futures_util::stream::iter(others).buffer_unordered(FILL_AT_ONCE).collect().await;
            ids.push(id);
            ids
        })
    }

    /// Drains and stops.
    pub fn stop(self, runtime: &Runtime) {
        runtime.block_on(self.server.shut_down());
    }
}

/// Rates that nobody reaches.
pub fn no_limits() -> RateLimits {
    let mut limits = RateLimits::default();
    for name in LimitName::ALL {
        limits.set(*name, RateLimit::new(100_000_000, Duration::from_secs(1)));
    }
    limits
}

/// An ordinary person.
fn create_account_request(n: u64, with_password: bool) -> v1::CreateAccountRequest {
    let password = v1::InitialPassword { password: format!("correct horse {n} battery"), ..Default::default() };
    v1::CreateAccountRequest {
        account: Some(v1::Account {
            profile: Some(v1::Profile {
                user_name: format!("person-{n}"),
                display_name: format!("Person Number {n}"),
                given_name: "Person".to_owned(),
                family_name: format!("Number {n}"),
                language_code: "en-US".to_owned(),
                time_zone: "Europe/Paris".to_owned(),
            }),
            email: Some(v1::Email { address: format!("person-{n}@example.com"), ..Default::default() }),
            phone: Some(v1::Phone { number: "+4512345678".to_owned(), ..Default::default() }),
            annotations: [("source".to_owned(), "benchmark".to_owned())].into(),
            ..Default::default()
        }),
        credential: with_password
            .then_some(v1::CredentialInput { credential: Some(v1::credential_input::Credential::Password(password)) }),
        // The work of the workers that put mails into words is no part of the figure.
        delivery: v1::Delivery::Suppress.into(),
        ..Default::default()
    }
}

/// The same under other names.
fn another(like: &Account, n: usize) -> Account {
    let mut account = like.clone();
    account.id = AccountId::from_uuid(SystemIds.uuid());
    account.number = SystemIds.number();
    account.email = Some(Email::parse(&format!("person-{n}@example.com")).expect("an address"));
    account.profile.user_name = Some(UserName::parse(&format!("person-{n}")).expect("a name"));
    account
}

fn new_account(account: Account) -> NewAccount {
    let held =
        |kind, key: &str| Identifier { kind, key: key.to_owned(), held: true, verify_time: None, expire_time: None };
    let email = account.email.iter().map(|email| held(IdentifierKind::Email, email.key()));
    let name = account.profile.user_name.iter().map(|name| held(IdentifierKind::UserName, name.key()));
    NewAccount {
        identifiers: email.chain(name).collect(),
        unique_values: Vec::new(),
        verifications: Vec::new(),
        session: None,
        credential: None,
        quotas: Vec::new(),
        request: None,
        trail: Trail::default(),
        account,
    }
}
