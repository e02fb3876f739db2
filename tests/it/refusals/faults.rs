//! What is wrong with a request: told all at once, each fault once, at a path of the request.

use enroll::proto::v1;
use enroll::proto::v1::tenant_ref::Ref;

use crate::support::app::application;
use crate::support::requests::{create, credential, email, field, password_hash, phone, tenant_ref};
use crate::support::{Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    an_omitted_id_names_nothing,
    a_nul_names_nothing_and_is_kept_nowhere,
    a_rename_is_told_with_everything_else,
    an_empty_secret_is_told_once,
    an_account_has_a_name,
    lists_have_bounds,
    paths_of_types_are_paths_of_the_request,
);

async fn an_omitted_id_names_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let operator = app.operator();
    let realm = v1::Realm { display_name: "x".to_owned(), ..Default::default() };
    let realm = v1::UpdateRealmRequest { realm: Some(realm), ..Default::default() };
    let told = refused(operator.realms().update_realm(realm).await);
    assert_eq!(told.faults(), ["realm.realm_id FIELD_REQUIRED"]);
    let contract = v1::Contract { fields: vec![field("password")], ..Default::default() };
    let contract = v1::UpdateContractRequest { contract: Some(contract), ..Default::default() };
    let told = refused(operator.contracts().update_contract(contract).await);
    assert_eq!(told.faults(), ["contract.contract_id FIELD_REQUIRED"]);
    let told = refused(operator.contracts().get_contract(v1::GetContractRequest::default()).await);
    assert_eq!(told.faults(), ["contract_id FIELD_REQUIRED"]);
    let list = v1::ListApplicationKeysRequest::default();
    let told = refused(operator.applications().list_application_keys(list).await);
    assert_eq!(told.faults(), ["application_id FIELD_REQUIRED"]);
    let revoke = v1::RevokeApplicationKeyRequest::default();
    let told = refused(operator.applications().revoke_application_key(revoke).await);
    assert_eq!(told.faults(), ["application_id FIELD_REQUIRED"]);
}

async fn a_nul_names_nothing_and_is_kept_nowhere(engine: Engine) {
    let app = TestApp::start(engine).await;
    let operator = app.operator();
    for domain in ["a\0b.example".to_owned(), "d".repeat(10_000)] {
        let told = refused(operator.tenants().get_tenant(tenant_ref(Ref::Domain(domain))).await);
        assert_eq!(told.reason, "TENANT_NOT_FOUND");
    }
    let role = v1::Role { name: "CLERK".to_owned(), permissions: vec!["a\0b".to_owned(), String::new()] };
    let realm = v1::Realm { name: "shop".to_owned(), roles: vec![role], ..Default::default() };
    let realm = v1::CreateRealmRequest { realm: Some(realm), ..Default::default() };
    let told = refused(operator.realms().create_realm(realm).await);
    let faults = ["realm.roles[0].permissions[0] FIELD_INVALID", "realm.roles[0].permissions[1] FIELD_REQUIRED"];
    assert_eq!(told.faults(), faults);
    let rule = v1::LegacyErrorCode { rpc: "a\0b".to_owned(), code: "1".to_owned(), ..Default::default() };
    let codes = v1::LegacyCodes { rules: vec![rule], ..Default::default() };
    let shop = v1::Application { name: "shop".to_owned(), legacy_codes: Some(codes), ..Default::default() };
    let shop = v1::CreateApplicationRequest { application: Some(shop), ..Default::default() };
    let told = refused(operator.applications().create_application(shop).await);
    assert_eq!(told.faults(), ["application.legacy_codes.rules[0].rpc FIELD_INVALID"]);
}

async fn a_rename_is_told_with_everything_else(engine: Engine) {
    let app = TestApp::start(engine).await;
    let operator = app.operator();
    let patch = v1::Application {
        application_id: app.app(&[]).await.application_id,
        name: "another".to_owned(),
        default_region: "Denmark".to_owned(),
        ..Default::default()
    };
    let patch = v1::UpdateApplicationRequest { application: Some(patch), ..Default::default() };
    let told = refused(operator.applications().update_application(patch).await);
    assert_eq!(told.faults(), ["application.name FIELD_IMMUTABLE", "application.default_region FIELD_INVALID"]);
    let patch = v1::Contract {
        contract_id: app.contract(v1::Contract::default()).await,
        name: "another".to_owned(),
        fields: vec![field("profile.shoe_size")],
        ..Default::default()
    };
    let patch = v1::UpdateContractRequest { contract: Some(patch), ..Default::default() };
    let told = refused(operator.contracts().update_contract(patch).await);
    assert_eq!(told.faults(), ["contract.name FIELD_IMMUTABLE", "contract.fields[0].path FIELD_UNKNOWN"]);
}

async fn an_empty_secret_is_told_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let password = v1::ContractField { presence: v1::Presence::Required.into(), ..field("password") };
    let fields = vec![field("email.address"), password];
    let contract_id = app.contract(v1::Contract { fields, ..Default::default() }).await;
    let cases = [
        (credential(""), "credential.password.password FIELD_REQUIRED"),
        (password_hash(""), "credential.password_hash.encoded FIELD_REQUIRED"),
        (None, "credential FIELD_REQUIRED"),
    ];
    for (credential, fault) in cases {
        let contract_id = contract_id.clone();
        let request = v1::CreateAccountRequest { contract_id, credential, ..create("a@example.com") };
        assert_eq!(refused(app.operator().accounts().create_account(request).await).faults(), [fault]);
    }
}

