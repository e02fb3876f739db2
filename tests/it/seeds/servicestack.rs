//! ServiceStack, "Register" (POST /register).

use serde_json::{Value, json};

use enroll::proto::v1;

use super::{body, code, outcome_code, text};
use crate::support::requests::{email, login, password_hash};
use crate::support::{Client, Engine, Preset, TestApp, Told, made, on_both_engines, refused};

on_both_engines!(
    the_example,
    auto_login_answers_with_a_session,
    nobody_is_logged_in_before_they_are_verified,
    the_answer_says_where_to_go_on,
    a_user_name_or_an_address_is_enough,
    the_display_name_falls_back,
    the_confirmation_is_compared_when_it_is_there,
    every_error_has_code_field_message_and_meta,
    what_is_taken_already_exists,
    a_user_name_has_a_pattern,
    an_account_comes_over_with_its_hash_and_roles,
);

/// The document prints placeholders (`UserName: String`), "which need to be replaced with actual values"; `AutoLogin: False` stands there.
const REQUEST: &str = r#"{
	"UserName": "john.doe",
	"FirstName": "John",
	"LastName": "Doe",
	"DisplayName": "John Doe",
	"Email": "john.doe@example.com",
	"Password": "p@55wOrd",
	"ConfirmPassword": "p@55wOrd",
	"AutoLogin": false,
	"ErrorView": "register",
	"Meta":
	{
		"source": "web"
	}
}"#;

/// Where the fields of the document's body travel. RedirectUrl and ReferrerUrl stand in its answer; a client names them beside the body.
fn register(body: &Value) -> v1::RegisterAccountRequest {
    let profile = v1::Profile {
        user_name: text(body, "UserName"),
        given_name: text(body, "FirstName"),
        family_name: text(body, "LastName"),
        display_name: text(body, "DisplayName"),
        ..Default::default()
    };
    let password = v1::PasswordInput {
        password: text(body, "Password"),
        password_confirmation: body.get("ConfirmPassword").map(|_| text(body, "ConfirmPassword")),
    };
    let redirect = v1::Redirect {
        redirect_url: text(body, "RedirectUrl"),
        referrer_url: text(body, "ReferrerUrl"),
        error_view: text(body, "ErrorView"),
    };
    let meta = body["Meta"].as_object().into_iter().flatten();
    v1::RegisterAccountRequest {
        profile: Some(profile),
        email: text(body, "Email"),
        auto_login: body.get("AutoLogin").and_then(Value::as_bool).unwrap_or_default(),
        password: Some(password).filter(|_| body.get("Password").is_some()),
        redirect: Some(redirect),
        annotations: meta.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect(),
        ..Default::default()
    }
}

/// The document's answer, but for the session, which AutoLogin adds.
fn answer(response: &v1::RegisterAccountResponse) -> Value {
    let account = response.account.clone().expect("an account");
    let redirect = response.redirect.clone().unwrap_or_default();
    json!({
        "UserId": account.account_id,
        "UserName": account.profile.unwrap_or_default().user_name,
        "ReferrerUrl": redirect.referrer_url,
        "RedirectUrl": redirect.redirect_url,
        "Roles": account.roles,
        "Permissions": account.permissions,
        "Meta": response.annotations,
    })
}

/// The document's ResponseStatus. It has a StackTrace, which nobody is ever sent.
fn response_status(told: &Told) -> Value {
    let codes: Vec<&str> = told.said("legacyCodes").unwrap_or_default().split(',').collect();
    let errors = told.violations.iter().enumerate().map(|(at, violation)| {
        let prefix = format!("v{at}-");
        let meta = told.metadata.iter().filter_map(|(name, value)| Some((name.strip_prefix(&prefix)?, value)));
        json!({
            "ErrorCode": codes[at],
            "FieldName": violation.field,
            "Message": violation.description,
            "Meta": meta.collect::<std::collections::BTreeMap<_, _>>(),
        })
    });
    json!({ "ErrorCode": code(told), "Message": told.message, "Errors": errors.collect::<Vec<_>>() })
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
    let preset = Preset::apply(&app, "servicestack").await;
    let request = register(&body(REQUEST));
    assert_eq!(preset.example::<v1::RegisterAccountRequest>("RegisterAccountRequest"), request);
    let response = preset.client.registration().register_account(request).await.expect("registered");
    assert_eq!(outcome_code(&response), ("200", "OK"));
    let response = response.into_inner();
    let account = response.account.clone().expect("an account");
    let expected = json!({
        "UserId": account.account_id,
        "UserName": "john.doe",
        "ReferrerUrl": "",
        "RedirectUrl": "https://app.example/welcome",
        "Roles": [],
        "Permissions": [],
        "Meta": { "source": "web" },
    });
    assert_eq!(answer(&response), expected);
    let profile = account.profile.expect("a profile");
    assert_eq!((profile.given_name.as_str(), profile.family_name.as_str()), ("John", "Doe"));
    assert_eq!(profile.display_name, "John Doe");
    assert_eq!(account.email.expect("an address").address, "john.doe@example.com");
}

