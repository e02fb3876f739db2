//! A caller that goes away: the unit is written whole or not at all, and nothing stays open.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use enroll::domain::account::{AccountRef, IdentifierKind};

use super::fixtures::{World, request_id};
use crate::support::stores::{Ground, TestStore, both_engines};

both_engines!(closing_waits_for_units, five_hundred_cancels_leave_nothing_half_done, reads_may_be_dropped);

/// Polls a future so many times and drops it.
async fn dropped_after<F: Future>(polls: usize, future: F) {
    let mut future = pin!(future);
    for _ in 0..polls {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn five_hundred_cancels_leave_nothing_half_done(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut accounts = Vec::new();
    for index in 0..500 {
        let mut new = world.account(&format!("anna{index}@example.com"));
        let request = world.request(request_id(), new.account.id);
        new.request = Some(request.clone());
        accounts.push((new.account.id, new.account.email.clone().expect("an address"), request));
        dropped_after(index % 10, test.store.accounts().create(new)).await;
    }
    // A unit that comes after them all finds a connection and a writer that are free.
    test.store.accounts().create(world.account("last@example.com")).await.expect("the store goes on");
    let test = test.reopened(|_| {}).await;
    let mut made = 0;
    for (id, email, request) in accounts {
        let account = test.store.accounts().get(world.tenant.id, &AccountRef::Id(id)).await.expect("a read");
        let name = AccountRef::Identifier(world.realm.id, IdentifierKind::Email, email.key().to_owned());
        let by_email = test.store.accounts().get(world.tenant.id, &name).await.expect("a read");
        let credential = test.store.accounts().credential(world.tenant.id, id).await.expect("a read");
        let record = test.store.requests().find(&request.key, request.create_time).await.expect("a read");
        let whole = [account.is_some(), by_email.is_some(), credential.is_some(), record.is_some()];
        assert!(whole == [true; 4] || whole == [false; 4], "{id}: {whole:?}");
        made += usize::from(account.is_some());
    }
    assert!(made > 0, "some were dropped after they had begun");
    assert_no_open_transaction(&test).await;
}

async fn closing_waits_for_units(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let first = world.account("anna@example.com");
    let id = first.account.id;
    test.store.accounts().create(first).await.expect("the first is made");
    for index in 0..50 {
        dropped_after(3, test.store.accounts().create(world.account(&format!("anna{index}@example.com")))).await;
    }
    test.store.close().await;
    let refused = test.store.accounts().create(world.account("late@example.com")).await;
    assert!(matches!(refused, Err(enroll::store::StoreError::Unavailable)), "{refused:?}");
    let test = test.reopened(|_| {}).await;
    assert!(test.store.accounts().get(world.tenant.id, &AccountRef::Id(id)).await.expect("a read").is_some());
    assert_no_open_transaction(&test).await;
}

async fn reads_may_be_dropped(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let new = world.account("anna@example.com");
    let name = AccountRef::Id(new.account.id);
    test.store.accounts().create(new).await.expect("an account");
    for polls in 0..200 {
        dropped_after(polls % 5, test.store.accounts().get(world.tenant.id, &name)).await;
        let filter = enroll::store::AccountFilter::default();
        let list = test.store.accounts().list(world.tenant.id, &filter, super::pages::all());
        dropped_after(polls % 5, list).await;
    }
    assert!(test.store.accounts().get(world.tenant.id, &name).await.expect("a read").is_some());
}

/// SQLite has one writer, so that a transaction left open would have kept the store from being opened and written to again.
async fn assert_no_open_transaction(test: &TestStore) {
    let Ground::Postgres(database) = &test.ground else { return };
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.expect("a session");
    tokio::spawn(connection);
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    let row = client.query_one(open, &[]).await.expect("a count");
    assert_eq!(row.get::<_, i64>(0), 0);
}
