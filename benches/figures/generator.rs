//! The load: real tonic clients over loopback TCP, on threads of their own, several calls in flight on several connections.
//!
//! * Closed loop: so many calls in flight, each followed by the next: the highest rate.
//! * Open loop: calls leave at the times that a rate demands, whatever became of those before. The latency of a call counts from the time
//!   at which it was meant to leave, so that a stall of the server, or of the generator, is seen in full.
//!
//! A call is good when its grpc-status is OK; HTTP says 200 to everything. Absent from here: retries.

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use http::uri::PathAndQuery;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time;
use tonic::client::Grpc;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use super::bare::RawCodec;
use super::contest::Sample;
use super::cpu::{Clocks, GENERATOR_THREAD, Used};

/// No call waits longer.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);
/// Latencies are kept from a microsecond to the longest wait.
const LATENCY_NANOS: (u64, u64) = (1_000, 60_000_000_000);

/// The nth request's octets.
pub type Bodies = Arc<dyn Fn(u64) -> Bytes + Send + Sync>;

/// What is called, and with what.
#[derive(Clone)]
pub struct Target {
    channels: Vec<Channel>,
    path: PathAndQuery,
    authorization: AsciiMetadataValue,
    bodies: Bodies,
    /// Calls so far: a request that has to differ from all others does so over all rounds.
    calls: Arc<AtomicU64>,
}

/// How calls are made.
#[derive(Clone, Copy, Debug)]
pub enum Load {
    /// So many at once.
    Closed(usize),
    /// So many a second.
    Open(f64),
}

/// What counts: from `from` to `to`.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The end of the warm-up.
    pub from: Instant,
    /// The end.
    pub to: Instant,
}

impl Window {
    /// A stretch of time after a quarter of it to warm up.
    pub fn after_warm_up(measured: Duration) -> Self {
        let from = Instant::now() + measured / 4;
        Self { from, to: from + measured }
    }

    pub fn contains(&self, at: Instant) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// What became of the calls.
pub struct Report {
    /// The window's length.
    pub seconds: f64,
    /// Calls by grpc-status.
    codes: [u64; 17],
    /// Of calls that were OK, in nanoseconds.
    pub latency: Histogram<u64>,
    /// Who used the cores.
    pub used: Used,
}

/// Clients, and the threads that they run on.
pub struct Generator {
    runtime: Runtime,
    connections: usize,
}

impl Generator {
    /// As many threads as cores, like the server; targets get this many connections each.
    pub fn new(connections: usize) -> Self {
        Self::on(thread::available_parallelism().map_or(1, NonZero::get), connections)
    }

    /// One thread with one connection, for calls that are few: what it takes it takes from them.
    pub fn small() -> Self {
        Self::on(1, 1)
    }

    fn on(threads: usize, connections: usize) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(threads).thread_name(GENERATOR_THREAD).enable_all().build();
        Self { runtime: runtime.expect("threads"), connections }
    }

    /// Connects to a server.
    pub fn target(&self, address: SocketAddr, path: &'static str, key: &str, bodies: Bodies) -> Target {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address").timeout(CALL_TIME_MAX);
        let connect =
            async { futures_util::future::try_join_all((0..self.connections).map(|_| endpoint.connect())).await };
        Target {
            channels: self.runtime.block_on(connect).expect("connections"),
            path: PathAndQuery::from_static(path),
            authorization: format!("Bearer {key}").parse().expect("a header value"),
            bodies,
            calls: Arc::default(),
        }
    }

    /// One call; its answer's octets.
    pub fn ask(&self, target: &Target) -> Bytes {
        let n = target.next();
        self.runtime.block_on(target.call(n)).expect("an answer")
    }

    /// Loads a target for a while.
    pub fn run(&self, target: &Target, load: Load, measured: Duration) -> Report {
        let window = Window::after_warm_up(measured);
        self.runtime.block_on(async {
            let target = target.clone();
            let calls = tokio::spawn(async move {
                match load {
                    Load::Closed(in_flight) => closed(&target, in_flight, window).await,
                    Load::Open(calls_per_second) => open(&target, calls_per_second, window).await,
                }
            });
            let used = clock(window).await;
            let Tally { codes, latency } = calls.await.expect("no panic");
            Report { seconds: measured.as_secs_f64(), codes, latency, used }
        })
    }
}

