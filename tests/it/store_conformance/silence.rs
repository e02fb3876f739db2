//! A server that takes what is said and answers nothing, as behind a proxy that hangs or has lost its own way: what waits is given up once
//! the server would have, and goes on over new connections.

use std::sync::atomic::Ordering;
use std::time::Duration;

use enroll::domain::account::{AccountRef, IdentifierKind};
use enroll::store::{StoreError, StoreSettings};
use futures_util::future::join_all;

use super::fixtures::World;
use super::relay::{Relay, behind_a_relay, full_account};
use crate::support::stores::TestStore;

/// How long the server takes to give up on a statement. An answer is waited for 5 s longer.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(1);
/// More than one such wait and less than a few.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// How long a caller waits.
const PATIENCE: Duration = Duration::from_millis(500);
/// Connections for units; one such wait for each would be too much.
const UNITS_MAX: usize = 8;

/// A store behind a relay that has many connections, all of which were used.
async fn well_connected() -> (World, TestStore, Relay) {
    let (world, test, relay) = behind_a_relay(1).await;
    let test = test
        .reopened(|settings| {
            if let StoreSettings::Postgres { statement_timeout, pool_max, .. } = settings {
                // A quarter of them is for lists.
                (*statement_timeout, *pool_max) = (STATEMENT_TIMEOUT, UNITS_MAX * 4 / 3);
            }
        })
        .await;
    relay.holding.send_replace(true);
    let names: Vec<String> = (0..UNITS_MAX).map(|index| format!("first{index}")).collect();
    let accounts = test.store.accounts();
    let creating = join_all(names.iter().map(|name| accounts.create(world.account(&format!("{name}@example.com")))));
    let releasing = async {
        tokio::time::sleep(STATEMENT_TIMEOUT / 4).await;
        relay.holding.send_replace(false);
    };
    let (created, ()) = tokio::join!(creating, releasing);
    created.into_iter().for_each(|created| created.expect("one over each connection"));
    (world, test, relay)
}

/// Callers that do not wait for so long themselves do not keep a connection alive that nobody answers on.
#[tokio::test(flavor = "multi_thread")]
async fn point_reads_find_another_connection() {
    let (world, test, relay) = well_connected().await;
    let anna = AccountRef::Identifier(world.realm.id, IdentifierKind::Email, "first0@example.com".to_owned());
    let accounts = test.store.accounts();
    accounts.get(world.tenant.id, &anna).await.expect("the first connection");
    accounts.get(world.tenant.id, &anna).await.expect("the second");
    let before = relay.fall_silent();
    let asking = async {
        loop {
            if let Ok(told) = tokio::time::timeout(PATIENCE, accounts.get(world.tenant.id, &anna)).await {
                break told;
            }
        }
    };
    let told = tokio::time::timeout(WAIT_MAX, asking).await.expect("an answer at last");
    assert!(told.expect("an answer").is_some());
    assert!(relay.connections() > before, "over a new connection");
}

/// A unit waits for one of the silent connections, and not for each.
#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_run_over_a_new_connection() {
    let (world, test, relay) = well_connected().await;
    let before = relay.fall_silent();
    let creating = test.store.accounts().create(full_account(&world, "b"));
    let created = tokio::time::timeout(WAIT_MAX, creating).await.expect("given up, and run again");
    created.expect("written over a connection that answers");
    assert_eq!(relay.connections(), before + 1);
    assert_eq!(test.count("identifiers WHERE key = 'b@example.com'").await, 1);
}

/// After COMMIT nobody knows, and the store does not wait to.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_the_server_is_not_at_is_given_up() {
    let (world, test, relay) = well_connected().await;
    relay.swallowing.store(true, Ordering::SeqCst);
    let creating = test.store.accounts().create(full_account(&world, "b"));
    let created = tokio::time::timeout(WAIT_MAX, creating).await.expect("given up");
    assert!(matches!(created, Err(StoreError::Unknown)), "{created:?}");
    assert_eq!(test.count("identifiers WHERE key = 'b@example.com'").await, 1, "it was written all the same");
    relay.swallowing.store(false, Ordering::SeqCst);
    test.store.accounts().create(full_account(&world, "c")).await.expect("the next one is not concerned");
}