/// No session and no error, whether the address is new or taken.
async fn nobody_is_logged_in_before_they_are_verified(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "servicestack").await;
    let registration_mode = v1::RegistrationMode::Verified.into();
    let duplicate_policy = v1::DuplicatePolicy::Conceal.into();
    preset.change_realm(&app, v1::Realm { registration_mode, duplicate_policy, ..Default::default() }).await;
    for user_name in ["john.doe", "jane.doe"] {
        let request = changed(json!({ "AutoLogin": true, "UserName": user_name }));
        let response = made(preset.client.registration().register_account(request).await);
        assert_eq!((response.outcome(), &response.session), (v1::Outcome::Accepted, &None), "{user_name}");
    }
}

async fn auto_login_answers_with_a_session(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "servicestack").await;
    let roles = vec![v1::Role { name: "READER".to_owned(), permissions: vec!["posts.read".to_owned()] }];
    let default_roles = vec!["READER".to_owned()];
    preset.change_realm(&app, v1::Realm { roles, default_roles, ..Default::default() }).await;
    let client = preset.client;
    let response = made(client.registration().register_account(changed(json!({ "AutoLogin": true }))).await);
    let session = response.session.clone().expect("a session");
    let members = json!({
        "SessionId": session.session_id,
        "BearerToken": session.bearer_token,
        "RefreshToken": session.refresh_token,
        "RefreshTokenExpiry": session.refresh_token_expire_time.map(|time| time.seconds),
    });
    assert!(members.as_object().expect("an object").values().all(|value| !value.is_null() && value != ""), "{members}");
    let answer = answer(&response);
    assert_eq!(answer["UserName"], "john.doe");
    assert_eq!((&answer["Roles"], &answer["Permissions"]), (&json!(["READER"]), &json!(["posts.read"])));
    let account = response.account.expect("an account");
    let request = v1::GetSessionRequest { bearer_token: session.bearer_token };
    let seen = made(app.app(&["sessions.read"]).await.sessions().get_session(request).await);
    assert_eq!(seen.account.expect("an account").account_id, account.account_id);
}

async fn the_answer_says_where_to_go_on(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "servicestack").await.client;
    let (welcome, form) = ("https://app.example/welcome", "https://app.example/register");
    let response = made(
        client.registration().register_account(changed(json!({"RedirectUrl": form, "ReferrerUrl": welcome}))).await,
    );
    assert_eq!((&answer(&response)["RedirectUrl"], &answer(&response)["ReferrerUrl"]), (&json!(form), &json!(welcome)));
    assert_eq!(response.redirect.unwrap_or_default().error_view, "register");
    let changes = json!({"RedirectUrl": "https://app.example/", "ReferrerUrl": "/register", "ErrorView": "Register"});
    let errors = response_status(&told(&client, changes).await)["Errors"].clone();
    let told: Vec<_> =
        errors.as_array().into_iter().flatten().map(|error| (&error["FieldName"], &error["ErrorCode"])).collect();
    let expected = [
        (&json!("redirect.redirect_url"), &json!("URL_NOT_ALLOWED")),
        (&json!("redirect.referrer_url"), &json!("URL_NOT_ALLOWED")),
        (&json!("redirect.error_view"), &json!("FIELD_UNKNOWN")),
    ];
    assert_eq!(told, expected);
}

async fn a_user_name_or_an_address_is_enough(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "servicestack").await.client;
    let told = told(&client, json!({"UserName": null, "Email": null})).await;
    assert_eq!((told.faults(), code(&told)), (vec!["email FIELD_REQUIRED".to_owned()], "FIELD_REQUIRED"));
    made(client.registration().register_account(changed(json!({"UserName": null}))).await);
    made(client.registration().register_account(changed(json!({"Email": null}))).await);
}

async fn the_display_name_falls_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "servicestack").await.client;
    let cases = [
        (json!({"DisplayName": null}), "john.doe"),
        (json!({"DisplayName": null, "UserName": null, "Email": "other@example.com"}), "John Doe"),
    ];
    for (changes, expected) in cases {
        let account = made(client.registration().register_account(changed(changes)).await).account;
        assert_eq!(account.and_then(|account| account.profile).unwrap_or_default().display_name, expected);
    }
}

