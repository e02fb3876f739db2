//! Keys by which other systems know an account.

use enroll::proto::v1;

use crate::support::app::application;
use crate::support::requests::{create, external_key};
use crate::support::{Client, Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    a_key_is_minted_where_the_application_has_a_type,
    a_given_key_is_kept,
    keys_of_other_types_belong_to_readers,
    a_key_is_unique_in_the_tenant,
    keys_are_checked,
);

async fn typed(app: &TestApp, permissions: &[&str]) -> Client {
    let application = v1::Application { external_key_type: "12".to_owned(), ..application(permissions) };
    app.app_with(&app.operator().tenant_id, application).await
}

fn keyed(address: &str, keys: &[(&str, &str)]) -> v1::CreateAccountRequest {
    let external_keys = keys.iter().map(|(key_type, key)| external_key(key_type, key)).collect();
    v1::CreateAccountRequest { external_keys, ..create(address) }
}

async fn keys_of(client: &Client, request: v1::CreateAccountRequest) -> Vec<(String, String)> {
    let account = made(client.accounts().create_account(request).await).account.expect("an account");
    account.external_keys.into_iter().map(|key| (key.r#type, key.key)).collect()
}

async fn a_key_is_minted_where_the_application_has_a_type(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = typed(&app, &["accounts.create"]).await;
    let one = keys_of(&client, create("a@example.com")).await;
    let other = keys_of(&client, create("b@example.com")).await;
    assert_eq!((one.len(), one[0].0.as_str()), (1, "12"));
    assert!(!one[0].1.is_empty());
    assert_ne!(one, other);
    let none = app.app(&["accounts.create"]).await;
    assert!(keys_of(&none, create("c@example.com")).await.is_empty());
}

async fn a_given_key_is_kept(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = typed(&app, &["accounts.create"]).await;
    let own = |key: &str| vec![("12".to_owned(), key.to_owned())];
    assert_eq!(keys_of(&client, keyed("a@example.com", &[("", "K-1")])).await, own("K-1"));
    assert_eq!(keys_of(&client, keyed("b@example.com", &[("12", "K-2")])).await, own("K-2"));
}

async fn keys_of_other_types_belong_to_readers(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = typed(&app, &["accounts.create"]).await;
    let told = refused(client.accounts().create_account(keyed("a@example.com", &[("crm", "K-1")])).await);
    assert_eq!(told.faults(), ["external_keys[0].type FIELD_FORBIDDEN"]);

    let reader = typed(&app, &["accounts.create", "accounts.read"]).await;
    let keys = keys_of(&reader, keyed("a@example.com", &[("crm", "K-1"), ("", "K-2")])).await;
    assert_eq!(keys, [("12".to_owned(), "K-2".to_owned()), ("crm".to_owned(), "K-1".to_owned())]);
}

async fn a_key_is_unique_in_the_tenant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = typed(&app, &["accounts.create", "accounts.read"]).await;
    let realm_id = app.realm(v1::Realm::default()).await;
    keys_of(&client, keyed("a@example.com", &[("", "K-1")])).await;
    let elsewhere = v1::CreateAccountRequest { realm_id, ..keyed("b@example.com", &[("", "K-1")]) };
    let told = refused(client.accounts().create_account(elsewhere).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("AlreadyExists", "EXTERNAL_KEY_ALREADY_EXISTS"));
    assert_eq!(told.said("field"), Some("external_keys[0].key"));
    keys_of(&client, keyed("b@example.com", &[("crm", "K-1")])).await;
}

async fn keys_are_checked(engine: Engine) {
    let app = TestApp::start(engine).await;
    let reader = app.app(&["accounts.create", "accounts.read"]).await;
    let long = "k".repeat(129);
    let keys = [("", "K-1"), ("crm", ""), ("crm", &long), ("t".repeat(33).leak() as &str, "K"), ("a", "1"), ("a", "2")];
    let told = refused(reader.accounts().create_account(keyed("a@example.com", &keys)).await);
    let mut faults = told.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "external_keys[0].type FIELD_REQUIRED",
            "external_keys[1].key FIELD_REQUIRED",
            "external_keys[2].key FIELD_TOO_LONG",
            "external_keys[3].type FIELD_TOO_LONG",
            "external_keys[5].type FIELD_INVALID",
        ]
    );
}
