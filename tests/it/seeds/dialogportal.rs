//! dialogportal, "create user" (endpoint 1001, POST /user/{contract-id}).

use serde_json::{Value, json};

use enroll::proto::v1;
use enroll::proto::v1::confirm_verification_request::SecondKey;

use super::{body, code, outcome_code, text};
use crate::support::requests::{account_ref, altered, credential, email, external_key, field, phone};
use crate::support::{Client, Engine, Preset, TestApp, made, on_both_engines, refused, sent};

on_both_engines!(
    example_1_no_specific_key,
    example_2_an_external_key_type,
    the_contract_is_the_one_of_the_path_or_the_default,
    code_303_the_account_exists,
    code_400_the_data_is_not_valid,
    code_400_3_the_number_has_no_valid_format,
    code_400_4_the_number_is_an_active_entitys,
    code_400_5_the_number_is_an_inactive_entitys,
    the_four_answers_of_its_verification,
);

/// "Example 1 - Contract specifies full name, email and password".
const REQUEST: &str = r#"{
	"name": "John Doe",
	"email": "mailbox@mailserver.com",
	"password": "password"
}"#;

/// Where the fields of the document's body travel.
fn create(body: &Value) -> v1::CreateAccountRequest {
    let profile = v1::Profile { display_name: text(body, "name"), ..Default::default() };
    let given = |name: &str| Some(text(body, name)).filter(|text| !text.is_empty());
    v1::CreateAccountRequest {
        account: Some(v1::Account {
            profile: Some(profile),
            email: given("email").and_then(|address| email(&address)),
            phone: given("mobile").and_then(|number| phone(&number)),
            ..Default::default()
        }),
        credential: given("password").and_then(|password| credential(&password)),
        external_keys: given("extKey").map(|key| external_key(&text(body, "extKeyType"), &key)).into_iter().collect(),
        ..Default::default()
    }
}

/// The document's answer: the master key, the external key where the application has a type, and the fields of the contract.
fn answer(account: &v1::Account) -> Value {
    let mut answer = json!({ "dpKey": account.account_number });
    let profile = account.profile.clone().unwrap_or_default();
    let mut put = |name: &str, value: Value| {
        if value != "" && value != Value::Null {
            answer[name] = value;
        }
    };
    if let Some(key) = account.external_keys.first() {
        put("extKeyType", key.r#type.parse::<i64>().map_or(Value::Null, Value::from));
        put("extKey", key.key.clone().into());
    }
    put("name", profile.display_name.into());
    put("email", account.email.as_ref().map(|email| email.address.clone()).into());
    put("mobile", account.phone.as_ref().map(|phone| phone.number.clone()).into());
    answer
}

async fn example_1_no_specific_key(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "dialogportal").await;
    let request = create(&body(REQUEST));
    assert_eq!(preset.example::<v1::CreateAccountRequest>("CreateAccountRequest"), request);
    let response = preset.client.accounts().create_account(request).await.expect("created");
    assert_eq!(outcome_code(&response), ("201", "Account was created with success"));
    let account = response.into_inner().account.expect("an account");
    assert!(account.account_number > 0);
    let expected = json!({
        "dpKey": account.account_number,
        "name": "John Doe",
        "email": "mailbox@mailserver.com",
    });
    assert_eq!(answer(&account), expected);
    let profile = v1::Profile { display_name: "John Doe".to_owned(), ..Default::default() };
    assert_eq!(
        (account.profile, account.attributes),
        (Some(profile), None),
        "the fields of the contract and no others"
    );
}

async fn example_2_an_external_key_type(engine: Engine) {
    let app = TestApp::start(engine).await;
    let typed = |application: &mut v1::Application| application.external_key_type = "12".to_owned();
    let preset = Preset::apply_changed(&app, "dialogportal", typed).await;
    let mut given = body(REQUEST);
    (given["extKeyType"], given["extKey"]) = (json!(12), json!("key"));
    let account = made(preset.client.accounts().create_account(create(&given)).await).account.expect("an account");
    let expected = json!({
        "dpKey": account.account_number,
        "extKeyType": 12,
        "extKey": "key",
        "name": "John Doe",
        "email": "mailbox@mailserver.com",
    });
    assert_eq!(answer(&account), expected);

    let mut minted = body(REQUEST);
    minted["email"] = json!("other@mailserver.com");
    let account = made(preset.client.accounts().create_account(create(&minted)).await).account.expect("an account");
    let answer = answer(&account);
    assert_eq!(answer["extKeyType"], 12);
    assert!(answer["extKey"].as_str().is_some_and(|key| !key.is_empty()), "{answer}");
}

