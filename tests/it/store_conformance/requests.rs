//! Request rows: found until they expire, overwritten afterwards.

use chrono::TimeDelta;
use enroll::domain::idempotency::RequestRecord;
use enroll::store::{Conflict, StoreError};

use super::fixtures::{World, noon, request_id};
use crate::support::stores::{TestStore, both_engines};

both_engines!(
    a_request_is_found_until_it_expires,
    an_expired_row_is_overwritten,
    a_failed_unit_leaves_no_row,
    portal_rows_are_apart,
    expired_rows_are_swept_some_at_a_time_and_no_others
);

async fn a_request_is_found_until_it_expires(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut new = world.account("anna@example.com");
    let request = world.request(request_id(), new.account.id);
    new.request = Some(request.clone());
    test.store.accounts().create(new).await.expect("the account");
    let find = |now| test.store.requests().find(&request.key, now);
    assert_eq!(find(noon()).await.expect("a read"), Some(request.clone()));
    let last = request.expire_time - TimeDelta::microseconds(1);
    assert_eq!(find(last).await.expect("a read"), Some(request.clone()));
    assert_eq!(find(request.expire_time).await.expect("a read"), None);
    let mut other = request.key.clone();
    other.rpc = "RegisterAccount";
    assert_eq!(test.store.requests().find(&other, noon()).await.expect("a read"), None);
}

async fn an_expired_row_is_overwritten(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let id = request_id();
    let mut first = world.account("a@example.com");
    let old = world.request(id, first.account.id);
    first.request = Some(old.clone());
    test.store.accounts().create(first).await.expect("the first");
    let at = |time| {
        let mut new = world.account("b@example.com");
        let mut request = world.request(id, new.account.id);
        (request.create_time, request.expire_time) = (time, time + TimeDelta::hours(24));
        new.request = Some(request.clone());
        (new, request)
    };
    let (early, _) = at(old.expire_time - TimeDelta::microseconds(1));
    let refused = test.store.accounts().create(early).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::Request))), "{refused:?}");
    let (late, request) = at(old.expire_time);
    test.store.accounts().create(late).await.expect("the expired row counts no more");
    let found = test.store.requests().find(&request.key, request.create_time).await.expect("a read");
    assert_eq!(found, Some(request));
}

async fn a_failed_unit_leaves_no_row(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    test.store.accounts().create(world.account("anna@example.com")).await.expect("the first");
    let mut second = world.account("anna@example.com");
    let request = world.request(request_id(), second.account.id);
    second.request = Some(request.clone());
    let refused = test.store.accounts().create(second).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::Identifiers))), "{refused:?}");
    assert_eq!(test.store.requests().find(&request.key, noon()).await.expect("a read"), None);
}

async fn portal_rows_are_apart(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut portal = world.portal("portal");
    let mut request = world.request(request_id(), portal.owner.account.id);
    (request.key.tenant_id, request.key.rpc) = (None, "RegisterPortal");
    request.ids.tenant_id = portal.tenant.id;
    portal.request = Some(request.clone());
    test.store.tenants().register_portal(portal).await.expect("a portal");
    assert_eq!(test.store.requests().find(&request.key, noon()).await.expect("a read"), Some(request.clone()));
    let mut of_tenant = request.key.clone();
    of_tenant.tenant_id = Some(world.tenant.id);
    assert_eq!(test.store.requests().find(&of_tenant, noon()).await.expect("a read"), None);
}

async fn expired_rows_are_swept_some_at_a_time_and_no_others(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let last = |record: &RequestRecord| record.expire_time - TimeDelta::microseconds(1);
    let mut kept = Vec::new();
    // Five that expire one after another, and one with the id of the first that lives a day longer, of another rpc.
    let first = request_id();
    for index in 0..6 {
        let mut new = world.account(&format!("anna{index}@example.com"));
        let mut request = world.request(if index == 0 { first } else { request_id() }, new.account.id);
        request.expire_time += TimeDelta::seconds(index);
        if index == 5 {
            (request.key.rpc, request.key.request_id) = ("RegisterAccount", first);
            request.expire_time += TimeDelta::hours(24);
        }
        new.request = Some(request.clone());
        test.store.accounts().create(new).await.expect("an account");
        kept.push(request);
    }
    let mut portal = world.portal("portal");
    let mut of_portal = world.request(request_id(), portal.owner.account.id);
    (of_portal.key.tenant_id, of_portal.key.rpc, of_portal.ids.tenant_id) = (None, "RegisterPortal", portal.tenant.id);
    portal.request = Some(of_portal.clone());
    test.store.tenants().register_portal(portal).await.expect("a portal");

    let there = async |record: &RequestRecord| {
        test.store.requests().find(&record.key, last(record)).await.expect("a read").is_some()
    };
    let sweep = |expired, limit| test.store.requests().sweep(expired, limit);
    assert_eq!(sweep(last(&kept[0]), 10).await.expect("a sweep"), 0, "nothing has expired");
    assert!(there(&kept[0]).await && there(&of_portal).await);
    // At the same time as the first, the portal's.
    assert_eq!(sweep(kept[0].expire_time, 10).await.expect("a sweep"), 2);
    assert!(!there(&kept[0]).await && !there(&of_portal).await && there(&kept[1]).await);
    assert_eq!(sweep(kept[4].expire_time, 3).await.expect("a sweep"), 3, "the oldest three");
    assert!(!there(&kept[3]).await && there(&kept[4]).await);
    assert_eq!(sweep(kept[4].expire_time, 3).await.expect("a sweep"), 1);
    assert!(there(&kept[5]).await, "it has the id of one that was swept, and has not expired");
}
