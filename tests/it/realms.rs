//! `RealmService`.

use prost_types::FieldMask;

use enroll::proto::v1;

use crate::support::app::application;
use crate::support::requests::create;
use crate::support::{Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_realm_is_made_read_listed_changed_and_deleted,
    a_name_is_taken_in_its_tenant,
    every_fault_is_told_at_once,
    only_who_verifies_conceals,
    a_change_is_of_the_version_that_was_read,
    a_mask_says_what_changes,
    a_realm_in_use_stays,
    checking_writes_nothing,
);

fn named(name: &str) -> v1::Realm {
    v1::Realm { name: name.to_owned(), ..Default::default() }
}

fn making(realm: v1::Realm) -> v1::CreateRealmRequest {
    v1::CreateRealmRequest { realm: Some(realm), ..Default::default() }
}

fn changing(realm: v1::Realm, paths: &[&str]) -> v1::UpdateRealmRequest {
    let paths = paths.iter().map(ToString::to_string).collect();
    v1::UpdateRealmRequest { realm: Some(realm), update_mask: Some(FieldMask { paths }), ..Default::default() }
}

const ALL: [&str; 2] = ["realms.read", "realms.write"];

async fn a_realm_is_made_read_listed_changed_and_deleted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let realm = v1::Realm {
        display_name: "Visitors".to_owned(),
        registration_mode: v1::RegistrationMode::Public.into(),
        allowed_email_domains: vec!["example.com".to_owned()],
        language_codes: vec!["fr".to_owned()],
        account_quota: 7,
        phone_format: v1::PhoneFormat::AsTyped.into(),
        default_region: "DK".to_owned(),
        user_name_pattern: "[a-z]{8}".to_owned(),
        roles: vec![v1::Role { name: "READER".to_owned(), permissions: vec!["accounts.read".to_owned()] }],
        default_roles: vec!["READER".to_owned()],
        consents: vec![v1::ConsentRequirement {
            document: "terms".to_owned(),
            version: "1".to_owned(),
            demand: v1::ConsentDemand::Acceptance.into(),
        }],
        ..named("visitors")
    };
    let client_with_right = app.app(&["realms.read", "realms.write", "accounts.assign_roles"]).await;
    let kept = made(client_with_right.realms().create_realm(making(realm.clone())).await).realm.expect("a realm");
    let expected = v1::Realm {
        realm_id: kept.realm_id.clone(),
        tenant_id: client.tenant_id.clone(),
        create_time: kept.create_time,
        update_time: kept.update_time,
        etag: kept.etag.clone(),
        kind: v1::RealmKind::Internal.into(),
        state: v1::RealmState::Enabled.into(),
        duplicate_policy: v1::DuplicatePolicy::Reject.into(),
        password_policy: Some(v1::PasswordPolicy {
            policy: Some(v1::password_policy::Policy::Preset(v1::PasswordPreset::Standard.into())),
        }),
        bearer_token_lifetime: Some(prost_types::Duration { seconds: 15 * 60, nanos: 0 }),
        refresh_token_lifetime: Some(prost_types::Duration { seconds: 30 * 24 * 3_600, nanos: 0 }),
        verification_lifetime: Some(prost_types::Duration { seconds: 2 * 3_600, nanos: 0 }),
        ..realm
    };
    assert_eq!(kept, expected);

    let get = v1::GetRealmRequest { realm_id: kept.realm_id.clone(), ..Default::default() };
    assert_eq!(made(client.realms().get_realm(get.clone()).await).realm.as_ref(), Some(&kept));
    let internal = made(client.realms().get_realm(v1::GetRealmRequest::default()).await).realm.expect("a realm");
    assert_eq!(internal.name, "internal");
    let list = v1::ListRealmsRequest { page_size: 1, ..Default::default() };
    let first = made(client.realms().list_realms(list.clone()).await);
    assert_eq!(first.realms, [internal]);
    let list = v1::ListRealmsRequest { page_token: first.next_page_token, ..list };
    let second = made(client.realms().list_realms(list).await);
    assert_eq!((second.realms, second.next_page_token.as_str()), (vec![kept.clone()], ""));

    let patch = v1::Realm { realm_id: kept.realm_id.clone(), display_name: "Guests".to_owned(), ..Default::default() };
    let patch = v1::UpdateRealmRequest { realm: Some(patch), ..Default::default() };
    let changed = made(client_with_right.realms().update_realm(patch).await).realm.expect("a realm");
    assert_eq!(changed.display_name, "Guests");
    assert_ne!(changed.etag, kept.etag);
    assert_eq!((changed.account_quota, &changed.consents), (7, &kept.consents), "what was not said stays");

    let delete = v1::DeleteRealmRequest { realm_id: kept.realm_id, ..Default::default() };
    made(client.realms().delete_realm(delete.clone()).await);
    assert_eq!(refused(client.realms().get_realm(get).await).reason, "REALM_NOT_FOUND");
    assert_eq!(refused(client.realms().delete_realm(delete).await).reason, "REALM_NOT_FOUND");
}

