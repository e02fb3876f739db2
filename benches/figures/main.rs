//! The figures of performance: each a ratio of the product against its anchor, taken by turns in one run. What each means, and what was
//! reached, is in `docs/benchmarks.md`.
//!
//! ```text
//! cargo bench --bench figures                        # all
//! cargo bench --bench figures -- P4 P5 --rounds 7    # some
//! cargo bench --bench figures -- P4 --ablations      # and what its parts cost
//! ```

mod bare;
mod contest;
mod cpu;
mod create_account;
mod generator;
mod get_account;
mod layers;
mod minimal;
#[path = "../../tests/it/support/postgres.rs"]
#[expect(dead_code, reason = "the tests share one server and copy a template; a figure has a server to itself")]
mod postgres;
mod product;

use std::cell::RefCell;
use std::time::Duration;

use tokio::runtime::Runtime;

use contest::{Contest, Row, Sample};
use generator::{Generator, Load, Target};

const USAGE: &str = "figures [P1] [P4] [P5] [P6] [--rounds N] [--seconds S] [--in-flight N] [--connections N] [--accounts N] [--ablations]";

/// A figure and how it is taken.
type Figure = (&'static str, fn(&Bench) -> Vec<Row>);

const FIGURES: [Figure; 4] = [
    ("P1", create_account::run),
    ("P4", layers::run),
    ("P5", get_account::on_sqlite),
    ("P6", get_account::on_postgres),
];

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// All where empty.
    figures: Vec<String>,
    /// Turns of each side.
    pub rounds: usize,
    /// How long a turn counts; a quarter of that before it warms up.
    seconds: f64,
    /// Calls in flight in a closed loop.
    in_flight: usize,
    connections: usize,
    /// Accounts to read among.
    pub accounts: usize,
    /// Whether to measure the parts too.
    pub ablations: bool,
}

impl Options {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let figures = Vec::new();
        let mut options = Self {
            figures,
            rounds: 21,
            seconds: 0.5,
            in_flight: 32,
            connections: 4,
            accounts: 100_000,
            ablations: false,
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().and_then(|value| value.parse::<f64>().ok()).filter(|value| *value > 0.0);
                value.ok_or_else(|| format!("{argument} needs a number"))
            };
            match argument.as_str() {
                "--rounds" => options.rounds = whole(number()?),
                "--seconds" => options.seconds = number()?,
                "--in-flight" => options.in_flight = whole(number()?),
                "--connections" => options.connections = whole(number()?),
                "--accounts" => options.accounts = whole(number()?),
                "--ablations" => options.ablations = true,
                // What cargo says to every benchmark.
                "--bench" => {}
                name if FIGURES.iter().any(|(figure, _)| *figure == name) => options.figures.push(argument),
                _ => return Err(format!("unknown argument {argument}")),
            }
        }
        Ok(options)
    }
}

/// A positive number as a count; `as` saturates.
fn whole(number: f64) -> usize {
    (number as usize).max(1)
}

/// What every figure works with.
pub struct Bench {
    /// What was asked for.
    pub options: Options,
    /// The clients.
    pub generator: Generator,
    /// The runtime of everything that serves, product and anchor alike.
    pub server: Runtime,
    latencies: RefCell<Vec<String>>,
}

impl Bench {
    /// One turn of a closed loop.
    fn turn(&self, target: &Target) -> Sample {
        let measured = Duration::from_secs_f64(self.options.seconds);
        self.generator.run(target, Load::Closed(self.options.in_flight), measured).sample()
    }

    /// A turn of hashes is four times as long: they are few.
    pub fn hash_turn(&self) -> Duration {
        Duration::from_secs_f64(self.options.seconds * 4.0)
    }

    /// Two servers by turns; the row, and the product's rate.
    pub fn contest(&self, contest: Contest, product: &Target, anchor: &Target) -> (Row, f64) {
        let row = contest.run(self.options.rounds, || self.turn(product), || self.turn(anchor));
        let rate = row.product_per_second;
        (row, rate)
    }

    /// A contest without a goal.
    pub fn explain(&self, figure: &'static str, what: &str, product: &Target, anchor: &Target) -> Row {
        self.contest(Contest { figure, what: what.to_owned(), goal: None }, product, anchor).0
    }

    /// The latencies at a fixed rate, in an open loop.
    pub fn latencies(&self, figure: &str, what: &str, target: &Target, calls_per_second: f64) {
        let measured = Duration::from_secs_f64(self.options.seconds * 8.0);
        let report = self.generator.run(target, Load::Open(calls_per_second), measured);
        let (ok, latency) = (report.ok() as f64 / report.seconds, &report.latency);
        let micros = |quantile| latency.value_at_quantile(quantile) / 1_000;
        let (p50, p99, p999) = (micros(0.5), micros(0.99), micros(0.999));
        let line =
            format!("| {figure} | {what} | {calls_per_second:.0}/s | {ok:.0}/s | {p50} us | {p99} us | {p999} us |");
        self.latencies.borrow_mut().push(line);
    }
}

fn main() {
    let options = Options::parse(std::env::args().skip(1)).unwrap_or_else(|fault| {
        eprintln!("{fault}\nusage: {USAGE}");
        std::process::exit(2);
    });
    // Spans are made for nobody, as at the default level; what goes wrong is seen.
    let log = enroll::telemetry::LogSettings { filter: "warn".to_owned(), ..Default::default() };
    enroll::telemetry::start(&log).expect("the log starts");
    let server = tokio::runtime::Builder::new_multi_thread().thread_name("server").enable_all().build();
    let generator = Generator::new(options.connections);
    let bench = Bench { options, generator, server: server.expect("threads"), latencies: RefCell::default() };
    let chosen =
        |name: &str| bench.options.figures.is_empty() || bench.options.figures.iter().any(|figure| figure == name);
    let figures = FIGURES.iter().filter(|(name, _)| chosen(name));
    let rows: Vec<Row> = figures.flat_map(|(_, run)| run(&bench)).collect();
    println!("\n{}", contest::table_head());
    rows.iter().for_each(|row| println!("{}", row.to_markdown()));
    let latencies = bench.latencies.borrow();
    if !latencies.is_empty() {
        println!("\nOpen loop, from the time a call was meant to leave:\n");
        println!("| figure | server | intended | answered | p50 | p99 | p99.9 |\n|---|---|---|---|---|---|---|");
        latencies.iter().for_each(|line| println!("{line}"));
    }
}
