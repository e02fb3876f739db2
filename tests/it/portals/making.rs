//! What a portal is made of: all of it or nothing.

use enroll::proto::v1;
use enroll::proto::v1::tenant_ref::Ref;

use crate::support::app::application;
use crate::support::requests::{account_ref, password, portal, tenant_ref};
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_portal_is_a_tenant_with_realm_contract_owner_and_grant,
    every_fault_is_told_at_once,
    language_and_time_zone_have_defaults,
    a_number_is_kept_as_typed_where_the_application_says_so,
    a_taken_name_leaves_nothing_behind,
    a_repeat_answers_what_the_first_success_did,
    checking_writes_nothing,
    only_those_who_may_create_tenants_do,
);

async fn a_portal_is_a_tenant_with_realm_contract_owner_and_grant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let permissions = ["tenants.create", "tenants.read", "accounts.read", "realms.read", "contracts.read"];
    let client = app.app(&permissions).await;
    let mut request = portal("Lovelace");
    request.tenant.as_mut().expect("a tenant").annotations = [("plan".to_owned(), "free".to_owned())].into();
    let answer = made(client.registration().register_portal(request).await);
    assert_eq!(answer.outcome(), v1::Outcome::Created);
    let (tenant, owner) = (answer.tenant.expect("a tenant"), answer.owner.expect("an owner"));
    assert_eq!((tenant.portal_name.as_str(), tenant.domain.as_str()), ("lovelace", "lovelace.portals.example"));
    assert_eq!((tenant.language_code.as_str(), tenant.time_zone.as_str()), ("en-US", "UTC"));
    let pending = v1::TenantState::PendingActivation;
    assert_eq!((tenant.state(), &tenant.owner_account_id), (pending, &owner.account_id));
    assert_eq!(tenant.annotations.get("plan").map(String::as_str), Some("free"));
    let pending = v1::AccountState::PendingVerification;
    assert_eq!((owner.state(), owner.tenant_id.as_str()), (pending, tenant.tenant_id.as_str()));
    assert_eq!(owner.roles, ["OWNER", "ADMIN"]);
    let profile = owner.profile.clone().expect("a profile");
    assert_eq!((profile.display_name.as_str(), profile.language_code.as_str()), ("Ada Byron", "en-US"));
    assert_eq!(profile.time_zone, "UTC");
    assert!(owner.password_set);

    for name in [
        Ref::TenantId(tenant.tenant_id.clone()),
        Ref::TenantNumber(tenant.tenant_number),
        Ref::PortalName("LOVELACE".to_owned()),
        Ref::Domain("Lovelace.Portals.Example".to_owned()),
    ] {
        let shown = format!("{name:?}");
        assert_eq!(made(client.tenants().get_tenant(tenant_ref(name)).await).tenant.as_ref(), Some(&tenant), "{shown}");
    }
    let tenant_id = tenant.tenant_id.clone();
    let realms = v1::ListRealmsRequest { tenant_id: tenant_id.clone(), ..Default::default() };
    let realms = made(client.realms().list_realms(realms).await).realms;
    assert_eq!(realms.iter().map(|realm| realm.name.as_str()).collect::<Vec<_>>(), ["internal"]);
    let contracts = v1::ListContractsRequest { tenant_id: tenant_id.clone(), ..Default::default() };
    let contracts = made(client.contracts().list_contracts(contracts).await).contracts;
    assert_eq!(contracts.iter().map(|contract| contract.name.as_str()).collect::<Vec<_>>(), ["default"]);
    let name = v1::account_ref::Ref::Email("OWNER@lovelace.example".to_owned());
    let get = v1::GetAccountRequest { tenant_id, ..account_ref(name) };
    // The owner's address is `owner@Lovelace.example`, as the portal was asked for.
    assert_eq!(made(client.accounts().get_account(get).await).account, Some(owner));
}

