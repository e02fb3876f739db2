//! A portal is registered whole or not at all.

use enroll::domain::account::AccountRef;
use enroll::domain::portal_name::PortalName;
use enroll::domain::quota::QuotaUse;
use enroll::domain::tenant::TenantRef;
use enroll::store::{Conflict, StoreError};

use super::fixtures::World;
use crate::support::stores::{TestStore, both_engines};

both_engines!(a_portal_is_written_whole, a_refused_portal_leaves_nothing, names_are_told_to_be_taken);

fn name(text: &str) -> PortalName {
    PortalName::parse(text).expect("a portal name")
}

async fn a_portal_is_written_whole(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let portal = world.portal("portal");
    test.store.tenants().register_portal(portal.clone()).await.expect("a portal");
    let id = portal.tenant.id;
    let names = [
        TenantRef::Id(id),
        TenantRef::Number(portal.tenant.number),
        TenantRef::PortalName(name("portal")),
        TenantRef::Domain("portal.example.com".to_owned()),
    ];
    for name in names {
        let found = test.store.tenants().get(&name).await.expect("a read");
        assert_eq!(found.as_ref(), Some(&portal.tenant), "{name:?}");
    }
    let owner = AccountRef::Id(portal.owner.account.id);
    assert_eq!(test.store.accounts().get(id, &owner).await.expect("a read"), Some(portal.owner.account));
    assert_eq!(test.store.realms().get(id, portal.realm.id).await.expect("a read"), Some(portal.realm));
    assert_eq!(test.store.contracts().get(id, portal.contract.id).await.expect("a read"), Some(portal.contract));
    let grant = test.store.applications().grant(world.application.id, id).await.expect("a read");
    assert_eq!(grant, Some(portal.grant));
}

async fn a_refused_portal_leaves_nothing(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let quota = |key: &str, limit| QuotaUse { tenant_id: None, scope: "tenants.owner", key: key.to_owned(), limit };
    let mut full = world.portal("portal");
    full.quotas = vec![quota("anna", 5), quota("all", 0)];
    let refused = test.store.tenants().register_portal(full.clone()).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded(1))), "{refused:?}");
    // The owner's own quotas count on, and are the last thing that can refuse.
    full.quotas.truncate(1);
    let mut of_owner = quota("realm", 0);
    of_owner.tenant_id = Some(full.tenant.id);
    full.owner.quotas = vec![of_owner];
    let refused = test.store.tenants().register_portal(full.clone()).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded(1))), "{refused:?}");
    assert_eq!(test.store.tenants().get(&TenantRef::Id(full.tenant.id)).await.expect("a read"), None);
    assert_eq!(test.store.realms().get(full.tenant.id, full.realm.id).await.expect("a read"), None);
    let grant = test.store.applications().grant(world.application.id, full.tenant.id).await.expect("a read");
    assert_eq!(grant, None);
    full.owner.quotas.clear();
    test.store.tenants().register_portal(full).await.expect("nothing is in the way");
    let mut second = world.portal("portal");
    second.quotas = vec![quota("anna", 2)];
    let refused = test.store.tenants().register_portal(second.clone()).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::PortalName | Conflict::TenantDomain))), "{refused:?}");
    let mut third = world.portal("another");
    third.quotas = vec![quota("anna", 2)];
    test.store.tenants().register_portal(third).await.expect("a refused portal counts against no quota");
}

async fn names_are_told_to_be_taken(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    test.store.tenants().register_portal(world.portal("taken-one")).await.expect("a portal");
    test.store.tenants().register_portal(world.portal("taken-two")).await.expect("a portal");
    let asked = ["taken-two", "free-one", "taken-one", "free-two"].map(name);
    let taken = test.store.tenants().names_taken(&asked).await.expect("a read");
    assert_eq!(taken, ["taken-one", "taken-two"].map(name));
    assert_eq!(test.store.tenants().names_taken(&[]).await.expect("a read"), []);
}
