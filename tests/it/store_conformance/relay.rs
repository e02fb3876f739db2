//! What stands between a store and PostgreSQL: it sees what both say, and keeps back or garbles what a test has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use enroll::store::{NewAccount, StoreSettings};
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_postgres::config::Host;

use super::fixtures::{World, external_key, request_id, unique_value};
use crate::support::stores::{Ground, TestStore};

/// How long a test waits for what should come at once; a session that idles in its transaction lives for twice as long.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What begins a unit, as it is prepared.
const BEGIN: &[u8] = b"BEGIN READ WRITE";

/// What ends one.
const COMMIT: &[u8] = b"COMMIT\0";

/// Stands between a store and its server, counts the prepared statements and the answers that pass, can keep
/// answers back, can garble BEGIN, and can fall silent.
pub struct Relay {
    /// Where the store connects to.
    port: u16,
    /// The prepared statements that passed.
    executions: Arc<AtomicUsize>,
    /// How often the server said that it is ready for more, each time in a packet of its own.
    pub readies: Arc<AtomicUsize>,
    /// Whether the answers to them are kept back.
    pub holding: watch::Sender<bool>,
    /// Whether the server gets to see a BEGIN that it has to refuse.
    pub garbling: Arc<AtomicBool>,
    /// Whether a connection falls silent when it has passed COMMIT on.
    pub swallowing: Arc<AtomicBool>,
    /// How many connections there were.
    connections: Arc<AtomicUsize>,
    /// The first so many of them are silent: what the client says is taken, and nothing is said to it.
    silent: watch::Sender<usize>,
}

