//! P1: durable accounts a second against hashes a second. An account costs one hash, so the ratio says what all the rest takes away from
//! the hash threads: the rpc, the rules, the unit of work and its fsync, and the generator, which runs on the same cores.

use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use enroll::password::{HasherSettings, PasswordHasher};

use super::Bench;
use super::contest::{Contest, Row, Sample};
use super::cpu::Clocks;
use super::generator::{Generator, Load, Window, clock};
use super::postgres::{Cluster, Durability};
use super::product::Product;

/// Calls in flight for each hash thread: enough that none waits for work, too few for the queue to refuse any.
const IN_FLIGHT_PER_THREAD: usize = 8;
const GOAL: f64 = 0.90;
const PASSWORD: &[u8] = b"correct horse 0 battery";

/// Both engines, and with ablations the kernel itself.
pub fn run(bench: &Bench) -> Vec<Row> {
    let hasher =
        bench.server.block_on(async { PasswordHasher::start(HasherSettings::default()).expect("hash threads") });
    let mut rows = Vec::new();
    let product = Product::on_sqlite(&bench.server);
    rows.push(accounts(bench, "CreateAccount on SQLite (FULL) / hash threads alone", &product, &hasher));
    product.stop(&bench.server);
    let cluster = Arc::new(bench.server.block_on(Cluster::start(Durability::Durable)));
    let database = bench.server.block_on(cluster.database(None));
    let product = Product::on_postgres(&bench.server, &database.url);
    rows.push(accounts(bench, "CreateAccount on PostgreSQL (fsync) / hash threads alone", &product, &hasher));
    product.stop(&bench.server);
    if bench.options.ablations {
        rows.push(kernel(bench, "the hash threads / threads that call Argon2, memory reused", &hasher, true));
        rows.push(kernel(bench, "the hash threads / threads that call Argon2, memory fresh", &hasher, false));
    }
    bench.server.block_on(hasher.shutdown());
    rows
}

fn accounts(bench: &Bench, what: &str, product: &Product, hasher: &PasswordHasher) -> Row {
    let clients = Generator::small();
    let target = product.create_account(&clients);
    let in_flight = HasherSettings::default().threads * IN_FLIGHT_PER_THREAD;
    let contest = Contest { figure: "P1", what: what.to_owned(), goal: Some(GOAL) };
    let ours = || clients.run(&target, Load::Closed(in_flight), bench.hash_turn()).sample();
    contest.run(bench.options.rounds, ours, || hashes(bench, hasher, in_flight))
}

fn kernel(bench: &Bench, what: &str, hasher: &PasswordHasher, reuse: bool) -> Row {
    let in_flight = HasherSettings::default().threads * IN_FLIGHT_PER_THREAD;
    let contest = Contest { figure: "P1", what: what.to_owned(), goal: None };
    contest.run(bench.options.rounds, || hashes(bench, hasher, in_flight), || raw_hashes(bench.hash_turn(), reuse))
}

/// The room of the product driven directly: the same threads, priority, memory and cost, and nothing else.
fn hashes(bench: &Bench, hasher: &PasswordHasher, in_flight: usize) -> Sample {
    let measured = bench.hash_turn();
    let window = Window::after_warm_up(measured);
    bench.server.block_on(async {
        let mut loops = JoinSet::new();
        for _ in 0..in_flight {
            let hasher = hasher.clone();
            loops.spawn(async move {
                let mut count = 0;
                while Instant::now() < window.to {
                    let deadline = Instant::now() + Duration::from_secs(30);
                    hasher.hash(Zeroizing::new(PASSWORD.to_vec()), deadline).await.expect("a hash");
                    count += u64::from(window.contains(Instant::now()));
                }
                count
            });
        }
        let used = clock(window).await;
        Sample::new(loops.join_all().await.into_iter().sum(), measured.as_secs_f64(), used)
    })
}

/// As many bare threads, which do nothing but call the crate.
fn raw_hashes(measured: Duration, reuse: bool) -> Sample {
    let settings = HasherSettings::default();
    let params = Params::new(settings.memory_kib, settings.iterations, settings.lanes, Some(32)).expect("a cost");
    let window = Window::after_warm_up(measured);
    let hash_until_end = || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut memory = vec![Block::default(); params.block_count()];
        let (mut tag, mut count) = ([0; 32], 0);
        while Instant::now() < window.to {
            let hashed = match reuse {
                true => argon2.hash_password_into_with_memory(PASSWORD, &[7; 16], &mut tag, &mut memory),
                false => argon2.hash_password_into(PASSWORD, &[7; 16], &mut tag),
            };
            hashed.expect("a hash");
            count += u64::from(window.contains(Instant::now()));
        }
        count
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..settings.threads).map(|_| scope.spawn(hash_until_end)).collect();
        std::thread::sleep(window.from.saturating_duration_since(Instant::now()));
        let begin = Clocks::read();
        let count = threads.into_iter().map(|thread| thread.join().expect("no panic")).sum();
        Sample::new(count, measured.as_secs_f64(), begin.used_until(Clocks::read()))
    })
}
