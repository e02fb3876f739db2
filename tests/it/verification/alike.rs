//! Where a realm conceals, the answers for a new, an existing, an unverified and a disabled account are the same but for ids, secrets and
//! times, to the byte; and so is the work.

use std::process::Command;

use prost::Message;

use enroll::proto::v1;
use enroll::proto::v1::send_verification_request::Target;

use super::{by_id, concealing, confirmation, login_in, once_more, only, register_in, registered};
use crate::layers::{hashes, wait_for_hashes};
use crate::support::app::application;
use crate::support::binary::{self, Binary};
use crate::support::database::Database;
use crate::support::requests::{create, phone};
use crate::support::{Client, Engine, TestApp, Told, made, on_both_engines, refused, sent};

on_both_engines!(
    registrations_are_alike,
    numbers_are_alike,
    as_many_passwords_are_hashed,
    the_database_is_asked_the_same,
    no_refusal_tells_of_an_account,
    resends_resets_and_logins_are_alike,
    readers_are_told_the_truth,
    the_owner_is_told,
    user_names_are_told_all_the_same,
);

/// Of nobody, and of an active, an unverified and a disabled account.
const ADDRESSES: [&str; 4] = ["newest@example.com", "active@example.com", "unsure@example.com", "banned@example.com"];

/// A realm that conceals, with an account in each state.
async fn populated(app: &TestApp, client: &Client) -> String {
    let realm_id = app.realm(concealing()).await;
    for address in &ADDRESSES[1..] {
        let answer = registered(client, register_in(&realm_id, address)).await;
        if !address.starts_with("unsure") {
            let (id, token) = (only(&answer.verifications).verification_id, confirmation(app, address).await);
            made(client.registration().confirm_verification(by_id(&token, &id)).await);
        }
    }
    app.database().execute("UPDATE accounts SET state = 'DISABLED' WHERE email = 'banned@example.com'").await;
    realm_id
}

/// An answer without what is different in any two: ids, numbers, secrets, times, and the identifier that was asked about.
fn masked(answer: &v1::RegisterAccountResponse, identifier: &str) -> (String, usize) {
    let mut answer = answer.clone();
    // Random numbers have random lengths on the wire.
    let account = answer.account.as_mut().expect("an account");
    account.account_number = 1;
    for time in [&mut account.create_time, &mut account.update_time] {
        *time = None;
    }
    answer.verifications.iter_mut().for_each(|one| one.expire_time = None);
    let length = answer.encode_to_vec().len();
    let account = answer.account.as_mut().expect("an account");
    for id in [&mut account.account_id, &mut account.etag] {
        assert!(!id.is_empty());
        id.clear();
    }
    answer.verifications.iter_mut().for_each(|one| one.verification_id.clear());
    (format!("{answer:?}").replace(identifier, "(the identifier)"), length)
}

/// Rows by table: what was written.
async fn rows(app: &TestApp) -> Vec<i64> {
    let mut rows = Vec::new();
    for table in ["accounts", "identifiers", "credentials", "verifications", "events", "audit_entries"] {
        rows.push(app.database().count(table).await);
    }
    rows
}

fn growth(before: &[i64], after: &[i64]) -> Vec<i64> {
    before.iter().zip(after).map(|(before, after)| after - before).collect()
}

async fn registrations_are_alike(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    let realm_id = populated(&app, &client).await;
    let mut seen = Vec::new();
    for address in ADDRESSES {
        let before = rows(&app).await;
        let mails = sent::mails(&app).await.len();
        let request = v1::RegisterAccountRequest { auto_login: true, ..register_in(&realm_id, address) };
        let answer = registered(&client, request.clone()).await;
        assert_eq!((answer.outcome(), answer.session.is_none()), (v1::Outcome::Accepted, true));
        let checked = v1::RegisterAccountRequest { validate_only: true, ..request };
        assert_eq!(registered(&client, checked).await.outcome(), v1::Outcome::Validated);
        let written = growth(&before, &rows(&app).await);
        let sent = sent::mails(&app).await.len() - mails;
        seen.push((masked(&answer, address), written, sent));
    }
    for other in &seen[1..] {
        assert_eq!(other, &seen[0]);
    }
}