async fn an_account_has_a_name(engine: Engine) {
    let app = TestApp::start(engine).await;
    let nameless = |contract_id: &str| {
        let profile = v1::Profile { display_name: "Nobody".to_owned(), ..Default::default() };
        let account = v1::Account { profile: Some(profile), phone: phone("+4532123456"), ..Default::default() };
        v1::CreateAccountRequest { account: Some(account), contract_id: contract_id.to_owned(), ..Default::default() }
    };
    let told = refused(app.operator().accounts().create_account(nameless("")).await);
    assert_eq!(told.faults(), ["account.email.address FIELD_REQUIRED"]);
    let mut faulty = nameless("");
    faulty.account.as_mut().expect("an account").email = email("not an address");
    let told = refused(app.operator().accounts().create_account(faulty).await);
    assert_eq!(told.faults(), ["account.email.address EMAIL_INVALID"]);
    let fields = vec![field("profile.display_name"), v1::ContractField { unique: true, ..field("phone.number") }];
    let by_phone = app.contract(v1::Contract { fields, ..Default::default() }).await;
    made(app.operator().accounts().create_account(nameless(&by_phone)).await);
    let typed = v1::Application { external_key_type: "crm".to_owned(), ..application(&["accounts.create"]) };
    let minting = app.app_with(&app.operator().tenant_id, typed).await;
    made(minting.accounts().create_account(nameless("")).await);
}

async fn lists_have_bounds(engine: Engine) {
    let app = TestApp::start(engine).await;
    let operator = app.operator();
    let role = |at: usize| v1::Role { name: format!("R{at}"), ..Default::default() };
    let realm = v1::Realm {
        name: "long".to_owned(),
        roles: (0..65).map(role).collect(),
        allowed_email_domains: vec!["example.com".to_owned(); 501],
        language_codes: vec!["en".to_owned(); 201],
        consents: vec![v1::ConsentRequirement::default(); 65],
        ..Default::default()
    };
    let realm = v1::CreateRealmRequest { realm: Some(realm), ..Default::default() };
    let mut faults = refused(operator.realms().create_realm(realm).await).faults();
    faults.sort();
    let lists = ["allowed_email_domains", "consents", "language_codes", "roles"];
    assert_eq!(faults, lists.map(|list| format!("realm.{list} FIELD_TOO_LONG")));

    let boolean = v1::AttributeType { r#type: Some(v1::attribute_type::Type::BooleanType(v1::BooleanType {})) };
    let contract = v1::Contract {
        name: "long".to_owned(),
        fields: vec![field("password"); 266],
        attributes: (0..257).map(|at| (format!("a{at}"), boolean.clone())).collect(),
        ..Default::default()
    };
    let contract = v1::CreateContractRequest { contract: Some(contract), ..Default::default() };
    let told = refused(operator.contracts().create_contract(contract).await);
    assert_eq!(told.faults(), ["contract.attributes FIELD_TOO_LONG", "contract.fields FIELD_TOO_LONG"]);

    let grant = v1::Grant { allowed_realm_ids: vec![String::new(); 101], ..Default::default() };
    let shop = v1::Application {
        name: "long".to_owned(),
        grants: vec![grant],
        redirect_urls: vec!["https://example.com/".to_owned(); 51],
        third_party_ids: vec!["x".to_owned(); 501],
        error_views: vec!["x".to_owned(); 101],
        calling_apps: Some(v1::CallingApps { required: false, allowed: vec!["x".to_owned(); 101] }),
        ..Default::default()
    };
    let shop = v1::CreateApplicationRequest { application: Some(shop), ..Default::default() };
    let mut faults = refused(operator.applications().create_application(shop).await).faults();
    faults.sort();
    let lists =
        ["calling_apps.allowed", "error_views", "grants[0].allowed_realm_ids", "redirect_urls", "third_party_ids"];
    assert_eq!(faults, lists.map(|list| format!("application.{list} FIELD_TOO_LONG")));
}

async fn paths_of_types_are_paths_of_the_request(engine: Engine) {
    use v1::attribute_type::Type;
    let app = TestApp::start(engine).await;
    let of = |kind: Type| v1::AttributeType { r#type: Some(kind) };
    let nothing = v1::AttributeType { r#type: None };
    let list = of(Type::ListType(Box::new(v1::ListType { item: Some(Box::new(nothing.clone())) })));
    let fields = [("x".to_owned(), nothing), ("a\u{e9}b".to_owned(), v1::AttributeType { r#type: None })].into();
    let object = of(Type::ObjectType(v1::ObjectType { fields }));
    let attributes = [
        ("list".to_owned(), list),
        ("object".to_owned(), object),
        ("not a name".to_owned(), of(Type::BooleanType(v1::BooleanType {}))),
    ];
    let contract = v1::Contract { name: "shop".to_owned(), attributes: attributes.into(), ..Default::default() };
    let contract = v1::CreateContractRequest { contract: Some(contract), ..Default::default() };
    let mut faults = refused(app.operator().contracts().create_contract(contract).await).faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "contract.attributes FIELD_INVALID",
            "contract.attributes.list.list_type.item FIELD_REQUIRED",
            "contract.attributes.object.object_type.fields FIELD_REQUIRED",
            "contract.attributes.object.object_type.fields.x FIELD_REQUIRED",
        ]
    );
}
