//! `TenantService`, and the wall between tenants.

use prost_types::FieldMask;
use tonic::Status;

use enroll::proto::v1;
use enroll::proto::v1::tenant_ref::Ref;

use crate::support::requests::{account_ref, create, portal, register, tenant_ref};
use crate::support::{Client, Engine, TestApp, Told, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    the_home_tenant_is_the_default,
    a_tenant_without_a_grant_is_not_there_byte_for_byte,
    no_rpc_reaches_another_tenant,
    an_application_lists_what_it_has_a_grant_on,
    the_operator_reaches_every_tenant,
    a_suspended_tenant_is_read_and_not_written,
    permissions_are_of_a_tenant,
    a_tenant_is_changed_field_by_field,
    every_fault_of_a_change_is_told_at_once,
    a_change_is_of_the_version_that_was_read,
);

async fn the_home_tenant_is_the_default(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.read"]).await;
    let empty = tenant_ref(Ref::TenantId(String::new()));
    for request in [v1::GetTenantRequest::default(), empty] {
        let tenant = made(client.tenants().get_tenant(request).await).tenant.expect("a tenant");
        assert_eq!((tenant.tenant_id.as_str(), tenant.state()), (client.tenant_id.as_str(), v1::TenantState::Active));
        assert_eq!((tenant.portal_name.as_str(), tenant.owner_account_id.as_str()), ("", ""), "it is no portal");
    }
}

/// The whole of a refusal, with one id in place of another of the same length.
fn bytes(status: &Status, id: &str, other: &str) -> (tonic::Code, String, Vec<u8>) {
    assert_eq!(id.len(), other.len());
    let mut details = status.details().to_vec();
    for at in 0..details.len().saturating_sub(id.len()) {
        if details[at..].starts_with(id.as_bytes()) {
            details[at..at + id.len()].copy_from_slice(other.as_bytes());
        }
    }
    (status.code(), status.message().replace(id, other), details)
}

async fn a_tenant_without_a_grant_is_not_there_byte_for_byte(engine: Engine) {
    let app = TestApp::start(engine).await;
    let other = made(app.operator().registration().register_portal(portal("another-one")).await).tenant;
    let other = other.expect("a tenant");
    let client = app.app(&["tenants.read", "accounts.create", "accounts.read"]).await.saying("x-request-id", "fixed");
    let absent = "018f0000-0000-7000-8000-000000000000";
    let refusal = async |name: Ref| client.tenants().get_tenant(tenant_ref(name)).await.expect_err("refused");

    let there = refusal(Ref::TenantId(other.tenant_id.clone())).await;
    let not_there = refusal(Ref::TenantId(absent.to_owned())).await;
    assert_eq!(bytes(&there, &other.tenant_id, absent), bytes(&not_there, absent, absent));
    let there = refusal(Ref::PortalName("another-one".to_owned())).await;
    let not_there = refusal(Ref::PortalName("another-two".to_owned())).await;
    assert_eq!(bytes(&there, "another-one", "another-two"), bytes(&not_there, "another-two", "another-two"));
    let there = refusal(Ref::Domain("another-one.portals.example".to_owned())).await;
    let not_there = refusal(Ref::Domain("another-two.portals.example".to_owned())).await;
    assert_eq!(bytes(&there, "another-one", "another-two"), bytes(&not_there, "another-two", "another-two"));

    let create = async |tenant_id: &str| {
        let request = v1::CreateAccountRequest { tenant_id: tenant_id.to_owned(), ..create("a@example.com") };
        client.accounts().create_account(request).await.expect_err("refused")
    };
    let (there, not_there) = (create(&other.tenant_id).await, create(absent).await);
    assert_eq!(bytes(&there, &other.tenant_id, absent), bytes(&not_there, absent, absent));
    assert_snapshot!(crate::support::told::read(&there), @r#"
    NotFound TENANT_NOT_FOUND: There is no such tenant.
    resource enroll.v1.Tenant "[id]"
    "#);
}

async fn no_rpc_reaches_another_tenant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let permissions = [
        "accounts.create",
        "accounts.read",
        "tenants.read",
        "realms.read",
        "realms.write",
        "applications.read",
        "applications.write",
        "contracts.read",
        "contracts.write",
        "templates.read",
        "templates.write",
        "tenants.update",
    ];
    let client = app.app(&permissions).await;
    let other = app.app_of_another_tenant(&permissions).await;
    let tenant_id = other.tenant_id.clone();
    let name = || v1::account_ref::Ref::AccountNumber(1);
    let mut told: Vec<Told> = Vec::new();
    let mut accounts = client.accounts();
    told.push(refused(
        accounts
            .create_account(v1::CreateAccountRequest { tenant_id: tenant_id.clone(), ..create("a@b.example") })
            .await,
    ));
    told.push(refused(
        accounts.get_account(v1::GetAccountRequest { tenant_id: tenant_id.clone(), ..account_ref(name()) }).await,
    ));
    told.push(refused(
        accounts.list_accounts(v1::ListAccountsRequest { tenant_id: tenant_id.clone(), ..Default::default() }).await,
    ));
    let person = v1::RegisterAccountRequest { tenant_id: tenant_id.clone(), ..register("a@b.example") };
    told.push(refused(client.registration().register_account(person).await));
    told.extend(refusals_of_managing(&client, &tenant_id).await);
    let tenant = v1::Tenant { tenant_id: tenant_id.clone(), language_code: "fr".to_owned(), ..Default::default() };
    told.push(refused(client.tenants().update_tenant(changing(tenant, &[])).await));
    for (at, told) in told.iter().enumerate() {
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("NotFound", "TENANT_NOT_FOUND"), "call {at}");
        assert_eq!(told.resource, Some(("enroll.v1.Tenant".to_owned(), tenant_id.clone())), "call {at}");
    }
    assert_eq!(told.len(), 4 + 21 + 1);
}

