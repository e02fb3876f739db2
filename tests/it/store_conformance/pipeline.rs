//! How often a unit of work waits for PostgreSQL, and what becomes of it where it does not wait, seen from between the two.

use std::sync::atomic::Ordering;

use enroll::domain::ids::ContractId;
use enroll::store::StoreError;
use uuid::Uuid;

use super::relay::{behind_a_relay, full_account};
use crate::support::stores::TestStore;

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
