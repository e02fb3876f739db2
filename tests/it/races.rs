//! What several callers want at one moment and only one can have: an address, a portal's name, the last place of a quota. Uniqueness is the
//! database's job; a control takes the unique index away and shows that it is this index that holds.

use tonic::{Code, Response, Status};

use enroll::proto::v1;

use crate::support::binary::Binary;
use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::state::half_made;
use crate::support::together::together;
use crate::support::{Client, Engine, TestApp, on_both_engines, refused, requests, told};

/// Callers at one moment.
const CALLERS: usize = 64;

on_both_engines!(
    one_address_in_many_spellings_is_one_account,
    without_the_unique_index_there_are_more,
    a_portal_name_is_given_once,
    an_applications_portals_stop_at_its_quota,
    a_realms_accounts_stop_at_its_quota,
);

/// `fischer@bücher.example` as people, programs and attackers write it: case, full width, ligatures and the long s in the local part
/// (NFKC_Casefold), case, decomposition and A-labels in the domain (UTS-46).
fn spelling(at: usize) -> String {
    const LOCAL: [&str; 8] =
        ["fischer", "Fischer", "FISCHER", "fiScher", "ﬁscher", "fiſcher", "ｆｉｓｃｈｅｒ", "FIſCHER"];
    const DOMAIN: [&str; 8] = [
        "bücher.example",
        "BÜCHER.example",
        "bu\u{308}cher.example",
        "xn--bcher-kva.example",
        "XN--BCHER-KVA.EXAMPLE",
        "Bücher.Example",
        "ｂücher.example",
        "bücher\u{3002}example",
    ];
    format!("{}@{}", LOCAL[at % 8], DOMAIN[at / 8 % 8])
}

/// One outcome a line: `OK`, or code and reason.
fn outcome<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> String {
    match answer {
        Ok(_) => "OK".to_owned(),
        Err(status) => {
            let told = told::read(&status);
            format!("{} {}", told.code, told.reason)
        }
    }
}

fn count(outcomes: &[String], outcome: &str) -> usize {
    outcomes.iter().filter(|other| *other == outcome).count()
}

/// All callers at one moment, half of them registering and half creating.
async fn register_all_spellings(operators: &[Client]) -> Vec<String> {
    let calls = (0..CALLERS).map(|at| {
        let (operator, address) = (operators[at % operators.len()].clone(), spelling(at));
        async move {
            match at % 2 {
                0 => outcome(operator.registration().register_account(requests::register(&address)).await),
                _ => outcome(operator.accounts().create_account(requests::create(&address)).await),
            }
        }
    });
    together(calls).await
}

async fn assert_one_account(outcomes: &[String], database: &Database) {
    assert_eq!(count(outcomes, "OK"), 1, "{outcomes:?}");
    assert_eq!(count(outcomes, "AlreadyExists EMAIL_ALREADY_EXISTS"), CALLERS - 1, "{outcomes:?}");
    assert_eq!(database.count("accounts").await, 1);
    assert_eq!(database.count("identifiers").await, 1);
    assert_eq!(half_made(database).await, [""; 0]);
}

async fn one_address_in_many_spellings_is_one_account(engine: Engine) {
    let app = TestApp::start(engine).await;
    let outcomes = register_all_spellings(&connections(&app)).await;
    assert_one_account(&outcomes, app.database()).await;
}

async fn without_the_unique_index_there_are_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    match engine {
        Engine::Sqlite => app.database().execute("DROP INDEX identifiers_key").await,
        // There the insert names the index and fails without it: so every key is made another one instead.
        Engine::Postgres => {
            let body = "BEGIN NEW.key := NEW.key || gen_random_uuid(); RETURN NEW; END";
            let other = format!("CREATE FUNCTION other_key() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$");
            app.database().execute(&other).await;
            let each =
                "CREATE TRIGGER other_key BEFORE INSERT ON identifiers FOR EACH ROW EXECUTE FUNCTION other_key()";
            app.database().execute(each).await;
        }
    }
    let outcomes = register_all_spellings(&connections(&app)).await;
    assert!(count(&outcomes, "OK") > 1, "nothing but the index holds: {outcomes:?}");
}

/// The operator on connections of its own.
fn connections(app: &TestApp) -> Vec<Client> {
    (0..8).map(|_| app.anonymous().with_key(&app.operator().key)).collect()
}

/// Two server processes share nothing but the database.
#[test]
fn two_servers_make_one_account_on_postgres() {
    run(async {
        let database = Database::fresh(Engine::Postgres).await;
        let first = Binary::start(&database).await;
        let second = Binary::start(&database).await;
        let outcomes = register_all_spellings(&[first.operator(), second.operator()]).await;
        assert_one_account(&outcomes, &database).await;
    });
}

async fn a_portal_name_is_given_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let calls = (0..16).map(|at| {
        let operator = app.operator();
        let name = if at % 2 == 0 { "harbour" } else { " HARBOUR " };
        let mut request = requests::portal(name);
        request.owner.as_mut().expect("an owner").email = format!("owner{at}@harbour.example");
        async move { outcome(operator.registration().register_portal(request).await) }
    });
    let outcomes = together(calls).await;
    assert_eq!(count(&outcomes, "OK"), 1, "{outcomes:?}");
    assert_eq!(count(&outcomes, "AlreadyExists PORTAL_NAME_ALREADY_EXISTS"), 15, "{outcomes:?}");
    assert_eq!(app.database().count("tenants WHERE portal_name IS NOT NULL").await, 1);
    // What the losers counted was given back with their units.
    assert_eq!(app.database().count("quota_uses WHERE scope <> '' AND used > 1").await, 0);
    assert_eq!(half_made(app.database()).await, [""; 0]);
}

async fn an_applications_portals_stop_at_its_quota(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut application = crate::support::app::application(&["tenants.create"]);
    application.portal_quota = 3;
    let seller = app.app_with(&app.operator().tenant_id, application).await;
    let calls = (0..16).map(|at| {
        let (seller, request) = (seller.clone(), requests::portal(&format!("harbour-{at}")));
        async move { outcome(seller.registration().register_portal(request).await) }
    });
    let outcomes = together(calls).await;
    assert_eq!(count(&outcomes, "OK"), 3, "{outcomes:?}");
    assert_eq!(count(&outcomes, "ResourceExhausted RESOURCE_QUOTA_EXCEEDED"), 13, "{outcomes:?}");
    assert_eq!(app.database().count("tenants WHERE portal_name IS NOT NULL").await, 3);
    let refusal = refused(seller.registration().register_portal(requests::portal("one-more")).await);
    assert_eq!(refusal.quotas, ["application"]);
    assert_eq!(half_made(app.database()).await, [""; 0]);
}

async fn a_realms_accounts_stop_at_its_quota(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app.realm(v1::Realm { account_quota: 5, ..Default::default() }).await;
    let calls = (0..32).map(|at| {
        let operator = app.operator();
        let request = v1::RegisterAccountRequest {
            realm_id: realm_id.clone(),
            ..requests::register(&format!("person{at}@example.org"))
        };
        async move { operator.registration().register_account(request).await }
    });
    let answers = together(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    for status in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(
            (status.code(), told::read(status).reason.as_str()),
            (Code::ResourceExhausted, "RESOURCE_QUOTA_EXCEEDED")
        );
    }
    assert_eq!(app.database().count("accounts").await, 5);
    assert_eq!(half_made(app.database()).await, [""; 0]);
}
