//! What a contract lets in, demands, and gives back.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};

use enroll::proto::v1;
use enroll::proto::v1::attribute_type::Type;

use crate::support::app::application;
use crate::support::requests::{create, field};
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_field_is_forbidden_optional_or_required,
    only_returned_fields_come_back,
    the_contract_is_the_requests_else_the_grants_else_the_tenants,
    a_contract_that_is_not_allowed_is_not_there,
    free_attributes_have_the_contracts_types,
    an_account_keeps_the_version_that_governed_it,
);

fn with(mut field: v1::ContractField, presence: v1::Presence, returned: bool) -> v1::ContractField {
    field.presence = presence.into();
    field.returned = returned;
    field
}

async fn a_field_is_forbidden_optional_or_required(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fields = vec![
        field("email.address"),
        field("password"),
        with(field("profile.given_name"), v1::Presence::Required, true),
        with(field("profile.family_name"), v1::Presence::Forbidden, true),
        field("profile.display_name"),
    ];
    let contract_id = app.contract(v1::Contract { fields, ..Default::default() }).await;
    let client = app.app(&["accounts.create"]).await;
    let request = |profile: v1::Profile| {
        let mut request = create("a@example.com");
        request.contract_id.clone_from(&contract_id);
        request.account.as_mut().expect("an account").profile = Some(profile);
        request
    };
    let profile = v1::Profile { family_name: "Byron".to_owned(), user_name: "ada".to_owned(), ..Default::default() };
    let told = refused(client.accounts().create_account(request(profile)).await);
    assert_snapshot!(told, @r"
    InvalidArgument VALIDATION_FAILED: The request breaks 3 rules.
      fieldReasons = FIELD_FORBIDDEN,FIELD_REQUIRED
      violationCount = 3
    field account.profile.user_name FIELD_FORBIDDEN: This must not be given here.
    field account.profile.given_name FIELD_REQUIRED: This must be given.
    field account.profile.family_name FIELD_FORBIDDEN: This must not be given here.
    ");
    let profile = v1::Profile { given_name: "Ada".to_owned(), ..Default::default() };
    made(client.accounts().create_account(request(profile)).await);
}

async fn only_returned_fields_come_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fields = vec![
        with(field("email.address"), v1::Presence::Required, false),
        with(field("profile.display_name"), v1::Presence::Optional, true),
        with(field("profile.given_name"), v1::Presence::Optional, false),
        field("password"),
    ];
    let contract_id = app.contract(v1::Contract { fields, ..Default::default() }).await;
    let mut application = application(&["accounts.create", "accounts.read"]);
    application.grants[0].default_contract_id.clone_from(&contract_id);
    let client = app.app_with(&app.operator().tenant_id, application).await;
    let mut request = create("a@example.com");
    let profile =
        v1::Profile { display_name: "Ada".to_owned(), given_name: "Augusta".to_owned(), ..Default::default() };
    request.account.as_mut().expect("an account").profile = Some(profile);
    let account = made(client.accounts().create_account(request).await).account.expect("an account");
    let expected = v1::Profile { display_name: "Ada".to_owned(), ..Default::default() };
    assert_eq!((account.profile.clone(), account.email.clone()), (Some(expected), None));
    assert_eq!((account.contract_id.as_str(), account.contract_version), (contract_id.as_str(), 1));
    assert!(!account.account_id.is_empty() && account.account_number > 0, "the keys always come back");

    let name = v1::account_ref::Ref::AccountId(account.account_id.clone());
    let read = made(client.accounts().get_account(crate::support::requests::account_ref(name)).await).account;
    assert_eq!(read, Some(account), "reading shows what making showed");
}

async fn the_contract_is_the_requests_else_the_grants_else_the_tenants(engine: Engine) {
    let app = TestApp::start(engine).await;
    let contract = || v1::Contract { fields: vec![field("email.address"), field("password")], ..Default::default() };
    let (of_request, of_grant) = (app.contract(contract()).await, app.contract(contract()).await);
    let permissions = ["accounts.create", "contracts.read"];
    let mut granted = application(&permissions);
    granted.grants[0].default_contract_id.clone_from(&of_grant);
    let granted = app.app_with(&app.operator().tenant_id, granted).await;
    let plain = app.app(&permissions).await;

    let resolve = v1::ResolveContractRequest::default();
    let of_tenant = made(plain.contracts().resolve_contract(resolve).await).contract.expect("a contract");
    assert_eq!(of_tenant.name, "default");
    let governed = async |client: &crate::support::Client, contract_id: &str, address: &str| {
        let request = v1::CreateAccountRequest { contract_id: contract_id.to_owned(), ..create(address) };
        made(client.accounts().create_account(request).await).account.expect("an account").contract_id
    };
    assert_eq!(governed(&granted, &of_request, "a@example.com").await, of_request);
    assert_eq!(governed(&granted, "", "b@example.com").await, of_grant);
    assert_eq!(governed(&plain, "", "c@example.com").await, of_tenant.contract_id);
}

async fn a_contract_that_is_not_allowed_is_not_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    let contract = || v1::Contract { fields: vec![field("email.address"), field("password")], ..Default::default() };
    let (own, other) = (app.contract(contract()).await, app.contract(contract()).await);
    let mut bounded = application(&["accounts.create"]);
    bounded.grants[0].default_contract_id.clone_from(&own);
    bounded.grants[0].allowed_contract_ids = vec![own];
    let client = app.app_with(&app.operator().tenant_id, bounded).await;
    for contract_id in [other.as_str(), "018f0000-0000-7000-8000-000000000000", "no id"] {
        let request = v1::CreateAccountRequest { contract_id: contract_id.to_owned(), ..create("a@example.com") };
        let told = refused(client.accounts().create_account(request).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("NotFound", "CONTRACT_NOT_FOUND"));
        assert_eq!(told.resource, Some(("enroll.v1.Contract".to_owned(), contract_id.to_owned())));
    }
}

