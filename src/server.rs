//! How the rooms are put together and opened to the network: the composition root. Everything that a call needs is made here once and
//! handed down; nothing else in the crate makes a store, a listener or a clock. Absent from here: what happens to a call (`middleware`) and
//! what a call does (`api` and `provisioning`).

mod admin;
mod caps;
mod connection;
mod first_bytes;
pub mod from_config;
mod gate;
mod health;
pub mod house;
mod in_task;
mod listener;
pub mod offline;
mod prober;
mod readiness;
mod routes;
mod services;
pub mod settings;
mod sweeper;
mod tls;
mod unread;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::middleware;
use crate::middleware::StackParts;
use crate::middleware::authorize::ReflectionAccess;
use crate::middleware::methods::Methods;
use crate::provisioning::bootstrap::Bootstrapped;
use crate::telemetry::{self, TelemetryError, field};

pub use house::{House, HouseError};
pub use readiness::Phase;
pub use tls::TlsError;

use caps::Caps;
use connection::{Ends, Protocol};
use gate::Gate;
use listener::Acceptor;
use readiness::Readiness;
use settings::{Reflection, ServerSettings};

/// How long the end waits for units of work after the calls; with the default drain all of it stays within what a supervisor bears, 30 s.
const UNITS_TIME_MAX: Duration = Duration::from_secs(4);
/// How long it waits for tasks that were told to end, and have nothing to finish.
const TASKS_TIME_MAX: Duration = Duration::from_secs(1);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Keys and passwords would travel in the open.
    #[error("{0} is not on loopback: serving there needs a certificate, or leave to serve plain text")]
    Plaintext(SocketAddr),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The metrics.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The descriptor set of the proto.
    #[error("reflection cannot be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The database.
    #[error(transparent)]
    House(#[from] HouseError),
}

/// A server that runs, in tasks of its own.
pub struct Server {
    address: SocketAddr,
    admin_address: SocketAddr,
    bootstrapped: Option<Bootstrapped>,
    house: Arc<House>,
    readiness: Readiness,
    settings: ServerSettings,
    /// Ends the connections.
    ends: Ends,
    connections: TaskTracker,
    /// Ends what runs beside the connections: the admin listener, the prober, the sweeper, the reader of certificates.
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Listens, brings the database up to date, and serves. Health is answered (NOT_SERVING) from the first moment on.
    pub async fn start(settings: ServerSettings, house: House) -> Result<Self, StartError> {
        let beyond_loopback = !settings.listener.address.ip().is_loopback();
        if beyond_loopback && settings.tls.is_none() && !settings.listener.plaintext_beyond_loopback {
            return Err(StartError::Plaintext(settings.listener.address));
        }
        let protocol = Protocol::new(&settings)?;
        let metrics = telemetry::recorder()?;
        let (listener, address) = bind(settings.listener.address).await?;
        let (admin_listener, admin_address) = bind(settings.admin_address).await?;
        let readiness = Readiness::default();
        let stack = middleware::stack(
            StackParts {
                methods: Methods::of_the_house(),
                proxies: settings.trusted_proxies.clone(),
                deadline_max: settings.deadline_max,
                authenticator: Gate::before(house.authenticator(), readiness.clone()),
                reflection: reflection_access(settings.reflection, beyond_loopback),
                limiter: house.limiter(),
            },
            routes::services(&house, &readiness, settings.message_bytes_max)?,
        );
        let house = Arc::new(house);
        let (ends, connections, stop) = (Ends::default(), TaskTracker::new(), CancellationToken::new());
        let acceptor = Acceptor::new(listener, Caps::new(&settings.listener, settings.trusted_proxies.clone()));
        let certificates = protocol.certificates();
        let mut tasks = vec![
            tokio::spawn(listener::serve(acceptor, protocol, stack, ends.clone(), connections.clone())),
            tokio::spawn(admin::serve(admin_listener, metrics, readiness.clone(), stop.clone())),
        ];
        tasks.extend(certificates.map(|certificates| tokio::spawn(certificates.renew(stop.clone()))));
        let bootstrapped = None;
        let mut server =
            Self { address, admin_address, bootstrapped, house, readiness, settings, ends, connections, stop, tasks };
        if let Err(error) = server.prepare().await {
            server.shut_down().await;
            return Err(error.into());
        }
        tracing::info!({ field::ADDRESS } = %address, { field::ADMIN_ADDRESS } = %admin_address, "serving");
        Ok(server)
    }

    /// Migrates if it is to, makes the operator application if there is none, and keeps watch over the database from then on. Where another
    /// process has to migrate, the watch finds that it has, and does the rest.
    async fn prepare(&mut self) -> Result<(), HouseError> {
        if self.settings.migrate {
            self.house.migrate().await?;
        }
        if self.house.is_migrated().await? {
            self.bootstrapped = self.house.bootstrap().await?;
            self.readiness.set(Phase::Serving);
        } else if self.house.store().is_exclusive() {
            return Err(HouseError::MigrationsPending);
        }
        self.house.deliver();
        let watch = prober::watch(self.house.clone(), self.readiness.clone(), self.stop.clone());
        self.tasks.push(tokio::spawn(watch));
        let interval = self.settings.sweep_interval;
        let sweep = sweeper::sweep(self.house.clone(), self.readiness.clone(), interval, self.stop.clone());
        self.tasks.push(tokio::spawn(sweep));
        Ok(())
    }

    /// Where gRPC is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics and liveness are served.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// What the first start made, once.
    pub fn take_bootstrapped(&mut self) -> Option<Bootstrapped> {
        self.bootstrapped.take()
    }

    /// The rooms behind the network, for tests that look behind it.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// In which state the server is.
    pub fn phase(&self) -> Phase {
        self.readiness.phase()
    }

    /// Serves until SIGTERM or SIGINT, then shuts down; a second signal ends the wait for calls that are under way.
    pub async fn run_until_signal(self) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("draining");
        let kill = self.ends.kill.clone();
        let hurry = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            kill.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = self.shut_down() => {}
            () = hurry => {}
        }
        Ok(())
    }

    /// Tells health first, which lets its watchers go; then GOAWAY on every connection, and no new ones; then waits for the calls and the
    /// messages under way, as long as the settings say; then for the units of work that they began, which finish unless the database has gone
    /// silent: after a while the end no longer waits for them, and the database decides.
    pub async fn shut_down(self) {
        self.readiness.set(Phase::Draining);
        self.ends.drain.cancel();
        let calls = async {
            if time::timeout(self.settings.drain, self.connections.wait()).await.is_err() {
                tracing::warn!("calls were still under way at the end of the drain");
                self.ends.kill.cancel();
                self.connections.wait().await;
            }
        };
        tokio::join!(calls, self.house.stop_delivering(self.settings.drain));
        if time::timeout(UNITS_TIME_MAX, self.house.close()).await.is_err() {
            tracing::warn!("units of work were still under way at the end; whether they were kept, the database knows");
        }
        self.stop.cancel();
        // An error means that a task panicked, which the log has, or that it waits for a silent database.
        let _ = time::timeout(TASKS_TIME_MAX, join_all(self.tasks)).await;
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn reflection_access(setting: Reflection, beyond_loopback: bool) -> ReflectionAccess {
    match setting {
        Reflection::On => ReflectionAccess::Anonymous,
        Reflection::Loopback if beyond_loopback => ReflectionAccess::Application,
        Reflection::Loopback => ReflectionAccess::Anonymous,
        Reflection::Off => ReflectionAccess::Nobody,
    }
}
