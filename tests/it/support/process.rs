//! Programs that end by themselves: the command line, and foreign clients. Each has a time within which it has to end.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a process is asked whether it has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// What became of a program.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it said beside that.
    pub stderr: String,
}

impl Ended {
    /// What it printed, if it did what it was to do.
    #[track_caller]
    pub fn done(self) -> String {
        assert!(self.status.success(), "{}\n{}\n{}", self.status, self.stdout, self.stderr);
        self.stdout
    }
}

/// Runs a program to its end; kills it when its time is up.
#[track_caller]
pub fn run(command: &mut Command, time_max: Duration) -> Ended {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.unwrap_or_else(|error| panic!("{command:?} does not run: {error}"));
    let stdout = child.stdout.take().map(read);
    let stderr = child.stderr.take().map(read);
    let status = wait(&mut child, time_max);
    let text =
        |reader: Option<JoinHandle<String>>| reader.map(|reader| reader.join().expect("a reader")).unwrap_or_default();
    let (stdout, stderr) = (text(stdout), text(stderr));
    let status = status.unwrap_or_else(|| panic!("{command:?} did not end within {time_max:?}:\n{stdout}\n{stderr}"));
    Ended { status, stdout, stderr }
}

/// [`run`] beside other tasks.
pub async fn run_beside(mut command: Command, time_max: Duration) -> Ended {
    tokio::task::spawn_blocking(move || run(&mut command, time_max)).await.expect("the program ends")
}

/// How it ended; `None` after it was killed.
fn wait(child: &mut Child, time_max: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    while began.elapsed() < time_max {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status);
        }
        thread::sleep(POLL_INTERVAL);
    }
    // It may have ended meanwhile.
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn read(mut output: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is all there is.
        let _ = output.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
