//! Documents that a realm asks people about.

use enroll::proto::v1;

use super::people::{public, register_in};
use crate::support::{Client, Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    an_answer_is_demanded_and_no_is_an_answer,
    where_acceptance_is_demanded_no_is_refused,
    answers_are_to_the_realms_documents,
);

async fn realm(app: &TestApp, demand: v1::ConsentDemand) -> String {
    let requirement = v1::ConsentRequirement {
        document: "privacy-policy".to_owned(),
        version: "2024-05".to_owned(),
        demand: demand.into(),
    };
    app.realm(v1::Realm { consents: vec![requirement], ..public() }).await
}

fn answer(version: &str, accepted: Option<bool>) -> v1::Consent {
    v1::Consent { document: "privacy-policy".to_owned(), version: version.to_owned(), accepted, accept_time: None }
}

async fn told_of(client: &Client, realm_id: &str, consents: Vec<v1::Consent>) -> crate::support::Told {
    let request = v1::RegisterAccountRequest { consents, ..register_in(realm_id, "a@example.com") };
    refused(client.registration().register_account(request).await)
}

async fn an_answer_is_demanded_and_no_is_an_answer(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = realm(&app, v1::ConsentDemand::Answer).await;
    let client = app.app(&[]).await;
    let told = told_of(&client, &realm_id, Vec::new()).await;
    assert_eq!((told.reason.as_str(), told.violations[0].reason.as_str()), ("VALIDATION_FAILED", "FIELD_REQUIRED"));
    assert!(told.violations[0].field.starts_with("consents"), "{told}");
    let told = told_of(&client, &realm_id, vec![answer("", None)]).await;
    assert_eq!(told.faults(), ["consents[0].accepted FIELD_REQUIRED"]);

    let consents = vec![answer("", Some(false))];
    let request = v1::RegisterAccountRequest { consents, ..register_in(&realm_id, "a@example.com") };
    let account = made(client.registration().register_account(request).await).account.expect("an account");
    let kept = &account.consents[0];
    assert_eq!((kept.version.as_str(), kept.accepted), ("2024-05", Some(false)));
    assert_eq!(app.database().count("consents WHERE NOT accepted AND version = '2024-05'").await, 1);
}

async fn where_acceptance_is_demanded_no_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = realm(&app, v1::ConsentDemand::Acceptance).await;
    let client = app.app(&[]).await;
    let told = told_of(&client, &realm_id, vec![answer("2024-05", Some(false))]).await;
    assert_snapshot!(told, @r"
    FailedPrecondition CONSENT_REQUIRED: A document must be accepted first.
      documents = privacy-policy
    precondition TOS privacy-policy
    ");
    assert_eq!(app.database().count("accounts").await, 0);
    let consents = vec![answer("2024-05", Some(true))];
    let request = v1::RegisterAccountRequest { consents, ..register_in(&realm_id, "a@example.com") };
    made(client.registration().register_account(request).await);
}

async fn answers_are_to_the_realms_documents(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = realm(&app, v1::ConsentDemand::Answer).await;
    let client = app.app(&[]).await;
    let other = v1::Consent { document: "newsletter".to_owned(), ..answer("", Some(true)) };
    let told = told_of(&client, &realm_id, vec![answer("", Some(true)), other]).await;
    assert_eq!(told.faults(), ["consents[1].document FIELD_UNKNOWN"]);
    let told = told_of(&client, &realm_id, vec![answer("2019-01", Some(true))]).await;
    assert_eq!(told.faults(), ["consents[0].version FIELD_INVALID"]);
    let told = told_of(&client, &realm_id, vec![answer("", Some(true)), answer("", Some(false))]).await;
    assert_eq!(told.faults(), ["consents[1].document FIELD_INVALID"]);
}
