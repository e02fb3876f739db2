//! The workers as a server runs them: woken by a unit of work, ended by a drain.

use std::time::Duration;

use enroll::domain::event::Trail;
use enroll::provisioning::seams::{Clock, SystemClock};
use uuid::Uuid;

use super::post::{Post, code, files, mail};
use crate::store_conformance::fixtures::realm;
use crate::support::mail_server::until;
use crate::support::stores::{TestStore, both_engines};
use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines!(a_server_sends_what_a_unit_wrote);
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
    provisioning.outgoing().wake();
    until(|| files(app.sent(), "eml").len() == 1 && files(app.sent(), "txt").len() == 1).await;
    let text = std::fs::read_to_string(&files(app.sent(), "txt")[0]).expect("a file");
    assert_eq!(text, "To: +33612345678\n\n012345 ist Ihr Code. Er gilt 10 Minuten. Geben Sie ihn nicht weiter.\n");
    assert!(sealed.iter().all(|message| !format!("{:?}", message.sealed).contains("canary")));
    app.stop().await;
}

async fn a_wake_up_is_heard_at_once(test: TestStore) {
    let post = Post::new(test).await;
    // They look by themselves every hour.
    let workers = post.workers(|_| ());
    workers.start();
    for number in 1..=3 {
        post.write(&[mail("ada@example.com")]).await;
        post.outgoing.wake();
        until(|| post.files("eml").len() == number).await;
    }
    // More than are under way at once: one that is done makes room for the next.
    let many: Vec<_> = (0..60).map(|_| mail("ada@example.com")).collect();
    post.write(&many).await;
    post.outgoing.wake();
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
    post.outgoing.wake();
    assert_eq!(post.rows("WAITING", None).await, 1, "nothing is taken any more");
}
