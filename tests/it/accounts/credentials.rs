//! Passwords and hashes of CreateAccount. What is kept is looked at behind the service's back: no rpc shows it.

use enroll::proto::v1;
use enroll::proto::v1::credential_input::Credential;

use crate::support::requests::{PASSWORD, create, credential, password_hash};
use crate::support::{Engine, TestApp, made, on_both_engines, refused};

on_both_engines!(
    a_password_is_kept_as_a_hash_of_the_servers_cost,
    an_imported_hash_is_kept_as_it_is,
    a_hash_that_cannot_be_verified_is_refused,
    an_account_may_have_no_credential,
    a_password_is_judged_by_the_realms_policy,
    a_confirmation_counts_where_it_is_given,
    a_password_can_be_due_for_a_change,
);

/// The PHC string of `password` with the salt `somesaltsomesalt`, as other systems make it.
const IMPORTED: &str = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$V3d5Z0NhYnhXdGZ6b2lIc0Z1cU9vS3dRa2JhY2RlZmc";
const IMPORTED_SCRYPT: &str =
    "$scrypt$ln=14,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E";
const IMPORTED_DJANGO: &str = "pbkdf2_sha256$1500$seasalt2seasalt2$H4FMRIqz8vZyfvJdNOh176bSDGkWyt8uOYIlZxanP5E=";
const IMPORTED_BCRYPT: &str = "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW";
const IMPORTED_LDAP: &str = "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0";

async fn a_password_is_kept_as_a_hash_of_the_servers_cost(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    made(client.accounts().create_account(create("a@example.com")).await);
    let database = app.database();
    assert_eq!(database.count("credentials WHERE phc LIKE '$argon2id$v=19$m=64,t=1,p=1$%'").await, 1);
    assert_eq!(database.count(&format!("credentials WHERE phc LIKE '%{PASSWORD}%'")).await, 0);
}

async fn an_imported_hash_is_kept_as_it_is(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let hashes = [IMPORTED, IMPORTED_SCRYPT, IMPORTED_DJANGO, IMPORTED_BCRYPT, IMPORTED_LDAP];
    for (number, encoded) in hashes.into_iter().enumerate() {
        let address = format!("{number}@example.com");
        let request = v1::CreateAccountRequest { credential: password_hash(encoded), ..create(&address) };
        let account = made(client.accounts().create_account(request).await).account.expect("an account");
        assert!(account.password_set);
        assert_eq!(app.database().count(&format!("credentials WHERE phc = '{encoded}'")).await, 1, "{encoded}");
    }
}

async fn a_hash_that_cannot_be_verified_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let dear = IMPORTED.replace("m=64", "m=1048576");
    let slow = IMPORTED.replace("t=2", "t=11");
    let hashes = [
        "password",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$2b$15$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA",
        dear.as_str(),
        slow.as_str(),
    ];
    for encoded in hashes {
        let request = v1::CreateAccountRequest { credential: password_hash(encoded), ..create("a@example.com") };
        let told = refused(client.accounts().create_account(request).await);
        assert_eq!(told.faults(), ["credential.password_hash.encoded PASSWORD_HASH_UNSUPPORTED"], "{encoded}");
    }
    assert_eq!(app.database().count("accounts").await, 0);
}

async fn an_account_may_have_no_credential(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let request = v1::CreateAccountRequest { credential: None, ..create("a@example.com") };
    let account = made(client.accounts().create_account(request).await).account.expect("an account");
    assert!(!account.password_set);
    assert_eq!(app.database().count("credentials").await, 0);
}

