//! Phone numbers: their form, their default country, and the three refusals that dialogportal names 400.3, 400.4 and 400.5.

use enroll::proto::v1;

use crate::support::requests::{create, field, phone};
use crate::support::{Client, Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_national_number_is_completed,
    a_number_of_no_plan_is_invalid,
    a_unique_number_is_taken_by_whoever_is_alive,
    a_unique_number_is_taken_by_whoever_is_inactive_too,
    a_number_is_shared_where_no_contract_makes_it_unique,
    the_existing_account_never_comes_back_for_a_number_alone,
);

/// An application whose contract makes phone numbers unique, with Denmark as the default country.
async fn danish(app: &TestApp, permissions: &[&str]) -> Client {
    let unique = v1::ContractField { unique: true, ..field("phone.number") };
    let fields = vec![field("email.address"), field("password"), unique];
    let contract_id = app.contract(v1::Contract { fields, ..Default::default() }).await;
    let mut application = crate::support::app::application(permissions);
    application.grants[0].default_contract_id = contract_id;
    application.default_region = "DK".to_owned();
    app.app_with(&app.operator().tenant_id, application).await
}

fn reached(number: &str, address: &str) -> v1::CreateAccountRequest {
    let mut request = create(address);
    request.account.as_mut().expect("an account").phone = phone(number);
    request
}

async fn a_national_number_is_completed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = danish(&app, &["accounts.create"]).await;
    let account = made(client.accounts().create_account(reached("32 12 34 56", "a@example.com")).await).account;
    assert_eq!(account.expect("an account").phone.expect("a number").number, "+4532123456");
    let account = made(client.accounts().create_account(reached("+44 20 7946 0958", "b@example.com")).await).account;
    assert_eq!(account.expect("an account").phone.expect("a number").number, "+442079460958");

    let nowhere = app.app(&["accounts.create"]).await;
    let told = refused(nowhere.accounts().create_account(reached("32 12 34 56", "c@example.com")).await);
    assert_eq!(told.faults(), ["account.phone.number PHONE_INVALID"], "nobody says of which country it is");
}

async fn a_number_of_no_plan_is_invalid(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = danish(&app, &["accounts.create"]).await;
    for number in ["12", "+45 1", "call me", "+999 123456789", "32123456 ext. 7"] {
        let told = refused(client.accounts().create_account(reached(number, "a@example.com")).await);
        assert_eq!(told.reason, "VALIDATION_FAILED", "{number}");
        assert_eq!(told.faults(), ["account.phone.number PHONE_INVALID"], "{number}");
    }
}

async fn a_unique_number_is_taken_by_whoever_is_alive(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = danish(&app, &["accounts.create"]).await;
    let number = number_of(&client, reached("32123456", "a@example.com")).await;
    for state in ["ACTIVE", "PENDING_VERIFICATION", "LOCKED"] {
        set_state(&app, number, state).await;
        let told = refused(client.accounts().create_account(reached("+45 32 12 34 56", "b@example.com")).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("AlreadyExists", "PHONE_ALREADY_EXISTS"), "{state}");
        assert_eq!(told.said("field"), Some("account.phone.number"));
    }
}

async fn a_unique_number_is_taken_by_whoever_is_inactive_too(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = danish(&app, &["accounts.create"]).await;
    let number = number_of(&client, reached("32123456", "a@example.com")).await;
    for state in ["DELETED", "DISABLED"] {
        set_state(&app, number, state).await;
        let told = refused(client.accounts().create_account(reached("32123456", "b@example.com")).await);
        assert_eq!(
            (told.code.as_str(), told.reason.as_str()),
            ("AlreadyExists", "PHONE_HELD_BY_INACTIVE_ACCOUNT"),
            "{state}"
        );
        if state == "DISABLED" {
            assert_snapshot!(told, @r#"
            AlreadyExists PHONE_HELD_BY_INACTIVE_ACCOUNT: The phone number belongs to an account that is disabled or deleted.
              field = account.phone.number
            field account.phone.number PHONE_HELD_BY_INACTIVE_ACCOUNT: The phone number belongs to an account that is disabled or deleted.
            resource enroll.v1.Account ""
            "#);
        }
    }
}

async fn a_number_is_shared_where_no_contract_makes_it_unique(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    made(client.accounts().create_account(reached("+4532123456", "a@example.com")).await);
    made(client.accounts().create_account(reached("+4532123456", "b@example.com")).await);
}

async fn the_existing_account_never_comes_back_for_a_number_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = danish(&app, &["accounts.create", "accounts.read"]).await;
    made(client.accounts().create_account(reached("32123456", "a@example.com")).await);
    let or_existing = |address: &str| v1::CreateAccountRequest {
        on_duplicate: v1::OnDuplicate::ReturnExisting.into(),
        ..reached("32123456", address)
    };
    let told = refused(client.accounts().create_account(or_existing("b@example.com")).await);
    assert_eq!(told.reason, "PHONE_ALREADY_EXISTS");
    let answer = made(client.accounts().create_account(or_existing("a@example.com")).await);
    assert_eq!(answer.outcome(), v1::Outcome::Existing, "the address is the same account's");
}

async fn number_of(client: &Client, request: v1::CreateAccountRequest) -> i64 {
    made(client.accounts().create_account(request).await).account.expect("an account").account_number
}

async fn set_state(app: &TestApp, number: i64, state: &str) {
    app.database().execute(&format!("UPDATE accounts SET state = '{state}' WHERE account_number = {number}")).await;
}
