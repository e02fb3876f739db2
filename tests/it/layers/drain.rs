//! How a process ends: told by SIGTERM it refuses what is new, finishes what it has begun, and is gone within its bound.

use std::time::Duration;

use tokio_stream::StreamExt;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::support::binary::{self, Binary};
use crate::support::database::Database;
use crate::support::engine::run;
use crate::support::hold::Hold;
use crate::support::process;
use crate::support::state::half_made;
use crate::support::{Engine, made, on_both_engines, requests};

use super::scrape::{get, wait_for_hashes};

on_both_engines!(a_call_under_way_is_finished, idle_connections_hold_up_nothing);

const TIME_MAX: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

async fn a_call_under_way_is_finished(engine: Engine) {
    let database = Database::fresh(engine).await;
    let mut binary = Binary::start(&database).await;
    let (operator, late) = (binary.operator(), binary.operator());
    made(operator.accounts().create_account(requests::create("first@example.org")).await);
    let mut health = HealthClient::new(binary.anonymous().wire());
    let mut watch = health.watch(HealthCheckRequest::default()).await.expect("a stream").into_inner();
    let mut next = async || {
        let told = tokio::time::timeout(TIME_MAX, watch.next()).await.expect("in time");
        told.map(|told| told.expect("a status").status())
    };
    assert_eq!(next().await, Some(ServingStatus::Serving));

    let hold = Hold::take(&database).await;
    let under_way = {
        let operator = operator.clone();
        tokio::spawn(async move { operator.accounts().create_account(requests::create("ada@example.org")).await })
    };
    // A call whose password is hashed has only its unit of work before it.
    wait_for_hashes(binary.admin_address(), 2).await;
    binary.terminate();
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    assert_eq!(next().await, None, "watchers are let go");
    // What comes while the listener closes may still be served or be reset; once it is closed, nothing is taken.
    let closed = async {
        while tokio::net::TcpStream::connect(binary.address()).await.is_ok() {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    tokio::time::timeout(TIME_MAX, closed).await.expect("the listener closes while a call is under way");
    let refused = late.accounts().create_account(requests::create("late@example.org")).await;
    let refused = refused.expect_err("the server drains");
    assert_eq!(refused.code(), tonic::Code::Unavailable, "{refused:?}");
    assert_eq!(refused.metadata().get("x-request-id"), None, "no server has answered");

    hold.release().await;
    let answer = tokio::time::timeout(TIME_MAX, under_way).await.expect("in time").expect("a call");
    made(answer);
    let (status, _) = binary.ended().await;
    assert!(status.success(), "{status}: {}", binary.printed().text());
    assert_eq!(database.count("accounts").await, 2);
    assert_eq!(half_made(&database).await, [""; 0]);
}

async fn idle_connections_hold_up_nothing(engine: Engine) {
    let database = Database::fresh(engine).await;
    let mut binary = Binary::start(&database).await;
    let operator = binary.operator();
    made(operator.accounts().create_account(requests::create("ada@example.org")).await);
    let mut health = HealthClient::new(binary.anonymous().wire());
    let _watch = health.watch(HealthCheckRequest::default()).await.expect("a stream");
    let _silent = tokio::net::TcpStream::connect(binary.address()).await.expect("a connection");
    assert_eq!(get(binary.admin_address(), "/readyz").await, ("HTTP/1.1 200 OK".to_owned(), "serving\n".to_owned()));
    binary.terminate();
    let (status, took) = binary.ended().await;
    assert!(status.success(), "{status}: {}", binary.printed().text());
    assert!(took < TIME_MAX, "{took:?}");
}

/// The unit would wait for as long as its statement may, which is longer than anybody waits for the end.
#[test]
fn a_unit_that_does_not_end_holds_up_the_end_for_a_while_only() {
    run(async {
        let database = Database::fresh(Engine::Postgres).await;
        let mut serve = binary::serve(&database);
        serve.env("ENROLL_STORE_STATEMENT_TIMEOUT", "60s").env("ENROLL_SERVER_DRAIN", "0s");
        let mut binary = Binary::spawn(serve).await;
        let operator = binary.operator();
        made(operator.accounts().create_account(requests::create("first@example.org")).await);
        let hold = Hold::take(&database).await;
        let cut_off =
            tokio::spawn(async move { operator.accounts().create_account(requests::create("ada@example.org")).await });
        let waiting = "pg_locks JOIN pg_database ON oid = database WHERE datname = current_database() AND NOT granted";
        let is_waiting = async {
            while database.count(waiting).await == 0 {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        tokio::time::timeout(TIME_MAX, is_waiting).await.expect("the unit waits for the lock");
        binary.terminate();
        let (status, took) = binary.ended().await;
        assert!(status.success(), "{status}: {}", binary.printed().text());
        assert!(took < TIME_MAX, "{took:?}");
        assert!(binary.printed().text().contains("units of work were still under way"), "{}", binary.printed().text());
        cut_off.await.expect("a call").expect_err("nobody answered it");
        hold.release().await;
        assert_eq!(half_made(&database).await, [""; 0]);
    });
}

#[test]
fn a_second_server_on_one_file_is_refused() {
    run(async {
        let database = Database::fresh(Engine::Sqlite).await;
        let first = Binary::start(&database).await;
        let second = process::run_beside(binary::serve(&database), TIME_MAX).await;
        assert!(!second.status.success());
        let said = second.stderr.to_lowercase();
        assert!(said.contains("another") || said.contains("in use") || said.contains("lock"), "{}", second.stderr);
        // The first is none the worse for it.
        made(first.operator().accounts().create_account(requests::create("ada@example.org")).await);
        first.kill();
        // And a lock does not outlive its process.
        let third = Binary::start(&database).await;
        made(third.operator().accounts().create_account(requests::create("grace@example.org")).await);
    });
}
