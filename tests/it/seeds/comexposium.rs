//! Comexposium SSO, "Create with password" (POST /_plugin/Comexposium/user/createWithPassword).

use serde_json::{Value, json};

use enroll::proto::v1;

use super::{body, code, outcome_code, text};
use crate::support::requests::{credential, email, field, login, password};
use crate::support::{Engine, Preset, TestApp, made, on_both_engines, refused, sent};

on_both_engines!(
    the_example,
    both_languages_are_accepted,
    the_mail_can_be_disallowed,
    code_143_the_email_exists,
    code_131_credentials_are_missing,
    code_124_the_url_reference_is_not_configured,
    code_187_there_is_no_configured_template,
    code_1_stands_for_the_rest,
    code_1_stands_for_what_fails_inside,
    where_the_realm_verifies_the_mail_activates,
    without_a_password_the_mail_lets_one_be_set,
    the_person_logs_in,
);

/// The document's body, its address whole and its `language` without the remark that stands in it.
const REQUEST: &str = r#"{
  "email": "visitor@mail.com",
  "fromSalon": "foire_de_paris",
  "fromSessionSalon": "foire_de_paris_2017",
  "language": "fre-FR",
  "fromThirdParty": "f9c7c303bbc3531781fe52b6e4123d5e40ba8581",
  "password": "MyPasswordSecur3d!",
  "isSendingEmailAllowed": true
}"#;

/// Where the fields of the document's body travel.
fn create(body: &Value) -> v1::CreateAccountRequest {
    let given = |name: &str| Some(text(body, name)).filter(|text| !text.is_empty());
    let delivery = match body["isSendingEmailAllowed"] {
        Value::Bool(false) => v1::Delivery::Suppress,
        _ => v1::Delivery::Send,
    };
    v1::CreateAccountRequest {
        account: Some(v1::Account {
            profile: Some(v1::Profile { language_code: text(body, "language"), ..Default::default() }),
            email: given("email").and_then(|address| email(&address)),
            origin: Some(v1::Origin {
                brand: text(body, "fromSalon"),
                edition: text(body, "fromSessionSalon"),
                third_party_id: text(body, "fromThirdParty"),
                ..Default::default()
            }),
            ..Default::default()
        }),
        credential: given("password").and_then(|password| credential(&password)),
        delivery: delivery.into(),
        ..Default::default()
    }
}

/// The example with some members changed; null takes one away.
fn changed(changes: Value) -> v1::CreateAccountRequest {
    let mut body = body(REQUEST);
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    create(&body)
}

/// How many accounts there are, and how many mails were sent.
async fn written(app: &TestApp) -> (usize, usize) {
    let accounts = app.database().count("accounts").await;
    (usize::try_from(accounts).expect("a count"), sent::mails(app).await.len())
}

async fn the_example(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    let request = create(&body(REQUEST));
    assert_eq!(preset.example::<v1::CreateAccountRequest>("CreateAccountRequest"), request);
    let response = preset.client.accounts().create_account(request).await.expect("created");
    // `"statusCode": 0, "message": "create_user_success"`, `"data": {}`.
    assert_eq!(outcome_code(&response), ("0", "create_user_success"));
    let request_id = response.metadata().get("x-request-id").expect("the document's requestId");
    assert!(!request_id.is_empty());
    let account = response.into_inner().account.expect("an account");
    let profile = v1::Profile { language_code: "fr-FR".to_owned(), ..Default::default() };
    assert_eq!(account.profile, Some(profile), "kept by its two-letter code");
    assert_eq!(account.state(), v1::AccountState::Active);
    let mails = sent::mails(&app).await;
    assert_eq!(mails.len(), 1);
    let says = |text: &str| assert!(mails[0].contains(text), "{}", mails[0]);
    says("To: visitor@mail.com");
    says("Subject: Votre compte Foire de Paris");
    says("https://foire-de-paris.example/login");
}

async fn both_languages_are_accepted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    for (given, kept) in [("fre-FR", "fr-FR"), ("eng-GB", "en-GB")] {
        let request = changed(json!({"language": given, "email": format!("{kept}@mail.com")}));
        let account = made(preset.client.accounts().create_account(request).await).account.expect("an account");
        assert_eq!(account.profile.expect("a profile").language_code, kept);
    }
    assert_eq!(written(&app).await, (2, 2));
}

async fn the_mail_can_be_disallowed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    made(preset.client.accounts().create_account(changed(json!({"isSendingEmailAllowed": false}))).await);
    assert_eq!(written(&app).await, (1, 0));
}

