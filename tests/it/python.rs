//! The first foreign client: Python with grpcio, its stubs generated from the protos as they stand, against the real server.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::support::binary::{self, Binary, operator_key};
use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::process;
use crate::support::python::{clients, home, interpreter};
use crate::support::{Engine, dialects};

const RUN_TIME_MAX: Duration = Duration::from_secs(90);

#[test]
fn the_documents_examples_work_on_sqlite() {
    documents(Engine::Sqlite);
}

#[test]
fn the_documents_examples_work_on_postgres() {
    documents(Engine::Postgres);
}

fn documents(engine: Engine) {
    let python = python();
    run(async move {
        let database = Database::fresh(engine).await;
        let binary = Binary::start(&database).await;
        let mut command = Command::new(&python.interpreter);
        command
            .arg(clients().join("documents.py"))
            .arg(binary.address().to_string())
            .env("PYTHONPATH", &python.stubs)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("KEY_OPERATOR", operator_key());
        for (preset, key) in dialects::keys(&binary).await {
            command.env(format!("KEY_{}", preset.replace('-', "_").to_uppercase()), key);
        }
        let printed = process::run_beside(command, RUN_TIME_MAX).await.done();
        assert_eq!(printed.matches(": as expected").count(), 7, "{printed}");
    });
}

#[test]
fn the_walks_work_on_sqlite() {
    walks(Engine::Sqlite);
}

#[test]
fn the_walks_work_on_postgres() {
    walks(Engine::Postgres);
}

/// With a mail server, an API for texts and a captcha provider; the program starts the server and what is outside of it.
fn walks(engine: Engine) {
    let python = python();
    run(async move {
        let database = Database::fresh(engine).await;
        let mut command = Command::new(&python.interpreter);
        command.arg(clients().join("walk.py")).arg(env!("CARGO_BIN_EXE_enroll"));
        let serve = binary::serve(&database);
        command.env_clear().envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PYTHONPATH", &python.stubs).env("PYTHONDONTWRITEBYTECODE", "1");
        let printed = process::run_beside(command, RUN_TIME_MAX).await.done();
        assert_eq!(printed.matches(": as expected").count(), 10, "{printed}");
    });
}

/// A Python that can be a client of this version of the protos.
struct Python {
    interpreter: PathBuf,
    stubs: PathBuf,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Generates the stubs, once a run.
fn python() -> &'static Python {
    static PYTHON: OnceLock<Python> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let interpreter = interpreter().to_owned();
        let stubs = home().join("stubs");
        // What an earlier version of the protos left would be found too.
        if stubs.exists() {
            fs::remove_dir_all(&stubs).expect("the old stubs go");
        }
        fs::create_dir_all(&stubs).expect("a directory for the stubs");
        let mut protoc = Command::new(&interpreter);
        protoc.args(["-m", "grpc_tools.protoc"]);
        for (flag, path) in [("-I", root().join("proto")), ("-I", root().join("third_party"))] {
            protoc.arg(flag).arg(path);
        }
        for flag in ["--python_out", "--grpc_python_out"] {
            protoc.arg(format!("{flag}={}", stubs.display()));
        }
        // Those of google.rpc come with grpcio-status.
        protoc.args(protos(&root().join("proto")));
        process::run(&mut protoc, RUN_TIME_MAX).done();
        Python { interpreter, stubs }
    })
}

/// Installs what is needed, which may take longer than a test may.
pub fn prepare() {
    interpreter();
}

/// Holds hashes against a password by the reference implementation of Argon2; says how many were verified.
pub fn verify_hashes(password: &str, hashes: &[String]) -> process::Ended {
    let mut command = Command::new(interpreter());
    command.arg(clients().join("verify_hashes.py")).arg(password).args(hashes);
    process::run(&mut command, RUN_TIME_MAX)
}

fn protos(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(protos(&path));
        } else if path.extension() == Some(OsStr::new("proto")) {
            found.push(path);
        }
    }
    found
}
