//! Updates, deletions and revocations: stale ones are refused, and nothing goes that something else depends on.

use chrono::TimeDelta;
use enroll::domain::application::{ApplicationState, OnDuplicate};
use enroll::domain::event::Trail;
use enroll::domain::ids::{ApplicationId, ApplicationKeyId, ContractId, RealmId};
use enroll::domain::permission::Permission;
use enroll::domain::realm::RealmState;
use enroll::store::{ApplicationChange, Conflict, Keyset, StoreError};
use uuid::Uuid;

use super::fixtures::{World, contract, grant, key, label, noon, realm};
use crate::support::stores::{TestStore, both_engines};

both_engines!(
    applications_are_deleted_with_what_is_theirs,
    applications_change_with_their_grants,
    contracts_get_versions,
    contracts_in_use_stay,
    keys_are_found_revoked_and_touched,
    realms_change,
    realms_in_use_stay,
);

async fn realms_change(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let realms = test.store.realms();
    let mut changed = world.realm.clone();
    (changed.state, changed.version, changed.name) = (RealmState::Disabled, 2, label("renamed"));
    changed.rules.verify_email = true;
    realms.update(changed.clone(), 1, Trail::default()).await.expect("an update");
    assert_eq!(realms.get(world.tenant.id, changed.id).await.expect("a read"), Some(changed.clone()));
    let found = realms.by_name(world.tenant.id, &label("renamed")).await.expect("a read");
    assert_eq!(found, Some(changed.clone()));
    assert_eq!(realms.by_name(world.tenant.id, &label("internal")).await.expect("a read"), None);
    let stale = realms.update(changed.clone(), 1, Trail::default()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    let stale = realms.delete(world.tenant.id, changed.id, Some(1), Trail::default()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    let mut absent = changed.clone();
    absent.id = RealmId::from_uuid(Uuid::now_v7());
    let missing = realms.update(absent.clone(), 2, Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
    let missing = realms.delete(world.tenant.id, absent.id, None, Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
    realms.delete(world.tenant.id, changed.id, Some(2), Trail::default()).await.expect("a deletion");
    assert_eq!(realms.get(world.tenant.id, changed.id).await.expect("a read"), None);
    let orphan = realm(enroll::domain::ids::TenantId::from_uuid(Uuid::now_v7()), "orphan");
    let missing = realms.create(orphan, Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
}

#[track_caller]
fn assert_referenced(result: Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict(Conflict::Referenced))), "{result:?}");
}

async fn realms_in_use_stay(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let tenant = world.tenant.id;
    test.store.accounts().create(world.account("anna@example.com")).await.expect("an account");
    assert_referenced(test.store.realms().delete(tenant, world.realm.id, None, Trail::default()).await);
    let named = realm(tenant, "named");
    test.store.realms().create(named.clone(), Trail::default()).await.expect("a realm");
    replace_grant(&test, &world, |grant| grant.default_realm = Some(named.id)).await;
    assert_referenced(test.store.realms().delete(tenant, named.id, None, Trail::default()).await);
    assert_eq!(test.store.realms().get(tenant, named.id).await.expect("a read"), Some(named.clone()));
    let restored = |grant: &mut enroll::domain::application::Grant| grant.default_realm = None;
    let mut world = world;
    world.application.version = 2;
    replace_grant(&test, &world, restored).await;
    test.store.realms().delete(tenant, named.id, None, Trail::default()).await.expect("nothing names it any more");
}

/// Changes the grant of the world's application on its tenant.
async fn replace_grant(test: &TestStore, world: &World, change: impl Fn(&mut enroll::domain::application::Grant)) {
    let mut grant = grant(world.application.id, world.tenant.id);
    change(&mut grant);
    let mut application = world.application.clone();
    application.version += 1;
    let change = ApplicationChange {
        application,
        grants: vec![grant],
        grants_on: vec![world.tenant.id],
        expected_version: world.application.version,
        trail: Trail::default(),
    };
    test.store.applications().update(change).await.expect("an update");
}

async fn contracts_get_versions(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let contracts = test.store.contracts();
    let tenant = world.tenant.id;
    let first = world.contract.clone();
    let mut second = first.clone();
    (second.version, second.update_time) = (2, noon() + TimeDelta::hours(1));
    second.terms.fields.clear();
    contracts.update(second.clone(), 1, Trail::default()).await.expect("an update");
    assert_eq!(contracts.get(tenant, first.id).await.expect("a read"), Some(second.clone()));
    assert_eq!(contracts.version(tenant, first.id, 2).await.expect("a read"), Some(second.clone()));
    assert_eq!(contracts.version(tenant, first.id, 1).await.expect("a read"), Some(first.clone()));
    assert_eq!(contracts.version(tenant, first.id, 3).await.expect("a read"), None);
    let stale = contracts.update(second.clone(), 1, Trail::default()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    let mut absent = second;
    absent.id = ContractId::from_uuid(Uuid::now_v7());
    let missing = contracts.update(absent, 2, Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
}

async fn contracts_in_use_stay(test: TestStore) {
    let mut world = World::bootstrap(&test.store).await;
    let tenant = world.tenant.id;
    let contracts = test.store.contracts();
    // The tenant names its default.
    assert_referenced(contracts.delete(tenant, world.contract.id, None, Trail::default()).await);
    let used = contract(tenant, "used");
    contracts.create(used.clone(), Trail::default()).await.expect("a contract");
    let default = std::mem::replace(&mut world.contract, used.clone());
    test.store.accounts().create(world.account("anna@example.com")).await.expect("an account");
    assert_referenced(contracts.delete(tenant, used.id, None, Trail::default()).await);
    let named = contract(tenant, "named");
    contracts.create(named.clone(), Trail::default()).await.expect("a contract");
    replace_grant(&test, &world, |grant| grant.default_contract = Some(named.id)).await;
    assert_referenced(contracts.delete(tenant, named.id, Some(1), Trail::default()).await);
    let free = contract(tenant, "free");
    contracts.create(free.clone(), Trail::default()).await.expect("a contract");
    let stale = contracts.delete(tenant, free.id, Some(2), Trail::default()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    contracts.delete(tenant, free.id, Some(1), Trail::default()).await.expect("a deletion");
    assert_eq!(contracts.version(tenant, free.id, 1).await.expect("a read"), None);
    for kept in [default, used, named] {
        assert_eq!(contracts.get(tenant, kept.id).await.expect("a read"), Some(kept));
    }
}

async fn applications_change_with_their_grants(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let portal = world.portal("portal");
    let other = portal.tenant.id;
    test.store.tenants().register_portal(portal).await.expect("a portal");
    let applications = test.store.applications();
    let id = world.application.id;
    let mut changed = world.application.clone();
    (changed.version, changed.state) = (2, ApplicationState::Disabled);
    changed.settings.on_duplicate = OnDuplicate::ReturnExisting;
    let mut narrow = grant(id, world.tenant.id);
    narrow.permissions = [Permission::AccountsRead].into();
    narrow.allowed_realms = Some(vec![world.realm.id]);
    narrow.default_realm = Some(world.realm.id);
    let change = ApplicationChange {
        application: changed.clone(),
        grants: vec![narrow.clone()],
        grants_on: vec![world.tenant.id],
        expected_version: 1,
        trail: Trail::default(),
    };
    applications.update(change.clone()).await.expect("an update");
    assert_eq!(applications.get(id).await.expect("a read"), Some(changed));
    assert_eq!(applications.grant(id, world.tenant.id).await.expect("a read"), Some(narrow.clone()));
    assert_eq!(applications.grants(id).await.expect("a list"), vec![narrow, grant(id, other)]);
    let all = Permission::ALL.iter().copied().collect();
    assert_eq!(applications.permissions(id).await.expect("a read"), all);
    let stale = applications.update(change.clone()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    let mut taken_away = change;
    (taken_away.grants, taken_away.grants_on, taken_away.expected_version) = (Vec::new(), vec![other], 2);
    taken_away.application.version = 3;
    applications.update(taken_away.clone()).await.expect("an update");
    assert_eq!(applications.permissions(id).await.expect("a read"), [Permission::AccountsRead].into());
    assert_eq!(applications.grant(id, other).await.expect("a read"), None);
    taken_away.application.id = ApplicationId::from_uuid(Uuid::now_v7());
    let missing = applications.update(taken_away).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
}

async fn applications_are_deleted_with_what_is_theirs(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let applications = test.store.applications();
    let id = world.application.id;
    test.store.accounts().create(world.account("anna@example.com")).await.expect("an account");
    assert!(!applications.is_empty().await.expect("a read"));
    let stale = applications.delete(id, Some(2), Trail::default()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    applications.delete(id, Some(1), Trail::default()).await.expect("a deletion");
    assert_eq!(applications.get(id).await.expect("a read"), None);
    assert_eq!(applications.by_key(world.key.hash).await.expect("a read"), None);
    assert_eq!(applications.grant(id, world.tenant.id).await.expect("a read"), None);
    assert!(applications.is_empty().await.expect("a read"));
    let missing = applications.delete(id, None, Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
}

async fn keys_are_found_revoked_and_touched(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let applications = test.store.applications();
    let id = world.application.id;
    let mut second = key(id);
    second.expire_time = Some(noon() + TimeDelta::days(1));
    applications.create_key(second.clone(), Trail::default()).await.expect("a key");
    let found = applications.by_key(second.hash).await.expect("a read");
    assert_eq!(found, Some((world.application.clone(), second.clone())));
    assert_eq!(
        applications.list_keys(id, Keyset { after: None, limit: 10 }).await.expect("a list"),
        vec![world.key.clone(), second.clone()]
    );

    applications.touch_key(second.id, noon()).await.expect("a touch");
    applications.touch_key(second.id, noon() - TimeDelta::minutes(1)).await.expect("an older touch");
    second.last_used_time = Some(noon());
    second.revoke_time = Some(noon());
    let revoked = applications.revoke_key(id, second.id, noon(), Trail::default()).await.expect("a revocation");
    assert_eq!(revoked, second);
    let later = noon() + TimeDelta::hours(1);
    let again = applications.revoke_key(id, second.id, later, Trail::default()).await.expect("a repeat");
    assert_eq!(again, second);

    let other = ApplicationId::from_uuid(Uuid::now_v7());
    let missing = applications.revoke_key(other, second.id, noon(), Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
    let absent = ApplicationKeyId::from_uuid(Uuid::now_v7());
    let missing = applications.revoke_key(id, absent, noon(), Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
    let missing = applications.create_key(key(other), Trail::default()).await;
    assert!(matches!(missing, Err(StoreError::Missing)), "{missing:?}");
}
