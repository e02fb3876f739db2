//! An application that may use some realms only: it neither reaches nor learns of the accounts of others.

use enroll::proto::v1;

use crate::support::requests::{create, external_key};
use crate::support::{Client, Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    a_hit_in_a_realm_out_of_reach_is_taken_and_no_more,
    the_roles_of_an_existing_account_are_those_of_its_own_realm,
    a_list_covers_every_realm_that_is_allowed,
);

/// An application of the default tenant that may use these realms, the first by default.
async fn bounded(app: &TestApp, realms: &[&str]) -> Client {
    let grant = v1::Grant {
        permissions: vec!["accounts.create".to_owned(), "accounts.read".to_owned()],
        default_realm_id: realms[0].to_owned(),
        allowed_realm_ids: realms.iter().map(ToString::to_string).collect(),
        ..Default::default()
    };
    let application = v1::Application { grants: vec![grant], ..Default::default() };
    app.app_with(&app.operator().tenant_id, application).await
}

fn with_key(address: &str, realm_id: &str) -> v1::CreateAccountRequest {
    let external_keys = vec![external_key("crm", "k-1")];
    v1::CreateAccountRequest { external_keys, realm_id: realm_id.to_owned(), ..create(address) }
}

fn or_existing(request: v1::CreateAccountRequest) -> v1::CreateAccountRequest {
    v1::CreateAccountRequest { on_duplicate: v1::OnDuplicate::ReturnExisting.into(), ..request }
}

async fn a_hit_in_a_realm_out_of_reach_is_taken_and_no_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (near, far) = (app.realm(v1::Realm::default()).await, app.realm(v1::Realm::default()).await);
    made(app.operator().accounts().create_account(with_key("a@example.com", &far)).await);
    let client = bounded(&app, &[&near]).await;
    let plain = with_key("b@example.com", "");
    let checked = v1::CreateAccountRequest { validate_only: true, ..or_existing(plain.clone()) };
    for request in [plain.clone(), or_existing(plain.clone()), checked] {
        let told = refused(client.accounts().create_account(request).await);
        assert_eq!(told.reason, "EXTERNAL_KEY_ALREADY_EXISTS");
        assert_eq!(told.resource, Some(("enroll.v1.Account".to_owned(), String::new())), "not whose it is");
    }
    let both = bounded(&app, &[&near, &far]).await;
    let found = made(both.accounts().create_account(or_existing(plain)).await);
    assert_eq!(found.outcome(), v1::Outcome::Existing);
    assert_eq!(found.account.expect("an account").realm_id, far);
}

async fn the_roles_of_an_existing_account_are_those_of_its_own_realm(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm = |permission: &str| {
        let role = v1::Role { name: "CLERK".to_owned(), permissions: vec![permission.to_owned()] };
        v1::Realm { roles: vec![role], ..Default::default() }
    };
    let (near, far) = (app.realm(realm("orders.read")).await, app.realm(realm("orders.approve")).await);
    let mut clerk = with_key("a@example.com", &far);
    clerk.account.as_mut().expect("an account").roles = vec!["CLERK".to_owned()];
    made(app.operator().accounts().create_account(clerk).await);
    let again = or_existing(with_key("b@example.com", &near));
    let found = made(app.operator().accounts().create_account(again).await);
    assert_eq!(found.outcome(), v1::Outcome::Existing);
    assert_eq!(found.account.expect("an account").permissions, ["orders.approve"]);
}

async fn a_list_covers_every_realm_that_is_allowed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (near, far) = (app.realm(v1::Realm::default()).await, app.realm(v1::Realm::default()).await);
    for realm_id in ["", &near, &far] {
        let request = v1::CreateAccountRequest { realm_id: realm_id.to_owned(), ..create("a@example.com") };
        made(app.operator().accounts().create_account(request).await);
    }
    let listed = async |client: &Client, realm_id: &str| {
        let list = v1::ListAccountsRequest { realm_id: realm_id.to_owned(), ..Default::default() };
        let accounts = made(client.accounts().list_accounts(list).await).accounts;
        accounts.into_iter().map(|account| account.realm_id).collect::<Vec<_>>()
    };
    let client = bounded(&app, &[&far, &near]).await;
    assert_eq!(listed(&client, "").await, [near.clone(), far.clone()]);
    assert_eq!(listed(&client, &near).await, [near]);
    assert_eq!(listed(&app.operator(), "").await.len(), 3);
}