/// Sleeps through a window and says who used the cores in it.
pub async fn clock(window: Window) -> Used {
    time::sleep_until(window.from.into()).await;
    let begin = Clocks::read();
    time::sleep_until(window.to.into()).await;
    begin.used_until(Clocks::read())
}

impl Report {
    /// What it says of a turn.
    pub fn sample(&self) -> Sample {
        Sample::new(self.ok(), self.seconds, self.used)
    }

    /// Calls that were OK. One that was not makes the whole measurement void: refusing is cheaper than answering.
    pub fn ok(&self) -> u64 {
        let refused: Vec<_> = self.codes.iter().enumerate().skip(1).filter(|(_, count)| **count > 0).collect();
        assert!(refused.is_empty(), "calls were refused; (grpc-status, calls): {refused:?}");
        self.codes[0]
    }
}

impl Target {
    fn next(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    /// What a generated client does: wait until the connection takes a call, then make it.
    async fn call(&self, n: u64) -> Result<Bytes, Status> {
        let at = usize::try_from(n).unwrap_or(0) % self.channels.len();
        let mut client = Grpc::new(self.channels[at].clone());
        let mut request = Request::new((self.bodies)(n));
        request.metadata_mut().insert("authorization", self.authorization.clone());
        client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(client.unary(request, self.path.clone(), RawCodec).await?.into_inner())
    }
}

struct Tally {
    codes: [u64; 17],
    latency: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        let (shortest, longest) = LATENCY_NANOS;
        Self { codes: [0; 17], latency: Histogram::new_with_bounds(shortest, longest, 3).expect("bounds") }
    }
}

impl Tally {
    fn note(&mut self, answer: &Result<Bytes, Status>, since: Instant) {
        let code = answer.as_ref().map_or_else(Status::code, |_| Code::Ok);
        self.codes[usize::try_from(i32::from(code)).expect("a code")] += 1;
        if code == Code::Ok {
            self.latency.saturating_record(u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX));
        }
    }

    fn add(&mut self, other: &Self) {
        self.codes.iter_mut().zip(other.codes).for_each(|(sum, count)| *sum += count);
        self.latency.add(&other.latency).expect("the same bounds");
    }
}

/// A call counts where it ends in the window.
async fn closed(target: &Target, in_flight: usize, window: Window) -> Tally {
    let mut workers = JoinSet::new();
    for _ in 0..in_flight {
        let target = target.clone();
        workers.spawn(async move {
            let mut tally = Tally::default();
            loop {
                let begun = Instant::now();
                let answer = target.call(target.next()).await;
                let ended = Instant::now();
                if window.contains(ended) {
                    tally.note(&answer, begun);
                }
                if ended >= window.to {
                    return tally;
                }
            }
        });
    }
    workers.join_all().await.iter().fold(Tally::default(), |mut sum, tally| {
        sum.add(tally);
        sum
    })
}

/// A call counts where it was meant to leave in the window.
async fn open(target: &Target, calls_per_second: f64, window: Window) -> Tally {
    let (send, mut due) = mpsc::unbounded_channel();
    // A thread of its own, since the runtime's timers tick in milliseconds.
    let pacer = thread::Builder::new().name(format!("{GENERATOR_THREAD}-pace")).spawn(move || {
        let begin = Instant::now();
        let times = (0_u32..).map(|n| begin + Duration::from_secs_f64(f64::from(n) / calls_per_second));
        for intended in times.take_while(|intended| *intended < window.to) {
            thread::sleep(intended.saturating_duration_since(Instant::now()));
            if send.send(intended).is_err() {
                break;
            }
        }
    });
    let tally = Arc::new(Mutex::new(Tally::default()));
    let mut calls = JoinSet::new();
    while let Some(intended) = due.recv().await {
        let (target, tally) = (target.clone(), tally.clone());
        calls.spawn(async move {
            let answer = target.call(target.next()).await;
            if window.contains(intended) {
                tally.lock().unwrap_or_else(PoisonError::into_inner).note(&answer, intended);
            }
        });
        while calls.try_join_next().is_some() {}
    }
    calls.join_all().await;
    pacer.expect("a thread").join().expect("no panic");
    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *tally)
}
