//! What is taken, by whom, and what to do about it.

use prost_types::value::Kind;
use prost_types::{Struct, Value};

use enroll::proto::v1;

use crate::support::requests::{create, external_key, field};
use crate::support::{Client, Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    an_address_is_taken_in_every_case_and_form,
    a_user_name_is_taken_in_every_case,
    a_unique_attribute_is_taken_among_the_accounts_of_its_contract,
    several_taken_identifiers_are_told_one_by_one,
    the_holder_is_named_to_readers_only,
    another_realm_is_another_directory,
    the_existing_account_comes_back_unchanged,
    what_returning_the_existing_account_never_covers,
);

async fn an_address_is_taken_in_every_case_and_form(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    made(client.accounts().create_account(create("Zoe.Müller@Bücher.example")).await);
    for same in [
        "Zoe.Müller@Bücher.example",
        "zoe.müller@bücher.example",
        "ZOE.MÜLLER@BÜCHER.EXAMPLE",
        "zoe.mu\u{308}ller@xn--bcher-kva.example",
        "ｚｏｅ.müller@bücher.example",
    ] {
        let told = refused(client.accounts().create_account(create(same)).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("AlreadyExists", "EMAIL_ALREADY_EXISTS"), "{same}");
    }
    made(client.accounts().create_account(create("zoe.muller@bücher.example")).await);
}

