//! Clients that go away in the middle of a call. A unit of work always finishes: no transaction stays open, nothing is half-made, and whoever
//! comes back with the same `request_id` finds exactly one account.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use uuid::Uuid;

use enroll::proto::v1;

use crate::support::database::Database;
use crate::support::state::half_made;
use crate::support::{Client, Engine, TestApp, made, on_both_engines, requests};

const CALLS: usize = 1_000;
/// Calls at once; a client that waits for others is cancelled while it waits.
const CALLS_AT_ONCE: usize = 32;
/// How long transactions that are under way may take to end.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// How often in a row nothing may be going on before it is believed.
const POLLS_STILL: usize = 5;
/// Calls by which the usual time of one is measured.
const USUAL_CALLS: usize = 64;

on_both_engines!(a_thousand_cancels_leave_nothing_behind, what_is_half_made_is_found);

async fn a_thousand_cancels_leave_nothing_behind(engine: Engine) {
    let app = TestApp::start(engine).await;
    let clients: Vec<Client> = (0..8).map(|_| app.anonymous().with_key(&app.operator().key)).collect();
    let patience = usual_time(&app).await * 2;

    let calls: Vec<v1::CreateAccountRequest> = (0..CALLS).map(request).collect();
    let answered = stream::iter(calls.iter().enumerate())
        .map(|(at, request)| {
            let (client, request) = (clients[at % clients.len()].clone(), request.clone());
            let waits = patience.mul_f64(chance());
            // Dropping the call resets its stream.
            async move { tokio::time::timeout(waits, client.accounts().create_account(request)).await.is_ok() }
        })
        .buffer_unordered(CALLS_AT_ONCE)
        .filter(|answered| std::future::ready(*answered))
        .count()
        .await;
    settle(&app).await;

    let written = usize::try_from(app.database().count("accounts").await).expect("a count");
    println!("{CALLS} calls: {answered} answered, {} cancelled, {written} written", CALLS - answered);
    assert!(CALLS - answered > CALLS / 10, "only {} calls were cancelled", CALLS - answered);
    assert!(
        written > answered,
        "no cancelled call had begun its unit of work: they were cancelled too early to prove anything"
    );
    assert_eq!(half_made(app.database()).await, [""; 0]);

    // Everybody comes back, and each has one account.
    stream::iter(calls.iter().enumerate())
        .for_each_concurrent(CALLS_AT_ONCE, |(at, request)| {
            let (client, request) = (clients[at % clients.len()].clone(), request.clone());
            async move {
                made(client.accounts().create_account(request).await);
            }
        })
        .await;
    assert_eq!(app.database().count("accounts").await, i64::try_from(CALLS).expect("a count"));
    assert_eq!(app.database().count("requests").await, i64::try_from(CALLS).expect("a count"));
    assert_eq!(half_made(app.database()).await, [""; 0]);
}

/// Control: each kind of gap is seen.
async fn what_is_half_made_is_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    made(app.operator().accounts().create_account(request(0)).await);
    made(app.operator().registration().register_portal(requests::portal("harbour")).await);
    assert_eq!(half_made(app.database()).await, [""; 0]);
    for (statement, expected) in [
        ("DELETE FROM credentials", "accounts that say they have a password and have none"),
        ("DELETE FROM identifiers", "accounts without an identifier"),
        ("DELETE FROM events WHERE kind = 'account.created'", "accounts without an event"),
        ("DELETE FROM audit_entries", "accounts without an audit entry"),
        ("DELETE FROM application_tenants", "portals without a grant"),
        ("UPDATE tenants SET owner_account_id = NULL", "portals without their owner"),
        ("DELETE FROM events", "portals without an event"),
    ] {
        app.database().execute(statement).await;
        let found = half_made(app.database()).await;
        assert!(found.iter().any(|found| found.ends_with(expected)), "{statement}: {found:?}");
    }
}

fn request(at: usize) -> v1::CreateAccountRequest {
    let address = format!("person{at}@example.org");
    v1::CreateAccountRequest { request_id: Uuid::now_v7().to_string(), ..requests::create(&address) }
}

/// How long a call takes when as many as in the test are under way, and nobody cancels.
async fn usual_time(app: &TestApp) -> Duration {
    let began = std::time::Instant::now();
    stream::iter(0..USUAL_CALLS)
        .for_each_concurrent(CALLS_AT_ONCE, |at| {
            let request = v1::CreateAccountRequest { validate_only: true, ..request(at) };
            let operator = app.operator();
            async move {
                made(operator.accounts().create_account(request).await);
            }
        })
        .await;
    began.elapsed() * u32::try_from(CALLS_AT_ONCE).expect("a few") / u32::try_from(USUAL_CALLS).expect("a few")
}

/// From 0 to 1.
fn chance() -> f64 {
    f64::from(getrandom::u32().expect("randomness")) / f64::from(u32::MAX)
}

/// Waits until no transaction is open and nothing more is written.
async fn settle(app: &TestApp) {
    let settled = async {
        let (mut last, mut still) = (-1, 0);
        while still < POLLS_STILL {
            let count = app.database().count("accounts").await;
            still = if count == last && !is_in_a_transaction(app).await { still + 1 } else { 0 };
            last = count;
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    tokio::time::timeout(SETTLE_TIME_MAX, settled).await.expect("no transaction stays open");
}

/// PostgreSQL tells it; SQLite lets another writer wait, for longer than its patience if the transaction stays open.
async fn is_in_a_transaction(app: &TestApp) -> bool {
    match app.database() {
        Database::Postgres(_) => {
            let open = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                        AND (xact_start IS NOT NULL OR state LIKE 'idle in transaction%')";
            app.database().count(open).await != 0
        }
        Database::Sqlite(_) => {
            app.database().execute("DELETE FROM outbox WHERE attempts < 0").await;
            false
        }
    }
}