async fn the_contract_is_the_one_of_the_path_or_the_default(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "dialogportal").await;
    let fields = ["profile.display_name", "email.address", "password"].map(field).to_vec();
    let other = app.contract(v1::Contract { fields, ..Default::default() }).await;
    for (contract_id, governing) in [("", &preset.contract_id), (other.as_str(), &other)] {
        let mut given = body(REQUEST);
        given["email"] = json!(format!("{}@mailserver.com", app.name("mailbox")));
        let request = v1::CreateAccountRequest { contract_id: contract_id.to_owned(), ..create(&given) };
        let account = made(preset.client.accounts().create_account(request).await).account.expect("an account");
        assert_eq!(&account.contract_id, governing);
    }
    // The other contract does not know of a mobile number.
    let mut given = body(REQUEST);
    given["mobile"] = json!("32123456");
    let request = v1::CreateAccountRequest { contract_id: other, ..create(&given) };
    let told = refused(preset.client.accounts().create_account(request).await);
    assert_eq!((told.faults(), code(&told)), (vec!["account.phone.number FIELD_FORBIDDEN".to_owned()], "400"));
}

async fn code_303_the_account_exists(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "dialogportal").await;
    let request = create(&body(REQUEST));
    let first = made(preset.client.accounts().create_account(request.clone()).await).account.expect("an account");
    let response = preset.client.accounts().create_account(request.clone()).await.expect("found");
    assert_eq!(outcome_code(&response).0, "303");
    assert_eq!(response.get_ref().outcome(), v1::Outcome::Existing);
    assert_eq!(answer(response.get_ref().account.as_ref().expect("an account")), answer(&first));
    // "Get Account Data", which the document redirects to.
    let name = v1::account_ref::Ref::AccountNumber(first.account_number);
    let read = made(preset.client.accounts().get_account(account_ref(name)).await).account.expect("an account");
    assert_eq!(answer(&read), answer(&first));

    let conflicting = v1::CreateAccountRequest { on_duplicate: v1::OnDuplicate::Fail.into(), ..request };
    let told = refused(preset.client.accounts().create_account(conflicting).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("AlreadyExists", "EMAIL_ALREADY_EXISTS"));
    assert_eq!(code(&told), "303");
    assert!(told.resource.expect("a resource").1.ends_with(&first.account_id));
}

