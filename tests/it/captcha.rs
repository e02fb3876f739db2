//! Captchas: who has to pass one, when its provider is asked, and what is said until it has answered. The provider is an HTTP server of this
//! machine that gives each of its answers once.

use std::time::{Duration, Instant};

use secrecy::SecretString;

use enroll::delivery::CaptchaSettings;
use enroll::domain::limits::{LimitName, RateLimit};
use enroll::proto::v1;

use crate::support::provider::{self, Provider};
use crate::support::requests::{create, portal, register};
use crate::support::{Engine, Preset, TestApp, Told, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    absent_rejected_and_not_to_be_asked_are_three_errors,
    a_provider_that_is_gone_or_silent_lets_nobody_in,
    without_a_provider_nobody_registers,
    nothing_that_exists_is_told_before_it_passes,
    a_check_asks_too,
    a_repeat_asks_nobody,
    faults_are_told_without_asking,
    the_limit_of_attempts_comes_first,
    the_provider_learns_secret_token_and_address,
    where_none_is_demanded_nobody_is_asked,
    a_portal_needs_one_where_its_application_says_so,
    the_demand_is_a_rule_that_is_kept_and_changed,
);

const PASSES: Answer = (200, None, r#"{"success": true}"#);
const REJECTS: Answer = (200, None, r#"{"success": false, "error-codes": ["invalid-input-response"]}"#);

type Answer = (u16, Option<&'static str>, &'static str);

async fn asking(engine: Engine, url: String) -> TestApp {
    let captcha = CaptchaSettings { url, secret: SecretString::from("the secret") };
    TestApp::builder(engine).with(|builder| builder.captcha = Some(captcha)).start().await
}

fn demanding() -> v1::Realm {
    v1::Realm { registration_mode: v1::RegistrationMode::Public.into(), captcha_required: true, ..Default::default() }
}

fn token(text: &str) -> Option<v1::Captcha> {
    Some(v1::Captcha { token: text.to_owned() })
}

/// A registration in a realm with a token.
fn solved(realm_id: &str, address: &str) -> v1::RegisterAccountRequest {
    v1::RegisterAccountRequest { realm_id: realm_id.to_owned(), captcha: token("solved"), ..register(address) }
}

fn without_token(request: &v1::RegisterAccountRequest) -> v1::RegisterAccountRequest {
    v1::RegisterAccountRequest { captcha: None, ..request.clone() }
}

/// What is told, but for the request that it is told of.
fn unidentified(told: Told) -> Told {
    Told { request_id: String::new(), ..told }
}

async fn absent_rejected_and_not_to_be_asked_are_three_errors(engine: Engine) {
    let provider = Provider::answering(&[REJECTS, (500, None, ""), (200, None, "<html>"), PASSES]).await;
    let app = asking(engine, provider.url()).await;
    let realm_id = app.realm(demanding()).await;
    let mut client = app.app(&[]).await.saying("accept-language", "de").registration();
    let request = solved(&realm_id, "ada@example.com");
    for captcha in [None, token("")] {
        let told = refused(client.register_account(v1::RegisterAccountRequest { captcha, ..request.clone() }).await);
        assert_snapshot!(told, @r"
        InvalidArgument CAPTCHA_REQUIRED: A captcha is required.
          de: Ein Captcha ist nötig.
        field captcha.token CAPTCHA_REQUIRED: A captcha is required.
          de: Ein Captcha ist nötig.
        ");
    }
    assert_eq!(provider.asked().len(), 0, "there is nothing to ask about");
    let told = refused(client.register_account(request.clone()).await);
    assert_snapshot!(told, @r"
    InvalidArgument CAPTCHA_INVALID: The captcha was not solved.
      de: Das Captcha wurde nicht gelöst.
    field captcha.token CAPTCHA_INVALID: The captcha was not solved.
      de: Das Captcha wurde nicht gelöst.
    ");
    for _ in 0..2 {
        let told = refused(client.register_account(request.clone()).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unavailable", "DEPENDENCY_UNAVAILABLE"));
        assert!(told.retry_after.is_some());
    }
    assert_eq!(app.database().count("accounts").await, 0);
    made(client.register_account(request).await);
    assert_eq!(provider.asked().len(), 4);
}

async fn a_provider_that_is_gone_or_silent_lets_nobody_in(engine: Engine) {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_url = format!("http://{}/", silent.local_addr().expect("an address"));
    for (url, waits) in [(provider::nowhere(), Duration::ZERO), (silent_url, Duration::from_millis(1_900))] {
        let app = asking(engine, url).await;
        let realm_id = app.realm(demanding()).await;
        let began = Instant::now();
        let told = refused(app.operator().registration().register_account(solved(&realm_id, "ada@example.com")).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unavailable", "DEPENDENCY_UNAVAILABLE"));
        assert!(began.elapsed() >= waits && began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert_eq!(app.database().count("accounts").await, 0);
    }
}

async fn without_a_provider_nobody_registers(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(demanding()).await;
    let client = app.operator();
    let request = solved(&realm_id, "ada@example.com");
    for request in [without_token(&request), request] {
        let told = refused(client.registration().register_account(request).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unavailable", "DEPENDENCY_UNAVAILABLE"));
    }
    assert_eq!(app.database().count("accounts").await, 0);
}

async fn nothing_that_exists_is_told_before_it_passes(engine: Engine) {
    let provider = Provider::answering(&[PASSES, REJECTS, REJECTS, REJECTS, PASSES, PASSES]).await;
    let app = asking(engine, provider.url()).await;
    let requirement = v1::ConsentRequirement {
        document: "terms".to_owned(),
        demand: v1::ConsentDemand::Acceptance.into(),
        ..Default::default()
    };
    let realm_id = app.realm(v1::Realm { consents: vec![requirement], account_quota: 1, ..demanding() }).await;
    let mut client = app.app(&[]).await.registration();
    let with = |address: &str, accepted: bool| {
        let consent = v1::Consent { document: "terms".to_owned(), accepted: Some(accepted), ..Default::default() };
        v1::RegisterAccountRequest { consents: vec![consent], ..solved(&realm_id, address) }
    };
    made(client.register_account(with("taken@example.com", true)).await);
    let (taken, declined, free) =
        (with("taken@example.com", true), with("taken@example.com", false), with("free@example.com", true));
    let mut answers = Vec::new();
    for request in [&taken, &declined, &free] {
        let absent = refused(client.register_account(without_token(request)).await);
        let rejected = refused(client.register_account(request.clone()).await);
        answers.push((unidentified(absent), unidentified(rejected)));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0].1.reason, "CAPTCHA_INVALID");
    // Control: each of them has something to tell.
    assert_eq!(refused(client.register_account(declined).await).reason, "CONSENT_REQUIRED");
    assert_eq!(refused(client.register_account(free).await).reason, "RESOURCE_QUOTA_EXCEEDED");
}

async fn a_check_asks_too(engine: Engine) {
    let provider = Provider::answering(&[PASSES, REJECTS, PASSES, PASSES]).await;
    let app = asking(engine, provider.url()).await;
    let realm_id = app.realm(demanding()).await;
    let mut client = app.app(&[]).await.registration();
    made(client.register_account(solved(&realm_id, "taken@example.com")).await);
    let check = v1::RegisterAccountRequest { validate_only: true, ..solved(&realm_id, "taken@example.com") };
    assert_eq!(refused(client.register_account(without_token(&check)).await).reason, "CAPTCHA_REQUIRED");
    assert_eq!(refused(client.register_account(check.clone()).await).reason, "CAPTCHA_INVALID");
    assert_eq!(refused(client.register_account(check.clone()).await).reason, "EMAIL_ALREADY_EXISTS");
    let free = v1::RegisterAccountRequest { email: "free@example.com".to_owned(), ..check };
    assert_eq!(made(client.register_account(free).await).outcome(), v1::Outcome::Validated);
    assert_eq!(provider.asked().len(), 4);
}

async fn a_repeat_asks_nobody(engine: Engine) {
    let provider = Provider::answering(&[PASSES]).await;
    let app = asking(engine, provider.url()).await;
    let realm_id = app.realm(demanding()).await;
    let mut client = app.app(&[]).await.registration();
    let request = v1::RegisterAccountRequest {
        request_id: "0b5c2f2e-7d0d-4e0a-9a3c-5d3f0c8a1b2c".to_owned(),
        ..solved(&realm_id, "ada@example.com")
    };
    let first = made(client.register_account(request.clone()).await);
    for captcha in [token("solved"), token("another"), None] {
        let again = v1::RegisterAccountRequest { captcha, ..request.clone() };
        let answer = client.register_account(again).await.expect("a repeat");
        assert_eq!(answer.metadata().get("x-idempotent-replay").map(|value| value.as_bytes()), Some(&b"true"[..]));
        assert_eq!(answer.into_inner(), first);
    }
    let other = v1::RegisterAccountRequest { email: "b@example.com".to_owned(), ..request };
    assert_eq!(refused(client.register_account(other).await).reason, "REQUEST_ID_REUSED");
    assert_eq!(provider.asked().len(), 1);
}

async fn faults_are_told_without_asking(engine: Engine) {
    let provider = Provider::answering(&[]).await;
    let app = asking(engine, provider.url()).await;
    let realm_id = app.realm(demanding()).await;
    let mut client = app.app(&[]).await.registration();
    let request = v1::RegisterAccountRequest { captcha: token(&"x".repeat(4_097)), ..solved(&realm_id, "no address") };
    let told = refused(client.register_account(request).await);
    assert_eq!(told.faults(), ["email EMAIL_INVALID", "captcha.token FIELD_TOO_LONG"]);
    assert_eq!((told.said("v1-maxLength"), told.said("v1-unit")), (Some("4096"), Some("octets")));
    let told = refused(client.register_account(without_token(&solved(&realm_id, "no address"))).await);
    assert_eq!(told.faults(), ["email EMAIL_INVALID"]);
    assert_eq!(provider.asked().len(), 0);
}

async fn the_limit_of_attempts_comes_first(engine: Engine) {
    let provider = Provider::answering(&[REJECTS]).await;
    let captcha = CaptchaSettings { url: provider.url(), secret: SecretString::from("the secret") };
    let one = RateLimit::new(1, Duration::from_secs(300));
    let builder = TestApp::builder(engine).limit(LimitName::AccountRegistrations, one);
    let app = builder.with(|builder| builder.captcha = Some(captcha)).start().await;
    let realm_id = app.realm(demanding()).await;
    let mut client = app.app(&[]).await.registration();
    let request = solved(&realm_id, "ada@example.com");
    assert_eq!(refused(client.register_account(request.clone()).await).reason, "CAPTCHA_INVALID");
    assert_eq!(refused(client.register_account(request).await).reason, "RATE_LIMIT_EXCEEDED");
    assert_eq!(provider.asked().len(), 1);
}

async fn the_provider_learns_secret_token_and_address(engine: Engine) {
    let provider = Provider::answering(&[PASSES, PASSES]).await;
    let app = asking(engine, provider.url()).await;
    let realm_id = app.realm(demanding()).await;
    let end_user = Some(v1::EndUser { ip_address: "2001:db8::1".to_owned(), user_agent: String::new() });
    for (address, permissions) in [("a@example.com", &["end_user.assert"][..]), ("b@example.com", &[])] {
        let request = v1::RegisterAccountRequest { end_user: end_user.clone(), ..solved(&realm_id, address) };
        made(app.app(permissions).await.registration().register_account(request).await);
    }
    let forms: Vec<String> = provider.asked().into_iter().map(|asked| asked.form).collect();
    let expected = [
        "secret=the+secret&response=solved&remoteip=2001%3Adb8%3A%3A1",
        // Nobody takes this application's word: it is the peer's.
        "secret=the+secret&response=solved&remoteip=127.0.0.1",
    ];
    assert_eq!(forms, expected);
}

async fn where_none_is_demanded_nobody_is_asked(engine: Engine) {
    let provider = Provider::answering(&[]).await;
    let app = asking(engine, provider.url()).await;
    let open = app.realm(v1::Realm { captcha_required: false, ..demanding() }).await;
    let closed = app.realm(demanding()).await;
    let operator = app.operator();
    made(operator.registration().register_account(solved(&open, "ada@example.com")).await);
    made(operator.registration().register_portal(portal("harbour")).await);
    // Whom a trusted application makes is not there to solve anything.
    let trusted = v1::CreateAccountRequest { realm_id: closed, ..create("ada@example.com") };
    made(operator.accounts().create_account(trusted).await);
    assert_eq!(provider.asked().len(), 0);
}

async fn a_portal_needs_one_where_its_application_says_so(engine: Engine) {
    let provider = Provider::answering(&[PASSES, REJECTS, PASSES, PASSES, (503, None, "")]).await;
    let app = asking(engine, provider.url()).await;
    let change = |application: &mut v1::Application| application.portal_captcha_required = true;
    let mut client = Preset::apply_changed(&app, "onlyoffice", change).await.client.registration();
    let solved = |name: &str| v1::RegisterPortalRequest { captcha: token("solved"), ..portal(name) };
    let id = "0b5c2f2e-7d0d-4e0a-9a3c-5d3f0c8a1b2c".to_owned();
    let first = v1::RegisterPortalRequest { request_id: id, ..solved("harbour") };
    let answer = made(client.register_portal(first.clone()).await);
    let again = v1::RegisterPortalRequest { captcha: token("another"), ..first };
    let again = made(client.register_portal(again).await);
    assert_eq!((&again.tenant, &again.owner), (&answer.tenant, &answer.owner));
    assert_eq!(provider.asked().len(), 1, "a repeat asks nobody");

    // A name that is taken, and one that is free.
    let absent = ["harbour", "lighthouse"].map(portal);
    let mut told = Vec::new();
    for request in absent {
        told.push(unidentified(refused(client.register_portal(request).await)));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!((told[0].reason.as_str(), told[0].said("legacyCode")), ("CAPTCHA_REQUIRED", Some("recaptchaInvalid")));
    let check = v1::RegisterPortalRequest { validate_only: true, ..solved("harbour") };
    assert_eq!(refused(client.register_portal(check.clone()).await).said("legacyCode"), Some("recaptchaInvalid"));
    assert_eq!(refused(client.register_portal(check).await).reason, "PORTAL_NAME_ALREADY_EXISTS");
    assert_eq!(refused(client.register_portal(solved("harbour")).await).reason, "PORTAL_NAME_ALREADY_EXISTS");
    assert_eq!(refused(client.register_portal(solved("lighthouse")).await).reason, "DEPENDENCY_UNAVAILABLE");
    let faulty = refused(client.register_portal(solved("x")).await);
    assert_eq!(faulty.faults(), ["tenant.portal_name PORTAL_NAME_TOO_SHORT"]);
    assert_eq!(provider.asked().len(), 5);

    // The demand is the application's; the new portal's own realm begins without one.
    let tenant_id = answer.tenant.expect("a tenant").tenant_id;
    let realms = v1::ListRealmsRequest { tenant_id, ..Default::default() };
    let realms = made(app.operator().realms().list_realms(realms).await).realms;
    assert_eq!(realms.iter().map(|realm| realm.captcha_required).collect::<Vec<_>>(), [false]);
}

async fn the_demand_is_a_rule_that_is_kept_and_changed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let operator = app.operator();
    let realm_id = app.realm(demanding()).await;
    let change = |captcha_required: bool, path: &str| v1::UpdateRealmRequest {
        realm: Some(v1::Realm { realm_id: realm_id.clone(), captcha_required, ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.to_owned()] }),
        ..Default::default()
    };
    for (request, expected) in [
        (change(false, "display_name"), true),
        (change(false, "captcha_required"), false),
        (change(true, "captcha_required"), true),
    ] {
        let realm = made(operator.realms().update_realm(request).await).realm.expect("a realm");
        assert_eq!((realm.captcha_required, realm.registration_mode()), (expected, v1::RegistrationMode::Public));
    }
    let read = v1::GetRealmRequest { realm_id: realm_id.clone(), ..Default::default() };
    assert!(made(operator.realms().get_realm(read).await).realm.expect("a realm").captcha_required);

    let application_id = app.app(&[]).await.application_id;
    let change = |portal_captcha_required: bool| v1::UpdateApplicationRequest {
        application: Some(v1::Application {
            application_id: application_id.clone(),
            portal_captcha_required,
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["portal_captcha_required".to_owned()] }),
        ..Default::default()
    };
    for demands in [true, false] {
        let request = change(demands);
        let application = made(operator.applications().update_application(request).await).application;
        assert_eq!(application.expect("an application").portal_captcha_required, demands);
    }
}