/// Every rpc of the services that manage a tenant, told the other tenant.
#[expect(clippy::needless_update, reason = "some of the requests have no other field")]
async fn refusals_of_managing(client: &Client, tenant_id: &str) -> Vec<Told> {
    let tenant_id = tenant_id.to_owned();
    let mut told = Vec::new();
    macro_rules! call {
        ($service:ident.$rpc:ident($request:ident { $($field:ident: $value:expr),* })) => {
            let request = v1::$request { tenant_id: tenant_id.clone(), $($field: $value,)* ..Default::default() };
            told.push(refused(client.$service().$rpc(request).await));
        };
    }
    let id = || "018f0000-0000-7000-8000-000000000000".to_owned();
    let realm = || Some(v1::Realm { name: "a".to_owned(), realm_id: id(), ..Default::default() });
    let contract = || Some(v1::Contract { name: "a".to_owned(), contract_id: id(), ..Default::default() });
    let application = || Some(v1::Application { name: "a".to_owned(), application_id: id(), ..Default::default() });
    call!(realms.create_realm(CreateRealmRequest { realm: realm() }));
    call!(realms.get_realm(GetRealmRequest { realm_id: id() }));
    call!(realms.list_realms(ListRealmsRequest {}));
    call!(realms.update_realm(UpdateRealmRequest { realm: realm() }));
    call!(realms.delete_realm(DeleteRealmRequest { realm_id: id() }));
    call!(contracts.create_contract(CreateContractRequest { contract: contract() }));
    call!(contracts.get_contract(GetContractRequest { contract_id: id() }));
    call!(contracts.list_contracts(ListContractsRequest {}));
    call!(contracts.update_contract(UpdateContractRequest { contract: contract() }));
    call!(contracts.delete_contract(DeleteContractRequest { contract_id: id() }));
    call!(contracts.resolve_contract(ResolveContractRequest {}));
    call!(applications.create_application(CreateApplicationRequest { application: application() }));
    call!(applications.get_application(GetApplicationRequest { application_id: id() }));
    call!(applications.list_applications(ListApplicationsRequest {}));
    call!(applications.create_application_key(CreateApplicationKeyRequest { application_id: id() }));
    let (about, language): (i32, _) = (v1::MailKind::Activation.into(), "fr".to_owned());
    let template = || Some(v1::Template { kind: about, language_code: language.clone(), ..Default::default() });
    call!(templates.create_template(CreateTemplateRequest { template: template() }));
    call!(templates.get_template(GetTemplateRequest { kind: about, language_code: language.clone() }));
    call!(templates.list_templates(ListTemplatesRequest {}));
    call!(templates.update_template(UpdateTemplateRequest { template: template() }));
    call!(templates.delete_template(DeleteTemplateRequest { kind: about, language_code: language.clone() }));
    call!(templates.preview_template(PreviewTemplateRequest { kind: about, language_code: language.clone() }));
    told
}

async fn an_application_lists_what_it_has_a_grant_on(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create", "tenants.read"]).await;
    let mut own = vec![client.tenant_id.clone()];
    for name in ["portal-one", "portal-two"] {
        let tenant = made(client.registration().register_portal(portal(name)).await).tenant.expect("a tenant");
        own.push(tenant.tenant_id);
        made(app.operator().registration().register_portal(portal(&format!("other-{name}"))).await);
    }
    assert_eq!(tenants(&client).await, own);
    assert_eq!(tenants(&app.operator()).await.len(), 5);
}

