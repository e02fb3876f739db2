//! `ContractService`: versions that never change.

use enroll::proto::v1;
use enroll::proto::v1::attribute_type::Type;

use crate::support::app::application;
use crate::support::requests::{create, field};
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_change_makes_the_next_version,
    contracts_are_listed_in_their_latest_version,
    every_fault_is_told_at_once,
    types_make_sense,
    a_name_is_taken_in_its_tenant,
    a_contract_in_use_stays,
    a_contract_without_accounts_goes,
);

const ALL: [&str; 2] = ["contracts.read", "contracts.write"];

fn named(name: &str, paths: &[&str]) -> v1::Contract {
    v1::Contract { name: name.to_owned(), fields: paths.iter().map(|path| field(path)).collect(), ..Default::default() }
}

fn making(contract: v1::Contract) -> v1::CreateContractRequest {
    v1::CreateContractRequest { contract: Some(contract), ..Default::default() }
}

fn changing(contract: v1::Contract) -> v1::UpdateContractRequest {
    v1::UpdateContractRequest { contract: Some(contract), ..Default::default() }
}

async fn a_change_makes_the_next_version(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let first = made(client.contracts().create_contract(making(named("shop", &["email.address"]))).await);
    let first = first.contract.expect("a contract");
    assert_eq!((first.version, first.name.as_str()), (1, "shop"));
    let patch = |etag: &str, paths: &[&str]| v1::Contract {
        contract_id: first.contract_id.clone(),
        etag: etag.to_owned(),
        ..named("shop", paths)
    };
    let second = changing(patch(&first.etag, &["email.address", "password"]));
    let second = made(client.contracts().update_contract(second).await).contract.expect("a contract");
    assert_eq!((second.version, second.fields.len()), (2, 2));
    let told = refused(client.contracts().update_contract(changing(patch(&first.etag, &["password"]))).await);
    assert_eq!(told.reason, "ETAG_MISMATCH");

    let get =
        |version: u32| v1::GetContractRequest { contract_id: first.contract_id.clone(), version, ..Default::default() };
    let read = async |version: u32| made(client.contracts().get_contract(get(version)).await).contract;
    assert_eq!(read(0).await.as_ref(), Some(&second));
    assert_eq!(read(2).await.as_ref(), Some(&second));
    let old = read(1).await.expect("a contract");
    assert_eq!((old.version, &old.fields), (1, &first.fields), "the first version stays what it was");
    for version in [3, u32::MAX] {
        assert_eq!(refused(client.contracts().get_contract(get(version)).await).reason, "CONTRACT_NOT_FOUND");
    }
    let renamed = v1::Contract { name: "other".to_owned(), ..patch("", &["password"]) };
    let told = refused(client.contracts().update_contract(changing(renamed)).await);
    assert_eq!(told.faults(), ["contract.name FIELD_IMMUTABLE"]);
}

async fn contracts_are_listed_in_their_latest_version(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    for name in ["one", "two"] {
        made(client.contracts().create_contract(making(named(name, &["email.address"]))).await);
    }
    let (mut seen, mut request) = (Vec::new(), v1::ListContractsRequest { page_size: 1, ..Default::default() });
    loop {
        let page = made(client.contracts().list_contracts(request.clone()).await);
        seen.extend(page.contracts.into_iter().map(|contract| (contract.name, contract.version)));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [("default", 1), ("one", 1), ("two", 1)].map(|(name, version)| (name.to_owned(), version)));
}

async fn every_fault_is_told_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let mut contract = named("No Name", &["email.address", "email.address", "account_number", "attributes.shoe"]);
    contract.fields.push(v1::ContractField { returned: true, ..field("password") });
    contract.fields.push(v1::ContractField { unique: true, ..field("profile.user_name") });
    contract.fields.push(v1::ContractField { presence: 0, ..field("profile.given_name") });
    contract.fields.push(v1::ContractField { presence: 9, ..field("profile.family_name") });
    contract.attributes.insert("1st".to_owned(), v1::AttributeType::default());
    contract.attributes.insert("none".to_owned(), v1::AttributeType::default());
    let told = refused(client.contracts().create_contract(making(contract)).await);
    let mut faults = told.faults();
    faults.sort();
    assert_snapshot!(faults.join("\n"), @r"
    contract.attributes FIELD_INVALID
    contract.attributes.none FIELD_REQUIRED
    contract.fields[1].path FIELD_INVALID
    contract.fields[2].path FIELD_UNKNOWN
    contract.fields[3].path FIELD_UNKNOWN
    contract.fields[4].returned FIELD_FORBIDDEN
    contract.fields[5].unique FIELD_FORBIDDEN
    contract.fields[6].presence FIELD_REQUIRED
    contract.fields[7].presence FIELD_UNKNOWN
    contract.name FIELD_INVALID
    ");
}

