//! What is written is what is read, by every name; holders and existing accounts.

use chrono::TimeDelta;
use enroll::domain::account::{AccountRef, AccountState, Holder, IdentifierKind, TakenKey};
use enroll::domain::annotations::Annotations;
use enroll::domain::attributes::Attributes;
use enroll::domain::consent::Consent;
use enroll::domain::ids::{ContractId, RealmId};
use enroll::domain::language::LanguageCode;
use enroll::domain::phone::Phone;
use enroll::domain::quota::QuotaUse;
use enroll::domain::text::{DisplayName, PersonName};
use enroll::domain::time_zone::TimeZone;
use enroll::domain::user_name::UserName;
use enroll::store::{Existing, NewAccount, StoreError};
use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::fixtures::{World, external_key, held, noon, request_id, unique_value};
use crate::support::stores::{TestStore, both_engines};

both_engines!(
    a_full_account_reads_back_by_every_name,
    an_account_needs_its_realm_and_contract,
    an_inactive_or_split_holder_is_no_existing_account,
    holders_are_named_for_every_taken_key,
    numbers_come_back_to_the_last_bit,
    the_existing_account_is_recorded,
    tenants_do_not_see_each_other,
);

/// Every field has a value that is not its default.
fn full(world: &World) -> NewAccount {
    let mut new = world.account("Anna@Exämple.com");
    let account = &mut new.account;
    account.profile.user_name = Some(UserName::parse("Anna.B").expect("a name"));
    account.profile.display_name = Some(DisplayName::parse("Anna \u{1F984}").expect("a name"));
    account.profile.given_name = Some(PersonName::parse("Änna").expect("a name"));
    account.profile.family_name = Some(PersonName::parse("O'Brien \"x\"; DROP").expect("a name"));
    account.profile.language = Some(LanguageCode::parse("zh-Hant-TW").expect("a language"));
    account.profile.time_zone = Some(TimeZone::parse("America/Argentina/Ushuaia").expect("a zone"));
    account.email_verify_time = Some(noon() + TimeDelta::microseconds(1));
    account.phone = Some(Phone::from_stored("32 12 34 56".to_owned(), Some("+4532123456".to_owned())));
    account.phone_verify_time = Some(noon() - TimeDelta::days(40_000));
    account.state = AccountState::Locked;
    account.verification_required = true;
    account.password_change_required = true;
    account.external_keys = vec![external_key("crm", "4711"), external_key("erp", "ключ")];
    account.consents = vec![Consent {
        document: "privacy-policy".to_owned(),
        version: "3".to_owned(),
        accepted: false,
        accept_time: noon(),
    }];
    account.origin.brand = Some("maison".to_owned());
    account.origin.edition = Some("2026".to_owned());
    account.origin.third_party_id = Some("x".to_owned());
    account.roles = vec!["ADMIN".to_owned(), "OWNER".to_owned()];
    let attributes =
        serde_json::json!({ "n": 1.5, "big": 9_007_199_254_740_991_i64, "l": ["a", true], "o": { "x": -1 } });
    let serde_json::Value::Object(attributes) = attributes else { panic!("an object") };
    account.attributes = Attributes::parse(attributes).expect("attributes");
    account.annotations = Annotations::parse([("k".to_owned(), "v".to_owned())]).expect("annotations");
    account.update_time = noon() + TimeDelta::seconds(1);
    account.delete_time = Some(noon() + TimeDelta::seconds(2));
    account.purge_time = Some(noon() + TimeDelta::days(30));
    account.version = 7;
    new.identifiers.push(held(IdentifierKind::UserName, "anna.b"));
    new.identifiers.push(held(IdentifierKind::Phone, "+4532123456"));
    new.unique_values = vec![unique_value("attributes.n", "1.5")];
    new
}

