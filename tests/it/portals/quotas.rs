//! How many portals there may be, and how often somebody may try.

use std::time::Duration;

use enroll::domain::limits::{LimitName, RateLimit};
use enroll::proto::v1;

use crate::support::app::application;
use crate::support::requests::portal;
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    an_owner_has_five_portals,
    an_application_has_its_own_quota,
    an_installation_has_one_where_it_is_set,
    an_address_has_ten_attempts,
);

fn owned_by(name: &str, email: &str) -> v1::RegisterPortalRequest {
    let mut request = portal(name);
    request.owner.as_mut().expect("an owner").email = email.to_owned();
    request
}

async fn an_owner_has_five_portals(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create"]).await;
    for at in 0..5 {
        let email = if at % 2 == 0 { "ada@example.com" } else { "ADA@example.com" };
        made(client.registration().register_portal(owned_by(&format!("portal-{at}"), email)).await);
    }
    let told = refused(client.registration().register_portal(owned_by("portal-5", "ada@example.com")).await);
    assert_snapshot!(told, @r"
    ResourceExhausted RESOURCE_QUOTA_EXCEEDED: The quota of 5 is used up.
      limit = 5
      metric = tenants
    quota of owner
    ");
    let others = app.app(&["tenants.create"]).await;
    let told = refused(others.registration().register_portal(owned_by("portal-5", "ada@example.com")).await);
    assert_eq!(told.reason, "RESOURCE_QUOTA_EXCEEDED", "whichever application it comes from");
    made(client.registration().register_portal(owned_by("portal-5", "byron@example.com")).await);
    assert_eq!(app.database().count("quota_uses WHERE key LIKE '%ada%'").await, 0, "no address stands in a global row");
}

async fn an_application_has_its_own_quota(engine: Engine) {
    let app = TestApp::start(engine).await;
    let small = v1::Application { portal_quota: 2, ..application(&["tenants.create"]) };
    let client = app.app_with(&app.operator().tenant_id, small).await;
    made(client.registration().register_portal(portal("portal-1")).await);
    made(client.registration().register_portal(portal("portal-2")).await);
    let told = refused(client.registration().register_portal(portal("portal-3")).await);
    assert_eq!(
        (told.reason.as_str(), told.quotas.as_slice()),
        ("RESOURCE_QUOTA_EXCEEDED", ["application".to_owned()].as_slice())
    );
    assert_eq!((told.said("metric"), told.said("limit")), (Some("tenants"), Some("2")));
    let other = app.app(&["tenants.create"]).await;
    made(other.registration().register_portal(portal("portal-3")).await);
}

async fn an_installation_has_one_where_it_is_set(engine: Engine) {
    let app = TestApp::builder(engine).with(|app| app.portals.installation_quota = Some(1)).start().await;
    let (one, other) = (app.app(&["tenants.create"]).await, app.app(&["tenants.create"]).await);
    made(one.registration().register_portal(portal("portal-1")).await);
    let told = refused(other.registration().register_portal(portal("portal-2")).await);
    assert_eq!(told.quotas, ["installation"]);
    assert_eq!(app.database().count("accounts").await, 1);
}

async fn an_address_has_ten_attempts(engine: Engine) {
    let ten = RateLimit::new(10, Duration::from_secs(300));
    let builder = TestApp::builder(engine).limit(LimitName::PortalRegistrations, ten);
    let app = builder.limit(LimitName::PortalNameChecks, ten).start().await;
    let client = app.app(&["tenants.create", "end_user.assert"]).await;
    let end_user = |ip_address: &str| Some(v1::EndUser { ip_address: ip_address.to_owned(), ..Default::default() });
    let from = |name: &str, address: &str| v1::RegisterPortalRequest { end_user: end_user(address), ..portal(name) };
    for _ in 0..10 {
        refused(client.registration().register_portal(from("no", "192.0.2.1")).await);
    }
    let told = refused(client.registration().register_portal(from("example", "192.0.2.1")).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("ResourceExhausted", "RATE_LIMIT_EXCEEDED"));
    assert!(told.retry_after.is_some_and(|wait| wait <= Duration::from_secs(300)));
    made(client.registration().register_portal(from("example", "192.0.2.2")).await);

    let check =
        |address: &str| v1::CheckPortalNameRequest { portal_name: "example".to_owned(), end_user: end_user(address) };
    for _ in 0..10 {
        made(client.registration().check_portal_name(check("192.0.2.1")).await);
    }
    let told = refused(client.registration().check_portal_name(check("192.0.2.1")).await);
    assert_snapshot!(told, @r"
    ResourceExhausted RATE_LIMIT_EXCEEDED: There were too many attempts in a short time.
      limit = portal_name_checks
    quota of portal_name_checks
    retry
    ");
}