async fn the_confirmation_is_compared_when_it_is_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "servicestack").await.client;
    let told = told(&client, json!({"ConfirmPassword": "p@55word"})).await;
    let fault = "password.password_confirmation PASSWORD_CONFIRMATION_MISMATCH";
    assert_eq!((told.faults(), code(&told)), (vec![fault.to_owned()], "PASSWORD_CONFIRMATION_MISMATCH"));
    made(client.registration().register_account(changed(json!({"ConfirmPassword": null}))).await);
}

async fn every_error_has_code_field_message_and_meta(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "servicestack").await.client;
    let told = told(&client, json!({"Email": "john", "Password": "p@55", "ConfirmPassword": null})).await;
    let expected = json!({
        "ErrorCode": "EMAIL_INVALID",
        "Message": "The request breaks 2 rules.",
        "Errors": [
            {
                "ErrorCode": "EMAIL_INVALID",
                "FieldName": "email",
                "Message": "This is not an e-mail address.",
                "Meta": {},
            },
            {
                "ErrorCode": "PASSWORD_TOO_SHORT",
                "FieldName": "password.password",
                "Message": "The password must have at least 6 characters.",
                "Meta": { "minLength": "6" },
            },
        ],
    });
    assert_eq!(response_status(&told), expected);
}

async fn what_is_taken_already_exists(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "servicestack").await.client;
    made(client.registration().register_account(changed(json!({}))).await);
    let cases = [
        (json!({"UserName": "JOHN.DOE", "Email": null}), "USER_NAME_ALREADY_EXISTS"),
        (json!({"UserName": null, "Email": "John.Doe@Example.com"}), "EMAIL_ALREADY_EXISTS"),
        (json!({}), "MULTIPLE_IDENTIFIERS_EXIST"),
    ];
    for (changes, reason) in cases {
        let told = told(&client, changes.clone()).await;
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("AlreadyExists", reason), "{changes}");
        assert_eq!(code(&told), "AlreadyExists", "{changes}");
    }
    assert_eq!(app.database().count("accounts").await, 1, "registering again changes nothing");
}

/// `^(?=.{3,36}$)([A-Za-z0-9][._-]?)*$`
async fn a_user_name_has_a_pattern(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = Preset::apply(&app, "servicestack").await.client;
    let long = "x".repeat(37);
    for name in ["jo", &long, "john..doe", ".john", "john doe", "john@doe", "jöhn"] {
        let told = told(&client, json!({"UserName": name})).await;
        assert_eq!(
            (told.violations.len(), told.violations[0].field.as_str()),
            (1, "profile.user_name"),
            "{name}: {told}"
        );
    }
    let longest = "x".repeat(36);
    for name in ["joe", &longest, "j.o-h_n", "john."] {
        made(client.registration().register_account(changed(json!({"UserName": name, "Email": null}))).await);
    }
}

/// A hash of ASP.NET Identity v3 is theirs; roles and permissions are told with a session.
async fn an_account_comes_over_with_its_hash_and_roles(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "servicestack").await;
    let roles = vec![v1::Role { name: "EDITOR".to_owned(), permissions: vec!["posts.write".to_owned()] }];
    preset.change_realm(&app, v1::Realm { roles, ..Default::default() }).await;
    let encoded = "AQAAAAEAACcQAAAAEHNpeHRlZW4gb2Ygc2FsdC6hVoYFv6epix0bEEbPbYQGmsvjHHw9eld+t3jTy6i5Pg==";
    let account = v1::Account {
        profile: Some(v1::Profile { user_name: "john.doe".to_owned(), ..Default::default() }),
        email: email("john.doe@example.com"),
        roles: vec!["EDITOR".to_owned()],
        ..Default::default()
    };
    let import = v1::CreateAccountRequest {
        realm_id: preset.realm_id.clone(),
        account: Some(account),
        credential: password_hash(encoded),
        ..Default::default()
    };
    made(app.operator().accounts().create_account(import).await);
    let login = v1::CreateSessionRequest { password: "correct horse".to_owned(), ..login("john.doe@example.com") };
    let tokens = made(preset.client.sessions().create_session(login).await).session.expect("tokens");
    let seen = v1::GetSessionRequest { bearer_token: tokens.bearer_token };
    let seen = made(app.app(&["sessions.read"]).await.sessions().get_session(seen).await);
    let account = seen.account.expect("an account");
    let answer = answer(&v1::RegisterAccountResponse { account: Some(account), ..Default::default() });
    assert_eq!((&answer["Roles"], &answer["Permissions"]), (&json!(["EDITOR"]), &json!(["posts.write"])));
    assert_eq!(app.database().count("credentials WHERE phc LIKE '$argon2id$%'").await, 1, "hashed anew at the login");
}