async fn a_full_account_reads_back_by_every_name(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let new = full(&world);
    let account = new.account.clone();
    let phc = new.credential.clone().expect("a credential").phc;
    test.store.accounts().create(new).await.expect("the account");
    let email_key = account.email.as_ref().expect("an address").key().to_owned();
    let names = [
        AccountRef::Id(account.id),
        AccountRef::Number(account.number),
        AccountRef::Identifier(world.realm.id, IdentifierKind::Email, email_key.clone()),
        AccountRef::Identifier(world.realm.id, IdentifierKind::UserName, "anna.b".to_owned()),
        AccountRef::Identifier(world.realm.id, IdentifierKind::Phone, "+4532123456".to_owned()),
        AccountRef::ExternalKey(external_key("crm", "4711")),
        AccountRef::ExternalKey(external_key("erp", "ключ")),
    ];
    for name in names {
        let found = test.store.accounts().get(world.tenant.id, &name).await.expect("a read");
        assert_eq!(found.as_ref(), Some(&account), "{name:?}");
    }
    for wrong in [
        AccountRef::Identifier(RealmId::from_uuid(Uuid::now_v7()), IdentifierKind::Email, email_key.clone()),
        AccountRef::Identifier(world.realm.id, IdentifierKind::UserName, email_key),
        AccountRef::ExternalKey(external_key("erp", "4711")),
        AccountRef::Number(account.number + 1_000_000),
    ] {
        assert_eq!(test.store.accounts().get(world.tenant.id, &wrong).await.expect("a read"), None, "{wrong:?}");
    }
    let credential = test.store.accounts().credential(world.tenant.id, account.id).await.expect("a read");
    assert_eq!(credential, Some(phc));
}

async fn tenants_do_not_see_each_other(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let new = world.account("anna@example.com");
    let id = new.account.id;
    test.store.accounts().create(new).await.expect("the account");
    let portal = world.portal("portal");
    let other = portal.tenant.id;
    test.store.tenants().register_portal(portal).await.expect("a portal");
    assert_eq!(test.store.accounts().get(other, &AccountRef::Id(id)).await.expect("a read"), None);
    assert_eq!(test.store.accounts().credential(other, id).await.expect("a read"), None);
    assert_eq!(test.store.realms().get(other, world.realm.id).await.expect("a read"), None);
    assert_eq!(test.store.contracts().get(other, world.contract.id).await.expect("a read"), None);
}

async fn an_account_needs_its_realm_and_contract(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut without_realm = world.account("a@example.com");
    without_realm.account.realm_id = RealmId::from_uuid(Uuid::now_v7());
    let mut without_contract = world.account("b@example.com");
    without_contract.account.contract_id = ContractId::from_uuid(Uuid::now_v7());
    let mut without_version = world.account("c@example.com");
    without_version.account.contract_version = 2;
    for orphan in [without_realm, without_contract, without_version] {
        let refused = test.store.accounts().create(orphan).await;
        assert!(matches!(refused, Err(StoreError::Missing)), "{refused:?}");
    }
}

async fn holders_are_named_for_every_taken_key(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let first = full(&world);
    let mut second = world.account("b@example.com");
    second.account.external_keys = vec![external_key("crm", "4712")];
    let (first_id, second_id) = (first.account.id, second.account.id);
    let mut keys = world.keys_of(&first);
    keys.identifiers.push((IdentifierKind::Email, "b@example.com".to_owned()));
    keys.identifiers.push((IdentifierKind::Email, "nobody@example.com".to_owned()));
    // A key of one kind that is held as another kind is free.
    keys.identifiers.push((IdentifierKind::UserName, "b@example.com".to_owned()));
    keys.external_keys.push(external_key("crm", "ключ"));
    for new in [first, second] {
        test.store.accounts().create(new).await.expect("an account");
    }
    let mut holders = test.store.accounts().holders(&keys).await.expect("a read");
    let realm_id = world.realm.id;
    let holder = |key: TakenKey, account_id, state| Holder { key, account_id, realm_id, state };
    let mut expected = vec![
        holder(TakenKey::Identifier(IdentifierKind::Email), first_id, AccountState::Locked),
        holder(TakenKey::Identifier(IdentifierKind::UserName), first_id, AccountState::Locked),
        holder(TakenKey::Identifier(IdentifierKind::Phone), first_id, AccountState::Locked),
        holder(TakenKey::Identifier(IdentifierKind::Email), second_id, AccountState::Active),
        holder(TakenKey::ExternalKey(external_key("crm", "4711")), first_id, AccountState::Locked),
        holder(TakenKey::ExternalKey(external_key("erp", "ключ")), first_id, AccountState::Locked),
        holder(TakenKey::UniqueValue("attributes.n".to_owned()), first_id, AccountState::Locked),
    ];
    holders.sort_by_key(|holder| format!("{holder:?}"));
    expected.sort_by_key(|holder| format!("{holder:?}"));
    assert_eq!(holders, expected);
}

