//! Which refusal goes first: access before faults, a repeat before everything that costs or may have changed since.

use enroll::proto::v1;

use crate::support::requests::{create, register};
use crate::support::{Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(a_tenant_out_of_reach_goes_before_any_fault, a_repeat_goes_before_a_consent_that_is_demanded_since,);

async fn a_tenant_out_of_reach_goes_before_any_fault(engine: Engine) {
    let app = TestApp::start(engine).await;
    let tenant_id = app.app_of_another_tenant(&[]).await.tenant_id;
    let client = app.app(&["accounts.create", "accounts.read", "applications.write"]).await;
    let account = v1::CreateAccountRequest {
        tenant_id: tenant_id.clone(),
        delivery: v1::Delivery::Send.into(),
        ..create("a@example.com")
    };
    assert_eq!(refused(client.accounts().create_account(account).await).reason, "TENANT_NOT_FOUND");
    let get = v1::GetAccountRequest { tenant_id: tenant_id.clone(), ..Default::default() };
    assert_eq!(refused(client.accounts().get_account(get).await).reason, "TENANT_NOT_FOUND");
    let list = v1::ListAccountsRequest { tenant_id: tenant_id.clone(), state: 99, ..Default::default() };
    assert_eq!(refused(client.accounts().list_accounts(list).await).reason, "TENANT_NOT_FOUND");
    let key = v1::ApplicationKey { display_name: "x".repeat(256), ..Default::default() };
    let key = v1::CreateApplicationKeyRequest { tenant_id, key: Some(key), ..Default::default() };
    assert_eq!(refused(client.applications().create_application_key(key).await).reason, "TENANT_NOT_FOUND");

    let get = v1::GetAccountRequest::default();
    assert_eq!(refused(client.accounts().get_account(get).await).faults(), ["account FIELD_REQUIRED"]);
    let list = v1::ListAccountsRequest { state: 99, ..Default::default() };
    assert_eq!(refused(client.accounts().list_accounts(list).await).faults(), ["state FIELD_UNKNOWN"]);
}

async fn a_repeat_goes_before_a_consent_that_is_demanded_since(engine: Engine) {
    let app = TestApp::start(engine).await;
    let demanding = |demand: v1::ConsentDemand| {
        let document = "privacy-policy".to_owned();
        v1::Realm {
            registration_mode: v1::RegistrationMode::Public.into(),
            consents: vec![v1::ConsentRequirement { document, demand: demand.into(), ..Default::default() }],
            ..Default::default()
        }
    };
    let realm_id = app.realm(demanding(v1::ConsentDemand::Answer)).await;
    let consent = v1::Consent { document: "privacy-policy".to_owned(), accepted: Some(false), ..Default::default() };
    let request = v1::RegisterAccountRequest {
        realm_id: realm_id.clone(),
        consents: vec![consent],
        request_id: "0b5c2f2e-7d0d-4e0a-9a3c-5d3f0c8a1b2c".to_owned(),
        ..register("a@example.com")
    };
    let client = app.app(&[]).await;
    let first = made(client.registration().register_account(request.clone()).await);
    let realm = v1::Realm { realm_id, ..demanding(v1::ConsentDemand::Acceptance) };
    let update = v1::UpdateRealmRequest { realm: Some(realm), ..Default::default() };
    made(app.operator().realms().update_realm(update).await);
    assert_eq!(made(client.registration().register_account(request.clone()).await), first);
    let another = v1::RegisterAccountRequest { request_id: String::new(), ..request };
    assert_eq!(refused(client.registration().register_account(another).await).reason, "CONSENT_REQUIRED");
}
