//! How often a unit of work waits for PostgreSQL, and what becomes of it where it does not wait, seen from between the two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use enroll::domain::ids::ContractId;
use enroll::store::{NewAccount, StoreError, StoreSettings};
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_postgres::config::Host;
use uuid::Uuid;

use super::fixtures::{World, external_key, request_id, unique_value};
use crate::support::stores::{Ground, TestStore};

/// How long the test waits for what should come at once; a session that idles in its transaction lives for twice as long.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What begins a unit, as it is prepared.
const BEGIN: &[u8] = b"BEGIN READ WRITE";

/// Stands between a store and its server, counts the prepared statements and the answers that pass, can keep
/// answers back, and can garble BEGIN.
struct Relay {
    /// Where the store connects to.
    port: u16,
    /// The prepared statements that passed.
    executions: Arc<AtomicUsize>,
    /// How often the server said that it is ready for more, each time in a packet of its own.
    readies: Arc<AtomicUsize>,
    /// Whether the answers to them are kept back.
    holding: watch::Sender<bool>,
    /// Whether the server gets to see a BEGIN that it has to refuse.
    garbling: Arc<AtomicBool>,
}

impl Relay {
    async fn start(server: tokio_postgres::Config) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let holding = watch::channel(false).0;
        let relay =
            Self { port, executions: Arc::default(), readies: Arc::default(), holding, garbling: Arc::default() };
        let passing = Passing {
            executions: Arc::clone(&relay.executions),
            readies: Arc::clone(&relay.readies),
            holding: relay.holding.subscribe(),
            garbling: Arc::clone(&relay.garbling),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let port = server.get_ports().first().copied().unwrap_or(5432);
                let passing = passing.clone();
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

    fn executions(&self) -> usize {
        self.executions.load(Ordering::SeqCst)
    }

    /// Waits until so many statements have passed in all; says how many have after [`WAIT_MAX`].
    async fn wait_for(&self, executions: usize) -> usize {
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
    executions: Arc<AtomicUsize>,
    readies: Arc<AtomicUsize>,
    holding: watch::Receiver<bool>,
    garbling: Arc<AtomicBool>,
}

/// Passes on what both say until one of them hangs up.
async fn pass(client: TcpStream, server: impl AsyncRead + AsyncWrite, passing: Passing) {
    let Passing { executions, readies, mut holding, garbling } = passing;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
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
            readies.fetch_add(usize::from(kind == Some(b'Z')), Ordering::SeqCst);
            if to_client.write_all(&message).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(questions, answers);
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
fn full_account(world: &World, name: &str) -> NewAccount {
    let mut new = world.demanding_account(&format!("{name}@example.com"), request_id());
    new.quotas[0].limit = 3;
    new.account.external_keys = vec![external_key("crm", name)];
    new.unique_values = vec![unique_value("attributes.code", name)];
    new
}

/// A world in a store behind a relay, with one connection for units, and one account, whose statements are prepared. The relay is named so many
/// times: where there is a choice, tokio-postgres makes the connection, and each statement has its own Sync.
async fn behind_a_relay(names: usize) -> (World, TestStore, Relay) {
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

/// How many accounts, requests and events there are.
async fn written(test: &TestStore) -> [i64; 3] {
    [test.count("accounts").await, test.count("requests").await, test.count("events").await]
}

/// All statements of an account are under way before the answer to the first is there.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_written_without_waiting_between_its_rows() {
    let (world, test, relay) = behind_a_relay(1).await;
    let accounts = test.store.accounts();
    let before = relay.executions();
    accounts.create(full_account(&world, "b")).await.expect("one to count");
    let statements = relay.executions() - before;
    assert!(statements > 6, "an account has {statements} rows");

    relay.holding.send_replace(true);
    let before = relay.executions();
    let (store, new) = (test.store.clone(), full_account(&world, "c"));
    let writing = tokio::spawn(async move { store.accounts().create(new).await });
    let under_way = relay.wait_for(before + statements).await - before;
    assert_eq!(under_way, statements, "sent before anything was answered");
    relay.holding.send_replace(false);
    writing.await.expect("no panic").expect("written once the answers came");
}

/// The server answers all of the rows, with BEGIN, and COMMIT: each answer more would wake the service once more. (The rows are fewer octets
/// than tokio-postgres writes at once, 8 KiB.)
#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_an_account_are_answered_at_once() {
    let mut answers = Vec::new();
    for names in [1, 2] {
        let (world, test, relay) = behind_a_relay(names).await;
        let accounts = test.store.accounts();
        let before = relay.readies.load(Ordering::SeqCst);
        accounts.create(full_account(&world, "b")).await.expect("one to count");
        answers.push(relay.readies.load(Ordering::SeqCst) - before);
    }
    assert_eq!(answers[0], 2);
    assert!(answers[1] > 8, "control: with a Sync for each statement there are {}", answers[1]);
}

/// A statement that fails amid the others takes the unit along, and nothing else: the one connection serves the next unit.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_amid_the_rows_refuses_the_account_only() {
    let (world, test, _relay) = behind_a_relay(1).await;
    let accounts = test.store.accounts();
    let [accounts_before, requests_before, _] = written(&test).await;
    for name in ["b", "c"] {
        let mut orphan = full_account(&world, name);
        orphan.account.contract_id = ContractId::from_uuid(Uuid::now_v7());
        let refused = accounts.create(orphan).await;
        assert!(matches!(refused, Err(StoreError::Missing)), "{refused:?}");
        accounts.create(full_account(&world, name)).await.expect("nothing was left, and the connection is in step");
    }
    let [accounts_after, requests_after, _] = written(&test).await;
    assert_eq!((accounts_after - accounts_before, requests_after - requests_before), (2, 2));
}

/// BEGIN is not waited for either. Where the server refuses it, what stands behind it must not take effect by itself: it shares the Sync, or
/// (with a Sync of its own) the session is read-only.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_where_begin_is_refused() {
    for names in [1, 2] {
        let (world, test, relay) = behind_a_relay(names).await;
        let accounts = test.store.accounts();
        let before = written(&test).await;

        relay.garbling.store(true, Ordering::SeqCst);
        for name in ["b", "c"] {
            let refused = accounts.create(full_account(&world, name)).await;
            assert!(matches!(refused, Err(StoreError::Unavailable)), "{refused:?}");
        }
        assert_eq!(written(&test).await, before);

        relay.garbling.store(false, Ordering::SeqCst);
        accounts.create(full_account(&world, "b")).await.expect("nothing was left");
    }
}
