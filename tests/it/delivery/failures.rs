//! What goes wrong on the way: servers that are down, workers that are killed, messages that cannot be sent. Nothing is lost, nothing is
//! sent twice without need, and nobody waits for another's failure.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use enroll::domain::message::MailFields;
use enroll::provisioning::master_key::MasterKey;
use enroll::provisioning::outgoing::Outgoing;
use enroll::provisioning::seams::{Clock, SystemIds};
use serde_json::json;

use super::post::{Post, mail, mail_with, message_id, taken};
use crate::support::mail_server::MailServer;
use crate::support::stores::{TestStore, both_engines};

both_engines!(
    ten_minutes_without_a_server_lose_nothing_and_double_nothing,
    a_worker_killed_before_it_sent_leaves_the_message_to_another,
    a_worker_killed_after_it_sent_repeats_under_the_same_id,
    what_cannot_be_sent_is_put_aside_and_holds_up_nothing,
    a_message_is_tried_for_about_a_day,
    two_replicas_send_each_message_once
);

fn messages(count: usize) -> Vec<enroll::domain::message::Message> {
    (0..count).map(|number| mail(&format!("person-{number}@example.com"))).collect()
}

async fn ten_minutes_without_a_server_lose_nothing_and_double_nothing(test: TestStore) {
    let post = Post::new(test).await;
    // A port where nobody listens, until somebody does.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let workers = post.workers_to(port);
    let mut ids = post.write(&messages(8)).await;
    for _ in 0..20 {
        workers.mail().round().await.expect("a round");
        post.pass(30);
    }
    ids.extend(post.write(&messages(2)).await);
    assert_eq!(post.rows("WAITING", None).await, 10);
    assert_eq!(post.rows("WAITING", Some("unreachable")).await, 8);
    let server = MailServer::start("none", json!({ "port": port }));
    let mut rounds = 0;
    while post.rows("WAITING", None).await > 0 {
        workers.mail().round().await.expect("a round");
        // Within the longest wait that eight tries can have come to.
        rounds += 1;
        assert!(rounds < 60, "not sent within half an hour of the server's return");
        post.pass(30);
    }
    let mut expected: Vec<String> = ids.iter().map(message_id).collect();
    expected.sort();
    assert_eq!(taken(server), expected);
    assert_eq!(post.test.count("outbox").await, 0);
}

async fn a_worker_killed_before_it_sent_leaves_the_message_to_another(test: TestStore) {
    let post = Post::new(test).await;
    let ids = post.write(&messages(1)).await;
    let now = post.clock.now();
    // What a worker does before it is killed.
    let lease = now + chrono::TimeDelta::seconds(120);
    let claimed = post.test.store.outbox().claim(post.world.tenant.id, ids[0], now, lease).await.expect("a unit");
    assert!(claimed.is_some());
    let server = MailServer::open();
    let workers = post.workers_to(server.port());
    assert_eq!(workers.mail().round().await.expect("a round"), 0, "the lease holds");
    post.pass(121);
    assert_eq!(workers.mail().round().await.expect("a round"), 1);
    assert_eq!(taken(server), [message_id(&ids[0])]);
    assert_eq!(post.test.count("outbox").await, 0);
}

async fn a_worker_killed_after_it_sent_repeats_under_the_same_id(test: TestStore) {
    let post = Post::new(test).await;
    let ids = post.write(&messages(1)).await;
    // It takes the mail and never says so.
    let silent = MailServer::start("none", json!({ "silent_after_data": true }));
    let doomed = post.workers_to(silent.port());
    doomed.start();
    crate::support::mail_server::until(|| silent.has_taken(1)).await;
    doomed.stop(Duration::ZERO).await;
    assert_eq!(post.rows("WAITING", None).await, 1);
    post.pass(121);
    let server = MailServer::open();
    post.workers_to(server.port()).mail().round().await.expect("a round");
    assert_eq!(taken(server), [message_id(&ids[0])]);
    assert_eq!(taken(silent), [message_id(&ids[0])]);
    assert_eq!(post.test.count("outbox").await, 0);
}

async fn what_cannot_be_sent_is_put_aside_and_holds_up_nothing(test: TestStore) {
    let post = Post::new(test).await;
    let foreign = Outgoing::new(MasterKey::new([8; 32], []), Arc::new(SystemIds));
    post.write_sealed(&foreign, &[mail("lost@example.com")]).await;
    let past = MailFields { expire_time: Some(post.clock.now()), ..MailFields::default() };
    post.write(&[mail("a@example.com\r\nBcc: b@example.com"), mail_with("late@example.com", past)]).await;
    let ids = post.write(&[mail("ada@example.com")]).await;
    assert_eq!(post.workers(|_| ()).mail().round().await.expect("a round"), 4);
    assert_eq!(post.files("eml"), ids.iter().map(ToString::to_string).collect());
    for why in ["unreadable", "address", "expired"] {
        assert_eq!(post.rows("DEAD", Some(why)).await, 1, "{why}");
    }
    assert_eq!(post.test.count("outbox").await, 3);
    post.pass(100_000);
    assert_eq!(post.workers(|_| ()).mail().round().await.expect("a round"), 0);
}

async fn a_message_is_tried_for_about_a_day(test: TestStore) {
    let post = Post::new(test).await;
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    post.write(&messages(1)).await;
    let workers = post.workers_to(port);
    let (mut tries, mut minutes) = (0, 0);
    while post.rows("WAITING", None).await > 0 && minutes < 48 * 60 {
        tries += workers.mail().round().await.expect("a round");
        // Longer than the first waits, much shorter than the others.
        post.pass(600);
        minutes += 10;
    }
    assert_eq!((tries, post.rows("DEAD", Some("unreachable")).await), (30, 1));
    assert!((18 * 60..32 * 60).contains(&minutes), "{minutes}");
}

async fn two_replicas_send_each_message_once(test: TestStore) {
    let post = Post::new(test).await;
    let ids = post.write(&messages(40)).await;
    let server = MailServer::open();
    let replicas = [post.workers_to(server.port()), post.workers_to(server.port())];
    let mut rounds = 0;
    while post.test.count("outbox").await > 0 {
        let (first, second) = tokio::join!(replicas[0].mail().round(), replicas[1].mail().round());
        first.expect("a round");
        second.expect("a round");
        rounds += 1;
        assert!(rounds < 100, "it does not end");
    }
    let mut expected: Vec<String> = ids.iter().map(message_id).collect();
    expected.sort();
    assert_eq!(taken(server), expected);
}