async fn tenants(client: &Client) -> Vec<String> {
    let (mut seen, mut request) = (Vec::new(), v1::ListTenantsRequest { page_size: 2, ..Default::default() });
    loop {
        let page = made(client.tenants().list_tenants(request.clone()).await);
        seen.extend(page.tenants.into_iter().map(|tenant| tenant.tenant_id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return seen;
        }
    }
}

async fn the_operator_reaches_every_tenant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create", "tenants.read"]).await;
    let tenant = made(client.registration().register_portal(portal("portal-one")).await).tenant.expect("a tenant");
    let operator = app.operator();
    let read = made(operator.tenants().get_tenant(tenant_ref(Ref::PortalName("portal-one".to_owned()))).await).tenant;
    assert_eq!(read.as_ref(), Some(&tenant));
    let app = {
        app.activate_portals().await;
        app.restart().await
    };
    let operator = app.operator();
    let request = v1::CreateAccountRequest { tenant_id: tenant.tenant_id.clone(), ..create("a@example.com") };
    let account = made(operator.accounts().create_account(request).await).account.expect("an account");
    assert_eq!(account.tenant_id, tenant.tenant_id);
}

async fn a_suspended_tenant_is_read_and_not_written(engine: Engine) {
    let app = TestApp::start(engine).await;
    let permissions =
        ["accounts.create", "accounts.read", "tenants.read", "realms.write", "contracts.write", "applications.write"];
    let client = app.app_of_another_tenant(&permissions).await;
    app.database().execute("UPDATE tenants SET state = 'SUSPENDED' WHERE portal_name IS NOT NULL").await;
    // Tenants are cached for a few seconds; a server that starts now has never seen this one active.
    let app = app.restart().await;
    let client = app.anonymous().as_application(&client.application_id, &client.tenant_id, &client.key);
    let tenant = made(client.tenants().get_tenant(v1::GetTenantRequest::default()).await).tenant;
    assert_eq!(tenant.expect("a tenant").state(), v1::TenantState::Suspended);
    assert_eq!(made(client.accounts().list_accounts(v1::ListAccountsRequest::default()).await).accounts.len(), 1);
    let realm = v1::Realm { name: "a".to_owned(), ..Default::default() };
    let contract = v1::Contract { name: "a".to_owned(), ..Default::default() };
    let application = v1::Application { name: "a".to_owned(), ..Default::default() };
    let told = [
        refused(client.accounts().create_account(create("a@example.com")).await),
        refused(
            client.realms().create_realm(v1::CreateRealmRequest { realm: Some(realm), ..Default::default() }).await,
        ),
        refused(
            client
                .contracts()
                .create_contract(v1::CreateContractRequest { contract: Some(contract), ..Default::default() })
                .await,
        ),
        refused(
            client
                .applications()
                .create_application(v1::CreateApplicationRequest {
                    application: Some(application),
                    ..Default::default()
                })
                .await,
        ),
    ];
    for told in told {
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", "TENANT_NOT_ACTIVE"));
        assert_eq!(told.preconditions.len(), 1);
    }
}

async fn permissions_are_of_a_tenant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let home = app.operator().tenant_id.clone();
    let elsewhere = app.app_of_another_tenant(&[]).await.tenant_id;
    let mut both = crate::support::app::application(&["accounts.create"]);
    both.grants.push(v1::Grant {
        tenant_id: elsewhere.clone(),
        permissions: vec!["accounts.read".to_owned()],
        ..Default::default()
    });
    let client = app.app_with(&home, both).await;
    made(client.accounts().create_account(create("a@example.com")).await);
    let told = refused(client.accounts().list_accounts(v1::ListAccountsRequest::default()).await);
    assert_eq!((told.reason.as_str(), told.said("permission")), ("PERMISSION_MISSING", Some("accounts.read")));
    let there = v1::ListAccountsRequest { tenant_id: elsewhere.clone(), ..Default::default() };
    made(client.accounts().list_accounts(there).await);
    let there = v1::CreateAccountRequest { tenant_id: elsewhere, ..create("b@example.com") };
    let told = refused(client.accounts().create_account(there).await);
    assert_eq!((told.reason.as_str(), told.said("permission")), ("PERMISSION_MISSING", Some("accounts.create")));
}

fn changing(tenant: v1::Tenant, paths: &[&str]) -> v1::UpdateTenantRequest {
    let paths = paths.iter().map(ToString::to_string).collect();
    v1::UpdateTenantRequest { tenant: Some(tenant), update_mask: Some(FieldMask { paths }), validate_only: false }
}