async fn a_user_name_is_taken_in_every_case(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    made(client.accounts().create_account(named("Ada.Byron", "a@example.com")).await);
    let told = refused(client.accounts().create_account(named("aDA.bYRON", "b@example.com")).await);
    assert_snapshot!(told, @r#"
    AlreadyExists USER_NAME_ALREADY_EXISTS: The user name belongs to another account.
      field = account.profile.user_name
    field account.profile.user_name USER_NAME_ALREADY_EXISTS: The user name belongs to another account.
    resource enroll.v1.Account ""
    "#);
}

fn named(user_name: &str, address: &str) -> v1::CreateAccountRequest {
    let mut request = create(address);
    let profile = v1::Profile { user_name: user_name.to_owned(), ..Default::default() };
    request.account.as_mut().expect("an account").profile = Some(profile);
    request
}

async fn a_unique_attribute_is_taken_among_the_accounts_of_its_contract(engine: Engine) {
    let app = TestApp::start(engine).await;
    let contract = || {
        let integer = v1::attribute_type::Type::IntegerType(v1::IntegerType::default());
        let unique = v1::ContractField { unique: true, ..field("attributes.employee") };
        v1::Contract {
            fields: vec![field("email.address"), field("password"), unique],
            attributes: [("employee".to_owned(), v1::AttributeType { r#type: Some(integer) })].into(),
            ..Default::default()
        }
    };
    let (one, other) = (app.contract(contract()).await, app.contract(contract()).await);
    let client = app.app(&["accounts.create"]).await;
    let employed = |contract_id: &str, address: &str| {
        let mut request = create(address);
        request.contract_id = contract_id.to_owned();
        let number = Value { kind: Some(Kind::NumberValue(7.0)) };
        let attributes = Struct { fields: [("employee".to_owned(), number)].into() };
        request.account.as_mut().expect("an account").attributes = Some(attributes);
        request
    };
    made(client.accounts().create_account(employed(&one, "a@example.com")).await);
    let told = refused(client.accounts().create_account(employed(&one, "b@example.com")).await);
    assert_eq!(told.reason, "ATTRIBUTE_ALREADY_EXISTS");
    assert_eq!(told.faults(), ["account.attributes.employee ATTRIBUTE_ALREADY_EXISTS"]);
    made(client.accounts().create_account(employed(&other, "b@example.com")).await);
}

async fn several_taken_identifiers_are_told_one_by_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    let mut first = named("first", "a@example.com");
    first.external_keys = vec![external_key("crm", "k-1")];
    made(client.accounts().create_account(first).await);
    made(client.accounts().create_account(named("second", "b@example.com")).await);
    let mut both = named("second", "a@example.com");
    both.external_keys = vec![external_key("crm", "k-1")];
    let told = refused(client.accounts().create_account(both).await);
    assert_eq!(told.reason, "MULTIPLE_IDENTIFIERS_EXIST");
    let mut faults = told.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "account.email.address EMAIL_ALREADY_EXISTS",
            "account.profile.user_name USER_NAME_ALREADY_EXISTS",
            "external_keys[0].key EXTERNAL_KEY_ALREADY_EXISTS",
        ]
    );
    let fields = told.said("fields").expect("the fields").split(',').count();
    assert_eq!(fields, 3);
    assert_eq!(told.resource, Some(("enroll.v1.Account".to_owned(), String::new())), "no one account holds all three");
    assert_eq!(app.database().count("accounts").await, 2);
}

async fn the_holder_is_named_to_readers_only(engine: Engine) {
    let app = TestApp::start(engine).await;
    let writer = app.app(&["accounts.create"]).await;
    let reader = app.app(&["accounts.create", "accounts.read"]).await;
    let account = made(writer.accounts().create_account(create("a@example.com")).await).account.expect("an account");
    let told = refused(writer.accounts().create_account(create("a@example.com")).await);
    assert_eq!(told.resource, Some(("enroll.v1.Account".to_owned(), String::new())));
    let told = refused(reader.accounts().create_account(create("a@example.com")).await);
    let name = format!("tenants/{}/accounts/{}", account.tenant_id, account.account_id);
    assert_eq!(told.resource, Some(("enroll.v1.Account".to_owned(), name)));
    assert_snapshot!(told, @r#"
    AlreadyExists EMAIL_ALREADY_EXISTS: The e-mail address belongs to another account.
      field = account.email.address
    field account.email.address EMAIL_ALREADY_EXISTS: The e-mail address belongs to another account.
    resource enroll.v1.Account "tenants/[id]/accounts/[id]"
    "#);
}

async fn another_realm_is_another_directory(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm::default()).await;
    let client = app.app(&["accounts.create"]).await;
    made(client.accounts().create_account(create("a@example.com")).await);
    made(client.accounts().create_account(v1::CreateAccountRequest { realm_id, ..create("a@example.com") }).await);
}

fn or_existing(request: v1::CreateAccountRequest) -> v1::CreateAccountRequest {
    v1::CreateAccountRequest { on_duplicate: v1::OnDuplicate::ReturnExisting.into(), ..request }
}

async fn the_existing_account_comes_back_unchanged(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    let mut first = or_existing(named("ada", "a@example.com"));
    first.account.as_mut().expect("an account").annotations = [("its".to_owned(), "maker's".to_owned())].into();
    let first = made(client.accounts().create_account(first).await);
    assert_eq!(first.outcome(), v1::Outcome::Created);
    let before = app.database().count("events").await;

    let mut again = or_existing(named("ada", "A@EXAMPLE.COM"));
    let account = again.account.as_mut().expect("an account");
    account.annotations = [("not".to_owned(), "written".to_owned())].into();
    account.profile.as_mut().expect("a profile").display_name = "Somebody else".to_owned();
    let again = made(client.accounts().create_account(again).await);
    assert_eq!(again.outcome(), v1::Outcome::Existing);
    assert_eq!(again.account, first.account);
    assert!(again.annotations.is_empty(), "{:?}", again.annotations);
    assert_eq!(app.database().count("accounts").await, 1);
    assert_eq!(app.database().count("events").await, before);
}

async fn what_returning_the_existing_account_never_covers(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    let blind = app.app(&["accounts.create"]).await;
    let told = refused(blind.accounts().create_account(or_existing(create("a@example.com"))).await);
    assert_eq!((told.reason.as_str(), told.said("permission")), ("PERMISSION_MISSING", Some("accounts.read")));

    made(client.accounts().create_account(named("one", "a@example.com")).await);
    made(client.accounts().create_account(named("two", "b@example.com")).await);
    let told = refused(client.accounts().create_account(or_existing(named("two", "a@example.com"))).await);
    assert_eq!(told.reason, "MULTIPLE_IDENTIFIERS_EXIST", "two accounts hold what is asked for");

    for state in ["DISABLED", "DELETED"] {
        let address = format!("{}@example.com", state.to_lowercase());
        let number = number_of(&client, create(&address)).await;
        app.database().execute(&format!("UPDATE accounts SET state = '{state}' WHERE account_number = {number}")).await;
        let told = refused(client.accounts().create_account(or_existing(create(&address))).await);
        assert_eq!(told.reason, "EMAIL_ALREADY_EXISTS", "{state}");
    }
}

async fn number_of(client: &Client, request: v1::CreateAccountRequest) -> i64 {
    made(client.accounts().create_account(request).await).account.expect("an account").account_number
}
