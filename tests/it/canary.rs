//! Secrets stay where they are: passwords and keys that no other text contains go through every rpc that takes one, through success and every
//! kind of refusal, with the log of the real server at its most talkative. Afterwards they are searched in all that it printed, answered and
//! kept.

use std::fs;
use std::path::Path;

use enroll::domain::secret::ApplicationKeySecret;
use enroll::proto::v1;
use enroll::proto::v1::credential_input::Credential;

use crate::support::binary::{self, Binary, operator_key};
use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::{Client, Engine, made, raw, requests};

/// A password of every kind that is taken, and of those that are not.
const PASSWORD: &str = "canary-Qm7wXe2Zp9 sings";
/// Refused: the confirmation is another.
const CONFIRMATION: &str = "canary-Tf4vBn8Ks1 is silent";
/// Refused: too short for the policy.
const SHORT: &str = "kJ9#q";
/// Refused: no hash of any format.
const HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$canaryHd3Lr6Yc$not+a+hash";
/// No key: the checksum is wrong.
const TYPO: &str = "enroll_app_canaryWz5Gx0Vu";
/// No session of anybody, and no captcha that was solved.
const TOKEN: &str = "canary-token-Jb1Ns7Do";

/// What people see and operators look for; the search finds it, so it would find the others.
const ADDRESS: &str = "canary-address@example.org";
const REQUEST_ID: &str = "canary-request-Ow6";

/// What was said to the client by the server: every answer, and every status with its details.
#[derive(Default)]
struct Heard(Vec<u8>);

impl Heard {
    async fn call(&mut self, client: &Client, rpc: &str, message: Vec<u8>) -> bool {
        match raw::call(client, &format!("enroll.v1.{rpc}"), message).await {
            Ok(answer) => {
                self.0.extend(answer.into_inner());
                true
            }
            Err(status) => {
                self.0.extend(status.message().as_bytes());
                self.0.extend(status.details());
                self.0.extend(format!("{:?}", status.metadata()).into_bytes());
                false
            }
        }
    }
}

#[test]
fn no_secret_is_printed_answered_or_kept() {
    run(async {
        let database = Database::fresh(Engine::Sqlite).await;
        let mut command = binary::serve(&database);
        command.env("ENROLL_TELEMETRY_FILTER", "trace");
        let binary = Binary::spawn(command).await;
        let operator = binary.operator().saying("x-request-id", REQUEST_ID);
        let mut heard = Heard::default();

        let unknown = ApplicationKeySecret::from_bytes([0xca; 32]).expose().to_owned();
        let secret = passwords(&mut heard, &operator).await;
        credentials(&mut heard, &binary, &[&unknown, TYPO, &secret]).await;
        let (_, metrics) = crate::layers::get(binary.admin_address(), "/metrics").await;
        heard.0.extend(metrics.into_bytes());
        let printed = binary.printed().clone();
        binary.kill();

        let Database::Sqlite(directory) = &database else { unreachable!("SQLite was asked for") };
        let places = [("log", printed.text().into_bytes()), ("answers", heard.0), ("files", files(directory.path()))];
        let operator_key = operator_key();
        for (place, bytes) in &places {
            for canary in
                [PASSWORD, CONFIRMATION, SHORT, HASH, "canaryHd3Lr6Yc", TYPO, TOKEN, &unknown, &operator_key, &secret]
            {
                let context = find(bytes, canary).map(|at| around(bytes, at));
                assert_eq!(context, None, "{canary} is in the {place}");
            }
        }
        // Control: the search finds what is there, and the log is as talkative as it can be.
        assert!(find(&places[0].1, REQUEST_ID).is_some() && find(&places[0].1, "TRACE").is_some());
        assert!(find(&places[1].1, "PASSWORD_TOO_SHORT").is_some());
        assert!(find(&places[2].1, ADDRESS).is_some());
    });
}

