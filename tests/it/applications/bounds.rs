//! What an application may hand on: no realm, contract or tenant beyond its own.

use enroll::proto::v1;

use crate::support::{Client, Engine, TestApp, Told, made, on_both_engines, refused};

on_both_engines!(
    nobody_hands_on_what_they_may_not_use,
    a_key_opens_no_more_than_its_maker_may_use,
    nobody_takes_away_what_they_lack,
    a_grant_that_is_left_alone_is_nobodys_deed,
    a_grant_is_taken_away_by_those_who_write_there,
    the_grants_shown_are_those_beside_ones_own,
);

const ALL: [&str; 2] = ["applications.read", "applications.write"];

fn grant(permissions: &[&str]) -> v1::Grant {
    v1::Grant { permissions: permissions.iter().map(ToString::to_string).collect(), ..Default::default() }
}

fn with_grants(name: &str, grants: Vec<v1::Grant>) -> v1::Application {
    v1::Application { name: name.to_owned(), grants, ..Default::default() }
}

async fn create(client: &Client, application: v1::Application) -> Result<v1::Application, Told> {
    let request = v1::CreateApplicationRequest { application: Some(application), ..Default::default() };
    match client.applications().create_application(request).await {
        Ok(answer) => Ok(answer.into_inner().application.expect("an application")),
        Err(status) => Err(crate::support::told::read(&status)),
    }
}

async fn update(client: &Client, application: v1::Application) -> Result<v1::Application, Told> {
    let request = v1::UpdateApplicationRequest { application: Some(application), ..Default::default() };
    match client.applications().update_application(request).await {
        Ok(answer) => Ok(answer.into_inner().application.expect("an application")),
        Err(status) => Err(crate::support::told::read(&status)),
    }
}

fn sorted_faults(told: &Told) -> Vec<String> {
    let mut faults = told.faults();
    faults.sort();
    faults
}

/// An application that may use one realm and one contract, with their ids.
async fn bounded(app: &TestApp) -> (Client, String, String) {
    let realm = app.realm(v1::Realm::default()).await;
    let contract = app.contract(v1::Contract::default()).await;
    let own = v1::Grant {
        allowed_realm_ids: vec![realm.clone()],
        allowed_contract_ids: vec![contract.clone()],
        ..grant(&ALL)
    };
    (app.app_with(&app.operator().tenant_id, with_grants("", vec![own])).await, realm, contract)
}

async fn nobody_hands_on_what_they_may_not_use(engine: Engine) {
    let app = TestApp::start(engine).await;
    let far = app.realm(v1::Realm::default()).await;
    let (client, realm, contract) = bounded(&app).await;
    let unbounded = [
        "application.grants[0].allowed_contract_ids FIELD_REQUIRED",
        "application.grants[0].allowed_realm_ids FIELD_REQUIRED",
    ];
    let told = create(&client, with_grants("more", vec![grant(&[])])).await.expect_err("an absent list allows all");
    assert_eq!(sorted_faults(&told), unbounded);
    let own = v1::Application { application_id: client.application_id.clone(), ..with_grants("", vec![grant(&ALL)]) };
    assert_eq!(sorted_faults(&update(&client, own).await.expect_err("nor to itself")), unbounded);

    let beyond = v1::Grant {
        default_realm_id: far.clone(),
        allowed_realm_ids: vec![realm.clone(), far],
        allowed_contract_ids: vec![contract.clone()],
        ..grant(&[])
    };
    let told = create(&client, with_grants("more", vec![beyond])).await.expect_err("another realm");
    assert_eq!(
        sorted_faults(&told),
        [
            "application.grants[0].allowed_realm_ids[1] FIELD_INVALID",
            "application.grants[0].default_realm_id FIELD_INVALID",
        ]
    );
    let within = v1::Grant {
        allowed_realm_ids: vec![realm.clone()],
        allowed_contract_ids: vec![contract.clone()],
        ..grant(&ALL)
    };
    create(&client, with_grants("same", vec![within])).await.expect("as much as one has");
    let bare = create(&client, with_grants("bare", Vec::new())).await.expect("an application");
    assert_eq!(bare.grants[0].allowed_realm_ids, [realm]);
    assert_eq!(bare.grants[0].allowed_contract_ids, [contract]);
}

async fn a_key_opens_no_more_than_its_maker_may_use(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (client, ..) = bounded(&app).await;
    let key = |application_id: &str| v1::CreateApplicationKeyRequest {
        application_id: application_id.to_owned(),
        ..Default::default()
    };
    let wide = app.app(&[]).await;
    let told = refused(client.applications().create_application_key(key(&wide.application_id)).await);
    assert_eq!((told.reason.as_str(), told.said("permission")), ("PERMISSION_MISSING", Some("applications.write")));
    let elsewhere = app.app_of_another_tenant(&[]).await;
    let mut both = with_grants("both", vec![grant(&[])]);
    both.grants.push(v1::Grant { tenant_id: elsewhere.tenant_id.clone(), ..Default::default() });
    let both = app.app_with(&app.operator().tenant_id, both).await;
    let told = refused(app.app(&ALL).await.applications().create_application_key(key(&both.application_id)).await);
    assert_eq!(told.reason, "PERMISSION_MISSING", "a tenant that the maker has no grant on");
    assert!(!format!("{told:?}").contains(&elsewhere.tenant_id), "nor is it named");
    let narrow = create(&client, with_grants("narrow", Vec::new())).await.expect("an application");
    made(client.applications().create_application_key(key(&narrow.application_id)).await);
    made(client.applications().create_application_key(key(&client.application_id)).await);
}

