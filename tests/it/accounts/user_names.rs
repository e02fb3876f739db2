//! User names by a realm's own pattern.

use enroll::proto::v1;
use enroll::proto::v1::account_ref::Ref;
use enroll::proto::v1::create_session_request::Identifier;

use crate::support::requests::{account_ref, create, login, register};
use crate::support::{Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    a_realm_has_a_pattern_of_its_own,
    registration_reads_names_by_the_pattern,
    names_that_are_there_outlive_the_pattern,
);

const PERMISSIONS: [&str; 3] = ["accounts.create", "accounts.read", "realms.write"];

fn named(realm_id: &str, user_name: &str) -> v1::CreateAccountRequest {
    let mut request = v1::CreateAccountRequest { realm_id: realm_id.to_owned(), ..create("") };
    let account = request.account.as_mut().expect("an account");
    account.email = None;
    account.profile = Some(v1::Profile { user_name: user_name.to_owned(), ..Default::default() });
    request
}

async fn a_realm_has_a_pattern_of_its_own(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&PERMISSIONS).await;
    let pattern = r"\p{L}+(\.\.\p{L}+)?";
    let own = app.realm(v1::Realm { user_name_pattern: pattern.to_owned(), ..Default::default() }).await;
    let usual = app.realm(v1::Realm::default()).await;
    let create = async |realm_id: &str, name: &str| client.accounts().create_account(named(realm_id, name)).await;

    let account = made(create(&own, "J\u{f6}rg..\u{141}ukasz").await).account.expect("an account");
    assert_eq!(account.profile.expect("a profile").user_name, "J\u{f6}rg..\u{141}ukasz");
    assert_eq!(refused(create(&own, "J\u{d6}RG..\u{142}UKASZ").await).reason, "USER_NAME_ALREADY_EXISTS");
    made(create(&own, "x").await);
    // The small letter at the end of this word is another one than within it.
    made(create(&own, "\u{393}\u{3b9}\u{3ce}\u{3c1}\u{3b3}\u{3bf}\u{3c2}").await);
    let capitals = "\u{393}\u{399}\u{38f}\u{3a1}\u{393}\u{39f}\u{3a3}";
    assert_eq!(refused(create(&own, capitals).await).reason, "USER_NAME_ALREADY_EXISTS");
    let check = v1::CreateAccountRequest { validate_only: true, ..named(&own, "ada-1") };
    assert_eq!(refused(client.accounts().create_account(check).await).reason, "VALIDATION_FAILED");
    let invalid = ["account.profile.user_name USER_NAME_INVALID"];
    for name in ["ada-1", "J\u{f6}rg..", "x\n", "ada@example.com", "+x", "\u{202e}ada"] {
        assert_eq!(refused(create(&own, name).await).faults(), invalid, "{name:?}");
    }
    let long = refused(create(&own, &"x".repeat(65)).await);
    assert_eq!(long.faults(), ["account.profile.user_name FIELD_TOO_LONG"]);
    assert_eq!(refused(create(&usual, "J\u{f6}rg").await).faults(), invalid);
    made(create(&usual, "ada-1").await);

    let by_name =
        |name: &str| v1::GetAccountRequest { realm_id: own.clone(), ..account_ref(Ref::UserName(name.to_owned())) };
    let found = made(client.accounts().get_account(by_name("j\u{f6}rg..\u{142}ukasz")).await);
    assert_eq!(found.account.expect("an account").account_id, account.account_id);
    let by_name =
        |identifier| v1::CreateSessionRequest { realm_id: own.clone(), identifier: Some(identifier), ..login("") };
    for identifier in [
        Identifier::UserName("J\u{d6}RG..\u{141}UKASZ".to_owned()),
        Identifier::Login(" j\u{f6}rg..\u{142}ukasz ".to_owned()),
    ] {
        let session = made(client.sessions().create_session(by_name(identifier)).await);
        assert_eq!(session.account.expect("an account").account_id, account.account_id);
    }
}

async fn registration_reads_names_by_the_pattern(engine: Engine) {
    let app = TestApp::start(engine).await;
    let realm_id = app
        .realm(v1::Realm {
            user_name_pattern: "[a-z]{8}".to_owned(),
            registration_mode: v1::RegistrationMode::Public.into(),
            ..Default::default()
        })
        .await;
    let client = app.app(&[]).await;
    let request = |name: &str| v1::RegisterAccountRequest {
        realm_id: realm_id.clone(),
        profile: Some(v1::Profile { user_name: name.to_owned(), ..Default::default() }),
        ..register(&format!("{name}@example.com"))
    };
    made(client.registration().register_account(request("adabyron")).await);
    let told = refused(client.registration().register_account(request("ada.b")).await);
    assert_eq!(told.faults(), ["profile.user_name USER_NAME_INVALID"]);
}

async fn names_that_are_there_outlive_the_pattern(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&PERMISSIONS).await;
    let realm_id = app.realm(v1::Realm { user_name_pattern: "#?[a-z]+".to_owned(), ..Default::default() }).await;
    made(client.accounts().create_account(named(&realm_id, "ad")).await);
    let update = v1::UpdateRealmRequest {
        realm: Some(v1::Realm { realm_id: realm_id.clone(), ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["user_name_pattern".to_owned()] }),
        ..Default::default()
    };
    let realm = made(client.realms().update_realm(update).await).realm.expect("a realm");
    assert_eq!(realm.user_name_pattern, "");
    let told = refused(client.accounts().create_account(named(&realm_id, "be")).await);
    assert_eq!(told.faults(), ["account.profile.user_name FIELD_TOO_SHORT"]);
    let login = v1::CreateSessionRequest { realm_id: realm_id.clone(), ..login("AD") };
    made(client.sessions().create_session(login).await);
}
