//! Applications and their grants.

use enroll::proto::v1;

use crate::support::app::application;
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    an_application_is_made_read_listed_changed_and_deleted,
    nobody_grants_what_they_lack,
    nobody_makes_a_key_for_more_than_they_may,
    grants_name_what_is_there,
    every_fault_is_told_at_once,
    a_name_is_taken_in_its_tenant,
    an_application_cannot_delete_itself,
    an_application_sees_grants_where_it_has_one,
);

const ALL: [&str; 2] = ["applications.read", "applications.write"];

fn making(application: v1::Application) -> v1::CreateApplicationRequest {
    v1::CreateApplicationRequest { application: Some(application), ..Default::default() }
}

fn named(name: &str, permissions: &[&str]) -> v1::Application {
    v1::Application { name: name.to_owned(), ..application(permissions) }
}

async fn an_application_is_made_read_listed_changed_and_deleted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let described = v1::Application {
        display_name: "The shop".to_owned(),
        external_key_type: "crm".to_owned(),
        on_duplicate: v1::OnDuplicate::ReturnExisting.into(),
        default_region: "FR".to_owned(),
        portal_quota: 3,
        calling_apps: Some(v1::CallingApps { required: true, allowed: vec!["shop".to_owned()] }),
        third_party_ids: vec!["partner".to_owned()],
        legacy_codes: Some(v1::LegacyCodes { default_code: "400".to_owned(), ..Default::default() }),
        ..named("shop", &["applications.read"])
    };
    let kept = made(client.applications().create_application(making(described.clone())).await).application;
    let kept = kept.expect("an application");
    assert_eq!(
        (kept.home_tenant_id.as_str(), kept.state()),
        (client.tenant_id.as_str(), v1::ApplicationState::Enabled)
    );
    assert_eq!(kept.grants[0].tenant_id, client.tenant_id, "an empty tenant is the request's");
    assert_eq!(kept.grants[0].permissions, ["applications.read"]);
    assert_eq!((kept.calling_apps.clone(), &kept.legacy_codes), (described.calling_apps, &described.legacy_codes));
    assert_eq!((kept.portal_quota, kept.on_duplicate()), (3, v1::OnDuplicate::ReturnExisting));

    let get = v1::GetApplicationRequest { application_id: kept.application_id.clone(), ..Default::default() };
    let read = made(client.applications().get_application(get.clone()).await).application;
    assert_eq!(read.as_ref(), Some(&kept));
    let own = made(client.applications().get_application(v1::GetApplicationRequest::default()).await).application;
    assert_eq!(own.expect("an application").application_id, client.application_id, "an empty id is the caller");

    let mut seen = Vec::new();
    let mut list = v1::ListApplicationsRequest { page_size: 2, ..Default::default() };
    loop {
        let page = made(client.applications().list_applications(list.clone()).await);
        seen.extend(page.applications.into_iter().map(|application| application.name));
        list.page_token = page.next_page_token;
        if list.page_token.is_empty() {
            break;
        }
    }
    assert_eq!((seen.len(), seen.last().map(String::as_str)), (3, Some("shop")), "{seen:?}");

    let patch = v1::Application {
        application_id: kept.application_id.clone(),
        display_name: "The other shop".to_owned(),
        ..Default::default()
    };
    let patch = v1::UpdateApplicationRequest { application: Some(patch), ..Default::default() };
    let changed = made(client.applications().update_application(patch).await).application.expect("an application");
    assert_eq!((changed.display_name.as_str(), &changed.grants), ("The other shop", &kept.grants));
    let stale = v1::Application { display_name: "Too late".to_owned(), ..kept.clone() };
    let stale = v1::UpdateApplicationRequest { application: Some(stale), ..Default::default() };
    assert_eq!(refused(client.applications().update_application(stale).await).reason, "ETAG_MISMATCH");

    let delete = v1::DeleteApplicationRequest { application_id: kept.application_id, ..Default::default() };
    made(client.applications().delete_application(delete).await);
    assert_eq!(refused(client.applications().get_application(get).await).reason, "APPLICATION_NOT_FOUND");
}

async fn nobody_grants_what_they_lack(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let told = refused(client.applications().create_application(making(named("more", &["accounts.create"]))).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("PermissionDenied", "PERMISSION_MISSING"));
    assert_eq!(told.said("permission"), Some("accounts.create"));
    let own = v1::Application { application_id: client.application_id.clone(), ..named("", &["accounts.create"]) };
    let update = v1::UpdateApplicationRequest { application: Some(own), ..Default::default() };
    assert_eq!(refused(client.applications().update_application(update).await).reason, "PERMISSION_MISSING");
    let stranger = app.app_of_another_tenant(&ALL).await;
    let mut elsewhere = named("elsewhere", &[]);
    elsewhere.grants[0].tenant_id.clone_from(&client.tenant_id);
    let told = refused(stranger.applications().create_application(making(elsewhere)).await);
    assert_eq!(told.reason, "TENANT_NOT_FOUND");
}

