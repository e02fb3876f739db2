//! One test for each unique constraint: the second of two that differ in all but the constrained columns is refused by its own conflict,
//! and leaves nothing.

use enroll::domain::account::{AccountRef, IdentifierKind};
use enroll::domain::event::Trail;
use enroll::domain::phone::{Phone, PhoneFormat};
use enroll::domain::user_name::UserName;
use enroll::store::{Conflict, NewAccount, NewApplication, StoreError};

use super::fixtures::{
    World, application, claimed, contract, external_key, grant, held, key, realm, request_id, unique_value,
};
use crate::support::stores::{TestStore, both_engines};

both_engines!(
    account_numbers,
    application_keys,
    application_names,
    claims_take_nothing,
    contract_names,
    emails,
    external_keys,
    grants,
    identifiers_of_realms_and_kinds_are_apart,
    phones,
    portal_names,
    portal_requests,
    realm_names,
    requests,
    taken_identifiers_ten_times_on_one_connection,
    tenant_domains,
    the_first_of_several_refusals_is_told,
    tenant_numbers,
    unique_values,
    user_names,
);

#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, expected: Conflict) {
    match result {
        Err(StoreError::Conflict(conflict)) => assert_eq!(conflict, expected),
        other => panic!("{expected:?} was expected, not {other:?}"),
    }
}

/// The first is written, the second refused and not there afterwards.
async fn assert_second_refused(test: &TestStore, first: NewAccount, second: NewAccount, expected: Conflict) {
    let accounts = test.store.accounts();
    let (tenant, id) = (second.account.tenant_id, second.account.id);
    accounts.create(first).await.expect("the first is written");
    assert_conflict(accounts.create(second).await, expected);
    assert_eq!(accounts.get(tenant, &AccountRef::Id(id)).await.expect("a read"), None);
    assert_eq!(accounts.credential(tenant, id).await.expect("a read"), None);
}

async fn emails(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let (first, second) = (world.account("anna@example.com"), world.account("Anna@EXAMPLE.com"));
    assert_second_refused(&test, first, second, Conflict::Identifiers).await;
}

async fn user_names(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let with_name = |address: &str, text: &str| {
        let mut new = world.account(address);
        let name = UserName::parse(text).expect("a name");
        new.identifiers.push(held(IdentifierKind::UserName, name.key()));
        new.account.profile.user_name = Some(name);
        new
    };
    let (first, second) = (with_name("a@example.com", "anna"), with_name("b@example.com", "ANNA"));
    assert_second_refused(&test, first, second, Conflict::Identifiers).await;
}

async fn phones(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let with_phone = |address: &str| {
        let mut new = world.account(address);
        let phone = Phone::parse("+45 32 12 34 56", PhoneFormat::E164, None).expect("a number");
        new.identifiers.push(held(IdentifierKind::Phone, phone.key().expect("a key")));
        new.account.phone = Some(phone);
        new
    };
    let (first, second) = (with_phone("a@example.com"), with_phone("b@example.com"));
    assert_second_refused(&test, first, second, Conflict::Identifiers).await;
}

async fn identifiers_of_realms_and_kinds_are_apart(test: TestStore) {
    let mut world = World::bootstrap(&test.store).await;
    test.store.accounts().create(world.account("anna@example.com")).await.expect("the first");
    let mut other_kind = world.account("other@example.com");
    other_kind.identifiers = vec![held(IdentifierKind::UserName, "anna@example.com")];
    test.store.accounts().create(other_kind).await.expect("the same key of another kind");
    let second_realm = realm(world.tenant.id, "partners");
    test.store.realms().create(second_realm.clone(), Trail::default()).await.expect("a realm");
    world.realm = second_realm;
    test.store.accounts().create(world.account("anna@example.com")).await.expect("the same key in another realm");
}