/// Each with an address of its own: only the number is new, or that of an active, an unverified or a disabled account.
async fn numbers_are_alike(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    let realm_id = app.realm(v1::Realm { verify_phone: true, ..concealing() }).await;
    let numbers = ["+4532123451", "+4532123452", "+4532123453", "+4532123454"];
    let with_number = |at: usize, address: String| v1::RegisterAccountRequest {
        phone: numbers[at].to_owned(),
        ..register_in(&realm_id, &address)
    };
    for at in [1, 3] {
        let mut request = v1::CreateAccountRequest {
            realm_id: realm_id.clone(),
            email_verified: true,
            phone_verified: true,
            ..create(&format!("owner{at}@example.com"))
        };
        request.account.as_mut().expect("an account").phone = phone(numbers[at]);
        made(app.operator().accounts().create_account(request).await);
    }
    registered(&client, with_number(2, "owner2@example.com".to_owned())).await;
    app.database().execute("UPDATE accounts SET state = 'DISABLED' WHERE email = 'owner3@example.com'").await;
    let mut seen = Vec::new();
    for (at, number) in numbers.into_iter().enumerate() {
        let before = rows(&app).await;
        let mails = sent::mails(&app).await.len();
        let codes = sent::codes(&app, number).await.len();
        let address = format!("new{at}@example.com");
        let answer = registered(&client, with_number(at, address.clone())).await;
        assert_eq!((answer.outcome(), answer.verifications.len()), (v1::Outcome::Accepted, 2), "{number}");
        let written = growth(&before, &rows(&app).await);
        let sent = (sent::mails(&app).await.len() - mails, sent::codes(&app, number).await.len() - codes);
        let (told, length) = masked(&answer, number);
        seen.push((told.replace(&address, "(the address)"), length, written, sent));
    }
    for other in &seen[1..] {
        assert_eq!(other, &seen[0]);
    }
}

/// A server that can be asked about one address again at once.
fn unhurried(database: &Database) -> Command {
    let mut command = binary::serve(database);
    command.env("ENROLL_LIMITS_VERIFICATION_RESENDS", "1000/1s");
    command
}

/// A server of its own with a realm that conceals and an account in each state: a client, and the realm.
async fn served(database: &Database, binary: &Binary) -> (Client, String) {
    let operator = binary.operator();
    let realm = v1::Realm { name: "people".to_owned(), ..concealing() };
    let request = v1::CreateRealmRequest { realm: Some(realm), ..Default::default() };
    let realm_id = made(operator.realms().create_realm(request).await).realm.expect("a realm").realm_id;
    let client = operator.application("", v1::Application { name: "site".to_owned(), ..application(&[]) }).await;
    for address in ["active@example.com", "banned@example.com"] {
        let request = v1::CreateAccountRequest { realm_id: realm_id.clone(), email_verified: true, ..create(address) };
        made(operator.accounts().create_account(request).await);
    }
    registered(&client, register_in(&realm_id, "unsure@example.com")).await;
    database.execute("UPDATE accounts SET state = 'DISABLED' WHERE email = 'banned@example.com'").await;
    (client, realm_id)
}

/// What a stranger can ask about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Reset,
    Resend,
    Login,
    Registration,
}

const QUESTIONS: [Question; 4] = [Question::Reset, Question::Resend, Question::Login, Question::Registration];

async fn ask(client: &Client, realm_id: &str, question: Question, address: &str) {
    let realm_id = realm_id.to_owned();
    let email = address.to_owned();
    match question {
        Question::Reset => {
            let request = v1::StartPasswordResetRequest { realm_id, email, ..Default::default() };
            made(client.credentials().start_password_reset(request).await);
        }
        Question::Resend => {
            let request = v1::SendVerificationRequest { realm_id, ..once_more(Target::Email(email)) };
            made(client.registration().send_verification(request).await);
        }
        Question::Login => {
            let request =
                v1::CreateSessionRequest { password: "not the one".to_owned(), ..login_in(&realm_id, address) };
            assert_eq!(refused(client.sessions().create_session(request).await).reason, "LOGIN_FAILED");
        }
        Question::Registration => {
            registered(client, register_in(&realm_id, address)).await;
        }
    }
}

