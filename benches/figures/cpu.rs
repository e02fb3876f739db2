//! Who used the cores in a stretch of time: the generator, the rest of this process (which is the server), and everybody else.
//!
//! A rate that was taken while others used the machine is worth little; the share of the others is printed so that this can be seen. On
//! PostgreSQL the database's own processes are among the others.

use std::fs;
use std::num::NonZero;
use std::thread;
use std::time::Instant;

/// Times in `/proc` are in hundredths of a second on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// How the threads of the generator are called; `/proc` knows a thread by the first 15 octets of its name.
pub const GENERATOR_THREAD: &str = "generator";

/// The clocks at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    at: Instant,
    /// Of this process, threads that have ended included.
    process: f64,
    /// Of its threads that are the generator's; these never end.
    generator: f64,
    /// Of the whole machine, and what its host took from it.
    machine: f64,
}

/// What was used between two instants.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// Seconds of a core that the server used.
    pub server_seconds: f64,
    /// The generator's part of all cores, 0 to 1.
    pub generator_share: f64,
    /// The part of all cores that other processes used, 0 to 1.
    pub others_share: f64,
}

impl Clocks {
    /// Reads them.
    pub fn read() -> Self {
        Self {
            at: Instant::now(),
            process: process_seconds(),
            generator: generator_seconds(),
            machine: machine_seconds(),
        }
    }

    /// What was used since.
    pub fn used_until(self, end: Self) -> Used {
        let cores = thread::available_parallelism().map_or(1, NonZero::get) as f64;
        let capacity = (end.at - self.at).as_secs_f64() * cores;
        let (process, generator) = (end.process - self.process, end.generator - self.generator);
        Used {
            server_seconds: (process - generator).max(0.0),
            generator_share: generator / capacity,
            others_share: ((end.machine - self.machine - process) / capacity).max(0.0),
        }
    }
}

/// User and system time out of a `stat` file of a process or thread; the name before them may contain anything but its own end.
fn stat_seconds(stat: &str) -> f64 {
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = |at: usize| fields.split(' ').nth(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS_PER_SECOND
}

fn process_seconds() -> f64 {
    stat_seconds(&fs::read_to_string("/proc/self/stat").unwrap_or_default())
}

fn generator_seconds() -> f64 {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let stats = threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
    stats.filter(|stat| stat.contains(&format!("({GENERATOR_THREAD}"))).map(|stat| stat_seconds(&stat)).sum()
}

/// All of the first line but idle, waiting for the disk, and the guests' time, which is counted twice.
fn machine_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
    let ticks: f64 = fields
        .enumerate()
        .filter(|(at, _)| !matches!(at, 3 | 4))
        .filter_map(|(_, field)| field.parse::<f64>().ok())
        .sum();
    ticks / TICKS_PER_SECOND
}