fn brand(name: &str, link_base: &str, editions: &[&str]) -> v1::Brand {
    let editions = editions.iter().map(ToString::to_string).collect();
    v1::Brand { brand: name.to_owned(), link_base: link_base.to_owned(), editions }
}

async fn a_tenant_is_changed_field_by_field(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.read", "tenants.update"]).await;
    let read =
        async || made(client.tenants().get_tenant(v1::GetTenantRequest::default()).await).tenant.expect("a tenant");
    let update = async |request: v1::UpdateTenantRequest| {
        made(client.tenants().update_tenant(request).await).tenant.expect("a tenant")
    };
    let before = read().await;
    let change = v1::Tenant {
        language_code: "fre-FR".to_owned(),
        time_zone: "Europe/Paris".to_owned(),
        link_base: "https://own.example".to_owned(),
        brands: vec![brand("fair", "https://fair.example/fr", &["2017"]), brand("bare", "", &[])],
        annotations: [("a".to_owned(), "b".to_owned())].into(),
        // What only the service sets is ignored.
        portal_name: "other".to_owned(),
        tenant_number: 7,
        ..Default::default()
    };
    let check = v1::UpdateTenantRequest { validate_only: true, ..changing(change.clone(), &[]) };
    let expected = v1::Tenant { language_code: "fr-FR".to_owned(), ..change.clone() };
    assert_eq!(update(check).await.brands, expected.brands);
    assert_eq!(read().await, before, "checking writes nothing");

    let after = update(changing(change, &[])).await;
    let expected = v1::Tenant {
        language_code: expected.language_code,
        time_zone: expected.time_zone,
        link_base: expected.link_base,
        brands: expected.brands,
        annotations: expected.annotations,
        update_time: after.update_time,
        etag: after.etag.clone(),
        ..before.clone()
    };
    assert_eq!(after, expected);
    assert_ne!(after.etag, before.etag);
    assert_eq!(read().await, after);
    let bare = update(changing(v1::Tenant::default(), &["link_base", "brands"])).await;
    assert_eq!((bare.link_base.as_str(), bare.brands.len(), bare.language_code.as_str()), ("", 0, "fr-FR"));
}

async fn every_fault_of_a_change_is_told_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.update"]).await;
    let wrong = v1::Tenant {
        language_code: "?".to_owned(),
        time_zone: "Mars".to_owned(),
        link_base: "http://own.example".to_owned(),
        brands: vec![
            brand("fair", "https://fair.example/?a=b", &["", "a\nb"]),
            brand("fair", "", &[]),
            brand("", "fair", &[]),
        ],
        ..Default::default()
    };
    let told = refused(client.tenants().update_tenant(changing(wrong, &[])).await);
    assert_snapshot!(told.faults().join("\n"), @r"
    tenant.language_code LANGUAGE_UNSUPPORTED
    tenant.time_zone TIME_ZONE_INVALID
    tenant.link_base URL_NOT_ALLOWED
    tenant.brands[0].link_base URL_NOT_ALLOWED
    tenant.brands[0].editions[0] FIELD_REQUIRED
    tenant.brands[0].editions[1] FIELD_INVALID
    tenant.brands[1].brand FIELD_INVALID
    tenant.brands[2].link_base FIELD_INVALID
    tenant.brands[2].brand FIELD_REQUIRED
    ");
    let told = refused(client.tenants().update_tenant(changing(v1::Tenant::default(), &["state", "colour"])).await);
    assert_eq!(told.faults(), ["tenant.state FIELD_IMMUTABLE", "update_mask.paths[1] FIELD_UNKNOWN"]);
    let many = vec![brand("a", "", &[]); 101];
    let told =
        refused(client.tenants().update_tenant(changing(v1::Tenant { brands: many, ..Default::default() }, &[])).await);
    assert_eq!(told.faults(), ["tenant.brands FIELD_TOO_LONG"]);
    for base in ["http://localhost:3000", "http://127.0.0.1/a/"] {
        let local = v1::Tenant { link_base: base.to_owned(), ..Default::default() };
        made(client.tenants().update_tenant(changing(local, &[])).await);
    }
}

async fn a_change_is_of_the_version_that_was_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.read", "tenants.update"]).await;
    let before = made(client.tenants().get_tenant(v1::GetTenantRequest::default()).await).tenant.expect("a tenant");
    let change = v1::Tenant { language_code: "fr".to_owned(), etag: before.etag, ..Default::default() };
    made(client.tenants().update_tenant(changing(change.clone(), &["language_code"])).await);
    let told = refused(client.tenants().update_tenant(changing(change, &["language_code"])).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("Aborted", "ETAG_MISMATCH"));
}
