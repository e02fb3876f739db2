//! ONLYOFFICE, "Register a new portal" (POST /api/portal/register).

use std::time::Duration;

use chrono::TimeDelta;
use prost_types::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use enroll::delivery::CaptchaSettings;
use enroll::domain::limits::{LimitName, RateLimit};
use enroll::domain::secret::ApplicationKeySecret;
use enroll::proto::v1;
use enroll::proto::v1::confirm_verification_request::SecondKey;
use enroll::proto::v1::tenant_ref::Ref;
use enroll::provisioning::seams::Clock;

use super::{body, code, outcome_code, text};
use crate::support::provider::{self, Provider};
use crate::support::requests::{password, tenant_ref};
use crate::support::{Client, Engine, Preset, TestApp, Told, made, on_both_engines, refused};

on_both_engines!(
    the_example,
    a_password_is_optional,
    error_params,
    error_pass_policy,
    errors_of_the_portal_name,
    error_portal_name_not_found,
    error_portals_count_too_much,
    error_too_much_attempts,
    error_recaptcha_invalid,
    an_error_where_the_captcha_cannot_be_judged,
    the_statuses_of_a_portal,
    errors_of_authorization,
    error_register_new_tenant,
    error_internal,
);

/// The example of the document: the password and the phone number are JSON numbers there.
const REQUEST: &str = r#"{
"firstName": "John",
"email": "test@example.com",
"language": "en",
"lastName": "Smith",
"password": 123456,
"phone": 123456789,
"portalName": "example",
"timeZoneName": "UTC"
}"#;

/// Where the fields of the document's body travel.
fn register(body: &Value) -> v1::RegisterPortalRequest {
    let profile =
        v1::Profile { given_name: text(body, "firstName"), family_name: text(body, "lastName"), ..Default::default() };
    let tenant = v1::TenantInput {
        portal_name: text(body, "portalName"),
        language_code: text(body, "language"),
        time_zone: text(body, "timeZoneName"),
        ..Default::default()
    };
    let owner = v1::OwnerInput { profile: Some(profile), email: text(body, "email"), phone: text(body, "phone") };
    v1::RegisterPortalRequest {
        tenant: Some(tenant),
        owner: Some(owner),
        password: password(&text(body, "password")).filter(|_| body.get("password").is_some()),
        ..Default::default()
    }
}

/// The document's answer: the link for activation and the portal.
fn answer(reference: &str, tenant: &v1::Tenant) -> Value {
    let created = tenant.create_time.expect("a time");
    let created = chrono::DateTime::from_timestamp(created.seconds, 0).expect("a date");
    let status = match tenant.state() {
        v1::TenantState::Active => "Active",
        v1::TenantState::Suspended => "Suspended",
        v1::TenantState::Deleted => "RemovePending",
        other => panic!("{other:?} is no status of the document"),
    };
    let tenant = json!({
        "created": created.to_rfc3339(),
        "domain": tenant.domain,
        "language": tenant.language_code,
        "ownerId": tenant.owner_account_id,
        "portalName": tenant.portal_name,
        "status": status,
        "tenantId": tenant.tenant_number,
        "timeZoneName": tenant.time_zone,
    });
    json!({"reference": reference, "tenant": tenant})
}

/// The example with some members changed; null takes one away.
fn changed(changes: Value) -> v1::RegisterPortalRequest {
    let mut body = body(REQUEST);
    let members = body.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    register(&body)
}

async fn told(client: &Client, changes: Value) -> Told {
    refused(client.registration().register_portal(changed(changes)).await)
}