async fn code_400_the_data_is_not_valid(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "dialogportal").await;
    let cases = [
        (
            r#"{"email": "mailbox@mailserver.com", "password": "password"}"#,
            "account.profile.display_name FIELD_REQUIRED",
        ),
        (r#"{"name": "John Doe", "password": "password"}"#, "account.email.address FIELD_REQUIRED"),
        (r#"{"name": "John Doe", "email": "mailbox@mailserver.com"}"#, "credential FIELD_REQUIRED"),
        (r#"{"name": "John Doe", "email": "mailbox", "password": "password"}"#, "account.email.address EMAIL_INVALID"),
        (
            r#"{"name": "John Doe", "email": "mailbox@mailserver.com", "password": "pass"}"#,
            "credential.password.password PASSWORD_TOO_SHORT",
        ),
    ];
    for (given, fault) in cases {
        let told = refused(preset.client.accounts().create_account(create(&body(given))).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("InvalidArgument", "VALIDATION_FAILED"), "{given}");
        assert_eq!((told.faults(), code(&told)), (vec![fault.to_owned()], "400"), "{given}");
    }
    let told = refused(preset.client.accounts().create_account(create(&body(r#"{"mobile": "1"}"#))).await);
    let codes = told.said("legacyCodes").expect("one code a violation").split(',');
    assert_eq!(codes.count(), told.violations.len());
    assert_eq!(told.violations.len(), 4);
}

async fn mobile(
    client: &Client,
    number: &str,
    address: &str,
) -> Result<tonic::Response<v1::CreateAccountResponse>, tonic::Status> {
    let mut given = body(REQUEST);
    (given["mobile"], given["email"]) = (json!(number), json!(address));
    client.accounts().create_account(create(&given)).await
}

async fn code_400_3_the_number_has_no_valid_format(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "dialogportal").await;
    for number in ["12", "mobile", "+45 1"] {
        let told = refused(mobile(&preset.client, number, "mailbox@mailserver.com").await);
        assert_eq!(
            (told.faults(), code(&told)),
            (vec!["account.phone.number PHONE_INVALID".to_owned()], "400.3"),
            "{number}"
        );
    }
    let account =
        made(mobile(&preset.client, "32 12 34 56", "mailbox@mailserver.com").await).account.expect("an account");
    assert_eq!(answer(&account)["mobile"], "+4532123456", "a number without a country is Danish");
}

async fn code_400_4_the_number_is_an_active_entitys(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "dialogportal").await;
    made(mobile(&preset.client, "32123456", "mailbox@mailserver.com").await);
    // "This includes entities that have not yet been verified."
    for state in ["ACTIVE", "PENDING_VERIFICATION"] {
        app.database().execute(&format!("UPDATE accounts SET state = '{state}'")).await;
        let told = refused(mobile(&preset.client, "+4532123456", "other@mailserver.com").await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("AlreadyExists", "PHONE_ALREADY_EXISTS"), "{state}");
        assert_eq!(code(&told), "400.4", "{state}");
    }
}

async fn code_400_5_the_number_is_an_inactive_entitys(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "dialogportal").await;
    made(mobile(&preset.client, "32123456", "mailbox@mailserver.com").await);
    for state in ["DISABLED", "DELETED"] {
        app.database().execute(&format!("UPDATE accounts SET state = '{state}'")).await;
        let told = refused(mobile(&preset.client, "32123456", "other@mailserver.com").await);
        assert_eq!(
            (told.code.as_str(), told.reason.as_str()),
            ("AlreadyExists", "PHONE_HELD_BY_INACTIVE_ACCOUNT"),
            "{state}"
        );
        assert_eq!(code(&told), "400.5", "{state}");
    }
}

/// Where a realm verifies numbers: right, wrong, unknown, and not needed any more; the login before that is refused, and says whose it is.
async fn the_four_answers_of_its_verification(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preset = Preset::apply(&app, "dialogportal").await;
    preset.change_realm(&app, v1::Realm { verify_phone: true, ..Default::default() }).await;
    let answer = made(mobile(&preset.client, "32 12 34 56", "mailbox@mailserver.com").await);
    let account = answer.account.expect("an account");
    let id = answer.verifications.into_iter().map(|one| one.verification_id).collect::<Vec<_>>().concat();
    let login = v1::CreateSessionRequest {
        identifier: Some(v1::create_session_request::Identifier::Phone("+4532123456".to_owned())),
        password: "password".to_owned(),
        ..Default::default()
    };
    let told = refused(preset.client.sessions().create_session(login.clone()).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", "ACCOUNT_NOT_VERIFIED"));
    assert_eq!(told.preconditions, [("STATE".to_owned(), format!("accounts/{}", account.account_id))]);
    // Another entity that is not verified either keeps its number.
    let told = refused(mobile(&preset.client, "32123456", "other@mailserver.com").await);
    assert_eq!(code(&told), "400.4");

    let code = sent::codes(&app, "+4532123456").await.pop().expect("a text");
    let verify = async |code: &str, id: &str| {
        let second_key = Some(SecondKey::VerificationId(id.to_owned()));
        let request = v1::ConfirmVerificationRequest { token: code.to_owned(), second_key, ..Default::default() };
        preset.client.registration().confirm_verification(request).await
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(refused(verify(wrong, &id).await).reason, "VERIFICATION_TOKEN_INVALID");
    let unknown = altered(&id);
    assert_eq!(refused(verify(&code, &unknown).await).reason, "VERIFICATION_NOT_FOUND");
    made(verify(&code, &id).await);
    assert_eq!(refused(verify(&code, &id).await).reason, "VERIFICATION_TOKEN_USED");
    made(preset.client.sessions().create_session(login).await);
}
