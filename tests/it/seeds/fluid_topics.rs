//! Fluid Topics, "registers a new account for an internal realm user".

use chrono::TimeDelta;
use serde_json::{Value, json};

use enroll::proto::v1;
use enroll::proto::v1::confirm_verification_request::SecondKey;

use super::{body, code, outcome_code, text};
use crate::support::requests::{credential, email, login, password};
use crate::support::{Client, Engine, Preset, TestApp, Told, made, on_both_engines, refused, sent};

on_both_engines!(
    the_example,
    an_agreement_is_kept_as_it_was_given,
    code_400_for_each_fault,
    code_400_for_several_faults_at_once,
    code_400_for_an_address_that_is_taken,
    code_401_without_a_valid_credential,
    the_calling_app_is_required,
    the_password_is_changed_after_the_first_login,
    a_verified_realm_mails_a_token_for_two_hours,
    a_closed_realm_is_for_those_who_may_create,
    an_administrator_registers_others_in_a_closed_realm,
    the_security_requirements_are_the_realms,
    an_agreement_that_a_realm_demands,
    an_internal_realm_must_be_available,
);

/// The example of the document.
const REQUEST: &str = r#"{
"name": "A User",
"emailAddress": "user@mail.com",
"password": "User's password",
"privacyPolicyAgreement": false
}"#;

/// Where the fields of the document's body travel.
fn register(body: &Value) -> v1::RegisterAccountRequest {
    let agreement = body.get("privacyPolicyAgreement").map(|agreement| v1::Consent {
        document: "privacy-policy".to_owned(),
        accepted: agreement.as_bool(),
        ..Default::default()
    });
    let profile = v1::Profile { display_name: text(body, "name"), ..Default::default() };
    v1::RegisterAccountRequest {
        profile: Some(profile),
        email: text(body, "emailAddress"),
        password: password(&text(body, "password")).filter(|_| body.get("password").is_some()),
        consents: agreement.into_iter().collect(),
        ..Default::default()
    }
}

/// The document's answer. It calls `needsVerification` a string and shows a bool.
fn answer(account: &v1::Account) -> Value {
    json!({
        "id": account.account_id,
        "displayName": account.profile.as_ref().map(|profile| profile.display_name.clone()),
        "emailAddress": account.email.as_ref().map(|email| email.address.clone()),
        "needsVerification": account.verification_required,
    })
}

/// The example with some members changed; null takes one away.
fn changed(changes: Value) -> v1::RegisterAccountRequest {
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
    refused(client.registration().register_account(changed(changes)).await)
}

async fn the_example(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "fluid-topics").await;
    let request = register(&body(REQUEST));
    assert_eq!(preset.example::<v1::RegisterAccountRequest>("RegisterAccountRequest"), request);
    let response = preset.client.registration().register_account(request).await.expect("registered");
    assert_eq!(outcome_code(&response), ("201", "CREATED"));
    let account = response.into_inner().account.expect("an account");
    assert!(uuid::Uuid::try_parse(&account.account_id).is_ok(), "the document's id is a UUID too");
    let expected = json!({
        "id": account.account_id,
        "displayName": "A User",
        "emailAddress": "user@mail.com",
        "needsVerification": false,
    });
    assert_eq!(answer(&account), expected);
    // "The user must reset their password after logging in for the first time."
    assert!(account.password_change_required);
    assert_eq!(account.state(), v1::AccountState::Active, "PUBLIC: no mail, active at once");
}

async fn an_agreement_is_kept_as_it_was_given(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "fluid-topics").await.client;
    for agreement in [false, true] {
        let changes = json!({"privacyPolicyAgreement": agreement, "emailAddress": format!("{agreement}@mail.com")});
        let account = made(client.registration().register_account(changed(changes)).await).account.expect("an account");
        let consent = &account.consents[0];
        assert_eq!((consent.document.as_str(), consent.accepted), ("privacy-policy", Some(agreement)));
        assert!(consent.accept_time.is_some());
    }
}

async fn code_400_for_each_fault(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "fluid-topics").await.client;
    let cases = [
        (json!({"name": null}), "profile.display_name FIELD_REQUIRED"),
        (json!({"emailAddress": null}), "email FIELD_REQUIRED"),
        (json!({"emailAddress": "user"}), "email EMAIL_INVALID"),
        (json!({"password": null}), "password.password FIELD_REQUIRED"),
        (json!({"password": "short"}), "password.password PASSWORD_TOO_SHORT"),
    ];
    for (changes, fault) in cases {
        let told = told(&client, changes.clone()).await;
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("InvalidArgument", "VALIDATION_FAILED"), "{changes}");
        assert_eq!((told.faults(), code(&told)), (vec![fault.to_owned()], "400"), "{changes}");
    }
    let told = told(&client, json!({"privacyPolicyAgreement": null})).await;
    assert_eq!((told.violations.len(), told.violations[0].reason.as_str(), code(&told)), (1, "FIELD_REQUIRED", "400"));
}