/// Passwords through success and refusal; the key of a new application, which is answered once, and not kept here.
async fn passwords(heard: &mut Heard, operator: &Client) -> String {
    let create = |address: &str, credential: Credential| v1::CreateAccountRequest {
        credential: Some(v1::CredentialInput { credential: Some(credential) }),
        ..requests::create(address)
    };
    let given = |password: &str, confirmation: Option<&str>| {
        Credential::Password(v1::InitialPassword {
            password: password.to_owned(),
            password_confirmation: confirmation.map(str::to_owned),
            change_required: false,
        })
    };
    let hash = Credential::PasswordHash(v1::PasswordHash { encoded: HASH.to_owned() });
    let requests = [
        (create(ADDRESS, given(PASSWORD, Some(PASSWORD))), true),
        (create(ADDRESS, given(PASSWORD, None)), false),
        (create("second@example.org", given(PASSWORD, Some(CONFIRMATION))), false),
        (create("second@example.org", given(SHORT, None)), false),
        (create("second@example.org", hash), false),
        (create("no address", given(PASSWORD, None)), false),
    ];
    for (request, is_done) in requests {
        assert_eq!(heard.call(operator, "AccountService/CreateAccount", bytes(&request)).await, is_done);
    }
    let registration = v1::RegisterAccountRequest {
        password: requests::password(PASSWORD),
        captcha: Some(v1::Captcha { token: TOKEN.to_owned() }),
        ..requests::register("third@example.org")
    };
    assert!(heard.call(operator, "RegistrationService/RegisterAccount", bytes(&registration)).await);
    assert!(!heard.call(operator, "RegistrationService/RegisterAccount", bytes(&registration)).await);
    let portal = v1::RegisterPortalRequest { password: requests::password(PASSWORD), ..requests::portal("lighthouse") };
    assert!(heard.call(operator, "RegistrationService/RegisterPortal", bytes(&portal)).await);
    assert!(!heard.call(operator, "RegistrationService/RegisterPortal", bytes(&portal)).await);

    // Where nobody reads it: a message that is none, and a method that is not there.
    heard.call(operator, "AccountService/CreateAccount", [b"\xff\xff\xff", PASSWORD.as_bytes()].concat()).await;
    heard.call(operator, "AccountService/Nothing", bytes(&registration)).await;

    let application = v1::CreateApplicationRequest {
        application: Some(v1::Application { name: "canary".to_owned(), ..Default::default() }),
        ..Default::default()
    };
    let application =
        made(operator.applications().create_application(application).await).application.expect("an application");
    let key = v1::CreateApplicationKeyRequest { application_id: application.application_id, ..Default::default() };
    made(operator.applications().create_application_key(key).await).secret
}

/// Keys and tokens in the metadata, right and wrong.
async fn credentials(heard: &mut Heard, binary: &Binary, keys: &[&str]) {
    let list = || bytes(&v1::ListAccountsRequest::default());
    for key in keys {
        assert!(!heard.call(&binary.anonymous().with_key(key), "AccountService/ListAccounts", list()).await);
        let basic = binary.anonymous().saying("authorization", &format!("Basic {key}"));
        assert!(!heard.call(&basic, "AccountService/ListAccounts", list()).await);
    }
    let person = binary.operator().saying("x-user-token", TOKEN);
    assert!(!heard.call(&person, "AccountService/ListAccounts", list()).await);
    assert!(heard.call(&binary.operator(), "AccountService/ListAccounts", list()).await);
}

fn bytes(message: &impl prost::Message) -> Vec<u8> {
    message.encode_to_vec()
}

/// Everything in the data directory and in the directories within.
fn files(directory: &Path) -> Vec<u8> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { fs::read(path).expect("a file") }).collect()
}

fn find(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len()).position(|part| part == text.as_bytes())
}

/// Where it stands, for whoever has to mend it.
fn around(bytes: &[u8], at: usize) -> String {
    String::from_utf8_lossy(&bytes[at.saturating_sub(200)..bytes.len().min(at + 100)]).into_owned()
}
