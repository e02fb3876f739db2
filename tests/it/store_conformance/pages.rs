//! Keyset pages: every row once, in the order of its id, whatever the size of the pages.

use std::fmt::Debug;

use enroll::domain::account::{Account, AccountState};
use enroll::domain::application::Application;
use enroll::domain::contract::Contract;
use enroll::domain::event::Trail;
use enroll::domain::ids::AccountId;
use enroll::domain::realm::Realm;
use enroll::domain::tenant::Tenant;
use enroll::store::{AccountFilter, Keyset, NewApplication, StoreError};

use super::fixtures::{World, application, contract, realm};
use crate::support::stores::{TestStore, both_engines};

both_engines!(accounts_are_filtered, every_list_is_paged);

/// More than any test has.
pub fn all<Id>() -> Keyset<Id> {
    Keyset { after: None, limit: 1_000 }
}

/// All rows by pages of two.
async fn paged<Row, Id, List>(id: impl Fn(&Row) -> Id, list: impl Fn(Keyset<Id>) -> List) -> Vec<Id>
where
    Id: Copy + Ord + Debug,
    List: Future<Output = Result<Vec<Row>, StoreError>>,
{
    let mut ids = Vec::new();
    loop {
        let rows = list(Keyset { after: ids.last().copied(), limit: 2 }).await.expect("a page");
        assert!(rows.len() <= 2);
        ids.extend(rows.iter().map(&id));
        if rows.len() < 2 {
            return ids;
        }
    }
}

#[track_caller]
fn assert_all_in_order<Id: Ord + Debug>(found: Vec<Id>, mut expected: Vec<Id>) {
    expected.sort();
    assert_eq!(found, expected);
}

async fn every_list_is_paged(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let (store, tenant) = (&test.store, world.tenant.id);
    let mut accounts = Vec::new();
    let mut realms = vec![world.realm.id];
    let mut contracts = vec![world.contract.id];
    let mut applications = vec![world.application.id];
    let mut tenants = vec![tenant];
    for index in 0..5 {
        let new = world.account(&format!("anna{index}@example.com"));
        accounts.push(new.account.id);
        store.accounts().create(new).await.expect("an account");
        let realm = realm(tenant, &format!("realm-{index}"));
        realms.push(realm.id);
        store.realms().create(realm, Trail::default()).await.expect("a realm");
        let contract = contract(tenant, &format!("contract-{index}"));
        contracts.push(contract.id);
        store.contracts().create(contract, Trail::default()).await.expect("a contract");
        let application = application(tenant, &format!("application-{index}"));
        applications.push(application.id);
        let new = NewApplication { application, grants: Vec::new(), trail: Trail::default() };
        store.applications().create(new).await.expect("an application");
        let portal = world.portal(&format!("portal-{index}"));
        tenants.push(portal.tenant.id);
        store.tenants().register_portal(portal).await.expect("a portal");
    }
    let filter = AccountFilter::default();
    let found = paged(|account: &Account| account.id, |page| store.accounts().list(tenant, &filter, page)).await;
    assert_all_in_order(found, accounts);
    assert_all_in_order(paged(|realm: &Realm| realm.id, |page| store.realms().list(tenant, page)).await, realms);
    let found = paged(|contract: &Contract| contract.id, |page| store.contracts().list(tenant, page)).await;
    assert_all_in_order(found, contracts);
    let found = paged(|application: &Application| application.id, |page| store.applications().list(tenant, page)).await;
    assert_all_in_order(found, applications);
    let found = paged(|tenant: &Tenant| tenant.id, |page| store.tenants().list_all(page)).await;
    assert_all_in_order(found, tenants.clone());
    let found =
        paged(|tenant: &Tenant| tenant.id, |page| store.tenants().list_granted(world.application.id, page)).await;
    assert_all_in_order(found, tenants);
}

async fn accounts_are_filtered(test: TestStore) {
    let mut world = World::bootstrap(&test.store).await;
    let first_realm = world.realm.id;
    let second_realm = realm(world.tenant.id, "partners");
    test.store.realms().create(second_realm.clone(), Trail::default()).await.expect("a realm");
    let mut made: Vec<(AccountId, AccountState)> = Vec::new();
    for state in AccountState::ALL {
        let mut new = world.account(&format!("{state}@example.com"));
        new.account.state = *state;
        made.push((new.account.id, *state));
        test.store.accounts().create(new).await.expect("an account");
    }
    world.realm = second_realm;
    let elsewhere = world.account("elsewhere@example.com");
    let elsewhere_id = elsewhere.account.id;
    test.store.accounts().create(elsewhere).await.expect("an account");

    let list = async |filter: AccountFilter| {
        let rows = test.store.accounts().list(world.tenant.id, &filter, all()).await.expect("a list");
        rows.into_iter().map(|account| account.id).collect::<Vec<_>>()
    };
    let of_first = |wanted: &dyn Fn(AccountState) -> bool| {
        made.iter().filter(|(_, state)| wanted(*state)).map(|(id, _)| *id).collect::<Vec<_>>()
    };
    let everything = list(AccountFilter { show_deleted: true, ..AccountFilter::default() }).await;
    assert_eq!(everything.len(), made.len() + 1);
    let of_realm = AccountFilter { realms: Some(vec![first_realm]), ..AccountFilter::default() };
    assert_eq!(list(of_realm).await, of_first(&|state| state != AccountState::Deleted));
    let of_other = AccountFilter { realms: Some(vec![world.realm.id]), ..AccountFilter::default() };
    assert_eq!(list(of_other).await, [elsewhere_id]);
    let disabled = AccountFilter { state: Some(AccountState::Disabled), ..AccountFilter::default() };
    assert_eq!(list(disabled).await, of_first(&|state| state == AccountState::Disabled));
    let deleted =
        AccountFilter { state: Some(AccountState::Deleted), show_deleted: true, realms: Some(vec![first_realm]) };
    assert_eq!(list(deleted.clone()).await, of_first(&|state| state == AccountState::Deleted));
    assert_eq!(list(AccountFilter { show_deleted: false, ..deleted }).await, []);
}