async fn code_400_for_several_faults_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "fluid-topics").await.client;
    let told = refused(client.registration().register_account(register(&json!({}))).await);
    assert_eq!((told.violations.len(), told.said("violationCount")), (4, Some("4")), "{told}");
    assert_eq!((code(&told), told.said("legacyCodes")), ("400", Some("400,400,400,400")));
    assert_eq!(app.database().count("accounts").await, 0);
}

async fn code_400_for_an_address_that_is_taken(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "fluid-topics").await.client;
    made(client.registration().register_account(changed(json!({}))).await);
    let told = told(&client, json!({"emailAddress": "USER@mail.com"})).await;
    assert_eq!(
        (told.code.as_str(), told.reason.as_str(), code(&told)),
        ("AlreadyExists", "EMAIL_ALREADY_EXISTS", "400")
    );
}

/// "The authorization header was not provided or is invalid."
async fn code_401_without_a_valid_credential(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "fluid-topics").await.client;
    let cases = [
        (app.anonymous(), "CREDENTIALS_MISSING"),
        (client.with_key("wrong"), "CREDENTIALS_INVALID"),
        (client.saying("authorization", "Basic dXNlcg=="), "AUTH_SCHEME_UNSUPPORTED"),
    ];
    for (caller, reason) in cases {
        let told = told(&caller, json!({})).await;
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("Unauthenticated", reason));
    }
}

async fn the_calling_app_is_required(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "fluid-topics").await.client;
    let silent = app.anonymous().as_application(&client.application_id, &client.tenant_id, &client.key);
    let told = told(&silent, json!({})).await;
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("PermissionDenied", "CALLING_APP_MISMATCH"));
    made(silent.saying("x-calling-app", "any label").registration().register_account(changed(json!({}))).await);
}

/// "After the first login, the password must be changed, since it was sent in plain text."
async fn the_password_is_changed_after_the_first_login(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "fluid-topics").await.client;
    made(client.registration().register_account(register(&body(REQUEST))).await);
    let login = v1::CreateSessionRequest { password: "User's password".to_owned(), ..login("user@mail.com") };
    let tokens = made(client.sessions().create_session(login).await).session.expect("tokens");
    assert_eq!(tokens.restriction(), v1::SessionRestriction::ChangePassword);
    let person = client.saying("x-user-token", &tokens.bearer_token);
    let list = v1::ListSessionsRequest::default();
    assert_eq!(refused(person.sessions().list_sessions(list.clone()).await).reason, "PASSWORD_CHANGE_REQUIRED");
    let change = v1::ChangePasswordRequest {
        old_password: "User's password".to_owned(),
        new_password: password("Another password"),
        ..Default::default()
    };
    made(person.credentials().change_password(change).await);
    assert_eq!(made(person.sessions().list_sessions(list).await).sessions.len(), 1);
}

async fn a_verified_realm_mails_a_token_for_two_hours(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "fluid-topics").await;
    let client = preset.client.clone();
    let registration_mode = v1::RegistrationMode::Verified.into();
    preset.change_realm(&app, v1::Realm { registration_mode, ..Default::default() }).await;
    let response = made(client.registration().register_account(changed(json!({}))).await);
    let account = response.account.expect("an account");
    assert_eq!(answer(&account)["needsVerification"], json!(true));
    let login = v1::CreateSessionRequest { password: "User's password".to_owned(), ..login("user@mail.com") };
    assert_eq!(refused(client.sessions().create_session(login.clone()).await).reason, "LOGIN_FAILED");

    let token = async || sent::tokens(&app, "user@mail.com", "enroll_confirm_").await.pop().expect("a token");
    let confirm = |token: String| v1::ConfirmVerificationRequest {
        token,
        second_key: Some(SecondKey::VerificationId(response.verifications[0].verification_id.clone())),
        ..Default::default()
    };
    let first = token().await;
    app.clock().advance(TimeDelta::hours(2));
    let told = refused(client.registration().confirm_verification(confirm(first)).await);
    assert_eq!(told.reason, "VERIFICATION_TOKEN_EXPIRED");
    let id = response.verifications[0].verification_id.clone();
    let target = Some(v1::send_verification_request::Target::VerificationId(id));
    made(client.registration().send_verification(v1::SendVerificationRequest { target, ..Default::default() }).await);
    made(client.registration().confirm_verification(confirm(token().await)).await);
    made(client.sessions().create_session(login).await);
}

async fn a_closed_realm_is_for_those_who_may_create(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "fluid-topics").await;
    let registration_mode = v1::RegistrationMode::Closed.into();
    preset.change_realm(&app, v1::Realm { registration_mode, ..Default::default() }).await;
    let told = told(&preset.client, json!({})).await;
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("PermissionDenied", "REGISTRATION_CLOSED"));
    let grant = v1::Grant {
        permissions: vec!["accounts.create".to_owned()],
        default_realm_id: preset.realm_id,
        default_contract_id: preset.contract_id,
        ..Default::default()
    };
    let trusted = v1::Application { grants: vec![grant], ..Default::default() };
    let trusted = app.app_with(&preset.client.tenant_id, trusted).await;
    made(trusted.registration().register_account(changed(json!({}))).await);
}