async fn the_example(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "onlyoffice").await;
    let request = register(&body(REQUEST));
    assert_eq!(preset.example::<v1::RegisterPortalRequest>("RegisterPortalRequest"), request);
    let before = app.clock().now();
    let response = preset.client.registration().register_portal(request).await.expect("registered");
    assert_eq!(outcome_code(&response).0, "200");
    let v1::RegisterPortalResponse { tenant, owner, reference, .. } = response.into_inner();
    let (tenant, owner) = (tenant.expect("a tenant"), owner.expect("an owner"));
    let answer = answer(&reference, &tenant);
    let created = answer["tenant"]["created"].as_str().and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
    assert!(created.is_some_and(|created| (created.to_utc() - before).abs() < TimeDelta::minutes(1)), "{answer}");
    let expected = json!({
        "created": answer["tenant"]["created"],
        "domain": "example.portals.example",
        "language": "en",
        "ownerId": owner.account_id,
        "portalName": "example",
        "status": "Active",
        "tenantId": tenant.tenant_number,
        "timeZoneName": "UTC",
    });
    assert_eq!(answer["tenant"], expected);
    assert!(expected["tenantId"].as_i64().is_some_and(|number| number > 0));
    let profile = owner.profile.expect("a profile");
    assert_eq!((profile.given_name.as_str(), profile.family_name.as_str()), ("John", "Smith"));
    assert_eq!(owner.email.expect("an address").address, "test@example.com");
    assert_eq!(owner.phone.expect("a number").number, "123456789", "as typed: no country has such a number");
    let read = tenant_ref(Ref::PortalName("example".to_owned()));
    assert_eq!(made(preset.client.tenants().get_tenant(read).await).tenant, Some(tenant));

    let (link, token) = reference.split_once("?token=").expect("a link with a token");
    assert_eq!(link, "https://example.portals.example/activate");
    let second_key = Some(SecondKey::Password("123456".to_owned()));
    let confirm = v1::ConfirmVerificationRequest { token: token.to_owned(), second_key, ..Default::default() };
    let owner = made(preset.client.registration().confirm_verification(confirm).await).account;
    assert!(owner.expect("an owner").email.expect("an address").verified);
}

/// Without a password the link lets the owner set one.
async fn a_password_is_optional(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    let answer = made(client.registration().register_portal(changed(json!({"password": null}))).await);
    assert!(!answer.owner.expect("an owner").password_set);
    let (link, token) = answer.reference.split_once("?token=").expect("a link with a token");
    assert_eq!(link, "https://example.portals.example/set-password");
    let new_password = password("654321");
    let finish = v1::FinishPasswordResetRequest { token: token.to_owned(), new_password };
    made(client.credentials().finish_password_reset(finish).await);
}

async fn error_params(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    let cases = [
        (json!({"firstName": null}), "owner.profile.given_name FIELD_REQUIRED"),
        (json!({"lastName": "   "}), "owner.profile.family_name FIELD_REQUIRED"),
        (json!({"firstName": "x".repeat(256)}), "owner.profile.given_name FIELD_TOO_LONG"),
        (json!({"email": null}), "owner.email FIELD_REQUIRED"),
        (json!({"email": "test"}), "owner.email EMAIL_INVALID"),
        (json!({"language": "english"}), "tenant.language_code LANGUAGE_UNSUPPORTED"),
        (json!({"timeZoneName": "Moon"}), "tenant.time_zone TIME_ZONE_INVALID"),
        (json!({"phone": "1".repeat(33)}), "owner.phone FIELD_TOO_LONG"),
    ];
    for (changes, fault) in cases {
        let told = told(&client, changes.clone()).await;
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("InvalidArgument", "VALIDATION_FAILED"), "{changes}");
        assert_eq!((told.faults(), code(&told)), (vec![fault.to_owned()], "params"), "{changes}");
    }
}

async fn error_pass_policy(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    for (given, reason) in [("12345".to_owned(), "PASSWORD_TOO_SHORT"), ("x".repeat(129), "PASSWORD_TOO_LONG")] {
        let told = told(&client, json!({"password": given})).await;
        assert_eq!((told.faults(), code(&told)), (vec![format!("password.password {reason}")], "passPolicyError"));
    }
}

