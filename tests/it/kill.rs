//! `kill -9` of the real server at random moments under the load of 16 clients. Each client keeps a ledger: what it is about to ask, then what
//! it was told. Afterwards a restarted server is held against the ledgers: what was acknowledged is there exactly once, what was refused is
//! not, and what nobody knows resolves to exactly one account when its `request_id` is sent again.

mod ledger;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::python::{self, verify_hashes};
use crate::support::binary::Binary;
use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::requests::PASSWORD;
use crate::support::state::half_made;
use crate::support::{Engine, on_both_engines};

use ledger::{Entry, Ledger, Outcome};

const CLIENTS: usize = 16;
const ROUNDS: usize = 3;
/// How many acknowledged accounts have their hash verified by another program.
const HASHES: usize = 20;
/// When the server is killed, counted from its first answer.
const KILL_AFTER_MIN: Duration = Duration::from_millis(150);
const KILL_AFTER_MAX: Duration = Duration::from_millis(1_200);

on_both_engines!(a_lost_account_is_noticed);

#[test]
fn no_acknowledged_account_is_lost_on_sqlite() {
    python::prepare();
    run(no_acknowledged_account_is_lost(Engine::Sqlite));
}

#[test]
fn no_acknowledged_account_is_lost_on_postgres() {
    python::prepare();
    run(no_acknowledged_account_is_lost(Engine::Postgres));
}

async fn no_acknowledged_account_is_lost(engine: Engine) {
    let database = Database::fresh(engine).await;
    let mut ledger = Ledger::default();
    for round in 0..ROUNDS {
        ledger.extend(load_and_kill(&database, round).await);
    }
    let binary = Binary::start(&database).await;
    println!("{ledger}");
    assert!(ledger.count(Outcome::is_acknowledged) > CLIENTS, "too little was done before the kill: {ledger}");
    // Whatever was begun is whole before anybody comes back for it.
    assert_eq!(half_made(&database).await, [""; 0]);
    let faults = ledger.reconcile(&binary.operator()).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(half_made(&database).await, [""; 0]);
    let (accounts, portals) = ledger.expected();
    assert_eq!(database.count("accounts").await, accounts);
    assert_eq!(database.count("tenants WHERE portal_name IS NOT NULL").await, portals);
    assert_eq!(database.count("credentials WHERE phc LIKE '$argon2id$%'").await, accounts);
    // And everybody can sign in, as another implementation of Argon2 sees it.
    let sample = ledger.sample(HASHES);
    let hashes = hashes_of(&database, &sample).await;
    assert_eq!(hashes.len(), sample.len(), "a hash for each of {sample:?}");
    let (count, wrong) = (hashes.len(), vec![hashes[0].clone()]);
    let verified = tokio::task::spawn_blocking(move || verify_hashes(PASSWORD, &hashes)).await.expect("no panic");
    assert_eq!(verified.done().trim(), format!("{count} verified"));
    let control = tokio::task::spawn_blocking(move || verify_hashes("another password", &wrong)).await;
    assert!(!control.expect("no panic").status.success(), "another password is nobody's");
}

/// The password hashes of accounts by their addresses.
async fn hashes_of(database: &Database, addresses: &[String]) -> Vec<String> {
    let listed: Vec<String> = addresses.iter().map(|address| format!("'{address}'")).collect();
    let query = format!(
        "SELECT c.phc AS text FROM credentials c JOIN accounts a ON a.tenant_id = c.tenant_id AND a.account_id = c.account_id \
         WHERE a.email IN ({})",
        listed.join(", ")
    );
    database.texts(&query).await
}

/// Control: a ledger that says more than there is, is not believed.
async fn a_lost_account_is_noticed(engine: Engine) {
    let database = Database::fresh(engine).await;
    let binary = Binary::start(&database).await;
    let operator = binary.operator();
    let mut ledger = Ledger::default();
    for at in 0..4 {
        let entry = Entry::new(9, 0, at);
        let outcome = entry.send(&operator).await;
        assert!(outcome.is_acknowledged(), "{outcome:?}");
        ledger.note(entry, outcome);
    }
    assert_eq!(ledger.reconcile(&operator).await, [""; 0]);
    database.execute("DELETE FROM identifiers WHERE key LIKE 'person-9-0-1@%'").await;
    database.execute("DELETE FROM accounts WHERE email LIKE 'person-9-0-1@%'").await;
    assert_eq!(ledger.reconcile(&operator).await.len(), 1);
    ledger.refuse_all();
    assert_eq!(ledger.reconcile(&operator).await.len(), 3, "what was refused is there");
}

/// One life of the server: what its clients know of it.
async fn load_and_kill(database: &Database, round: usize) -> Ledger {
    let binary = Binary::start(database).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (operator, stop) = (binary.operator(), stop.clone());
        clients.spawn(async move {
            let mut ledger = Ledger::default();
            for at in 0.. {
                let entry = Entry::new(round, client, at);
                let outcome = entry.send(&operator).await;
                let gone = outcome.is_unknown();
                ledger.note(entry, outcome);
                if gone || stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            ledger
        });
    }
    let spread = KILL_AFTER_MAX - KILL_AFTER_MIN;
    let chance = f64::from(getrandom::u32().expect("randomness")) / f64::from(u32::MAX);
    tokio::time::sleep(KILL_AFTER_MIN + spread.mul_f64(chance)).await;
    binary.kill();
    stop.store(true, Ordering::Relaxed);
    let mut all = Ledger::default();
    for ledger in clients.join_all().await {
        all.extend(ledger);
    }
    all
}