/// By far the most of the work. The server is a process of its own, in whose metrics nobody else counts.
async fn as_many_passwords_are_hashed(engine: Engine) {
    let database = Database::fresh(engine).await;
    let binary = Binary::spawn(unhurried(&database)).await;
    let (client, realm_id) = served(&database, &binary).await;
    let admin = binary.admin_address();
    let mut counted = 3;
    wait_for_hashes(admin, counted).await;
    for address in ADDRESSES {
        for question in QUESTIONS {
            ask(&client, &realm_id, question, address).await;
            counted += u64::from(matches!(question, Question::Login | Question::Registration));
            wait_for_hashes(admin, counted).await;
            assert_eq!(hashes(admin).await, counted, "{question:?} of {address}");
        }
    }
    // What was counted late would be seen now.
    ask(&client, &realm_id, Question::Login, "last@example.com").await;
    wait_for_hashes(admin, counted + 1).await;
    assert_eq!(hashes(admin).await, counted + 1);
}

/// The rest of the work: the statements that the log has for each call.
async fn the_database_is_asked_the_same(engine: Engine) {
    let database = Database::fresh(engine).await;
    let mut command = unhurried(&database);
    command.env("ENROLL_TELEMETRY_FILTER", "enroll=debug,enroll::store=trace");
    let binary = Binary::spawn(command).await;
    let (client, realm_id) = served(&database, &binary).await;
    let id = |question: Question, address: &str| format!("{question:?}-of-{}", address.replace('@', "-at-"));
    for question in QUESTIONS {
        for address in ADDRESSES {
            ask(&client.saying("x-request-id", &id(question, address)), &realm_id, question, address).await;
        }
    }
    // What a server prints comes after what it answers.
    let last = "the-last-call";
    ask(&client.saying("x-request-id", last), &realm_id, Question::Login, "last@example.com").await;
    binary.said(last).await;
    let printed = binary.printed().text();
    for question in QUESTIONS {
        let expected = statements(&printed, &id(question, ADDRESSES[0]));
        for (verb, is_there) in [("SELECT", true), ("INSERT", question != Question::Login)] {
            let found = expected.iter().any(|statement| statement.starts_with(verb));
            assert!(found || !is_there, "{question:?} without {verb}: {expected:#?}");
        }
        for address in &ADDRESSES[1..] {
            assert_eq!(statements(&printed, &id(question, address)), expected, "{question:?} of {address}");
        }
    }
    let told = printed.lines().filter(|line| line.contains("statement"));
    for value in ["@example.com", "$argon2id$"] {
        assert!(!told.clone().any(|line| statement(line).is_some_and(|told| told.contains(value))), "{value} is told");
    }
}

/// The statement that a line of the log tells, if it tells one.
fn statement(line: &str) -> Option<String> {
    serde_json::from_str::<serde_json::Value>(line).ok()?["statement"].as_str().map(str::to_owned)
}

/// What the log says that the database was asked for a call about people. What is asked about the caller and its realm comes from a cache
/// as long as it is young.
fn statements(printed: &str, request_id: &str) -> Vec<String> {
    const CACHED: [&str; 6] =
        ["applications", "application_keys", "application_tenants", "tenants", "realms", "contract"];
    let is_cached = |told: &String| {
        let from = told.split("FROM ").nth(1).unwrap_or_default().trim_start_matches(['"', '`', '(']);
        told.starts_with("SELECT") && CACHED.iter().any(|table| from.starts_with(table))
    };
    let mine = printed.lines().filter(|line| line.contains(request_id));
    mine.filter_map(statement).filter(|told| !is_cached(told)).collect()
}

async fn resends_resets_and_logins_are_alike(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&[]).await;
    let realm_id = populated(&app, &client).await;
    let mut seen = Vec::new();
    for address in ADDRESSES {
        let before = rows(&app).await;
        let resend =
            v1::SendVerificationRequest { realm_id: realm_id.clone(), ..once_more(Target::Email(address.to_owned())) };
        let resent = made(client.registration().send_verification(resend).await);
        let reset = v1::StartPasswordResetRequest {
            realm_id: realm_id.clone(),
            email: address.to_owned(),
            ..Default::default()
        };
        let reset = made(client.credentials().start_password_reset(reset).await);
        let login =
            v1::CreateSessionRequest { password: "not the password".to_owned(), ..login_in(&realm_id, address) };
        let status = client.sessions().create_session(login).await.expect_err("a wrong password");
        let details = status.details().len();
        let told: Told = crate::support::told::read(&status);
        let sizes = (resent.encode_to_vec().len(), reset.encode_to_vec().len(), details);
        seen.push((sizes, told.reason, growth(&before, &rows(&app).await)));
    }
    for other in &seen[1..] {
        assert_eq!(other, &seen[0]);
    }
}

