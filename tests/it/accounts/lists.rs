//! ListAccounts: pages by sealed tokens, filters, and what is hidden.

use chrono::TimeDelta;
use prost_reflect::prost::Message;
use prost_types::value::Kind;
use prost_types::{Struct, Value};

use enroll::proto::v1;
use enroll::proto::v1::attribute_type::Type;

use crate::support::app::application;
use crate::support::requests::{create, field};
use crate::support::{Client, Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    pages_show_every_account_once_in_the_order_of_making,
    a_token_continues_its_own_list_only,
    a_token_lasts_three_days,
    a_page_has_a_size,
    a_page_of_large_accounts_ends_early,
    deleted_accounts_are_hidden,
    filters_hold,
);

async fn people(client: &Client, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for at in 0..count {
        let request = v1::CreateAccountRequest { credential: None, ..create(&format!("person-{at}@example.com")) };
        ids.push(made(client.accounts().create_account(request).await).account.expect("an account").account_id);
    }
    ids
}

fn page(page_size: i32, page_token: &str) -> v1::ListAccountsRequest {
    v1::ListAccountsRequest { page_size, page_token: page_token.to_owned(), ..Default::default() }
}

fn ids(answer: &v1::ListAccountsResponse) -> Vec<String> {
    answer.accounts.iter().map(|account| account.account_id.clone()).collect()
}

async fn pages_show_every_account_once_in_the_order_of_making(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    let made_ids = people(&client, 7).await;
    let (mut seen, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let answer = made(client.accounts().list_accounts(page(3, &token)).await);
        seen.extend(ids(&answer));
        pages += 1;
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
        assert!(!made_ids.iter().any(|id| token.contains(id)), "a token shows no id");
    }
    assert_eq!((seen, pages), (made_ids, 3));
}

async fn a_token_continues_its_own_list_only(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    people(&client, 3).await;
    let token = made(client.accounts().list_accounts(page(1, "")).await).next_page_token;
    let other = app.app(&["accounts.read"]).await;
    let mut damaged = token.clone().into_bytes();
    damaged[20] = if damaged[20] == b'A' { b'B' } else { b'A' };
    let damaged = String::from_utf8(damaged).expect("ASCII");
    let filtered = v1::ListAccountsRequest { show_deleted: true, ..page(1, &token) };
    let attempts = [
        (&other, page(1, &token)),
        (&client, filtered),
        (&client, page(1, &damaged)),
        (&client, page(1, &token[1..])),
        (&client, page(1, "7")),
    ];
    for (caller, request) in attempts {
        let told = refused(caller.accounts().list_accounts(request).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("InvalidArgument", "PAGE_TOKEN_INVALID"));
        assert_eq!(told.faults(), ["page_token PAGE_TOKEN_INVALID"]);
    }
    assert_eq!(made(client.accounts().list_accounts(page(2, &token)).await).accounts.len(), 2);
}

async fn a_token_lasts_three_days(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    people(&client, 2).await;
    let token = made(client.accounts().list_accounts(page(1, "")).await).next_page_token;
    app.clock().advance(TimeDelta::hours(71));
    made(client.accounts().list_accounts(page(1, &token)).await);
    app.clock().advance(TimeDelta::hours(2));
    let told = refused(client.accounts().list_accounts(page(1, &token)).await);
    assert_eq!(told.reason, "PAGE_TOKEN_INVALID");
}

async fn a_page_has_a_size(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    people(&client, 51).await;
    let answer = made(client.accounts().list_accounts(page(0, "")).await);
    assert_eq!((answer.accounts.len(), answer.next_page_token.is_empty()), (50, false));
    let answer = made(client.accounts().list_accounts(page(i32::MAX, "")).await);
    assert_eq!((answer.accounts.len(), answer.next_page_token.is_empty()), (51, true));
    let told = refused(client.accounts().list_accounts(page(-1, "")).await);
    assert_eq!(told.faults(), ["page_size FIELD_INVALID"]);
}