impl Relay {
    async fn start(server: tokio_postgres::Config) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let relay = Self {
            port,
            executions: Arc::default(),
            readies: Arc::default(),
            holding: watch::channel(false).0,
            garbling: Arc::default(),
            swallowing: Arc::default(),
            connections: Arc::default(),
            silent: watch::channel(0).0,
        };
        let (connections, passing) = (Arc::clone(&relay.connections), Passing::of(&relay));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let port = server.get_ports().first().copied().unwrap_or(5432);
                let passing = Passing { number: connections.fetch_add(1, Ordering::SeqCst), ..passing.clone() };
                match &server.get_hosts()[0] {
                    Host::Unix(directory) => {
                        let socket = UnixStream::connect(directory.join(format!(".s.PGSQL.{port}"))).await;
                        tokio::spawn(pass(client, socket.expect("the server"), passing));
                    }
                    Host::Tcp(host) => {
                        let socket = TcpStream::connect((host.as_str(), port)).await;
                        tokio::spawn(pass(client, socket.expect("the server"), passing));
                    }
                }
            }
        });
        relay
    }

    /// How many prepared statements passed.
    pub fn executions(&self) -> usize {
        self.executions.load(Ordering::SeqCst)
    }

    /// Has all connections that there are fall silent; how many that is.
    pub fn fall_silent(&self) -> usize {
        let connections = self.connections();
        self.silent.send_replace(connections);
        connections
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many statements have passed in all; says how many have after [`WAIT_MAX`].
    pub async fn wait_for(&self, executions: usize) -> usize {
        let wait = async {
            while self.executions() < executions {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(WAIT_MAX, wait).await;
        self.executions()
    }
}

/// A relay's side of one connection.
#[derive(Clone)]
struct Passing {
    number: usize,
    executions: Arc<AtomicUsize>,
    readies: Arc<AtomicUsize>,
    holding: watch::Receiver<bool>,
    garbling: Arc<AtomicBool>,
    swallowing: Arc<AtomicBool>,
    silent: watch::Receiver<usize>,
}

impl Passing {
    fn of(relay: &Relay) -> Self {
        Self {
            number: 0,
            executions: Arc::clone(&relay.executions),
            readies: Arc::clone(&relay.readies),
            holding: relay.holding.subscribe(),
            garbling: Arc::clone(&relay.garbling),
            swallowing: Arc::clone(&relay.swallowing),
            silent: relay.silent.subscribe(),
        }
    }
}

/// Passes on what both say until one of them hangs up.
async fn pass(client: TcpStream, server: impl AsyncRead + AsyncWrite, passing: Passing) {
    let Passing { number, executions, readies, mut holding, garbling, swallowing, mut silent } = passing;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
    // Whether this connection passed COMMIT on and is to say nothing more.
    let has_swallowed = AtomicBool::new(false);
    // Those of this connection, and how many of them are answered.
    let (asked, mut answered) = (AtomicUsize::new(0), 0);
    let questions = async {
        // The first message has no kind; it is its length and the rest.
        let mut is_first = true;
        // What BEGIN is called here.
        let mut begin = Vec::new();
        while let Some((kind, mut message)) = message(&mut from_client, is_first).await {
            is_first = false;
            let end_of_name = message[5..].iter().position(|octet| *octet == 0).map_or(message.len(), |at| 5 + at);
            if kind == Some(b'P') && message[end_of_name..][1..].starts_with(BEGIN) {
                begin = message[5..=end_of_name].to_vec();
            }
            // Before the statement's name stands the portal's, which is empty.
            if garbling.load(Ordering::SeqCst)
                && kind == Some(b'B')
                && !begin.is_empty()
                && message[6..].starts_with(&begin)
            {
                message[6] = b'?';
            }
            if kind == Some(b'Q') && message.ends_with(COMMIT) {
                has_swallowed.fetch_or(swallowing.load(Ordering::SeqCst), Ordering::SeqCst);
            }
            to_server.write_all(&message).await.expect("the server listens");
            if kind == Some(b'E') {
                asked.fetch_add(1, Ordering::SeqCst);
                executions.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    let answers = async {
        while let Some((kind, message)) = message(&mut from_server, false).await {
            // The end of a statement: a prepared one, or COMMIT and the like while no prepared one is under way.
            if kind == Some(b'C') && asked.load(Ordering::SeqCst) > answered {
                answered += 1;
                let _ = holding.wait_for(|holding| !holding).await;
            }
            // Nobody wakes it again, but the client that hangs up ends the questions, and with them the connection.
            if has_swallowed.load(Ordering::SeqCst) {
                return std::future::pending().await;
            }
            let _ = silent.wait_for(|silent| number >= *silent).await;
            readies.fetch_add(usize::from(kind == Some(b'Z')), Ordering::SeqCst);
            if to_client.write_all(&message).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = questions => {}
        () = answers => {}
    }
}

/// The next message, whole, with its kind; absent at the end.
async fn message(from: &mut (impl AsyncRead + Unpin), without_kind: bool) -> Option<(Option<u8>, Vec<u8>)> {
    let kind = if without_kind { None } else { Some(from.read_u8().await.ok()?) };
    let length = from.read_u32().await.ok()?;
    let mut message: Vec<u8> = kind.into_iter().chain(length.to_be_bytes()).collect();
    let rest = u64::from(length) - 4;
    from.take(rest).read_to_end(&mut message).await.ok()?;
    Some((kind, message))
}

/// An account with a row in every table that it can have one in.
pub fn full_account(world: &World, name: &str) -> NewAccount {
    let mut new = world.demanding_account(&format!("{name}@example.com"), request_id());
    new.quotas[0].limit = 3;
    new.account.external_keys = vec![external_key("crm", name)];
    new.unique_values = vec![unique_value("attributes.code", name)];
    new
}

/// A world in a store behind a relay, with one connection for units, and one account, whose statements are prepared. The relay is named so many
/// times: where there is a choice, tokio-postgres makes the connection, and each statement has its own Sync.
pub async fn behind_a_relay(names: usize) -> (World, TestStore, Relay) {
    let test = TestStore::postgres().await;
    let world = World::bootstrap(&test.store).await;
    let Ground::Postgres(database) = &test.ground else { panic!("PostgreSQL") };
    let server: tokio_postgres::Config = database.url.parse().expect("a URL");
    let name = server.get_dbname().expect("a database");
    let (who, _) = database.url.rsplit_once('@').expect("a user");
    let relay = Relay::start(server.clone()).await;
    let relays = vec![format!("127.0.0.1:{}", relay.port); names].join(",");
    let url = SecretString::from(format!("{who}@{relays}/{name}"));
    let through_relay = |settings: &mut StoreSettings| {
        if let StoreSettings::Postgres { url: of_store, pool_max, .. } = settings {
            (*of_store, *pool_max) = (url, 1);
        }
    };
    let test = test.reopened(through_relay).await;
    test.store.accounts().create(full_account(&world, "a")).await.expect("one that prepares the statements");
    (world, test, relay)
}
