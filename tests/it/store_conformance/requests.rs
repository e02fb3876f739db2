//! Request rows: found until they expire, overwritten afterwards.

use chrono::TimeDelta;
use enroll::store::{Conflict, StoreError};

use super::fixtures::{World, noon, request_id};
use crate::support::stores::{TestStore, both_engines};

both_engines!(
    a_request_is_found_until_it_expires,
    an_expired_row_is_overwritten,
    a_failed_unit_leaves_no_row,
    portal_rows_are_apart
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
