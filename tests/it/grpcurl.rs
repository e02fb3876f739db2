//! grpcurl, which knows nothing of this service but what reflection tells: the call that the first start prints works as pasted, and refusals
//! are readable.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::support::binary::{self, Binary, operator_key};
use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::process::{self, Ended};
use crate::support::{Engine, dialects};

/// Building it takes minutes where it is not there.
const INSTALL_TIME_MAX: Duration = Duration::from_secs(900);
const CALL_TIME_MAX: Duration = Duration::from_secs(30);
const SOURCE: &str = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3";

#[test]
fn the_call_that_the_first_start_prints_works_on_sqlite() {
    let grpcurl = grpcurl();
    run(async move {
        let database = Database::fresh(Engine::Sqlite).await;
        let mut command = binary::serve(&database);
        // The key is minted and shown once.
        command.env_remove("ENROLL_BOOTSTRAP_KEY").env_remove("ENROLL_MASTER_KEY");
        first_call(grpcurl, Binary::spawn(command).await).await;
    });
}

#[test]
fn the_call_that_the_first_start_prints_works_on_postgres() {
    let grpcurl = grpcurl();
    run(async move {
        let database = Database::fresh(Engine::Postgres).await;
        first_call(grpcurl, Binary::start(&database).await).await;
    });
}

#[test]
fn the_examples_of_the_presets_work_as_printed() {
    let grpcurl = grpcurl();
    run(async move {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let database = Database::fresh(engine).await;
            let binary = Binary::start(&database).await;
            let codes = ["400", "portalNameEmpty", "400", "FIELD_REQUIRED", "131"];
            for (preset, code) in dialects::PRESETS.into_iter().zip(codes) {
                let mut create = binary::command(&["app", "create", "--preset", preset]);
                create.env("ENROLL_ENDPOINT", format!("http://{}", binary.address())).env("ENROLL_KEY", operator_key());
                let printed = process::run_beside(create, CALL_TIME_MAX).await.done();
                let answer = json(&paste(grpcurl, &printed_call(&printed)).await.done());
                let id = answer.pointer("/account/accountId").or_else(|| answer.pointer("/tenant/tenantId"));
                assert!(id.is_some(), "{preset}: {answer}");
                let refused = paste(grpcurl, &saying_nothing(&printed_call(&printed))).await;
                let said: String = refused.stderr.split_whitespace().collect();
                assert!(said.contains(&format!("\"legacyCode\":\"{code}\"")), "{preset}: {}", refused.stderr);
            }
        }
    });
}

#[test]
fn services_are_listed_and_described() {
    let grpcurl = grpcurl();
    run(async move {
        let database = Database::fresh(Engine::Sqlite).await;
        let binary = Binary::start(&database).await;
        let address = binary.address();
        let ask =
            async |arguments: &str| paste(grpcurl, &format!("grpcurl -plaintext {address} {arguments}")).await.done();
        let listed = ask("list").await;
        for service in [
            "enroll.v1.AccountService",
            "enroll.v1.RegistrationService",
            "enroll.v1.TenantService",
            "grpc.health.v1.Health",
        ] {
            assert!(listed.lines().any(|line| line == service), "{listed}");
        }
        let described = ask("describe enroll.v1.AccountService").await;
        assert!(described.contains("rpc CreateAccount ( .enroll.v1.CreateAccountRequest )"), "{described}");
        // The policy is part of the contract, and readable.
        assert!(described.contains("permission: \"accounts.create\""), "{described}");
        assert!(ask("describe enroll.v1.CreateAccountRequest").await.contains("string request_id"));
        let health = json(&ask("grpc.health.v1.Health/Check").await);
        assert_eq!(health["status"], "SERVING");
    });
}

/// Pastes the call that a first start printed, twice: the second is refused in words that a person can read.
async fn first_call(grpcurl: &Path, server: Binary) {
    let call = printed_call(&wait_for_call(&server).await);
    let answer = json(&paste(grpcurl, &call).await.done());
    assert_eq!(answer["outcome"], "OUTCOME_CREATED", "{answer}");
    assert!(answer["account"]["accountId"].is_string(), "{answer}");

    let again = paste(grpcurl, &call).await;
    assert!(!again.status.success());
    for readable in [
        "Code: AlreadyExists",
        "\"@type\": \"type.googleapis.com/google.rpc.ErrorInfo\"",
        "\"reason\": \"EMAIL_ALREADY_EXISTS\"",
        "\"domain\": \"enroll.v1\"",
        "\"@type\": \"type.googleapis.com/google.rpc.RequestInfo\"",
        "\"@type\": \"type.googleapis.com/google.rpc.BadRequest\"",
        "\"field\": \"account.email.address\"",
        "\"@type\": \"type.googleapis.com/google.rpc.ResourceInfo\"",
    ] {
        let said: String = again.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let readable: String = readable.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&readable), "{readable} is not in:\n{}", again.stderr);
    }
}

/// The first start prints its call right after the event that says that it serves.
async fn wait_for_call(server: &Binary) -> String {
    let printed = async {
        loop {
            let text = server.printed().text();
            if text.lines().any(|line| line.trim_start().starts_with("grpcurl ") && text.contains(&format!("{line}\n")))
            {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(CALL_TIME_MAX, printed).await.expect("the first start prints a call")
}

/// The one line that is a call of grpcurl.
fn printed_call(text: &str) -> String {
    let calls: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("grpcurl ")).collect();
    let [call] = calls[..] else { panic!("one call in:\n{text}") };
    call.to_owned()
}

/// The same call with an empty message.
fn saying_nothing(call: &str) -> String {
    let (before, data) = call.split_once(" -d '").expect("a message");
    let (_, after) = data.rsplit_once("' ").expect("the end of the message");
    format!("{before} -d '{{}}' {after}")
}

/// Runs a line as a shell does.
async fn paste(grpcurl: &Path, line: &str) -> Ended {
    let mut path = OsString::from(grpcurl.parent().expect("a directory"));
    path.push(":/usr/bin:/bin");
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).env("PATH", path).env("ENROLL_KEY", operator_key());
    process::run_beside(shell, CALL_TIME_MAX).await
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

/// The program: the one on the path, else one that go builds beside what cargo builds, once.
fn grpcurl() -> &'static Path {
    static GRPCURL: OnceLock<PathBuf> = OnceLock::new();
    GRPCURL.get_or_init(|| {
        let on_path = process::run(Command::new("sh").args(["-c", "command -v grpcurl"]), CALL_TIME_MAX);
        if on_path.status.success() {
            return PathBuf::from(on_path.stdout.trim());
        }
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grpcurl");
        let program = directory.join("grpcurl");
        if !program.exists() {
            process::run(Command::new("go").args(["install", SOURCE]).env("GOBIN", &directory), INSTALL_TIME_MAX)
                .done();
        }
        program
    })
}