async fn code_143_the_email_exists(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    made(preset.client.accounts().create_account(create(&body(REQUEST))).await);
    for address in ["visitor@mail.com", "VISITOR@Mail.com"] {
        let told = refused(preset.client.accounts().create_account(changed(json!({"email": address}))).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("AlreadyExists", "EMAIL_ALREADY_EXISTS"));
        assert_eq!(code(&told), "143");
    }
    assert_eq!(written(&app).await, (1, 1), "nobody is written to twice");
}

async fn code_131_credentials_are_missing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    for (missing, field) in [("email", "account.email.address"), ("password", "credential")] {
        let told = refused(preset.client.accounts().create_account(changed(json!({missing: null}))).await);
        assert_eq!((told.faults(), code(&told)), (vec![format!("{field} FIELD_REQUIRED")], "131"));
    }
    let neither = changed(json!({"email": null, "password": null}));
    let told = refused(preset.client.accounts().create_account(neither).await);
    assert_eq!((code(&told), told.said("legacyCodes")), ("131", Some("131,131")));
    assert_eq!(written(&app).await, (0, 0));
}

async fn code_124_the_url_reference_is_not_configured(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    // A brand that is known and has no base, nor has the tenant.
    let bare = v1::Brand { brand: "salon_nautique".to_owned(), ..Default::default() };
    let operator = app.operator();
    let tenant = made(operator.tenants().get_tenant(v1::GetTenantRequest::default()).await).tenant;
    let mut brands = tenant.expect("a tenant").brands;
    brands.push(bare);
    let tenant = Some(v1::Tenant { brands, ..Default::default() });
    made(operator.tenants().update_tenant(v1::UpdateTenantRequest { tenant, ..Default::default() }).await);

    let cases = [
        json!({"fromSalon": "foire_de_lyon"}),
        json!({"fromSessionSalon": "foire_de_paris_1900"}),
        json!({"fromSalon": "salon_nautique"}),
        json!({"fromSalon": ""}),
    ];
    for case in cases {
        let told = refused(preset.client.accounts().create_account(changed(case.clone())).await);
        let expected = ("FailedPrecondition", "URL_CONFIGURATION_INVALID");
        assert_eq!((told.code.as_str(), told.reason.as_str()), expected, "{case}");
        assert_eq!(code(&told), "124", "{case}");
        let said = |name: &str, member: &str| told.said(name) == Some(text(&case, member).as_str());
        assert!(case.get("fromSalon").is_none() || said("brand", "fromSalon"), "{told}");
        assert!(case.get("fromSessionSalon").is_none() || said("edition", "fromSessionSalon"), "{told}");
    }
    assert_eq!(written(&app).await, (0, 0), "refused before anything is written");
    // Where no mail is to be sent, no link is needed.
    let silent = json!({"fromSalon": "foire_de_lyon", "isSendingEmailAllowed": false});
    made(preset.client.accounts().create_account(changed(silent)).await);
}

