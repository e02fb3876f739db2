//! A real mail server (aiosmtpd) as a process of its own, on a port of this machine. It ends with its test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::certificates::{Authority, put};
use super::python::{clients, interpreter};

/// The user that a server with users has.
pub const USER: &str = "enroll";
/// The password of that user.
pub const PASSWORD: &str = "letters by post";

/// Longer than anything takes on a busy machine.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Waits until something that happens elsewhere has happened.
pub async fn until(has_happened: impl Fn() -> bool) {
    let began = Instant::now();
    while !has_happened() {
        assert!(began.elapsed() < WAIT_MAX, "it did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A running server.
pub struct MailServer {
    child: Child,
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    reader: Option<JoinHandle<()>>,
    home: TempDir,
}

/// A mail as the server took it.
#[derive(Clone, Debug, Deserialize)]
pub struct Received {
    pub mail_from: String,
    pub rcpt_tos: Vec<String>,
    pub content: String,
    pub encrypted: bool,
    pub authenticated: bool,
}

impl Received {
    /// What a header says.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let head = self.content.split("\r\n\r\n").next().unwrap_or_default();
        let of_name = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        of_name.unwrap_or_else(|| panic!("no header {name} in:\n{head}"))
    }
}

impl MailServer {
    /// One that takes everything, in the open.
    pub fn open() -> Self {
        Self::start("none", json!({}))
    }

    /// One with the options of `smtp_server.py`; `tls` is `none`, `starttls` or `implicit`.
    pub fn start(tls: &str, mut options: Value) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        let identity = authority.sign("localhost");
        put(home.path(), "authority.pem", &authority.pem());
        options["tls"] = json!(tls);
        options["certificate"] = json!(put(home.path(), "server.pem", &identity.certificate));
        options["private_key"] = json!(put(home.path(), "server.key", &identity.private_key));
        let mut command = Command::new(interpreter());
        command.arg(clients().join("smtp_server.py")).arg(options.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("Python runs");
        let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
        let mut stderr = child.stderr.take().expect("an output");
        let errors = thread::spawn(move || {
            let mut text = String::new();
            // What was read before an error is all there is.
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let Some(Ok(first)) = lines.next() else {
            panic!("the mail server did not start: {}", errors.join().expect("a reader"))
        };
        let first: Value = serde_json::from_str(&first).expect("a line of JSON");
        let port = first["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
        let received = Arc::new(Mutex::new(Vec::new()));
        let taken = received.clone();
        let reader = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                taken.lock().expect("no panic").push(serde_json::from_str(&line).expect("a mail in a line of JSON"));
            }
        });
        Self { child, port, received, reader: Some(reader), home }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who signs its certificate.
    pub fn authority(&self) -> std::path::PathBuf {
        self.home.path().join("authority.pem")
    }

    /// Whether it took that many mails so far.
    pub fn has_taken(&self, count: usize) -> bool {
        self.received.lock().expect("no panic").len() >= count
    }

    /// Ends it; every mail that it took.
    pub fn end(mut self) -> Vec<Received> {
        drop(self.child.stdin.take());
        self.reader.take().expect("a reader").join().expect("every line is a mail");
        self.received.lock().expect("no panic").clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
