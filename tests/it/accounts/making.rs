//! What CreateAccount makes, and what it says of a request that is wrong.

use prost_types::value::Kind;
use prost_types::{Struct, Value};

use enroll::proto::v1;

use crate::support::requests::{create, credential, email, external_key, field, phone};
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused, sent};

on_both_engines!(
    an_account_comes_back_with_all_that_its_contract_returns,
    ten_kinds_of_bad_input_are_ten_violations,
    a_request_without_an_account_lacks_it,
    roles_are_set_by_those_who_may_assign_them,
    origin_consents_and_annotations_are_kept,
    a_full_realm_takes_no_more,
    the_person_is_told_by_mail,
    the_trail_is_written_with_the_account,
);

async fn an_account_comes_back_with_all_that_its_contract_returns(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let profile = v1::Profile {
        user_name: "Ada.Byron".to_owned(),
        display_name: "  Ada, Countess of Lovelace ".to_owned(),
        given_name: "Ada".to_owned(),
        family_name: "Byron".to_owned(),
        language_code: "eng-gb".to_owned(),
        time_zone: "Europe/London".to_owned(),
    };
    let mut request = create("Ada@Example.com");
    let account = request.account.as_mut().expect("an account");
    account.profile = Some(profile);
    account.phone = phone("+44 20 7946 0958");
    let answer = made(client.accounts().create_account(request).await);

    assert_eq!(answer.outcome(), v1::Outcome::Created);
    let account = answer.account.expect("an account");
    let profile = account.profile.clone().expect("a profile");
    assert_eq!(profile.user_name, "Ada.Byron");
    assert_eq!(profile.display_name, "Ada, Countess of Lovelace");
    assert_eq!((profile.given_name.as_str(), profile.family_name.as_str()), ("Ada", "Byron"));
    assert_eq!((profile.language_code.as_str(), profile.time_zone.as_str()), ("en-GB", "Europe/London"));
    assert_eq!(account.email.as_ref().expect("an address").address, "Ada@Example.com");
    assert_eq!(account.phone.as_ref().expect("a number").number, "+442079460958");
    assert_eq!(account.state(), v1::AccountState::Active);
    assert_eq!(account.tenant_id, client.tenant_id);
    assert_eq!(account.origin.clone().expect("an origin").application_id, client.application_id);
    assert!(account.password_set && !account.password_change_required && !account.verification_required);
    assert!((1..=(1 << 53) - 1).contains(&account.account_number), "{}", account.account_number);
    assert_eq!(uuid::Uuid::try_parse(&account.account_id).expect("a UUID").get_version_num(), 7);
    assert!(account.external_keys.is_empty() && account.roles.is_empty() && !account.etag.is_empty());
    assert_eq!(account.create_time, account.update_time);
    assert_eq!(app.database().count("accounts").await, 1);
}