async fn code_187_there_is_no_configured_template(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    let english = v1::DeleteTemplateRequest {
        kind: v1::MailKind::AccountCreated.into(),
        brand: "foire_de_paris".to_owned(),
        language_code: "en-GB".to_owned(),
        ..Default::default()
    };
    made(app.operator().templates().delete_template(english).await);
    let told = refused(preset.client.accounts().create_account(changed(json!({"language": "eng-GB"}))).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", "TEMPLATE_MISSING"));
    assert_eq!(code(&told), "187");
    let said = ["kind", "brand", "languageCode"].map(|name| told.said(name).unwrap_or_default());
    assert_eq!(said, ["ACCOUNT_CREATED", "foire_de_paris", "en-GB"]);
    assert_eq!(written(&app).await, (0, 0), "refused before anything is written");
    // A check says so too; where no mail is to be sent, no template is needed.
    let check = v1::CreateAccountRequest { validate_only: true, ..changed(json!({"language": "eng-GB"})) };
    assert_eq!(refused(preset.client.accounts().create_account(check).await).reason, "TEMPLATE_MISSING");
    let silent = json!({"language": "eng-GB", "isSendingEmailAllowed": false});
    made(preset.client.accounts().create_account(changed(silent)).await);
    assert_eq!(written(&app).await, (1, 0));
}

async fn code_1_stands_for_the_rest(engine: Engine) {
    let app = TestApp::start(engine).await;
    let listed = |application: &mut v1::Application| application.third_party_ids = vec!["partner-7".to_owned()];
    let preset = Preset::apply_changed(&app, "comexposium", listed).await;
    let cases = [
        (json!({"email": "visitor", "fromThirdParty": "partner-7"}), "account.email.address EMAIL_INVALID"),
        (
            json!({"language": "ger-DE", "fromThirdParty": "partner-7"}),
            "account.profile.language_code LANGUAGE_UNSUPPORTED",
        ),
        (
            json!({"password": "short", "fromThirdParty": "partner-7"}),
            "credential.password.password PASSWORD_TOO_SHORT",
        ),
        (json!({}), "account.origin.third_party_id FIELD_INVALID"),
    ];
    for (case, fault) in cases {
        let told = refused(preset.client.accounts().create_account(changed(case.clone())).await);
        assert_eq!((told.faults(), code(&told)), (vec![fault.to_owned()], "1"), "{case}");
    }
    preset.change_realm(&app, v1::Realm { state: v1::RealmState::Disabled.into(), ..Default::default() }).await;
    let told = refused(preset.client.accounts().create_account(changed(json!({"fromThirdParty": "partner-7"}))).await);
    assert_eq!((told.reason.as_str(), code(&told)), ("REALM_UNAVAILABLE", "1"));
}

/// "Internal error": 1, 132-135, 161 and 170 there.
async fn code_1_stands_for_what_fails_inside(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    app.database().execute("ALTER TABLE credentials RENAME TO credentials_elsewhere").await;
    let told = refused(preset.client.accounts().create_account(create(&body(REQUEST))).await);
    assert_eq!((told.code.as_str(), told.reason.as_str(), code(&told)), ("Internal", "INTERNAL_ERROR", "1"));
    app.database().execute("ALTER TABLE credentials_elsewhere RENAME TO credentials").await;
    assert_eq!(written(&app).await, (0, 0), "nothing is half-made");
    made(preset.client.accounts().create_account(create(&body(REQUEST))).await);
}

/// The words of a kind of mail in the brand and language of the example.
async fn worded(app: &TestApp, kind: v1::MailKind) {
    let template = v1::Template {
        kind: kind.into(),
        brand: "foire_de_paris".to_owned(),
        language_code: "fr-FR".to_owned(),
        subject: "Foire de Paris".to_owned(),
        html: "<p>{% if link %}{{ link }}{% endif %}</p>".to_owned(),
        text: "{% if link %}{{ link }}{% endif %}".to_owned(),
        ..Default::default()
    };
    let request = v1::CreateTemplateRequest { template: Some(template), ..Default::default() };
    made(app.operator().templates().create_template(request).await);
}

async fn where_the_realm_verifies_the_mail_activates(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    preset.change_realm(&app, v1::Realm { verify_email: true, ..Default::default() }).await;
    let told = refused(preset.client.accounts().create_account(changed(json!({}))).await);
    assert_eq!((code(&told), told.said("kind")), ("187", Some("ACTIVATION")), "before anything is written");
    assert_eq!(written(&app).await, (0, 0));
    worded(&app, v1::MailKind::Activation).await;
    let account = made(preset.client.accounts().create_account(changed(json!({}))).await).account;
    assert_eq!(account.expect("an account").state(), v1::AccountState::PendingVerification);
    let mail = sent::mails(&app).await.concat();
    assert!(mail.contains("https://foire-de-paris.example/activate?token"), "{mail}");
}

/// The sister call: create without a password.
async fn without_a_password_the_mail_lets_one_be_set(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    worded(&app, v1::MailKind::SetPassword).await;
    let fields = ["email.address", "profile.language_code", "password"].map(field).to_vec();
    let contract_id = app.contract(v1::Contract { fields, ..Default::default() }).await;
    let request = v1::CreateAccountRequest { contract_id, ..changed(json!({"password": null})) };
    made(preset.client.accounts().create_account(request).await);
    let token = sent::tokens(&app, "visitor@mail.com", "enroll_password_").await.pop().expect("a token");
    let new_password = password("MyPasswordSecur3d!");
    let finish = v1::FinishPasswordResetRequest { token, new_password };
    made(preset.client.credentials().finish_password_reset(finish).await);
    let login = v1::CreateSessionRequest { password: "MyPasswordSecur3d!".to_owned(), ..login("visitor@mail.com") };
    made(preset.client.sessions().create_session(login).await);
}

/// `/_login`.
async fn the_person_logs_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "comexposium").await;
    made(preset.client.accounts().create_account(changed(json!({}))).await);
    let right = v1::CreateSessionRequest { password: "MyPasswordSecur3d!".to_owned(), ..login("visitor@mail.com") };
    made(preset.client.sessions().create_session(right).await);
    let told = refused(preset.client.sessions().create_session(login("visitor@mail.com")).await);
    assert_eq!((told.reason.as_str(), code(&told)), ("LOGIN_FAILED", "1"));
}