async fn claims_take_nothing(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    for _ in 0..3 {
        let mut claimant = world.account("anna@example.com");
        claimant.identifiers = vec![claimed(IdentifierKind::Email, "anna@example.com")];
        test.store.accounts().create(claimant).await.expect("any number of claims");
    }
    let owner = world.account("anna@example.com");
    let id = owner.account.id;
    let keys = world.keys_of(&owner);
    assert_eq!(test.store.accounts().holders(&keys).await.expect("a read"), []);
    test.store.accounts().create(owner).await.expect("a holder beside claims");
    let holders = test.store.accounts().holders(&keys).await.expect("a read");
    assert_eq!(holders.iter().map(|holder| holder.account_id).collect::<Vec<_>>(), [id]);
    let mut late = world.account("anna@example.com");
    late.identifiers = vec![claimed(IdentifierKind::Email, "anna@example.com")];
    test.store.accounts().create(late).await.expect("a claim beside a holder");
}

/// PostgreSQL plans a prepared statement anew five times and keeps the sixth plan: a partial index that is named with a bound value works
/// five times only.
async fn taken_identifiers_ten_times_on_one_connection(test: TestStore) {
    let test = test.reopened(one_connection).await;
    let world = World::bootstrap(&test.store).await;
    test.store.accounts().create(world.account("anna@example.com")).await.expect("the first");
    for round in 0..10 {
        assert_conflict(test.store.accounts().create(world.account("anna@example.com")).await, Conflict::Identifiers);
        let free = world.account(&format!("anna{round}@example.com"));
        test.store.accounts().create(free).await.expect("a free address");
    }
}

fn one_connection(settings: &mut enroll::store::StoreSettings) {
    use enroll::store::StoreSettings::{Postgres, Sqlite};
    match settings {
        Sqlite { readers, .. } => *readers = 1,
        Postgres { pool_max, shared_readers, .. } => (*pool_max, *shared_readers) = (1, 1),
    }
}

async fn external_keys(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let with_key = |address: &str, key_type: &str| {
        let mut new = world.account(address);
        new.account.external_keys = vec![external_key(key_type, "4711")];
        new
    };
    test.store.accounts().create(with_key("c@example.com", "other")).await.expect("the same key of another type");
    let (first, second) = (with_key("a@example.com", "crm"), with_key("b@example.com", "crm"));
    assert_second_refused(&test, first, second, Conflict::ExternalKeys).await;
}

async fn unique_values(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let with_value = |address: &str, path: &str| {
        let mut new = world.account(address);
        new.unique_values = vec![unique_value(path, "7")];
        new
    };
    test.store.accounts().create(with_value("c@example.com", "attributes.other")).await.expect("another path");
    let (first, second) =
        (with_value("a@example.com", "attributes.badge"), with_value("b@example.com", "attributes.badge"));
    assert_second_refused(&test, first, second, Conflict::UniqueValues).await;
}

async fn account_numbers(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let first = world.account("a@example.com");
    let mut second = world.account("b@example.com");
    second.account.number = first.account.number;
    assert_second_refused(&test, first, second, Conflict::AccountNumber).await;
}

async fn requests(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let id = request_id();
    let with_request = |address: &str| {
        let mut new = world.account(address);
        new.request = Some(world.request(id, new.account.id));
        new
    };
    let (first, second) = (with_request("a@example.com"), with_request("a@example.com"));
    assert_second_refused(&test, first, second, Conflict::Request).await;
    let mut other_rpc = with_request("b@example.com");
    other_rpc.request.as_mut().expect("a request").key.rpc = "RegisterAccount";
    test.store.accounts().create(other_rpc).await.expect("the same id of another rpc");
}

async fn portal_requests(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let id = request_id();
    let with_request = |name: &str| {
        let mut new = world.portal(name);
        let mut record = world.request(id, new.owner.account.id);
        (record.key.tenant_id, record.key.rpc) = (None, "RegisterPortal");
        new.request = Some(record);
        new
    };
    test.store.tenants().register_portal(with_request("first-portal")).await.expect("the first");
    assert_conflict(test.store.tenants().register_portal(with_request("other-portal")).await, Conflict::PortalRequest);
}