async fn every_fault_is_told_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create"]).await;
    let told = refused(client.registration().register_portal(v1::RegisterPortalRequest::default()).await);
    let mut faults = told.faults();
    faults.sort();
    assert_snapshot!(faults.join("\n"), @r"
    owner.email FIELD_REQUIRED
    owner.profile.family_name FIELD_REQUIRED
    owner.profile.given_name FIELD_REQUIRED
    tenant.portal_name FIELD_REQUIRED
    ");

    let mut request = portal("-");
    let tenant = request.tenant.as_mut().expect("a tenant");
    (tenant.language_code, tenant.time_zone) = ("tlh-?".to_owned(), "Mars".to_owned());
    let owner = request.owner.as_mut().expect("an owner");
    (owner.email, owner.phone) = ("owner".to_owned(), "1".to_owned());
    owner.profile.as_mut().expect("a profile").given_name = "x".repeat(256);
    request.password = password("1234");
    let told = refused(client.registration().register_portal(request).await);
    assert_snapshot!(told, @r"
    InvalidArgument VALIDATION_FAILED: The request breaks 8 rules.
      fieldReasons = PORTAL_NAME_TOO_SHORT,LANGUAGE_UNSUPPORTED,TIME_ZONE_INVALID,FIELD_TOO_LONG,EMAIL_INVALID,PHONE_INVALID,PASSWORD_TOO_SHORT,PASSWORD_BREACHED
      v0-minLength = 6
      v3-maxLength = 255
      v6-minLength = 8
      violationCount = 8
    field tenant.portal_name PORTAL_NAME_TOO_SHORT: The portal name must have at least 6 characters.
    field tenant.language_code LANGUAGE_UNSUPPORTED: This language is not offered.
    field tenant.time_zone TIME_ZONE_INVALID: This is not a time zone.
    field owner.profile.given_name FIELD_TOO_LONG: This is too long: the most is 255.
    field owner.email EMAIL_INVALID: This is not an e-mail address.
    field owner.phone PHONE_INVALID: This is not a phone number.
    field password.password PASSWORD_TOO_SHORT: The password must have at least 8 characters.
    field password.password PASSWORD_BREACHED: The password is on a list of known passwords.
    ");
    assert_eq!(app.database().count("tenants").await, 1, "the operator's own");
}

async fn language_and_time_zone_have_defaults(engine: Engine) {
    let app = TestApp::builder(engine).with(|app| app.portals.owner_quota = 100).start().await;
    let client = app.app(&["tenants.create"]).await;
    let cases = [
        ("", "", "en-US", "UTC"),
        ("fr", "", "fr", "Europe/Paris"),
        ("de-AT", "", "de-AT", "Europe/Berlin"),
        ("ger", "", "de", "Europe/Berlin"),
        ("fr", "America/Toronto", "fr", "America/Toronto"),
    ];
    for (language, zone, expected_language, expected_zone) in cases {
        let mut request = portal(&app.name("portal"));
        let tenant = request.tenant.as_mut().expect("a tenant");
        (tenant.language_code, tenant.time_zone) = (language.to_owned(), zone.to_owned());
        let answer = made(client.registration().register_portal(request).await);
        let (tenant, owner) = (answer.tenant.expect("a tenant"), answer.owner.expect("an owner"));
        let profile = owner.profile.expect("a profile");
        for (language, zone) in [(tenant.language_code, tenant.time_zone), (profile.language_code, profile.time_zone)] {
            assert_eq!((language.as_str(), zone.as_str()), (expected_language, expected_zone));
        }
    }
}

async fn a_number_is_kept_as_typed_where_the_application_says_so(engine: Engine) {
    let app = TestApp::start(engine).await;
    let defaults = v1::PortalDefaults { phone_format: v1::PhoneFormat::AsTyped.into(), ..Default::default() };
    let typed = v1::Application { portal_defaults: Some(defaults), ..application(&["tenants.create"]) };
    let typed = app.app_with(&app.operator().tenant_id, typed).await;
    let strict = app.app(&["tenants.create"]).await;
    let mut request = portal("example");
    request.owner.as_mut().expect("an owner").phone = "123456789".to_owned();
    let told = refused(strict.registration().register_portal(request.clone()).await);
    assert_eq!(told.faults(), ["owner.phone PHONE_INVALID"]);
    let owner = made(typed.registration().register_portal(request).await).owner.expect("an owner");
    assert_eq!(owner.phone.expect("a number").number, "123456789");
}

async fn a_taken_name_leaves_nothing_behind(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create"]).await;
    made(client.registration().register_portal(portal("example")).await);
    let tables = [
        "tenants",
        "realms",
        "contracts",
        "contract_versions",
        "accounts",
        "application_tenants",
        "quota_uses",
        "events",
    ];
    let counts = async || {
        let mut counts = Vec::new();
        for table in tables {
            counts.push(app.database().count(table).await);
        }
        counts.push(app.database().count("quota_uses WHERE used > 1").await);
        counts
    };
    let before = counts().await;
    let mut request = portal("EXAMPLE");
    request.owner.as_mut().expect("an owner").email = "somebody@else.example".to_owned();
    let told = refused(client.registration().register_portal(request).await);
    assert_snapshot!(told, @r#"
    AlreadyExists PORTAL_NAME_ALREADY_EXISTS: The portal name is taken.
      field = tenant.portal_name
    field tenant.portal_name PORTAL_NAME_ALREADY_EXISTS: The portal name is taken.
    resource enroll.v1.Tenant ""
    "#);
    assert_eq!(counts().await, before);
}

async fn a_repeat_answers_what_the_first_success_did(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create", "accounts.read"]).await;
    let request_id = "0b5c2f2e-7d0d-4e0a-9a3c-5d3f0c8a1b2c".to_owned();
    let request = v1::RegisterPortalRequest { request_id, ..portal("example") };
    let first = client.registration().register_portal(request.clone()).await.expect("made");
    assert!(first.metadata().get("x-idempotent-replay").is_none());
    let again = client.registration().register_portal(request.clone()).await.expect("repeated");
    assert_eq!(again.metadata().get("x-idempotent-replay").map(|value| value.as_bytes()), Some(&b"true"[..]));
    let known = v1::RegisterPortalResponse { verifications: Vec::new(), ..first.into_inner() };
    assert_eq!(again.into_inner(), known, "what opens the portal is told once");
    let mut other = request.clone();
    other.tenant.as_mut().expect("a tenant").portal_name = "another".to_owned();
    assert_eq!(refused(client.registration().register_portal(other).await).reason, "REQUEST_ID_REUSED");
    let stranger = app.app(&["tenants.create"]).await;
    assert_eq!(refused(stranger.registration().register_portal(request).await).reason, "PORTAL_NAME_ALREADY_EXISTS");
    assert_eq!(app.database().count("portal_requests").await, 1);
}

async fn checking_writes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create"]).await;
    let check = v1::RegisterPortalRequest { validate_only: true, ..portal("example") };
    let answer = made(client.registration().register_portal(check.clone()).await);
    assert_eq!(answer.outcome(), v1::Outcome::Validated);
    let (tenant, owner) = (answer.tenant.expect("a tenant"), answer.owner.expect("an owner"));
    assert_eq!((tenant.tenant_id.as_str(), tenant.tenant_number, tenant.owner_account_id.as_str()), ("", 0, ""));
    assert_eq!((tenant.portal_name.as_str(), tenant.domain.as_str()), ("example", "example.portals.example"));
    assert_eq!((owner.account_id.as_str(), owner.account_number, owner.password_set), ("", 0, true));
    assert_eq!(app.database().count("tenants").await, 1);
    assert_eq!(app.database().count("quota_uses").await, 0);
    made(client.registration().register_portal(portal("example")).await);
    let told = refused(client.registration().register_portal(check).await);
    assert_eq!(told.reason, "PORTAL_NAME_ALREADY_EXISTS");
}

async fn only_those_who_may_create_tenants_do(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "tenants.read"]).await;
    let told = refused(client.registration().register_portal(portal("example")).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("PermissionDenied", "PERMISSION_MISSING"));
    assert_eq!(told.said("permission"), Some("tenants.create"));
}