async fn types_make_sense(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let of = |kind: Type| v1::AttributeType { r#type: Some(kind) };
    let boolean = || of(Type::BooleanType(v1::BooleanType {}));
    let list = |item: v1::AttributeType| of(Type::ListType(Box::new(v1::ListType { item: Some(Box::new(item)) })));
    let mut deep = boolean();
    for _ in 0..20 {
        deep = of(Type::ObjectType(v1::ObjectType { fields: [("a".to_owned(), deep)].into() }));
    }
    let cases = [
        of(Type::IntegerType(v1::IntegerType { min: Some(2), max: Some(1) })),
        of(Type::StringType(v1::StringType { length_min: 2, length_max: 1, values: Vec::new() })),
        list(list(boolean())),
        of(Type::ListType(Box::new(v1::ListType { item: None }))),
        deep,
    ];
    for (at, kind) in cases.into_iter().enumerate() {
        let contract = v1::Contract { attributes: [("a".to_owned(), kind)].into(), ..named("shop", &[]) };
        let told = refused(client.contracts().create_contract(making(contract)).await);
        assert_eq!(told.reason, "VALIDATION_FAILED", "case {at}");
        assert!(
            told.violations.iter().all(|fault| fault.field.starts_with("contract.attributes.a")),
            "case {at}: {told}"
        );
    }
}

async fn a_name_is_taken_in_its_tenant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    made(client.contracts().create_contract(making(named("shop", &[]))).await);
    for validate_only in [true, false] {
        let request = v1::CreateContractRequest { validate_only, ..making(named("shop", &[])) };
        let told = refused(client.contracts().create_contract(request).await);
        assert_eq!((told.reason.as_str(), told.said("field")), ("NAME_ALREADY_EXISTS", Some("contract.name")));
        assert_eq!(told.resource.expect("a resource").0, "enroll.v1.Contract");
    }
}

async fn a_contract_in_use_stays(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["contracts.read", "contracts.write", "accounts.create"]).await;
    let governing = app.contract(named("", &["email.address", "password"])).await;
    let granted = app.contract(named("", &[])).await;
    let request = v1::CreateAccountRequest { contract_id: governing.clone(), ..create("a@example.com") };
    made(client.accounts().create_account(request).await);
    let mut other = application(&[]);
    other.grants[0].allowed_contract_ids = vec![granted.clone()];
    app.app_with(&client.tenant_id, other).await;
    let own = made(client.contracts().resolve_contract(v1::ResolveContractRequest::default()).await).contract;
    for contract_id in [governing, granted, own.expect("a contract").contract_id] {
        let delete = v1::DeleteContractRequest { contract_id: contract_id.clone(), ..Default::default() };
        let told = refused(client.contracts().delete_contract(delete).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", "RESOURCE_IN_USE"));
        let get = v1::GetContractRequest { contract_id, ..Default::default() };
        made(client.contracts().get_contract(get).await);
    }
}

async fn a_contract_without_accounts_goes(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let contract_id = app.contract(named("shop", &["email.address"])).await;
    let next = v1::Contract { contract_id: contract_id.clone(), ..named("", &["password"]) };
    made(client.contracts().update_contract(changing(next)).await);
    let delete = v1::DeleteContractRequest { contract_id: contract_id.clone(), ..Default::default() };
    made(client.contracts().delete_contract(delete).await);
    let get = v1::GetContractRequest { contract_id, ..Default::default() };
    assert_eq!(refused(client.contracts().get_contract(get).await).reason, "CONTRACT_NOT_FOUND");
    assert_eq!(app.database().count("contract_versions").await, 1, "the tenant's own");
    made(client.contracts().create_contract(making(named("shop", &[]))).await);
}