async fn the_existing_account_is_recorded(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let held = world.account("anna@example.com");
    let account = held.account.clone();
    let keys = world.keys_of(&held);
    test.store.accounts().create(held).await.expect("the account");
    let id = request_id();
    let request = world.request(id, enroll::domain::ids::AccountId::from_uuid(Uuid::nil()));
    let found = test.store.accounts().record_existing(keys.clone(), None, Some(request.clone())).await.expect("a unit");
    assert!(matches!(found, Existing::Account(found) if *found == account));
    let record = test.store.requests().find(&request.key, noon()).await.expect("a read").expect("a row");
    assert_eq!(record.ids.account_id, account.id);
    assert_eq!(record.outcome, enroll::domain::idempotency::Outcome::Existing);
    let again = test.store.accounts().record_existing(keys.clone(), None, Some(request)).await;
    assert!(matches!(again, Err(StoreError::Conflict(enroll::store::Conflict::Request))), "{again:?}");
    let elsewhere = Some(vec![RealmId::from_uuid(Uuid::now_v7())]);
    let hidden = test.store.accounts().record_existing(keys.clone(), elsewhere, None).await.expect("a unit");
    assert!(matches!(hidden, Existing::Holders(_)), "{hidden:?}");
    let unnamed = test.store.accounts().record_existing(keys, None, None).await.expect("a unit");
    assert!(matches!(unnamed, Existing::Account(_)));
}

async fn an_inactive_or_split_holder_is_no_existing_account(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut disabled = world.account("disabled@example.com");
    disabled.account.state = AccountState::Disabled;
    let disabled_keys = world.keys_of(&disabled);
    let first = world.account("a@example.com");
    let second = world.account("b@example.com");
    let mut both_keys = world.keys_of(&first);
    both_keys.identifiers.extend(world.keys_of(&second).identifiers);
    for new in [disabled, first, second] {
        test.store.accounts().create(new).await.expect("an account");
    }
    let free_keys = world.keys_of(&world.account("free@example.com"));
    for (keys, holders_expected) in [(disabled_keys, 1), (both_keys, 2), (free_keys, 0)] {
        let request = world.request(request_id(), enroll::domain::ids::AccountId::from_uuid(Uuid::nil()));
        match test.store.accounts().record_existing(keys, None, Some(request.clone())).await.expect("a unit") {
            Existing::Holders(holders) => assert_eq!(holders.len(), holders_expected),
            Existing::Account(account) => panic!("{account:?}"),
        }
        assert_eq!(test.store.requests().find(&request.key, noon()).await.expect("a read"), None);
    }
    let quota = QuotaUse { tenant_id: Some(world.tenant.id), scope: "accounts.realm", key: "r".to_owned(), limit: 0 };
    let mut none_left = world.account("c@example.com");
    none_left.quotas = vec![quota];
    let refused = test.store.accounts().create(none_left).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded(0))), "{refused:?}");
}

async fn numbers_come_back_to_the_last_bit(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let mut runner = TestRunner::deterministic();
    let mut number = || any::<f64>().new_tree(&mut runner).expect("a number").current();
    let numbers: Vec<f64> = std::iter::repeat_with(&mut number).filter(|number| number.is_finite()).take(500).collect();
    let mut new = world.account("anna@example.com");
    let attributes = serde_json::Map::from_iter([("numbers".to_owned(), numbers.clone().into())]);
    new.account.attributes = Attributes::parse(attributes).expect("attributes");
    let (tenant, id) = (new.account.tenant_id, new.account.id);
    test.store.accounts().create(new).await.expect("the account");
    let read = test.store.accounts().get(tenant, &AccountRef::Id(id)).await.expect("a read").expect("the account");
    let read = read.attributes.as_map()["numbers"].as_array().expect("a list").clone();
    let read: Vec<f64> = read.iter().map(|number| number.as_f64().expect("a number")).collect();
    assert_eq!(read, numbers);
}
