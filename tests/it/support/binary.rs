//! The real binary as a process of its own, serving: configured through its environment as an operator would, listening on free ports of this machine,
//! with all that it prints kept. It dies with the test. Absent from here: anything about what it answers.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::oneshot;
use tonic::transport::{Channel, Endpoint};

use enroll::domain::secret::ApplicationKeySecret;

use super::client::Client;
use super::database::Database;

/// A start with all migrations takes well under a second; a busy machine may take longer.
const START_TIME_MAX: Duration = Duration::from_secs(30);
/// Longer than any drain that a test asks for.
const EXIT_TIME_MAX: Duration = Duration::from_secs(30);
/// How often a process is asked whether it has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// No call of a test waits longer.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);

/// A process that serves.
pub struct Binary {
    child: Child,
    address: SocketAddr,
    admin_address: SocketAddr,
    printed: Printed,
}

/// All that a process printed so far, on both of its outputs.
#[derive(Clone, Debug, Default)]
pub struct Printed(Arc<Mutex<String>>);

impl Printed {
    /// The text.
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, line: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(line);
    }
}

/// The operator's key in every server of these tests that is given one.
pub fn operator_key() -> String {
    ApplicationKeySecret::from_bytes([42; 32]).expose().to_owned()
}

/// A command of the binary without any environment but what it needs.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enroll"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// `enroll serve` on a database: free ports, cheap hashes, limits out of the way, the log as JSON.
pub fn serve(database: &Database) -> Command {
    let mut command = command(&["serve"]);
    for name in [
        "FAILED_CREDENTIALS",
        "APPLICATION_CALLS",
        "PEER_CALLS",
        "ACCOUNT_REGISTRATIONS",
        "PORTAL_REGISTRATIONS",
        "PORTAL_NAME_CHECKS",
    ] {
        command.env(format!("ENROLL_LIMITS_{name}"), "1000000/1s");
    }
    command
        .env("ENROLL_SERVER_LISTEN", "127.0.0.1:0")
        .env("ENROLL_SERVER_ADMIN_LISTEN", "127.0.0.1:0")
        .env("ENROLL_PASSWORDS_MEMORY_KIB", "64")
        .env("ENROLL_PASSWORDS_PASSES", "1")
        .env("ENROLL_TELEMETRY_FORMAT", "json")
        .env("ENROLL_MASTER_KEY", "07".repeat(32))
        .env("ENROLL_BOOTSTRAP_KEY", operator_key());
    match database {
        Database::Sqlite(directory) => command.env("ENROLL_DATA_DIR", directory.path()),
        Database::Postgres(database) => {
            let name = database.url.rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default();
            let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mail").join(name);
            command.env("DATABASE_URL", &database.url).env("ENROLL_MAIL_DIRECTORY", folder)
        }
    };
    command
}

impl Binary {
    /// Serves on a database.
    pub async fn start(database: &Database) -> Self {
        Self::spawn(serve(database)).await
    }

    /// Runs a command that serves, and waits until it does.
    pub async fn spawn(command: Command) -> Self {
        let (mut child, printed, serving) = launch(command);
        let told = tokio::time::timeout(START_TIME_MAX, serving).await;
        let Ok(Ok((address, admin_address))) = told else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the server did not start; it said:\n{}", printed.text());
        };
        Self { child, address, admin_address, printed }
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its metrics are.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// What it printed so far.
    pub fn printed(&self) -> &Printed {
        &self.printed
    }

    /// Waits until it has printed a text.
    pub async fn said(&self, text: &str) {
        let said = async {
            while !self.printed.text().contains(text) {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        let said = tokio::time::timeout(START_TIME_MAX, said).await;
        said.unwrap_or_else(|_| panic!("{text} is not in:\n{}", self.printed.text()));
    }

    /// A connection of its own, calling as the operator.
    pub fn operator(&self) -> Client {
        self.anonymous().with_key(&operator_key())
    }

    /// A connection of its own.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(connect(self.address))
    }

    /// Ends it with SIGKILL, at once: nothing in it can do anything about that.
    pub fn kill(mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("a process that ended");
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks it to read its certificates again (SIGHUP).
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process to tell");
    }

    /// Waits until it has ended; how, and after how long.
    pub async fn ended(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return (status, began.elapsed());
            }
            assert!(began.elapsed() < EXIT_TIME_MAX, "the server did not end; it said:\n{}", self.printed.text());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that is made at the first call.
pub fn connect(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    endpoint.timeout(CALL_TIME_MAX).connect_timeout(CALL_TIME_MAX).connect_lazy()
}

type Addresses = (SocketAddr, SocketAddr);

/// Starts the process with a reader on each of its outputs; tells the addresses once the log has them.
fn launch(mut command: Command) -> (Child, Printed, oneshot::Receiver<Addresses>) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let (sender, serving) = oneshot::channel();
    let sender = Arc::new(Mutex::new(Some(sender)));
    let printed = Printed::default();
    let outputs: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|output| Box::new(output) as _),
        child.stderr.take().map(|output| Box::new(output) as _),
    ];
    for output in outputs.into_iter().flatten() {
        let (printed, sender) = (printed.clone(), sender.clone());
        thread::spawn(move || {
            let mut lines = BufReader::new(output);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line).into_owned();
                printed.add(&text);
                if let Some(addresses) = addresses(&text) {
                    let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).take();
                    // Nobody waits for the addresses of a process that was started to end.
                    let _ = sender.map(|sender| sender.send(addresses));
                }
                line.clear();
            }
        });
    }
    (child, printed, serving)
}

/// The addresses in the event that says that the server serves.
fn addresses(line: &str) -> Option<Addresses> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let field = |name: &str| event.get(name)?.as_str();
    (field("message")? == "serving").then_some(())?;
    Some((field("address")?.parse().ok()?, field("admin_address")?.parse().ok()?))
}