fn value(kind: Kind) -> Value {
    Value { kind: Some(kind) }
}

fn text(text: &str) -> Value {
    value(Kind::StringValue(text.to_owned()))
}

fn of_type(kind: Type) -> v1::AttributeType {
    v1::AttributeType { r#type: Some(kind) }
}

async fn free_attributes_have_the_contracts_types(engine: Engine) {
    let app = TestApp::start(engine).await;
    let level = v1::StringType { values: vec!["gold".to_owned(), "silver".to_owned()], ..Default::default() };
    let tags = v1::ListType { item: Some(Box::new(of_type(Type::StringType(v1::StringType::default())))) };
    let members = [("floor".to_owned(), of_type(Type::IntegerType(v1::IntegerType { min: Some(0), max: Some(9) })))];
    let types = [
        ("level", Type::StringType(level)),
        ("age", Type::IntegerType(v1::IntegerType { min: Some(18), max: None })),
        ("height", Type::NumberType(v1::NumberType {})),
        ("member", Type::BooleanType(v1::BooleanType {})),
        ("born", Type::DateType(v1::DateType {})),
        ("tags", Type::ListType(Box::new(tags))),
        ("desk", Type::ObjectType(v1::ObjectType { fields: members.into() })),
    ];
    let mut fields = vec![field("email.address"), field("password")];
    fields.extend(types.iter().map(|(name, _)| field(&format!("attributes.{name}"))));
    let attributes = types.into_iter().map(|(name, kind)| (name.to_owned(), of_type(kind))).collect();
    let contract_id = app.contract(v1::Contract { fields, attributes, ..Default::default() }).await;
    let client = app.app(&["accounts.create"]).await;
    let request = |attributes: Vec<(&str, Value)>| {
        let mut request = create("a@example.com");
        request.contract_id.clone_from(&contract_id);
        let fields = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        request.account.as_mut().expect("an account").attributes = Some(Struct { fields });
        request
    };
    let desk = |floor: f64, more: &[&str]| {
        let mut fields = Struct::default();
        fields.fields.insert("floor".to_owned(), value(Kind::NumberValue(floor)));
        fields.fields.extend(more.iter().map(|name| (name.to_string(), text("?"))));
        value(Kind::StructValue(fields))
    };
    let list = |values: Vec<Value>| value(Kind::ListValue(ListValue { values }));

    let told = refused(
        client
            .accounts()
            .create_account(request(vec![
                ("level", text("bronze")),
                ("age", value(Kind::NumberValue(17.5))),
                ("height", text("tall")),
                ("member", text("yes")),
                ("born", text("2023-02-29")),
                ("tags", list(vec![text("a"), value(Kind::BoolValue(true))])),
                ("desk", desk(10.0, &["lamp"])),
            ]))
            .await,
    );
    let mut faults = told.faults();
    faults.sort();
    assert_snapshot!(faults.join("\n"), @r"
    account.attributes.age FIELD_INVALID
    account.attributes.born FIELD_INVALID
    account.attributes.desk.floor FIELD_INVALID
    account.attributes.desk.lamp FIELD_UNKNOWN
    account.attributes.height FIELD_INVALID
    account.attributes.level FIELD_INVALID
    account.attributes.member FIELD_INVALID
    account.attributes.tags[1] FIELD_INVALID
    ");

    let right = vec![
        ("level", text("gold")),
        ("age", value(Kind::NumberValue(36.0))),
        ("height", value(Kind::NumberValue(1.68))),
        ("member", value(Kind::BoolValue(true))),
        ("born", text("1815-12-10")),
        ("tags", list(vec![text("a"), text("b")])),
        ("desk", desk(3.0, &[])),
    ];
    let sent = request(right.clone()).account.expect("an account").attributes;
    let account = made(client.accounts().create_account(request(right)).await).account.expect("an account");
    assert_eq!(account.attributes, sent, "what was sent comes back");
}

async fn an_account_keeps_the_version_that_governed_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let fields = vec![field("email.address"), field("password")];
    let contract_id = app.contract(v1::Contract { fields: fields.clone(), ..Default::default() }).await;
    let client = app.app(&["accounts.create"]).await;
    let request = |address: &str| v1::CreateAccountRequest { contract_id: contract_id.clone(), ..create(address) };
    let version = async |address: &str| {
        made(client.accounts().create_account(request(address)).await).account.expect("an account").contract_version
    };
    assert_eq!(version("a@example.com").await, 1);
    let mut next = fields;
    next.push(with(field("profile.given_name"), v1::Presence::Required, true));
    let contract = v1::Contract { contract_id: contract_id.clone(), fields: next, ..Default::default() };
    let update = v1::UpdateContractRequest { contract: Some(contract), ..Default::default() };
    let updated = made(app.operator().contracts().update_contract(update).await).contract.expect("a contract");
    assert_eq!(updated.version, 2);
    let told = refused(client.accounts().create_account(request("b@example.com")).await);
    assert_eq!(told.faults(), ["account.profile.given_name FIELD_REQUIRED"], "the new version holds at once");
    let count = app.database().count("accounts WHERE contract_version = 1").await;
    assert_eq!(count, 1);
}