/// A client of gRPC takes 4 MiB by default, and 200 accounts may have 64 KiB of attributes each.
async fn a_page_of_large_accounts_ends_early(engine: Engine) {
    const OCTETS_MAX: usize = (1 << 20) + 1_024;
    let app = TestApp::start(engine).await;
    let note = v1::AttributeType { r#type: Some(Type::StringType(v1::StringType::default())) };
    let contract = v1::Contract {
        fields: vec![field("email.address"), field("attributes.note")],
        attributes: [("note".to_owned(), note)].into(),
        ..Default::default()
    };
    let mut application = application(&["accounts.create", "accounts.read"]);
    application.grants[0].default_contract_id = app.contract(contract).await;
    let client = app.app_with(&app.operator().tenant_id, application).await;
    let mut made_ids = Vec::new();
    for at in 0..20 {
        let mut request = create(&format!("person-{at}@example.com"));
        request.credential = None;
        let note = Value { kind: Some(Kind::StringValue("x".repeat(60_000))) };
        let attributes = Struct { fields: [("note".to_owned(), note)].into() };
        request.account.as_mut().expect("an account").attributes = Some(attributes);
        let account = made(client.accounts().create_account(request).await).account.expect("an account");
        made_ids.push(account.account_id);
    }
    let list = async |token: &str| made(client.accounts().list_accounts(page(200, token)).await);
    let first = list("").await;
    assert!(first.accounts.len() > 10 && first.encoded_len() <= OCTETS_MAX, "{}", first.encoded_len());
    let second = list(&first.next_page_token).await;
    assert_eq!([ids(&first), ids(&second)].concat(), made_ids);
    assert_eq!(second.next_page_token, "");
}

async fn deleted_accounts_are_hidden(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    let made_ids = people(&client, 3).await;
    app.database().execute("UPDATE accounts SET state = 'DELETED' WHERE email = 'person-1@example.com'").await;
    let list = async |show_deleted: bool, state: v1::AccountState| {
        let request = v1::ListAccountsRequest { show_deleted, state: state.into(), ..page(0, "") };
        ids(&made(client.accounts().list_accounts(request).await))
    };
    let unspecified = v1::AccountState::Unspecified;
    assert_eq!(list(false, unspecified).await, [made_ids[0].clone(), made_ids[2].clone()]);
    assert_eq!(list(true, unspecified).await, made_ids);
    assert_eq!(list(false, v1::AccountState::Deleted).await, [made_ids[1].clone()]);
    assert_eq!(list(true, v1::AccountState::Active).await, [made_ids[0].clone(), made_ids[2].clone()]);
}

async fn filters_hold(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create", "accounts.read"]).await;
    let realm_id = app.realm(v1::Realm::default()).await;
    people(&client, 2).await;
    let request = v1::CreateAccountRequest { realm_id: realm_id.clone(), ..create("else@example.com") };
    let there = made(client.accounts().create_account(request).await).account.expect("an account").account_id;
    let request = v1::ListAccountsRequest { realm_id, ..Default::default() };
    assert_eq!(ids(&made(client.accounts().list_accounts(request).await)), [there]);
    assert_eq!(made(client.accounts().list_accounts(page(0, "")).await).accounts.len(), 3);
    let request = v1::ListAccountsRequest { state: v1::AccountState::Locked.into(), ..Default::default() };
    assert!(made(client.accounts().list_accounts(request).await).accounts.is_empty());
    let request = v1::ListAccountsRequest { realm_id: "nowhere".to_owned(), ..Default::default() };
    assert_eq!(refused(client.accounts().list_accounts(request).await).reason, "REALM_NOT_FOUND");
    let request = v1::ListAccountsRequest { state: 77, ..Default::default() };
    let told = refused(client.accounts().list_accounts(request).await);
    assert_eq!(told.reason, "VALIDATION_FAILED");
    let stranger = app.app_of_another_tenant(&["accounts.read"]).await;
    let seen = made(stranger.accounts().list_accounts(page(0, "")).await).accounts;
    assert_eq!(seen.len(), 1, "its own owner and nobody of another tenant");
}
