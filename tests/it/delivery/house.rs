//! The workers as a server runs them: woken by a unit of work, ended by a drain.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use enroll::delivery::MailRoute;
use enroll::domain::event::Trail;
use enroll::domain::message::Channel;
use enroll::proto::v1;
use enroll::provisioning::seams::{Clock, SystemClock};
use serde_json::json;
use uuid::Uuid;

use super::post::{Post, code, files, mail, smtp};
use crate::store_conformance::fixtures::realm;
use crate::support::mail_server::{MailServer, until};
use crate::support::requests::{create, register};
use crate::support::stores::{TestStore, both_engines};
use crate::support::{Engine, TestApp, made, on_both_engines};

on_both_engines!(
    a_server_sends_what_a_unit_wrote,
    an_account_without_a_mail_wakes_nobody,
    without_a_mail_server_calls_go_on_and_mails_come_later
);
both_engines!(a_wake_up_is_heard_at_once, a_drain_finishes_what_is_in_hand);

async fn a_server_sends_what_a_unit_wrote(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (house, provisioning) = (app.house(), app.house().provisioning());
    let tenant = app.operator().tenant_id.parse().map(enroll::domain::ids::TenantId::from_uuid).expect("an id");
    let seal = |message| provisioning.outgoing().seal(&message, tenant, SystemClock.now());
    let messages = vec![seal(mail("ada@example.com")), seal(code("+33612345678"))];
    let sealed = messages.clone();
    let realm = realm(tenant, &format!("r{}", Uuid::now_v7().simple()));
    house.store().realms().create(realm, Trail { messages, ..Trail::default() }).await.expect("a unit");
    provisioning.outgoing().wake(Channel::ALL);
    until(|| files(app.sent(), "eml").len() == 1 && files(app.sent(), "txt").len() == 1).await;
    let text = std::fs::read_to_string(&files(app.sent(), "txt")[0]).expect("a file");
    assert_eq!(text, "To: +33612345678\n\n012345 ist Ihr Code. Er gilt 10 Minuten. Geben Sie ihn nicht weiter.\n");
    assert!(sealed.iter().all(|message| !format!("{:?}", message.sealed).contains("canary")));
    app.stop().await;
}

/// Ten minutes of the clock without a mail server, with registrations all the while.
async fn without_a_mail_server_calls_go_on_and_mails_come_later(engine: Engine) {
    // A port where nobody listens, until somebody does.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let route = MailRoute::Smtp(smtp(port));
    let app = TestApp::builder(engine).with(|builder| builder.mail = Some(route)).start().await;
    let verified = v1::Realm { registration_mode: v1::RegistrationMode::Verified.into(), ..Default::default() };
    let realm_id = app.realm(verified).await;
    let client = app.app(&[]).await;
    let mut addresses = Vec::new();
    for round in 0..20 {
        let address = format!("person-{round}@example.com");
        let request = v1::RegisterAccountRequest { realm_id: realm_id.clone(), ..register(&address) };
        made(client.registration().register_account(request).await);
        addresses.push(address);
        app.clock().advance(TimeDelta::seconds(30));
    }
    assert_eq!(app.database().count("outbox WHERE state = 'WAITING'").await, 20, "none is lost");
    let server = MailServer::start("none", json!({ "port": port }));
    let began = Instant::now();
    while app.database().count("outbox").await > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "they do not go out");
        // Two minutes of the clock are a lease: it stands still while a message is under way.
        if app.database().count("outbox WHERE lease_until IS NOT NULL").await == 0 {
            app.clock().advance(TimeDelta::seconds(30));
            app.house().provisioning().outgoing().wake(Channel::ALL);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut taken: Vec<String> = server.end().into_iter().flat_map(|mail| mail.rcpt_tos).collect();
    taken.sort();
    addresses.sort();
    assert_eq!(taken, addresses, "each of them once");
    app.stop().await;
}

/// Looking for messages costs as much as a part of the unit: nobody looks where none was written.
async fn an_account_without_a_mail_wakes_nobody(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut written = app.house().provisioning().outgoing().watch(Channel::Mail);
    let accounts = app.operator().accounts();
    for (address, delivery, wakes) in
        [("ada@example.org", v1::Delivery::Suppress, false), ("berta@example.org", v1::Delivery::Send, true)]
    {
        let mut request = create(address);
        request.delivery = delivery.into();
        made(accounts.clone().create_account(request).await);
        assert_eq!(written.has_changed().expect("a house"), wakes, "{address}");
        written.mark_unchanged();
    }
    app.stop().await;
}

async fn a_wake_up_is_heard_at_once(test: TestStore) {
    let post = Post::new(test).await;
    // They look by themselves every hour.
    let workers = post.workers(|_| ());
    workers.start();
    for number in 1..=3 {
        post.write(&[mail("ada@example.com")]).await;
        post.outgoing.wake(Channel::ALL);
        until(|| post.files("eml").len() == number).await;
    }
    // More than are under way at once: one that is done makes room for the next.
    let many: Vec<_> = (0..60).map(|_| mail("ada@example.com")).collect();
    post.write(&many).await;
    post.outgoing.wake(Channel::ALL);
    until(|| post.files("eml").len() == 63).await;
    workers.stop(Duration::from_secs(10)).await;
    assert_eq!(post.test.count("outbox").await, 0);
}

async fn a_drain_finishes_what_is_in_hand(test: TestStore) {
    let post = Post::new(test).await;
    post.write(&[mail("ada@example.com")]).await;
    let workers = post.workers(|_| ());
    workers.start();
    until(|| post.files("eml").len() == 1).await;
    // The file is there; that it is told of is what stopping waits for.
    workers.stop(Duration::from_secs(10)).await;
    assert_eq!(post.test.count("outbox").await, 0);
    post.write(&[mail("ada@example.com")]).await;
    post.outgoing.wake(Channel::ALL);
    assert_eq!(post.rows("WAITING", None).await, 1, "nothing is taken any more");
}