async fn a_name_is_taken_in_its_tenant(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    made(client.realms().create_realm(making(named("visitors"))).await);
    let told = refused(client.realms().create_realm(making(named("visitors"))).await);
    assert_snapshot!(told, @r#"
    AlreadyExists NAME_ALREADY_EXISTS: The name is taken.
      field = realm.name
    field realm.name NAME_ALREADY_EXISTS: The name is taken.
    resource enroll.v1.Realm ""
    "#);
    let elsewhere = app.app_of_another_tenant(&ALL).await;
    made(elsewhere.realms().create_realm(making(named("visitors"))).await);
}

async fn every_fault_is_told_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let rules = v1::PasswordRules { length_min: 9, length_max: 8, ..Default::default() };
    let realm = v1::Realm {
        allowed_email_domains: vec!["example.com".to_owned(), "no domain".to_owned()],
        language_codes: vec!["?".to_owned()],
        default_region: "XX".to_owned(),
        user_name_pattern: "(".to_owned(),
        default_roles: vec!["KING".to_owned()],
        consents: vec![v1::ConsentRequirement { document: String::new(), ..Default::default() }],
        password_policy: Some(v1::PasswordPolicy { policy: Some(v1::password_policy::Policy::Rules(rules)) }),
        state: 99,
        ..named("No Name")
    };
    let told = refused(client.realms().create_realm(making(realm)).await);
    let mut faults = told.faults();
    faults.sort();
    assert_snapshot!(faults.join("\n"), @r"
    realm.allowed_email_domains[1] EMAIL_INVALID
    realm.consents[0].demand FIELD_REQUIRED
    realm.consents[0].document FIELD_REQUIRED
    realm.default_region FIELD_INVALID
    realm.default_roles[0] FIELD_UNKNOWN
    realm.language_codes[0] LANGUAGE_UNSUPPORTED
    realm.name FIELD_INVALID
    realm.password_policy.rules.length_min FIELD_INVALID
    realm.state FIELD_UNKNOWN
    realm.user_name_pattern FIELD_INVALID
    ");
    let told = refused(client.realms().create_realm(v1::CreateRealmRequest::default()).await);
    assert_eq!(told.faults(), ["realm FIELD_REQUIRED"]);
}

async fn only_who_verifies_conceals(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let concealing = v1::Realm { duplicate_policy: v1::DuplicatePolicy::Conceal.into(), ..named("concealing") };
    let told = refused(client.realms().create_realm(making(concealing.clone())).await);
    assert_eq!(told.faults(), ["realm.duplicate_policy FIELD_INVALID"]);
    let verified = v1::Realm { registration_mode: v1::RegistrationMode::Verified.into(), ..concealing };
    let realm = made(client.realms().create_realm(making(verified)).await).realm.expect("a realm");
    let public = v1::Realm { registration_mode: v1::RegistrationMode::Public.into(), ..realm };
    let told = refused(
        client.realms().update_realm(v1::UpdateRealmRequest { realm: Some(public), ..Default::default() }).await,
    );
    assert_eq!(told.faults(), ["realm.duplicate_policy FIELD_INVALID"]);
}

async fn a_change_is_of_the_version_that_was_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let realm = made(client.realms().create_realm(making(named("visitors"))).await).realm.expect("a realm");
    let patch = |etag: &str, display_name: &str| {
        let realm = v1::Realm { etag: etag.to_owned(), display_name: display_name.to_owned(), ..realm.clone() };
        changing(realm, &["display_name"])
    };
    let changed = made(client.realms().update_realm(patch(&realm.etag, "One")).await).realm.expect("a realm");
    let told = refused(client.realms().update_realm(patch(&realm.etag, "Two")).await);
    assert_eq!((told.code.as_str(), told.reason.as_str()), ("Aborted", "ETAG_MISMATCH"));
    made(client.realms().update_realm(patch(&changed.etag, "Two")).await);
    let delete = v1::DeleteRealmRequest { realm_id: realm.realm_id.clone(), etag: changed.etag, ..Default::default() };
    assert_eq!(refused(client.realms().delete_realm(delete).await).reason, "ETAG_MISMATCH");
}