async fn ten_kinds_of_bad_input_are_ten_violations(engine: Engine) {
    let app = TestApp::start(engine).await;
    let string = v1::attribute_type::Type::StringType(v1::StringType { length_max: 4, ..Default::default() });
    let mut given_name = field("profile.given_name");
    given_name.presence = v1::Presence::Required.into();
    let paths = ["profile.display_name", "profile.language_code", "profile.time_zone", "profile.user_name"];
    let mut fields: Vec<_> = paths.into_iter().map(field).collect();
    fields.extend(["email.address", "phone.number", "password", "attributes.desk"].map(field));
    fields.push(given_name);
    let attributes = [("desk".to_owned(), v1::AttributeType { r#type: Some(string) })].into();
    let contract_id = app.contract(v1::Contract { fields, attributes, ..Default::default() }).await;
    let client = app.app(&["accounts.create"]).await;

    let profile = v1::Profile {
        user_name: "a@b".to_owned(),
        display_name: "x".repeat(256),
        family_name: "Byron".to_owned(),
        language_code: "xx-unknown".to_owned(),
        time_zone: "Mars/Olympus".to_owned(),
        ..Default::default()
    };
    let text = |text: &str| Value { kind: Some(Kind::StringValue(text.to_owned())) };
    let attributes = [("desk".to_owned(), text("window")), ("shoe".to_owned(), text("38"))].into();
    let request = v1::CreateAccountRequest {
        contract_id,
        account: Some(v1::Account {
            profile: Some(profile),
            email: email("nobody@@nowhere"),
            phone: phone("not a number"),
            attributes: Some(Struct { fields: attributes }),
            ..Default::default()
        }),
        credential: credential("secret1"),
        external_keys: vec![external_key("", "k")],
        ..Default::default()
    };
    let told = refused(client.accounts().create_account(request).await);
    assert!(told.violations.len() >= 10, "{told}");
    assert_snapshot!(told, @r"
    InvalidArgument VALIDATION_FAILED: The request breaks 13 rules.
      fieldReasons = FIELD_TOO_LONG,LANGUAGE_UNSUPPORTED,TIME_ZONE_INVALID,EMAIL_INVALID,FIELD_REQUIRED,FIELD_FORBIDDEN,USER_NAME_INVALID,PHONE_INVALID,FIELD_UNKNOWN,PASSWORD_TOO_SHORT,PASSWORD_BREACHED
      v0-maxLength = 255
      v11-minLength = 8
      v8-maxLength = 4
      violationCount = 13
    field account.profile.display_name FIELD_TOO_LONG: This is too long: the most is 255.
    field account.profile.language_code LANGUAGE_UNSUPPORTED: This language is not offered.
    field account.profile.time_zone TIME_ZONE_INVALID: This is not a time zone.
    field account.email.address EMAIL_INVALID: This is not an e-mail address.
    field account.profile.given_name FIELD_REQUIRED: This must be given.
    field account.profile.family_name FIELD_FORBIDDEN: This must not be given here.
    field account.profile.user_name USER_NAME_INVALID: This cannot be a user name.
    field account.phone.number PHONE_INVALID: This is not a phone number.
    field account.attributes.desk FIELD_TOO_LONG: This is too long: the most is 4.
    field account.attributes.shoe FIELD_UNKNOWN: This is not known.
    field external_keys[0].type FIELD_REQUIRED: This must be given.
    field credential.password.password PASSWORD_TOO_SHORT: The password must have at least 8 characters.
    field credential.password.password PASSWORD_BREACHED: The password is on a list of known passwords.
    ");
    for table in ["accounts", "identifiers", "credentials"] {
        assert_eq!(app.database().count(table).await, 0, "{table}");
    }
}

async fn a_request_without_an_account_lacks_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let told = refused(client.accounts().create_account(v1::CreateAccountRequest::default()).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("InvalidArgument", "VALIDATION_FAILED"));
    assert!(told.faults().contains(&"account FIELD_REQUIRED".to_owned()), "{told}");
}

async fn roles_are_set_by_those_who_may_assign_them(engine: Engine) {
    let app = TestApp::start(engine).await;
    let role =
        |name: &str, permission: &str| v1::Role { name: name.to_owned(), permissions: vec![permission.to_owned()] };
    let realm_id = app
        .realm(v1::Realm {
            roles: vec![role("EDITOR", "accounts.read"), role("READER", "accounts.read")],
            default_roles: vec!["READER".to_owned()],
            ..Default::default()
        })
        .await;
    let with_roles = |roles: &[&str], address: &str| {
        let mut request = create(address);
        request.realm_id.clone_from(&realm_id);
        request.account.as_mut().expect("an account").roles = roles.iter().map(ToString::to_string).collect();
        request
    };
    let client = app.app(&["accounts.create"]).await;
    let told = refused(client.accounts().create_account(with_roles(&["EDITOR"], "a@example.com")).await);
    assert_eq!((told.reason.as_str(), told.said("permission")), ("PERMISSION_MISSING", Some("accounts.assign_roles")));

    let account = made(client.accounts().create_account(with_roles(&[], "b@example.com")).await).account;
    assert_eq!(account.expect("an account").roles, ["READER"]);

    let client = app.app(&["accounts.create", "accounts.assign_roles"]).await;
    let told = refused(client.accounts().create_account(with_roles(&["EDITOR", "KING"], "c@example.com")).await);
    assert_eq!(told.faults(), ["account.roles[1] FIELD_UNKNOWN"]);
    let account = made(client.accounts().create_account(with_roles(&["EDITOR"], "c@example.com")).await).account;
    let account = account.expect("an account");
    assert_eq!((account.roles, account.permissions), (vec!["EDITOR".to_owned()], vec!["accounts.read".to_owned()]));
}

async fn origin_consents_and_annotations_are_kept(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut application = crate::support::app::application(&["accounts.create", "accounts.read"]);
    application.third_party_ids = vec!["partner-7".to_owned()];
    let client = app.app_with(&app.operator().tenant_id, application).await;
    let answer = |accepted| v1::Consent {
        document: "newsletter".to_owned(),
        version: "2024-05".to_owned(),
        accepted: Some(accepted),
        accept_time: None,
    };
    let mut request = create("a@example.com");
    let account = request.account.as_mut().expect("an account");
    account.consents = vec![answer(false)];
    account.annotations = [("source".to_owned(), "fair".to_owned())].into();
    account.origin = Some(v1::Origin {
        brand: "foire_de_paris".to_owned(),
        edition: "foire_de_paris_2017".to_owned(),
        third_party_id: "partner-8".to_owned(),
        ..Default::default()
    });
    // The tenant has no base for the links of a brand.
    request.delivery = v1::Delivery::Suppress.into();
    let told = refused(client.accounts().create_account(request.clone()).await);
    assert_eq!(told.faults(), ["account.origin.third_party_id FIELD_INVALID"]);

    let account = request.account.as_mut().expect("an account");
    account.origin.as_mut().expect("an origin").third_party_id = "partner-7".to_owned();
    let answer = made(client.accounts().create_account(request).await);
    assert_eq!(answer.annotations.get("source").map(String::as_str), Some("fair"));
    let account = answer.account.expect("an account");
    let consent = &account.consents[0];
    assert_eq!((consent.document.as_str(), consent.version.as_str()), ("newsletter", "2024-05"));
    assert!(consent.accepted == Some(false) && consent.accept_time.is_some());
    let origin = account.origin.expect("an origin");
    assert_eq!((origin.brand.as_str(), origin.third_party_id.as_str()), ("foire_de_paris", "partner-7"));
    assert_eq!(app.database().count("consents WHERE accepted").await, 0);
    assert_eq!(app.database().count("consents").await, 1);
}

async fn a_full_realm_takes_no_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { account_quota: 2, ..Default::default() }).await;
    let client = app.app(&["accounts.create"]).await;
    let request = |address: &str| v1::CreateAccountRequest { realm_id: realm_id.clone(), ..create(address) };
    made(client.accounts().create_account(request("a@example.com")).await);
    made(client.accounts().create_account(request("b@example.com")).await);
    let told = refused(client.accounts().create_account(request("c@example.com")).await);
    assert_snapshot!(told, @r"
    ResourceExhausted RESOURCE_QUOTA_EXCEEDED: The quota of 2 is used up.
      limit = 2
      metric = accounts
    quota of realm
    ");
    assert_eq!(app.database().count("accounts").await, 2);
}

async fn the_person_is_told_by_mail(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    let mails = async || sent::mails(&app).await.len();
    let request = |address: &str, delivery: v1::Delivery| v1::CreateAccountRequest {
        delivery: delivery.into(),
        ..create(address)
    };
    made(client.accounts().create_account(request("a@example.com", v1::Delivery::Suppress)).await);
    assert_eq!(mails().await, 0);
    let request_id = uuid::Uuid::now_v7().to_string();
    let repeated = v1::CreateAccountRequest { request_id, ..request("b@example.com", v1::Delivery::Send) };
    for _ in 0..2 {
        made(client.accounts().create_account(repeated.clone()).await);
        assert_eq!(mails().await, 1, "a repeat sends nothing again");
    }
    made(client.accounts().create_account(request("c@example.com", v1::Delivery::Unspecified)).await);
    assert_eq!(mails().await, 2, "SEND is the default");

    let existing = v1::CreateAccountRequest {
        on_duplicate: v1::OnDuplicate::ReturnExisting.into(),
        ..request("c@example.com", v1::Delivery::Send)
    };
    assert_eq!(made(client.accounts().create_account(existing).await).outcome(), v1::Outcome::Existing);
    refused(client.accounts().create_account(request("c@example.com", v1::Delivery::Send)).await);
    let check = v1::CreateAccountRequest { validate_only: true, ..request("d@example.com", v1::Delivery::Send) };
    made(client.accounts().create_account(check).await);
    // Without an address there is nothing to send, and no fault.
    let mut named = request("e@example.com", v1::Delivery::Send);
    let profile = v1::Profile { user_name: "erik".to_owned(), ..Default::default() };
    named.account = Some(v1::Account { profile: Some(profile), ..Default::default() });
    made(client.accounts().create_account(named).await);
    assert_eq!(mails().await, 2);
}

async fn the_trail_is_written_with_the_account(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let counts = async || [app.database().count("events").await, app.database().count("audit_entries").await];
    let before = counts().await;
    made(client.accounts().create_account(create("a@example.com")).await);
    assert_eq!(counts().await, before.map(|count| count + 1));
    refused(client.accounts().create_account(create("a@example.com")).await);
    assert_eq!(counts().await, before.map(|count| count + 1), "a refusal leaves nothing behind");
}
