//! Portal names: every verdict, from both rpcs that give one, and suggestions.

use enroll::proto::v1;
use enroll::proto::v1::ErrorReason;

use crate::support::requests::portal;
use crate::support::{Client, Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(every_verdict, a_taken_name_has_free_neighbours, a_name_is_stored_lower_case_and_trimmed);

async fn check(client: &Client, name: &str) -> v1::CheckPortalNameResponse {
    let request = v1::CheckPortalNameRequest { portal_name: name.to_owned(), end_user: None };
    made(client.registration().check_portal_name(request).await)
}

async fn every_verdict(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create"]).await;
    made(client.registration().register_portal(portal("taken-name")).await);
    let long = "n".repeat(64);
    let longest = "n".repeat(63);
    let cases = [
        ("", ErrorReason::FieldRequired),
        ("   ", ErrorReason::FieldRequired),
        ("short", ErrorReason::PortalNameTooShort),
        (&long, ErrorReason::PortalNameTooLong),
        ("under_score", ErrorReason::PortalNameInvalidCharacters),
        ("with space", ErrorReason::PortalNameInvalidCharacters),
        ("-leading", ErrorReason::PortalNameInvalidCharacters),
        ("trailing-", ErrorReason::PortalNameInvalidCharacters),
        ("bücherei", ErrorReason::PortalNameInvalidCharacters),
        ("xn--bcherei-n2a", ErrorReason::PortalNameInvalidCharacters),
        ("dotted.name", ErrorReason::PortalNameInvalidCharacters),
        ("support", ErrorReason::PortalNameReserved),
        ("SUPPORT", ErrorReason::PortalNameReserved),
        ("taken-name", ErrorReason::PortalNameAlreadyExists),
        ("Taken-Name", ErrorReason::PortalNameAlreadyExists),
    ];
    for (name, reason) in cases {
        let verdict = check(&client, name).await;
        assert_eq!((verdict.available, verdict.reason()), (false, reason), "{name:?}");
        let told = refused(client.registration().register_portal(portal(name)).await);
        let owners = format!("owner.email {}", ErrorReason::EmailInvalid.as_str_name());
        let faults: Vec<_> = told.faults().into_iter().filter(|fault| *fault != owners).collect();
        assert_eq!(faults, [format!("tenant.portal_name {}", reason.as_str_name())], "{name:?}");
    }
    for name in ["example", "123456", &longest, "a-b-c-d"] {
        let verdict = check(&client, name).await;
        assert_eq!((verdict.available, verdict.reason()), (true, ErrorReason::Unspecified), "{name}");
        assert!(verdict.suggestions.is_empty(), "{name}");
    }
}

async fn a_taken_name_has_free_neighbours(engine: Engine) {
    let app = TestApp::builder(engine).with(|app| app.portals.owner_quota = 100).start().await;
    let client = app.app(&["tenants.create"]).await;
    made(client.registration().register_portal(portal("example")).await);
    let first = check(&client, "example").await.suggestions;
    assert!((1..=5).contains(&first.len()), "{first:?}");
    for name in &first {
        assert!(check(&client, name).await.available, "{name} was suggested");
        made(client.registration().register_portal(portal(name)).await);
    }
    let second = check(&client, "example").await.suggestions;
    assert!(!second.is_empty());
    assert!(second.iter().all(|name| !first.contains(name)), "{second:?} are free, {first:?} are not");
    assert!(!check(&client, "support").await.suggestions.is_empty(), "a reserved name has neighbours too");
    assert_eq!(check(&client, "Acme & Sons").await.suggestions[0], "acme-sons", "and so has one that is none");
}

async fn a_name_is_stored_lower_case_and_trimmed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["tenants.create"]).await;
    let verdict = check(&client, "  Example-One ").await;
    assert_eq!((verdict.portal_name.as_str(), verdict.available), ("example-one", true));
    let mut request = portal("example");
    request.tenant.as_mut().expect("a tenant").portal_name = "  Example-One ".to_owned();
    let tenant = made(client.registration().register_portal(request).await).tenant.expect("a tenant");
    assert_eq!(tenant.portal_name, "example-one");
    assert!(!check(&client, "EXAMPLE-ONE").await.available);
}
