//! GetAccount, by every name that an account has.

use enroll::proto::v1;
use enroll::proto::v1::account_ref::Ref;

use crate::support::app::application;
use crate::support::requests::{account_ref, create, external_key, field, phone};
use crate::support::{Client, Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    an_account_is_found_by_every_name,
    what_names_no_account_finds_none,
    names_are_of_a_realm_and_keys_of_the_tenant,
    inactive_accounts_are_found_too,
    one_that_the_grant_does_not_reach_is_not_there,
    a_reference_is_required,
);

/// An application that knows accounts by keys of type `crm` and whose contract makes phones unique.
async fn reader(app: &TestApp) -> Client {
    let mut paths: Vec<_> = ["email.address", "password", "profile.user_name"].map(field).into();
    paths.push(v1::ContractField { unique: true, ..field("phone.number") });
    let contract_id = app.contract(v1::Contract { fields: paths, ..Default::default() }).await;
    let mut application = application(&["accounts.create", "accounts.read"]);
    application.grants[0].default_contract_id = contract_id;
    application.external_key_type = "crm".to_owned();
    application.default_region = "DK".to_owned();
    app.app_with(&app.operator().tenant_id, application).await
}

async fn ada(client: &Client) -> v1::Account {
    let mut request = create("Ada@Example.com");
    request.external_keys = vec![external_key("", "K-1"), external_key("erp", "E-1")];
    let account = request.account.as_mut().expect("an account");
    account.profile = Some(v1::Profile { user_name: "Ada.Byron".to_owned(), ..Default::default() });
    account.phone = phone("32 12 34 56");
    made(client.accounts().create_account(request).await).account.expect("an account")
}

async fn an_account_is_found_by_every_name(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = reader(&app).await;
    let account = ada(&client).await;
    let names = [
        Ref::AccountId(account.account_id.clone()),
        Ref::AccountId(account.account_id.to_uppercase()),
        Ref::AccountNumber(account.account_number),
        Ref::Email("ada@example.COM".to_owned()),
        Ref::UserName("ADA.BYRON".to_owned()),
        Ref::Phone("+45 32 12 34 56".to_owned()),
        Ref::Phone("32123456".to_owned()),
        Ref::ExternalKey(external_key("", "K-1")),
        Ref::ExternalKey(external_key("crm", "K-1")),
        Ref::ExternalKey(external_key("erp", "E-1")),
    ];
    for name in names {
        let shown = format!("{name:?}");
        let found = made(client.accounts().get_account(account_ref(name)).await).account;
        assert_eq!(found.as_ref(), Some(&account), "{shown}");
    }
}

async fn what_names_no_account_finds_none(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = reader(&app).await;
    let account = ada(&client).await;
    let names = [
        Ref::AccountId("018f0000-0000-7000-8000-000000000000".to_owned()),
        Ref::AccountId("ada".to_owned()),
        Ref::AccountNumber(account.account_number + 1),
        Ref::AccountNumber(-1),
        Ref::Email("nobody@example.com".to_owned()),
        Ref::Email("' OR 1=1 --".to_owned()),
        Ref::UserName("nobody".to_owned()),
        Ref::Phone("32123457".to_owned()),
        Ref::Phone("no number".to_owned()),
        Ref::ExternalKey(external_key("crm", "k-1")),
        Ref::ExternalKey(external_key("erp", "K-1")),
    ];
    for name in names {
        let shown = format!("{name:?}");
        let told = refused(client.accounts().get_account(account_ref(name)).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("NotFound", "ACCOUNT_NOT_FOUND"), "{shown}");
    }
    let told = refused(client.accounts().get_account(account_ref(Ref::Email("n@example.com".to_owned()))).await);
    assert_snapshot!(told, @r#"
    NotFound ACCOUNT_NOT_FOUND: There is no such account.
    resource enroll.v1.Account ""
    "#);
}

async fn names_are_of_a_realm_and_keys_of_the_tenant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = reader(&app).await;
    let realm_id = app.realm(v1::Realm::default()).await;
    let account = ada(&client).await;
    let elsewhere = |name: Ref| v1::GetAccountRequest { realm_id: realm_id.clone(), ..account_ref(name) };
    let told = refused(client.accounts().get_account(elsewhere(Ref::Email("ada@example.com".to_owned()))).await);
    assert_eq!(told.reason, "ACCOUNT_NOT_FOUND");
    for name in [
        Ref::AccountId(account.account_id.clone()),
        Ref::AccountNumber(account.account_number),
        Ref::ExternalKey(external_key("crm", "K-1")),
    ] {
        assert_eq!(made(client.accounts().get_account(elsewhere(name)).await).account.as_ref(), Some(&account));
    }
}

async fn inactive_accounts_are_found_too(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = reader(&app).await;
    let account = ada(&client).await;
    for (state, shown) in [("DISABLED", v1::AccountState::Disabled), ("DELETED", v1::AccountState::Deleted)] {
        app.database().execute(&format!("UPDATE accounts SET state = '{state}'")).await;
        let found = made(client.accounts().get_account(account_ref(Ref::Email("ada@example.com".to_owned()))).await);
        let found = found.account.expect("an account");
        assert_eq!((found.account_id.as_str(), found.state()), (account.account_id.as_str(), shown));
    }
}

async fn one_that_the_grant_does_not_reach_is_not_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = reader(&app).await;
    let account = ada(&client).await;
    let realm_id = app.realm(v1::Realm::default()).await;
    let mut bounded = application(&["accounts.read"]);
    bounded.grants[0].default_realm_id.clone_from(&realm_id);
    bounded.grants[0].allowed_realm_ids = vec![realm_id];
    let bounded = app.app_with(&app.operator().tenant_id, bounded).await;
    let told = refused(bounded.accounts().get_account(account_ref(Ref::AccountId(account.account_id.clone()))).await);
    assert_eq!(told.reason, "ACCOUNT_NOT_FOUND");

    let stranger = app.app_of_another_tenant(&["accounts.read"]).await;
    let told = refused(stranger.accounts().get_account(account_ref(Ref::AccountId(account.account_id))).await);
    assert_eq!(told.reason, "ACCOUNT_NOT_FOUND");
}

async fn a_reference_is_required(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = reader(&app).await;
    let told = refused(client.accounts().get_account(v1::GetAccountRequest::default()).await);
    assert_eq!(told.faults(), ["account FIELD_REQUIRED"]);
}
