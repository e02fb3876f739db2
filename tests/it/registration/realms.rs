//! Where people may register.

use enroll::proto::v1;

use super::people::{public, register_in};
use crate::support::requests::register;
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_closed_realm_opens_to_those_who_may_create,
    a_realm_that_takes_nobody_is_unavailable,
    a_realm_that_is_not_there_is_not_found,
    addresses_are_of_an_allowed_domain,
    languages_are_of_those_that_the_realm_has,
    a_full_realm_takes_no_more,
    a_tenant_that_is_not_active_takes_nobody,
);

async fn a_closed_realm_opens_to_those_who_may_create(engine: Engine) {
    let app = TestApp::start(engine).await;
    let closed = v1::Realm { registration_mode: v1::RegistrationMode::Closed.into(), ..Default::default() };
    let realm_id = app.realm(closed).await;
    let stranger = app.app(&["accounts.read"]).await;
    let told = refused(stranger.registration().register_account(register_in(&realm_id, "not an address")).await);
    assert_snapshot!(told, @r"PermissionDenied REGISTRATION_CLOSED: Registration is closed in this realm.");
    let trusted = app.app(&["accounts.create"]).await;
    made(trusted.registration().register_account(register_in(&realm_id, "a@example.com")).await);
}

async fn a_realm_that_takes_nobody_is_unavailable(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let disabled = v1::Realm { state: v1::RealmState::Disabled.into(), ..public() };
    let external = v1::Realm { kind: v1::RealmKind::External.into(), ..public() };
    for realm in [disabled, external] {
        let realm_id = app.realm(realm).await;
        let told = refused(client.registration().register_account(register_in(&realm_id, "a@example.com")).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", "REALM_UNAVAILABLE"));
        assert_eq!(told.preconditions[0].0, "CONFIGURATION");
        let request = v1::CreateAccountRequest { realm_id, ..crate::support::requests::create("a@example.com") };
        assert_eq!(refused(client.accounts().create_account(request).await).reason, "REALM_UNAVAILABLE");
    }
}

async fn a_realm_that_is_not_there_is_not_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    for realm_id in ["018f0000-0000-7000-8000-000000000000", "internal"] {
        let told = refused(client.registration().register_account(register_in(realm_id, "a@example.com")).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("NotFound", "REALM_NOT_FOUND"), "{realm_id}");
    }
}

async fn addresses_are_of_an_allowed_domain(engine: Engine) {
    let app = TestApp::start(engine).await;
    let allowed_email_domains = vec!["example.com".to_owned(), "bücher.example".to_owned()];
    let realm_id = app.realm(v1::Realm { allowed_email_domains, ..public() }).await;
    let client = app.app(&[]).await;
    for address in ["a@notexample.com", "a@example.com.evil.org"] {
        let told = refused(client.registration().register_account(register_in(&realm_id, address)).await);
        assert_eq!(told.faults(), ["email EMAIL_DOMAIN_NOT_ALLOWED"], "{address}");
    }
    for address in ["a@example.com", "a@mail.EXAMPLE.com", "a@xn--bcher-kva.example"] {
        made(client.registration().register_account(register_in(&realm_id, address)).await);
    }
}

async fn languages_are_of_those_that_the_realm_has(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { language_codes: vec!["fr".to_owned(), "en-GB".to_owned()], ..public() }).await;
    let client = app.app(&[]).await;
    let speaking = |language: &str, address: &str| v1::RegisterAccountRequest {
        profile: Some(v1::Profile { language_code: language.to_owned(), ..Default::default() }),
        ..register_in(&realm_id, address)
    };
    let told = refused(client.registration().register_account(speaking("de", "a@example.com")).await);
    assert_eq!(told.faults(), ["profile.language_code LANGUAGE_UNSUPPORTED"]);
    made(client.registration().register_account(speaking("en-gb", "a@example.com")).await);
}

async fn a_full_realm_takes_no_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { account_quota: 1, ..public() }).await;
    let client = app.app(&[]).await;
    made(client.registration().register_account(register_in(&realm_id, "a@example.com")).await);
    let told = refused(client.registration().register_account(register_in(&realm_id, "b@example.com")).await);
    assert_eq!((told.reason.as_str(), told.said("metric")), ("RESOURCE_QUOTA_EXCEEDED", Some("accounts")));
}

async fn a_tenant_that_is_not_active_takes_nobody(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app_of_another_tenant(&["accounts.create"]).await;
    app.database().execute("UPDATE tenants SET state = 'SUSPENDED' WHERE portal_name IS NOT NULL").await;
    // Tenants are cached for a few seconds: a server that never saw this one active reads it as it is.
    let app = app.restart().await;
    let client = app.anonymous().as_application(&client.application_id, &client.tenant_id, &client.key);
    let told = refused(client.registration().register_account(register("a@example.com")).await);
    assert_snapshot!(told, @r"
    FailedPrecondition TENANT_NOT_ACTIVE: The tenant is not active.
    precondition STATE tenants/[id]
    ");
}