/// "If the registration type is Closed, only users with the ADMIN or USERS_ADMIN role can use this web service."
async fn an_administrator_registers_others_in_a_closed_realm(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "fluid-topics").await;
    let change =
        v1::Realm { registration_mode: v1::RegistrationMode::Closed.into(), roles: roles(), ..Default::default() };
    preset.change_realm(&app, change).await;
    for (role, opens) in [("ADMIN", true), ("USERS_ADMIN", true), ("READER", false)] {
        let address = format!("{}@mail.com", role.to_lowercase());
        let account = v1::Account { email: email(&address), roles: vec![role.to_owned()], ..Default::default() };
        let consents =
            vec![v1::Consent { document: "privacy-policy".to_owned(), accepted: Some(true), ..Default::default() }];
        let request = v1::CreateAccountRequest {
            realm_id: preset.realm_id.clone(),
            account: Some(v1::Account { consents, ..account }),
            credential: credential("User's password"),
            ..Default::default()
        };
        made(app.operator().accounts().create_account(request).await);
        let person = signed_in(&preset.client, &address).await;
        let request = changed(json!({"emailAddress": format!("by-{address}")}));
        let answer = person.registration().register_account(request).await;
        if opens {
            made(answer);
        } else {
            assert_eq!(refused(answer).reason, "REGISTRATION_CLOSED", "{role}");
        }
    }
}

fn roles() -> Vec<v1::Role> {
    let role = |name: &str| v1::Role { name: name.to_owned(), ..Default::default() };
    ["ADMIN", "USERS_ADMIN", "READER"].map(role).to_vec()
}

/// The application on behalf of a person who has logged in for the first time, and has changed the password as is due then.
async fn signed_in(client: &Client, address: &str) -> Client {
    let login = v1::CreateSessionRequest { password: "User's password".to_owned(), ..login(address) };
    let tokens = made(client.sessions().create_session(login).await).session.expect("tokens");
    let person = client.saying("x-user-token", &tokens.bearer_token);
    let change = v1::ChangePasswordRequest {
        old_password: "User's password".to_owned(),
        new_password: password("Another password"),
        ..Default::default()
    };
    made(person.credentials().change_password(change).await);
    person
}

/// "The password must meet the security requirements defined for the internal realm": HIGH is 12 characters and no known password. A realm
/// may also name the domains of its people.
async fn the_security_requirements_are_the_realms(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "fluid-topics").await;
    let high = v1::password_policy::Policy::Preset(v1::PasswordPreset::High.into());
    let change = v1::Realm {
        password_policy: Some(v1::PasswordPolicy { policy: Some(high) }),
        allowed_email_domains: vec!["mail.com".to_owned()],
        ..Default::default()
    };
    preset.change_realm(&app, change).await;
    let cases = [
        (json!({"password": "eleven char"}), "password.password PASSWORD_TOO_SHORT"),
        (json!({"password": "012345678910"}), "password.password PASSWORD_BREACHED"),
        (json!({"emailAddress": "user@evilmail.com"}), "email EMAIL_DOMAIN_NOT_ALLOWED"),
        (json!({"emailAddress": "user@mail.com.evil.org"}), "email EMAIL_DOMAIN_NOT_ALLOWED"),
    ];
    for (changes, fault) in cases {
        let told = told(&preset.client, changes.clone()).await;
        assert_eq!((told.faults(), code(&told)), (vec![fault.to_owned()], "400"), "{changes}");
    }
    // Unicode and spaces are characters like others, and one code point counts one.
    let changes = json!({"password": "ää öö üü ßß é", "emailAddress": "user@paris.mail.com"});
    made(preset.client.registration().register_account(changed(changes)).await);
}

async fn an_agreement_that_a_realm_demands(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "fluid-topics").await;
    let demanded = v1::ConsentRequirement {
        document: "privacy-policy".to_owned(),
        version: "1".to_owned(),
        demand: v1::ConsentDemand::Acceptance.into(),
    };
    preset.change_realm(&app, v1::Realm { consents: vec![demanded], ..Default::default() }).await;
    let told = told(&preset.client, json!({})).await;
    let expected = ("FailedPrecondition", "CONSENT_REQUIRED", "400");
    assert_eq!((told.code.as_str(), told.reason.as_str(), code(&told)), expected);
    made(preset.client.registration().register_account(changed(json!({"privacyPolicyAgreement": true}))).await);
}

async fn an_internal_realm_must_be_available(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "fluid-topics").await;
    let state = v1::RealmState::Disabled.into();
    preset.change_realm(&app, v1::Realm { state, ..Default::default() }).await;
    let told = told(&preset.client, json!({})).await;
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", "REALM_UNAVAILABLE"));
    assert_eq!(told.preconditions.len(), 1);
}