async fn errors_of_the_portal_name(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    made(client.registration().register_portal(changed(json!({}))).await);
    let cases = [
        (json!(null), "FIELD_REQUIRED", "portalNameEmpty"),
        (json!("  "), "FIELD_REQUIRED", "portalNameEmpty"),
        (json!("exa_mple"), "PORTAL_NAME_INVALID_CHARACTERS", "portalNameIncorrect"),
        (json!("exam"), "PORTAL_NAME_TOO_SHORT", "tooShortError"),
        (json!("e".repeat(64)), "PORTAL_NAME_TOO_LONG", "tooShortError"),
        (json!("support"), "PORTAL_NAME_RESERVED", "portalNameExist"),
        (json!("Example"), "PORTAL_NAME_ALREADY_EXISTS", "portalNameExist"),
    ];
    for (name, reason, expected) in cases {
        let told = told(&client, json!({"portalName": name})).await;
        assert_eq!((told.faults(), code(&told)), (vec![format!("tenant.portal_name {reason}")], expected), "{name}");
    }
}

async fn error_portal_name_not_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    let told = refused(client.tenants().get_tenant(tenant_ref(Ref::PortalName("example".to_owned()))).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("NotFound", "TENANT_NOT_FOUND"));
    assert_eq!(code(&told), "portalNameNotFound");
}

async fn error_portals_count_too_much(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    for at in 0..5 {
        made(client.registration().register_portal(changed(json!({"portalName": format!("example-{at}")}))).await);
    }
    let told = told(&client, json!({})).await;
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("ResourceExhausted", "RESOURCE_QUOTA_EXCEEDED"));
    assert_eq!((code(&told), told.said("metric")), ("portalsCountTooMuch", Some("tenants")));
}

async fn error_too_much_attempts(engine: Engine) {
    let ten = RateLimit::new(10, Duration::from_secs(300));
    let app = TestApp::builder(engine).limit(LimitName::PortalRegistrations, ten).start().await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    for _ in 0..10 {
        assert_eq!(code(&told(&client, json!({"email": "test"})).await), "params");
    }
    let told = told(&client, json!({})).await;
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("ResourceExhausted", "RATE_LIMIT_EXCEEDED"));
    assert_eq!(code(&told), "tooMuchAttempts");
    assert!(told.retry_after.is_some());
}