/// What is asked first refuses first, though on PostgreSQL the rest is asked as well; on connections that have prepared nothing yet.
async fn the_first_of_several_refusals_is_told(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let (address, request) = ("anna@example.com", request_id());
    test.store.accounts().create(world.demanding_account(address, request)).await.expect("the first");
    let test = test.reopened(|_| {}).await;
    let accounts = test.store.accounts();
    let mut next = world.demanding_account(address, request);
    assert_conflict(accounts.create(next.clone()).await, Conflict::Request);
    next.quotas[0].limit = 0;
    assert_conflict(accounts.create(next.clone()).await, Conflict::Request);
    next.quotas[0].limit = 1;
    next.request = None;
    assert!(matches!(accounts.create(next.clone()).await, Err(StoreError::QuotaExceeded(0))));
    next.quotas[0].limit = 0;
    assert!(matches!(accounts.create(next.clone()).await, Err(StoreError::QuotaExceeded(0))));
    next.quotas.clear();
    assert_conflict(accounts.create(next.clone()).await, Conflict::Identifiers);
    next.identifiers = world.account("berta@example.com").identifiers;
    assert_conflict(accounts.create(next.clone()).await, Conflict::ExternalKeys);
    let taken = next.account.external_keys.clone();
    next.account.external_keys.push(external_key("shop", "free"));
    assert_conflict(accounts.create(next.clone()).await, Conflict::ExternalKeys);
    next.account.external_keys = vec![taken[1].clone()];
    assert_conflict(accounts.create(next.clone()).await, Conflict::ExternalKeys);
    next.account.external_keys.clear();
    assert_conflict(accounts.create(next.clone()).await, Conflict::UniqueValues);
    next.unique_values.clear();
    accounts.create(next).await.expect("nothing of it is taken, and nothing was left");
    assert_eq!(test.count("accounts").await, 2);
}

async fn portal_names(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    test.store.tenants().register_portal(world.portal("portal")).await.expect("the first");
    let mut second = world.portal("portal");
    second.tenant.domain = None;
    assert_conflict(test.store.tenants().register_portal(second).await, Conflict::PortalName);
}

async fn tenant_domains(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let first = world.portal("portal");
    let mut second = world.portal("another");
    second.tenant.domain = first.tenant.domain.clone();
    test.store.tenants().register_portal(first).await.expect("the first");
    assert_conflict(test.store.tenants().register_portal(second).await, Conflict::TenantDomain);
}

async fn tenant_numbers(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut portal = world.portal("portal");
    portal.tenant.number = world.tenant.number;
    assert_conflict(test.store.tenants().register_portal(portal).await, Conflict::TenantNumber);
}

async fn realm_names(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let create = |name: &str| test.store.realms().create(realm(world.tenant.id, name), Trail::default());
    create("partners").await.expect("the first");
    assert_conflict(create("partners").await, Conflict::RealmName);
}

async fn contract_names(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let create = |name: &str| test.store.contracts().create(contract(world.tenant.id, name), Trail::default());
    create("short").await.expect("the first");
    assert_conflict(create("short").await, Conflict::ContractName);
}

fn new_application(world: &World, name: &str) -> NewApplication {
    let application = application(world.tenant.id, name);
    let grants = vec![grant(application.id, world.tenant.id)];
    NewApplication { application, grants, trail: Trail::default() }
}

async fn application_names(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    test.store.applications().create(new_application(&world, "web")).await.expect("the first");
    let again = test.store.applications().create(new_application(&world, "web")).await;
    assert_conflict(again, Conflict::ApplicationName);
}

async fn grants(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut new = new_application(&world, "web");
    new.grants.push(new.grants[0].clone());
    assert_conflict(test.store.applications().create(new).await, Conflict::Grant);
    assert_eq!(test.store.applications().list(world.tenant.id, super::pages::all()).await.expect("a list").len(), 1);
}

async fn application_keys(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let first = key(world.application.id);
    let mut second = key(world.application.id);
    second.hash = first.hash;
    test.store.applications().create_key(first, Trail::default()).await.expect("the first");
    assert_conflict(test.store.applications().create_key(second, Trail::default()).await, Conflict::ApplicationKey);
}