async fn nobody_takes_away_what_they_lack(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (weak, operator) = (app.app(&ALL).await, app.operator());
    let application_id = operator.application_id.clone();
    let keys = v1::ListApplicationKeysRequest { application_id: application_id.clone(), ..Default::default() };
    let keys = made(operator.applications().list_application_keys(keys).await).keys;
    let (application_id, key_id) = (application_id.clone(), keys[0].key_id.clone());
    let patch = v1::Application { application_id: application_id.clone(), ..Default::default() };
    let stripped = v1::UpdateApplicationRequest {
        application: Some(patch.clone()),
        update_mask: Some(prost_types::FieldMask { paths: vec!["grants".to_owned()] }),
        ..Default::default()
    };
    let fewer = v1::Application { grants: vec![grant(&ALL)], ..patch.clone() };
    let stopped = v1::Application { state: v1::ApplicationState::Disabled.into(), ..patch };
    let revoke =
        v1::RevokeApplicationKeyRequest { application_id: application_id.clone(), key_id, ..Default::default() };
    let delete = v1::DeleteApplicationRequest { application_id, ..Default::default() };
    for told in [
        refused(weak.applications().update_application(stripped).await),
        update(&weak, fewer).await.expect_err("fewer grants"),
        update(&weak, stopped).await.expect_err("stopped"),
        refused(weak.applications().revoke_application_key(revoke).await),
        refused(weak.applications().delete_application(delete).await),
    ] {
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("PermissionDenied", "PERMISSION_MISSING"));
    }
    made(operator.accounts().list_accounts(v1::ListAccountsRequest::default()).await);
}

/// A caller that writes applications at home and only reads them in a portal, and an application with a grant on each.
async fn reader_elsewhere(app: &TestApp) -> (Client, v1::Application) {
    let portal = app.app_of_another_tenant(&[]).await.tenant_id;
    let there = |permissions: &[&str]| v1::Grant { tenant_id: portal.clone(), ..grant(permissions) };
    let home = app.operator().tenant_id;
    let caller = with_grants("", vec![grant(&ALL), there(&["applications.read"])]);
    let caller = app.app_with(&home, caller).await;
    let both = with_grants("both", vec![grant(&["applications.read"]), there(&["accounts.read"])]);
    let both = create(&app.operator(), both).await.expect("an application");
    (caller, both)
}

async fn a_grant_that_is_left_alone_is_nobodys_deed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (caller, both) = reader_elsewhere(&app).await;
    let patch = v1::Application {
        application_id: both.application_id.clone(),
        display_name: "Another name".to_owned(),
        ..Default::default()
    };
    let renamed = update(&caller, patch).await.expect("no grant is changed");
    assert_eq!((renamed.display_name.as_str(), &renamed.grants), ("Another name", &both.grants));
    let mut more = both.clone();
    more.etag.clear();
    let there = more.grants.iter_mut().find(|grant| grant.permissions == ["accounts.read"]).expect("a grant");
    there.permissions.push("accounts.create".to_owned());
    let told = update(&caller, more).await.expect_err("a grant is changed");
    assert_eq!((told.reason.as_str(), told.said("permission")), ("PERMISSION_MISSING", Some("applications.write")));
}

async fn a_grant_is_taken_away_by_those_who_write_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (caller, both) = reader_elsewhere(&app).await;
    let home: Vec<v1::Grant> =
        both.grants.iter().filter(|grant| grant.tenant_id == caller.tenant_id).cloned().collect();
    let patch = v1::Application { application_id: both.application_id.clone(), grants: home, ..Default::default() };
    let told = update(&caller, patch.clone()).await.expect_err("a grant would go");
    assert_eq!((told.reason.as_str(), told.said("permission")), ("PERMISSION_MISSING", Some("applications.write")));
    assert_eq!(update(&app.operator(), patch).await.expect("the operator writes everywhere").grants.len(), 1);
}

async fn the_grants_shown_are_those_beside_ones_own(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (caller, both) = reader_elsewhere(&app).await;
    let shown = async |client: &Client| {
        let list = made(client.applications().list_applications(v1::ListApplicationsRequest::default()).await);
        let found = list.applications.into_iter().find(|other| other.application_id == both.application_id);
        found.expect("the application is listed").grants.len()
    };
    assert_eq!(shown(&caller).await, 2);
    assert_eq!(shown(&app.app(&ALL).await).await, 1);
    assert_eq!(shown(&app.operator()).await, 2);
}