async fn a_password_is_judged_by_the_realms_policy(engine: Engine) {
    let app = TestApp::start(engine).await;
    let policy = |preset: v1::PasswordPreset| {
        Some(v1::PasswordPolicy { policy: Some(v1::password_policy::Policy::Preset(preset.into())) })
    };
    let rules = v1::PasswordRules {
        length_min: 4,
        length_max: 10,
        require_lower: true,
        require_upper: true,
        require_digit: true,
        require_symbol: true,
        ..Default::default()
    };
    let rules = Some(v1::PasswordPolicy { policy: Some(v1::password_policy::Policy::Rules(rules)) });
    let standard = policy(v1::PasswordPreset::Standard);
    let cases: [(&Option<v1::PasswordPolicy>, &str, &[&str]); 10] = [
        (&policy(v1::PasswordPreset::Low), "12345", &["PASSWORD_TOO_SHORT"]),
        (&policy(v1::PasswordPreset::Low), "123456", &[]),
        (&standard, "1234567", &["PASSWORD_TOO_SHORT", "PASSWORD_BREACHED"]),
        (&standard, "password", &["PASSWORD_BREACHED"]),
        (&standard, "my ada.byron 7", &["PASSWORD_CONTAINS_IDENTIFIER"]),
        (&standard, "käsekuchen mit 🍒", &[]),
        (&policy(v1::PasswordPreset::High), "eleven char", &["PASSWORD_TOO_SHORT"]),
        (&policy(v1::PasswordPreset::Nist), "aaaaaaaaaaaaaaaaaaaa", &["PASSWORD_TOO_WEAK"]),
        (&rules, "", &["FIELD_REQUIRED"]),
        (
            &rules,
            "éééééééééééé",
            &[
                "PASSWORD_TOO_LONG",
                "PASSWORD_CHARACTER_CLASS_MISSING",
                "PASSWORD_CHARACTER_CLASS_MISSING",
                "PASSWORD_CHARACTER_CLASS_MISSING",
            ],
        ),
    ];
    let client = app.app(&["accounts.create"]).await;
    for (policy, password, expected) in cases {
        let realm_id = app.realm(v1::Realm { password_policy: *policy, ..Default::default() }).await;
        let request =
            v1::CreateAccountRequest { realm_id, credential: credential(password), ..create("ada.byron@example.com") };
        match client.accounts().create_account(request).await {
            Ok(_) => assert!(expected.is_empty(), "{password:?} was taken"),
            Err(status) => {
                let told = crate::support::told::read(&status);
                let field = "credential.password.password";
                let expected: Vec<String> = expected.iter().map(|reason| format!("{field} {reason}")).collect();
                assert_eq!(told.faults(), expected, "{password:?}");
            }
        }
    }
}

async fn a_confirmation_counts_where_it_is_given(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let confirmed = |confirmation: &str| {
        let password = v1::InitialPassword {
            password: PASSWORD.to_owned(),
            password_confirmation: Some(confirmation.to_owned()),
            change_required: false,
        };
        let credential = Some(v1::CredentialInput { credential: Some(Credential::Password(password)) });
        v1::CreateAccountRequest { credential, ..create("a@example.com") }
    };
    for other in ["", "seven lanterns over skagen"] {
        let told = refused(client.accounts().create_account(confirmed(other)).await);
        let expected = ["credential.password.password_confirmation PASSWORD_CONFIRMATION_MISMATCH"];
        assert_eq!(told.faults(), expected, "{other:?}");
    }
    made(client.accounts().create_account(confirmed(PASSWORD)).await);
}

async fn a_password_can_be_due_for_a_change(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["accounts.create"]).await;
    let realm_id = app.realm(v1::Realm { password_change_on_first_login: true, ..Default::default() }).await;
    let due = async |realm_id: &str, change_required: bool| {
        let password = v1::InitialPassword { password: PASSWORD.to_owned(), change_required, ..Default::default() };
        let request = v1::CreateAccountRequest {
            realm_id: realm_id.to_owned(),
            credential: Some(v1::CredentialInput { credential: Some(Credential::Password(password)) }),
            ..create(&format!("{}@example.com", app.name("due")))
        };
        made(client.accounts().create_account(request).await).account.expect("an account").password_change_required
    };
    assert!(!due("", false).await);
    assert!(due("", true).await);
    assert!(due(&realm_id, false).await, "the realm says so for every password");
}