/// An account of a brand that the tenant has no more, in a language without words, and an application that wants exactly its own words.
async fn no_refusal_tells_of_an_account(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(concealing()).await;
    let origin = v1::Origin { brand: "bygone".to_owned(), edition: "1900".to_owned(), ..Default::default() };
    let mut branded = v1::CreateAccountRequest {
        realm_id: realm_id.clone(),
        email_verified: true,
        delivery: v1::Delivery::Suppress.into(),
        ..create("ada@example.com")
    };
    let account = branded.account.as_mut().expect("an account");
    account.origin = Some(origin);
    account.profile = Some(v1::Profile { language_code: "da".to_owned(), ..Default::default() });
    made(app.operator().accounts().create_account(branded).await);
    let fair =
        v1::Brand { brand: "fair".to_owned(), link_base: "https://fair.example".to_owned(), ..Default::default() };
    let tenant = Some(v1::Tenant { brands: vec![fair], ..Default::default() });
    made(app.operator().tenants().update_tenant(v1::UpdateTenantRequest { tenant, ..Default::default() }).await);
    let lenient = app.app(&[]).await;
    let strict = v1::Application { strict_templates: true, ..application(&[]) };
    let strict = app.app_with(&app.operator().tenant_id, strict).await;
    for (client, address) in [(&lenient, "ada@example.com"), (&strict, "ada@example.com"), (&strict, "bea@example.com")]
    {
        let reset = v1::StartPasswordResetRequest {
            realm_id: realm_id.clone(),
            email: address.to_owned(),
            ..Default::default()
        };
        made(client.credentials().start_password_reset(reset).await);
        let resend =
            v1::SendVerificationRequest { realm_id: realm_id.clone(), ..once_more(Target::Email(address.to_owned())) };
        made(client.registration().send_verification(resend).await);
    }
    registered(&lenient, register_in(&realm_id, "ada@example.com")).await;
    assert_eq!(sent::tokens(&app, "ada@example.com", "enroll_password_").await.len(), 2);
}

async fn readers_are_told_the_truth(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(concealing()).await;
    let create =
        v1::CreateAccountRequest { realm_id: realm_id.clone(), email_verified: true, ..create("ada@example.com") };
    let account = made(app.operator().accounts().create_account(create.clone()).await).account.expect("an account");
    let reader = app.app(&["accounts.read"]).await;
    let told = refused(reader.registration().register_account(register_in(&realm_id, "ada@example.com")).await);
    assert_eq!(told.reason, "EMAIL_ALREADY_EXISTS");
    assert!(told.resource.expect("a resource").1.ends_with(&account.account_id));
    // CreateAccount always tells.
    let told = refused(app.app(&["accounts.create"]).await.accounts().create_account(create).await);
    assert_eq!(told.reason, "EMAIL_ALREADY_EXISTS");
}

async fn the_owner_is_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(concealing()).await;
    let client = app.app(&[]).await;
    let create = v1::CreateAccountRequest {
        realm_id: realm_id.clone(),
        email_verified: true,
        delivery: v1::Delivery::Suppress.into(),
        ..create("Ada@example.com")
    };
    made(app.operator().accounts().create_account(create).await);
    let answer = registered(&client, register_in(&realm_id, "ada@EXAMPLE.com")).await;
    let mails = sent::mails(&app).await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("To: Ada@example.com"), "mail goes to the stored address only: {}", mails[0]);
    assert!(mails[0].contains("already"), "{}", mails[0]);
    assert!(!mails[0].contains("enroll_confirm_"), "{}", mails[0]);
    // What the registration made can never be verified.
    assert_eq!(app.database().count("identifiers WHERE held").await, 1);
    assert_eq!(answer.verifications.len(), 1);
}

async fn user_names_are_told_all_the_same(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(concealing()).await;
    let client = app.app(&[]).await;
    let with_name = |address: &str| v1::RegisterAccountRequest {
        profile: Some(v1::Profile { user_name: "ada".to_owned(), ..Default::default() }),
        ..register_in(&realm_id, address)
    };
    registered(&client, with_name("ada@example.com")).await;
    let told = refused(client.registration().register_account(with_name("ada@example.com")).await);
    assert_eq!(told.faults(), ["profile.user_name USER_NAME_ALREADY_EXISTS"]);
    let told = refused(
        client
            .registration()
            .register_account(v1::RegisterAccountRequest { validate_only: true, ..with_name("bea@example.com") })
            .await,
    );
    assert_eq!(told.reason, "USER_NAME_ALREADY_EXISTS");
}
