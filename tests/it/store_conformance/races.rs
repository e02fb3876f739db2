//! Many at once: the engine decides, and decides once.

use std::sync::Arc;

use enroll::domain::account::{AccountRef, IdentifierKind};
use enroll::domain::ids::AccountId;
use enroll::domain::quota::QuotaUse;
use enroll::domain::user_name::UserName;
use enroll::store::{Conflict, NewAccount, Store, StoreError};

use super::fixtures::{World, held, noon, request_id};
use crate::support::stores::{TestStore, both_engines};

both_engines!(
    equal_addresses_give_one_account,
    equal_request_ids_give_one_account,
    installations_give_one,
    opposite_orders_do_not_deadlock,
    portal_names_give_one_portal,
    quotas_are_never_exceeded,
    what_is_answered_is_committed,
);

/// Creates them all at once.
async fn create_all(store: &Store, news: Vec<NewAccount>) -> Vec<(AccountId, Result<(), StoreError>)> {
    let start = Arc::new(tokio::sync::Barrier::new(news.len()));
    let mut tasks = Vec::new();
    for new in news {
        let (store, start) = (store.clone(), Arc::clone(&start));
        tasks.push(tokio::spawn(async move {
            start.wait().await;
            (new.account.id, store.accounts().create(new).await)
        }));
    }
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.expect("no panic"));
    }
    results
}

async fn equal_addresses_give_one_account(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let spellings = ["anna@example.com", "Anna@example.com", "ANNA@EXAMPLE.COM", "\u{FF41}nna@example.com"];
    let news = (0..64).map(|index| world.account(spellings[index % spellings.len()])).collect();
    let results = create_all(&test.store, news).await;
    let made: Vec<AccountId> = results.iter().filter(|(_, result)| result.is_ok()).map(|(id, _)| *id).collect();
    assert_eq!(made.len(), 1);
    for (id, result) in results {
        if id != made[0] {
            assert!(matches!(result, Err(StoreError::Conflict(Conflict::Identifiers))), "{result:?}");
            assert_eq!(test.store.accounts().get(world.tenant.id, &AccountRef::Id(id)).await.expect("a read"), None);
        }
    }
    let name = AccountRef::Identifier(world.realm.id, IdentifierKind::Email, "anna@example.com".to_owned());
    let found = test.store.accounts().get(world.tenant.id, &name).await.expect("a read").expect("the account");
    assert_eq!(found.id, made[0]);
}

async fn equal_request_ids_give_one_account(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let id = request_id();
    let news = (0..50).map(|index| {
        let mut new = world.account(&format!("anna{index}@example.com"));
        new.request = Some(world.request(id, new.account.id));
        new
    });
    let results = create_all(&test.store, news.collect()).await;
    let made: Vec<AccountId> = results.iter().filter(|(_, result)| result.is_ok()).map(|(id, _)| *id).collect();
    assert_eq!(made.len(), 1);
    for (_, result) in results.iter().filter(|(id, _)| *id != made[0]) {
        assert!(matches!(result, Err(StoreError::Conflict(Conflict::Request))), "{result:?}");
    }
    let key = world.request(id, made[0]).key;
    let record = test.store.requests().find(&key, noon()).await.expect("a read").expect("a row");
    assert_eq!(record.ids.account_id, made[0]);
}

async fn quotas_are_never_exceeded(test: TestStore) {
    const LIMIT: i64 = 10;
    let world = World::bootstrap(&test.store).await;
    for tenant_id in [None, Some(world.tenant.id)] {
        let prefix = if tenant_id.is_some() { "of" } else { "all" };
        let news = (0..64).map(|index| {
            let mut new = world.account(&format!("{prefix}{index}@example.com"));
            let quota = |key: &str, limit| QuotaUse { tenant_id, scope: "test", key: key.to_owned(), limit };
            new.quotas = vec![quota("wide", 1_000), quota("narrow", LIMIT)];
            new
        });
        let results = create_all(&test.store, news.collect()).await;
        let made = results.iter().filter(|(_, result)| result.is_ok()).count();
        assert_eq!(made, 10, "of {tenant_id:?}");
        for (_, result) in results.iter().filter(|(_, result)| result.is_err()) {
            assert!(matches!(result, Err(StoreError::QuotaExceeded(1))), "{result:?}");
        }
        // Refused units have given back what they took from the first quota.
        let mut counted = world.account(&format!("{prefix}.count@example.com"));
        let quota = |limit| QuotaUse { tenant_id, scope: "test", key: "wide".to_owned(), limit };
        counted.quotas = vec![quota(LIMIT)];
        let refused = test.store.accounts().create(counted.clone()).await;
        assert!(matches!(refused, Err(StoreError::QuotaExceeded(0))), "{refused:?}");
        counted.quotas = vec![quota(LIMIT + 1)];
        test.store.accounts().create(counted).await.expect("room for one more");
    }
}

async fn portal_names_give_one_portal(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let (store, portal) = (test.store.clone(), world.portal("portal"));
        tasks.push(tokio::spawn(async move { store.tenants().register_portal(portal).await }));
    }
    let mut made = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(()) => made += 1,
            Err(StoreError::Conflict(Conflict::PortalName | Conflict::TenantDomain)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(made, 1);
    let granted = test.store.tenants().list_granted(world.application.id, super::pages::all()).await.expect("a list");
    assert_eq!(granted.len(), 2);
}

async fn installations_give_one(test: TestStore) {
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let (store, new) = (test.store.clone(), World::new().installation());
        tasks.push(tokio::spawn(async move { store.applications().bootstrap(new).await }));
    }
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.expect("no panic").expect("a unit"));
    }
    assert_eq!(made, 1);
    assert_eq!(test.store.tenants().list_all(super::pages::all()).await.expect("a list").len(), 1);
}

/// Pairs of requests for the same two identifiers, in either order: one of each pair is made, and none ends by a deadlock.
async fn opposite_orders_do_not_deadlock(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut news = Vec::new();
    for pair in 0..24 {
        for turned in [false, true] {
            let mut new = world.account(&format!("anna{pair}@example.com"));
            let name = UserName::parse(&format!("anna{pair}")).expect("a name");
            new.identifiers.push(held(IdentifierKind::UserName, name.key()));
            if turned {
                new.identifiers.reverse();
            }
            new.account.profile.user_name = Some(name);
            news.push(new);
        }
    }
    let results = create_all(&test.store, news).await;
    let made = results.iter().filter(|(_, result)| result.is_ok()).count();
    assert_eq!(made, 24);
    for (_, result) in results.iter().filter(|(_, result)| result.is_err()) {
        assert!(matches!(result, Err(StoreError::Conflict(Conflict::Identifiers))), "{result:?}");
    }
}

/// An answer that came before its commit would sometimes find nothing to read.
async fn what_is_answered_is_committed(test: TestStore) {
    let world = Arc::new(World::bootstrap(&test.store).await);
    let mut tasks = Vec::new();
    for worker in 0..16 {
        let (store, world) = (test.store.clone(), Arc::clone(&world));
        tasks.push(tokio::spawn(async move {
            for index in 0..20 {
                let new = world.account(&format!("w{worker}.{index}@example.com"));
                let id = new.account.id;
                store.accounts().create(new).await.expect("an account");
                let found = store.accounts().get(world.tenant.id, &AccountRef::Id(id)).await.expect("a read");
                assert!(found.is_some(), "{id} was answered and is not there");
            }
        }));
    }
    for task in tasks {
        task.await.expect("every account is there");
    }
}