async fn nobody_makes_a_key_for_more_than_they_may(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let key = |application_id: &str| v1::CreateApplicationKeyRequest {
        application_id: application_id.to_owned(),
        ..Default::default()
    };
    let strong = app.app(&["applications.read", "accounts.create"]).await;
    let told = refused(client.applications().create_application_key(key(&strong.application_id)).await);
    assert_eq!((told.reason.as_str(), told.said("permission")), ("PERMISSION_MISSING", Some("accounts.create")));
    let weak = app.app(&["applications.read"]).await;
    made(client.applications().create_application_key(key(&weak.application_id)).await);
}

async fn grants_name_what_is_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let nothing = "018f0000-0000-7000-8000-000000000000".to_owned();
    let mut described = named("shop", &["applications.read"]);
    described.grants[0].default_realm_id.clone_from(&nothing);
    described.grants[0].allowed_contract_ids = vec![nothing];
    described.grants.push(v1::Grant::default());
    let told = refused(client.applications().create_application(making(described)).await);
    let mut faults = told.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "application.grants[0].allowed_contract_ids[0] FIELD_INVALID",
            "application.grants[0].default_realm_id FIELD_INVALID",
            "application.grants[1].tenant_id FIELD_INVALID",
        ]
    );
    let told = refused(client.applications().create_application(making(named("shop", &["accounts.invent"]))).await);
    assert_eq!(told.faults(), ["application.grants[0].permissions[0] FIELD_UNKNOWN"]);
}

async fn every_fault_is_told_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let rule = v1::LegacyErrorCode { reason: 9_999, code: "line\nbreak".to_owned(), ..Default::default() };
    let described = v1::Application {
        name: "No Name".to_owned(),
        external_key_type: "t".repeat(33),
        default_region: "Denmark".to_owned(),
        redirect_urls: vec!["javascript:alert(1)".to_owned()],
        legacy_codes: Some(v1::LegacyCodes { rules: vec![rule], ..Default::default() }),
        portal_defaults: Some(v1::PortalDefaults { base_domain: "no domain".to_owned(), ..Default::default() }),
        ..Default::default()
    };
    let told = refused(client.applications().create_application(making(described)).await);
    let mut faults = told.faults();
    faults.sort();
    assert_snapshot!(faults.join("\n"), @r"
    application.default_region FIELD_INVALID
    application.external_key_type FIELD_TOO_LONG
    application.legacy_codes.rules[0].code FIELD_INVALID
    application.legacy_codes.rules[0].reason FIELD_UNKNOWN
    application.name FIELD_INVALID
    application.portal_defaults.base_domain FIELD_INVALID
    application.redirect_urls[0] URL_NOT_ALLOWED
    ");
}

async fn a_name_is_taken_in_its_tenant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    made(client.applications().create_application(making(named("shop", &[]))).await);
    let told = refused(client.applications().create_application(making(named("shop", &[]))).await);
    assert_eq!((told.reason.as_str(), told.said("field")), ("NAME_ALREADY_EXISTS", Some("application.name")));
    assert_eq!(told.resource.expect("a resource").0, "enroll.v1.Application");
}

async fn an_application_cannot_delete_itself(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let delete = v1::DeleteApplicationRequest { application_id: client.application_id.clone(), ..Default::default() };
    let told = refused(client.applications().delete_application(delete).await);
    assert_eq!(told.code, "FailedPrecondition", "{told}");
    made(client.applications().get_application(v1::GetApplicationRequest::default()).await);
}

async fn an_application_sees_grants_where_it_has_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    let portal = app.app_of_another_tenant(&["accounts.read"]).await;
    let mut both = named("both", &["applications.read"]);
    both.grants.push(v1::Grant { tenant_id: portal.tenant_id.clone(), ..Default::default() });
    let both = app.app_with(&app.operator().tenant_id, both).await;
    let client = app.app(&ALL).await;
    let get = v1::GetApplicationRequest { application_id: both.application_id, ..Default::default() };
    let seen = made(client.applications().get_application(get.clone()).await).application.expect("an application");
    assert_eq!(seen.grants.len(), 1);
    let seen = made(app.operator().applications().get_application(get).await).application.expect("an application");
    assert_eq!(seen.grants.len(), 2);
    let of_portal = v1::GetApplicationRequest { application_id: portal.application_id, ..Default::default() };
    let told = refused(client.applications().get_application(of_portal).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("NotFound", "APPLICATION_NOT_FOUND"));
}
