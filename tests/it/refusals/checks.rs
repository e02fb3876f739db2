//! `validate_only`: what reading tells is told, and nothing looks as if it had been made. Beside it, what only writing decides.

use enroll::proto::v1;

use crate::support::app::application;
use crate::support::requests::{create, field, password, portal};
use crate::support::{Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    a_check_has_made_nothing,
    a_check_tells_of_names_and_quotas,
    a_quota_counts_the_accounts_that_were_there_before,
    roles_for_everybody_are_given_by_those_who_give_roles,
    a_name_that_the_contract_forbids_is_not_made_up,
    the_first_start_is_in_the_audit,
);

async fn a_check_has_made_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let operator = app.operator();
    let realm = v1::Realm { name: "shop".to_owned(), ..Default::default() };
    let realm = v1::CreateRealmRequest { realm: Some(realm), validate_only: true, ..Default::default() };
    let realm = made(operator.realms().create_realm(realm).await).realm.expect("a realm");
    assert_eq!((realm.realm_id.as_str(), realm.etag.as_str(), realm.name.as_str()), ("", "", "shop"));
    assert_eq!((realm.create_time, realm.update_time), (None, None));
    let contract = v1::Contract { name: "shop".to_owned(), ..Default::default() };
    let contract = v1::CreateContractRequest { contract: Some(contract), validate_only: true, ..Default::default() };
    let contract = made(operator.contracts().create_contract(contract).await).contract.expect("a contract");
    assert_eq!((contract.contract_id.as_str(), contract.etag.as_str(), contract.version), ("", "", 0));
    assert_eq!((contract.create_time, contract.update_time), (None, None));
    let shop = v1::Application { name: "shop".to_owned(), ..Default::default() };
    let shop = v1::CreateApplicationRequest { application: Some(shop), validate_only: true, ..Default::default() };
    let shop = made(operator.applications().create_application(shop).await).application.expect("an application");
    assert_eq!((shop.application_id.as_str(), shop.etag.as_str(), shop.name.as_str()), ("", "", "shop"));
    assert_eq!((shop.create_time, shop.update_time), (None, None));
}

async fn a_check_tells_of_names_and_quotas(engine: Engine) {
    let app = TestApp::builder(engine).with(|app| app.portals.owner_quota = 1).start().await;
    let operator = app.operator();
    let shop = v1::Application { name: "shop".to_owned(), ..application(&[]) };
    app.app_with(&operator.tenant_id, shop.clone()).await;
    let check = v1::CreateApplicationRequest { application: Some(shop), validate_only: true, ..Default::default() };
    let told = refused(operator.applications().create_application(check).await);
    assert_eq!(told.reason, "NAME_ALREADY_EXISTS");

    let realm_id = app.realm(v1::Realm { account_quota: 1, ..Default::default() }).await;
    let check =
        |address: &str| v1::CreateAccountRequest { realm_id: realm_id.clone(), validate_only: true, ..create(address) };
    made(operator.accounts().create_account(check("a@example.com")).await);
    let first = v1::CreateAccountRequest { validate_only: false, ..check("a@example.com") };
    made(operator.accounts().create_account(first).await);
    let told = refused(operator.accounts().create_account(check("b@example.com")).await);
    assert_eq!((told.reason.as_str(), told.said("metric")), ("RESOURCE_QUOTA_EXCEEDED", Some("accounts")));

    let of_owner = |name: &str| {
        let mut request = portal(name);
        request.owner.as_mut().expect("an owner").email = "ada@example.com".to_owned();
        request
    };
    made(operator.registration().register_portal(of_owner("portal-1")).await);
    let check = v1::RegisterPortalRequest { validate_only: true, ..of_owner("portal-2") };
    let told = refused(operator.registration().register_portal(check).await);
    assert_eq!((told.reason.as_str(), told.said("metric")), ("RESOURCE_QUOTA_EXCEEDED", Some("tenants")));
}

async fn a_quota_counts_the_accounts_that_were_there_before(engine: Engine) {
    let app = TestApp::start(engine).await;
    let operator = app.operator();
    let realm_id = app.realm(v1::Realm::default()).await;
    let account = |address: &str| v1::CreateAccountRequest { realm_id: realm_id.clone(), ..create(address) };
    for address in ["a@example.com", "b@example.com"] {
        made(operator.accounts().create_account(account(address)).await);
    }
    for quota in [2, 3] {
        let realm = v1::Realm { realm_id: realm_id.clone(), account_quota: quota, ..Default::default() };
        let update = v1::UpdateRealmRequest { realm: Some(realm), ..Default::default() };
        made(operator.realms().update_realm(update).await);
        let third = operator.accounts().create_account(account("c@example.com")).await;
        assert_eq!(third.is_ok(), quota == 3, "{third:?}");
    }
    let told = refused(operator.accounts().create_account(account("d@example.com")).await);
    assert_eq!(told.reason, "RESOURCE_QUOTA_EXCEEDED");
}

async fn roles_for_everybody_are_given_by_those_who_give_roles(engine: Engine) {
    let app = TestApp::start(engine).await;
    let making = |name: &str| {
        let default_roles = vec!["OWNER".to_owned()];
        let realm = v1::Realm { name: name.to_owned(), default_roles, ..Default::default() };
        v1::CreateRealmRequest { realm: Some(realm), ..Default::default() }
    };
    let client = app.app(&["realms.write"]).await;
    let told = refused(client.realms().create_realm(making("shop")).await);
    assert_eq!((told.reason.as_str(), told.said("permission")), ("PERMISSION_MISSING", Some("accounts.assign_roles")));
    let both = app.app(&["realms.write", "accounts.assign_roles"]).await;
    let realm = made(both.realms().create_realm(making("shop")).await).realm.expect("a realm");
    let renamed = v1::Realm { realm_id: realm.realm_id.clone(), display_name: "x".to_owned(), ..Default::default() };
    let renamed = v1::UpdateRealmRequest { realm: Some(renamed), ..Default::default() };
    made(client.realms().update_realm(renamed).await);
    let more = vec!["OWNER".to_owned(), "ADMIN".to_owned()];
    let more = v1::Realm { realm_id: realm.realm_id, default_roles: more, ..Default::default() };
    let more = v1::UpdateRealmRequest { realm: Some(more), ..Default::default() };
    assert_eq!(refused(client.realms().update_realm(more).await).reason, "PERMISSION_MISSING");
}

async fn a_name_that_the_contract_forbids_is_not_made_up(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id =
        app.realm(v1::Realm { registration_mode: v1::RegistrationMode::Public.into(), ..Default::default() }).await;
    let fields = vec![field("profile.user_name"), field("password")];
    let contract_id = app.contract(v1::Contract { fields, ..Default::default() }).await;
    let profile = v1::Profile { user_name: "ada".to_owned(), ..Default::default() };
    let request = v1::RegisterAccountRequest {
        realm_id,
        contract_id,
        profile: Some(profile),
        password: password(crate::support::requests::PASSWORD),
        ..Default::default()
    };
    made(app.app(&[]).await.registration().register_account(request).await);
    assert_eq!(app.database().count("accounts WHERE display_name IS NULL").await, 1);
}

async fn the_first_start_is_in_the_audit(engine: Engine) {
    let app = TestApp::start(engine).await;
    let rows = app.database().count("audit_entries WHERE rpc = 'Bootstrap' AND application_id IS NULL").await;
    assert_eq!(rows, 3, "a tenant, an application and a key");
    assert_eq!(app.database().count("events WHERE kind = 'application_key.created'").await, 1);
}