/// Google's reCAPTCHA there, any provider with its form here.
async fn error_recaptcha_invalid(engine: Engine) {
    let rejected = (200, None, r#"{"success": false, "error-codes": ["timeout-or-duplicate"]}"#);
    let provider = Provider::answering(&[rejected, (200, None, r#"{"success": true}"#)]).await;
    let (_app, client) = demanding_captcha(engine, provider.url()).await;
    let absent = told(&client, json!({})).await;
    assert_eq!(
        (absent.faults(), code(&absent)),
        (vec!["captcha.token CAPTCHA_REQUIRED".to_owned()], "recaptchaInvalid")
    );
    let told = refused(client.registration().register_portal(solved()).await);
    assert_eq!((told.faults(), code(&told)), (vec!["captcha.token CAPTCHA_INVALID".to_owned()], "recaptchaInvalid"));
    made(client.registration().register_portal(solved()).await);
}

async fn an_error_where_the_captcha_cannot_be_judged(engine: Engine) {
    let (app, client) = demanding_captcha(engine, provider::nowhere()).await;
    let told = refused(client.registration().register_portal(solved()).await);
    let expected = ("Unavailable", "DEPENDENCY_UNAVAILABLE", "error");
    assert_eq!((told.code.as_str(), told.reason.as_str(), code(&told)), expected);
    assert!(told.retry_after.is_some());
    assert_eq!(app.database().count("accounts").await, 0);
}

/// A provider of captchas at a URL, and the preset's application with the demand for one.
async fn demanding_captcha(engine: Engine, url: String) -> (TestApp, Client) {
    let captcha = CaptchaSettings { url, secret: SecretString::from("the secret") };
    let app = TestApp::builder(engine).with(|builder| builder.captcha = Some(captcha)).start().await;
    let demand = |application: &mut v1::Application| application.portal_captcha_required = true;
    let client = Preset::apply_changed(&app, "onlyoffice", demand).await.client;
    (app, client)
}

/// The example with a captcha's token.
fn solved() -> v1::RegisterPortalRequest {
    v1::RegisterPortalRequest { captcha: Some(v1::Captcha { token: "solved".to_owned() }), ..changed(json!({})) }
}

async fn the_statuses_of_a_portal(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    made(client.registration().register_portal(changed(json!({}))).await);
    for (state, status) in [("ACTIVE", "Active"), ("SUSPENDED", "Suspended"), ("DELETED", "RemovePending")] {
        app.database().execute(&format!("UPDATE tenants SET state = '{state}' WHERE portal_name = 'example'")).await;
        let read = tenant_ref(Ref::PortalName("example".to_owned()));
        let tenant = made(client.tenants().get_tenant(read).await).tenant.expect("a tenant");
        assert_eq!(answer("", &tenant)["tenant"]["status"], status);
    }
}

/// "An unknown authorization scheme is used, or the authorization key is missing, or the authorization key time is out, or a wrong key is
/// used", and a key that cannot be decoded. Whose dialect a caller speaks is known only once its key is; so these have no code of it.
async fn errors_of_authorization(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    let end = app.clock().now() + TimeDelta::hours(1);
    let key = v1::ApplicationKey {
        expire_time: Some(Timestamp { seconds: end.timestamp(), nanos: 0 }),
        ..Default::default()
    };
    let request = v1::CreateApplicationKeyRequest {
        application_id: client.application_id.clone(),
        key: Some(key),
        ..Default::default()
    };
    let expiring = made(app.operator().applications().create_application_key(request).await).secret;
    app.clock().advance(TimeDelta::hours(2));
    let wrong = ApplicationKeySecret::from_bytes([9; 32]);
    let cases = [
        (client.saying("authorization", "ASC test@example.com:hash"), "AUTH_SCHEME_UNSUPPORTED"),
        (app.anonymous(), "CREDENTIALS_MISSING"),
        (client.with_key(&expiring), "CREDENTIALS_EXPIRED"),
        (client.with_key(wrong.expose()), "CREDENTIALS_INVALID"),
        (client.with_key("%%%"), "CREDENTIALS_INVALID"),
    ];
    for (caller, reason) in cases {
        let told = told(&caller, json!({})).await;
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unauthenticated", reason));
    }
    let powerless = |application: &mut v1::Application| {
        application.name = "onlyoffice-powerless".to_owned();
        application.grants[0].permissions.clear();
    };
    let powerless = Preset::apply_changed(&app, "onlyoffice", powerless).await.client;
    let told = told(&powerless, json!({})).await;
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("PermissionDenied", "PERMISSION_MISSING"));
    assert_eq!(code(&told), "authorization");
}

async fn error_register_new_tenant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    // The last table that the unit of work writes is gone: everything before it has to be undone.
    app.database().execute("ALTER TABLE credentials RENAME TO credentials_elsewhere").await;
    let told = told(&client, json!({})).await;
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("Internal", "TENANT_PROVISIONING_FAILED"));
    assert_eq!(code(&told), "registerNewTenantError");
    app.database().execute("ALTER TABLE credentials_elsewhere RENAME TO credentials").await;
    for (rows, count) in [("tenants", 1), ("accounts", 0), ("quota_uses", 0), ("application_tenants WHERE false", 0)] {
        assert_eq!(app.database().count(rows).await, count, "{rows}");
    }
    made(client.registration().register_portal(changed(json!({}))).await);
}

async fn error_internal(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "onlyoffice").await.client;
    made(client.registration().register_portal(changed(json!({}))).await);
    app.database().execute("ALTER TABLE tenants RENAME TO tenants_elsewhere").await;
    let told = refused(client.tenants().get_tenant(tenant_ref(Ref::PortalName("example".to_owned()))).await);
    assert_eq!((told.code.as_str(), told.reason.as_str(), code(&told)), ("Internal", "INTERNAL_ERROR", "error"));
    app.database().execute("ALTER TABLE tenants_elsewhere RENAME TO tenants").await;
    made(client.tenants().get_tenant(tenant_ref(Ref::PortalName("example".to_owned()))).await);
}