async fn a_mask_says_what_changes(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let realm = v1::Realm { account_quota: 7, default_region: "DK".to_owned(), ..named("visitors") };
    let realm = made(client.realms().create_realm(making(realm)).await).realm.expect("a realm");
    let patch = v1::Realm { etag: String::new(), account_quota: 0, default_region: "FR".to_owned(), ..realm.clone() };
    let changed = made(client.realms().update_realm(changing(patch, &["account_quota"])).await).realm.expect("a realm");
    assert_eq!((changed.account_quota, changed.default_region.as_str()), (0, "DK"));

    let bare = v1::Realm { realm_id: realm.realm_id.clone(), ..named("visitors") };
    let replaced = made(client.realms().update_realm(changing(bare, &["*"])).await).realm.expect("a realm");
    assert_eq!(replaced.default_region, "");

    let patch = |realm: v1::Realm, path: &str| changing(realm, &[path]);
    let told = refused(client.realms().update_realm(patch(replaced.clone(), "colour")).await);
    assert_eq!(told.faults(), ["update_mask.paths[0] FIELD_UNKNOWN"]);
    let renamed = v1::Realm { name: "others".to_owned(), etag: String::new(), ..replaced.clone() };
    let told = refused(client.realms().update_realm(patch(renamed, "name")).await);
    assert_eq!(told.faults(), ["realm.name FIELD_IMMUTABLE"]);
    let told = refused(client.realms().update_realm(patch(replaced, "create_time")).await);
    assert_eq!(told.violations[0].reason, "FIELD_IMMUTABLE");
}

async fn a_realm_in_use_stays(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["realms.read", "realms.write", "accounts.create"]).await;
    let (peopled, by_default) = (app.realm(v1::Realm::default()).await, app.realm(v1::Realm::default()).await);
    let allowed = app.realm(v1::Realm::default()).await;
    let request = v1::CreateAccountRequest { realm_id: peopled.clone(), ..create("a@example.com") };
    made(client.accounts().create_account(request).await);
    let mut granted = application(&[]);
    granted.grants[0].default_realm_id.clone_from(&by_default);
    granted.grants[0].allowed_realm_ids = vec![by_default.clone(), allowed.clone()];
    app.app_with(&client.tenant_id, granted).await;
    let internal = made(client.realms().get_realm(v1::GetRealmRequest::default()).await).realm.expect("a realm");
    for realm_id in [peopled, by_default, allowed, internal.realm_id] {
        let delete = v1::DeleteRealmRequest { realm_id: realm_id.clone(), ..Default::default() };
        let told = refused(client.realms().delete_realm(delete).await);
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("FailedPrecondition", "RESOURCE_IN_USE"));
        assert_eq!(told.preconditions.len(), 1);
        let get = v1::GetRealmRequest { realm_id, ..Default::default() };
        made(client.realms().get_realm(get).await);
    }
}

async fn checking_writes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let check = v1::CreateRealmRequest { validate_only: true, ..making(named("visitors")) };
    assert_eq!(made(client.realms().create_realm(check.clone()).await).realm.expect("a realm").name, "visitors");
    let realm = made(client.realms().create_realm(making(named("visitors"))).await).realm.expect("a realm");
    assert_eq!(refused(client.realms().create_realm(check).await).reason, "NAME_ALREADY_EXISTS");
    let patch = v1::Realm { display_name: "Guests".to_owned(), ..realm.clone() };
    let check = v1::UpdateRealmRequest { validate_only: true, ..changing(patch, &["display_name"]) };
    assert_eq!(made(client.realms().update_realm(check).await).realm.expect("a realm").display_name, "Guests");
    let get = v1::GetRealmRequest { realm_id: realm.realm_id.clone(), ..Default::default() };
    assert_eq!(made(client.realms().get_realm(get).await).realm, Some(realm));
}
