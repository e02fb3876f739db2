//! The outbox: a message is taken by one worker at a time, and ended only by the one that has it.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use enroll::domain::event::{OutboxMessage, Trail};
use enroll::domain::ids::{MessageId, TenantId};
use enroll::domain::message::{Channel, MailKind};
use enroll::store::{ClaimedMessage, Store};
use uuid::Uuid;

use super::fixtures::{World, noon, realm};
use crate::support::stores::{TestStore, both_engines};

both_engines!(
    a_message_is_written_with_its_unit_and_goes_when_it_is_sent,
    only_what_is_due_waits_and_is_free_is_found,
    what_has_been_due_longest_comes_first,
    one_of_many_takers_gets_a_message,
    a_lease_that_ran_out_ends_nothing,
    a_buried_message_is_never_taken_again
);

fn seconds(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}

fn message(tenant_id: TenantId, due_time: DateTime<Utc>) -> OutboxMessage {
    let (channel, kind) = (Channel::Mail, MailKind::Activation.as_str());
    let id = MessageId::from_uuid(Uuid::now_v7());
    OutboxMessage { tenant_id, id, channel, kind, sealed: vec![0, 255, 7], create_time: noon(), due_time }
}

/// Writes messages in the trail of some unit.
async fn write(store: &Store, world: &World, messages: Vec<OutboxMessage>) {
    let name = format!("r{}", Uuid::now_v7().simple());
    let trail = Trail { messages, ..Trail::default() };
    store.realms().create(realm(world.tenant.id, &name), trail).await.expect("a unit");
}

async fn due(store: &Store, now: DateTime<Utc>) -> Vec<MessageId> {
    let due = store.outbox().due(Channel::Mail, now, 100).await.expect("a read");
    due.into_iter().map(|(_, id)| id).collect()
}

async fn claim(store: &Store, message: &OutboxMessage, now: DateTime<Utc>) -> Option<ClaimedMessage> {
    let lease_until = now + seconds(120);
    store.outbox().claim(message.tenant_id, message.id, now, lease_until).await.expect("a unit")
}

async fn a_message_is_written_with_its_unit_and_goes_when_it_is_sent(test: TestStore) {
    let (world, store) = (World::bootstrap(&test.store).await, &test.store);
    let message = message(world.tenant.id, noon());
    write(store, &world, vec![message.clone()]).await;
    assert_eq!(store.outbox().oldest(Channel::Mail).await.expect("a read"), Some(noon()));
    let claimed = claim(store, &message, noon()).await.expect("it is free");
    assert_eq!((claimed.kind.as_str(), &claimed.sealed[..]), ("ACTIVATION", &[0, 255, 7][..]));
    assert_eq!((claimed.attempts, claimed.create_time, claimed.lease), (1, noon(), noon() + seconds(120)));
    assert!(store.outbox().sent(message.tenant_id, message.id, claimed.lease).await.expect("a unit"));
    assert!(!store.outbox().sent(message.tenant_id, message.id, claimed.lease).await.expect("a unit"));
    assert_eq!(store.outbox().oldest(Channel::Mail).await.expect("a read"), None);
    // The unit leaves no message where it fails.
    let taken = Trail { messages: vec![self::message(world.tenant.id, noon())], ..Trail::default() };
    store.realms().create(world.realm.clone(), taken).await.expect_err("the realm is there");
    assert!(due(store, noon()).await.is_empty());
}

async fn only_what_is_due_waits_and_is_free_is_found(test: TestStore) {
    let (world, store) = (World::bootstrap(&test.store).await, &test.store);
    let [now, taken, postponed, dead, later] =
        [0, 0, 0, 0, 1].map(|after| message(world.tenant.id, noon() + seconds(after)));
    let all = [&now, &taken, &postponed, &dead, &later].map(Clone::clone);
    write(store, &world, all.to_vec()).await;
    claim(store, &taken, noon()).await.expect("it is free");
    let lease = claim(store, &postponed, noon()).await.expect("it is free").lease;
    let (tenant, again) = (world.tenant.id, noon() + seconds(30));
    let postpone = store.outbox().postpone(tenant, postponed.id, lease, again, "unreachable".to_owned());
    assert!(postpone.await.expect("a unit"));
    let lease = claim(store, &dead, noon()).await.expect("it is free").lease;
    assert!(store.outbox().bury(tenant, dead.id, lease, "550".to_owned()).await.expect("a unit"));
    assert_eq!(due(store, noon()).await, [now.id]);
    assert_eq!(due(store, noon() + seconds(1)).await, [now.id, later.id]);
    assert_eq!(due(store, noon() + seconds(30)).await, [now.id, later.id, postponed.id]);
    assert_eq!(due(store, noon() + seconds(119)).await, [now.id, later.id, postponed.id]);
    let at_last: HashSet<MessageId> = due(store, noon() + seconds(120)).await.into_iter().collect();
    assert_eq!(at_last, HashSet::from([now.id, later.id, postponed.id, taken.id]));
    assert!(store.outbox().due(Channel::Text, noon() + seconds(500), 100).await.expect("a read").is_empty());
    assert_eq!(claim(store, &later, noon()).await, None, "it is not due");
    let again = claim(store, &postponed, again).await.expect("it is due again");
    assert_eq!(again.attempts, 2);
}

async fn what_has_been_due_longest_comes_first(test: TestStore) {
    let (world, store) = (World::bootstrap(&test.store).await, &test.store);
    let messages: Vec<OutboxMessage> =
        [3, 1, 2].map(|after| message(world.tenant.id, noon() + seconds(after))).to_vec();
    write(store, &world, messages.clone()).await;
    let found = store.outbox().due(Channel::Mail, noon() + seconds(3), 2).await.expect("a read");
    assert_eq!(found, [(world.tenant.id, messages[1].id), (world.tenant.id, messages[2].id)]);
}

async fn one_of_many_takers_gets_a_message(test: TestStore) {
    let world = World::bootstrap(&test.store).await;
    let message = message(world.tenant.id, noon());
    write(&test.store, &world, vec![message.clone()]).await;
    let takers = (0..32).map(|_| {
        let (store, message) = (test.store.clone(), message.clone());
        tokio::spawn(async move { claim(&store, &message, noon()).await.is_some() })
    });
    let mut taken = 0;
    for taker in takers.collect::<Vec<_>>() {
        taken += usize::from(taker.await.expect("no panic"));
    }
    assert_eq!(taken, 1);
}

async fn a_lease_that_ran_out_ends_nothing(test: TestStore) {
    let (world, store) = (World::bootstrap(&test.store).await, &test.store);
    let message = message(world.tenant.id, noon());
    write(store, &world, vec![message.clone()]).await;
    let first = claim(store, &message, noon()).await.expect("it is free");
    assert_eq!(claim(store, &message, first.lease - TimeDelta::microseconds(1)).await, None);
    let second = claim(store, &message, first.lease).await.expect("the lease ran out");
    assert_eq!(second.attempts, 2);
    let (outbox, tenant) = (store.outbox(), message.tenant_id);
    assert!(!outbox.sent(tenant, message.id, first.lease).await.expect("a unit"));
    assert!(!outbox.postpone(tenant, message.id, first.lease, noon(), "late".to_owned()).await.expect("a unit"));
    assert!(!outbox.bury(tenant, message.id, first.lease, "late".to_owned()).await.expect("a unit"));
    assert_eq!(claim(store, &message, first.lease + seconds(1)).await, None, "the second lease holds");
    assert!(outbox.sent(tenant, message.id, second.lease).await.expect("a unit"));
}

async fn a_buried_message_is_never_taken_again(test: TestStore) {
    let (world, store) = (World::bootstrap(&test.store).await, &test.store);
    let message = message(world.tenant.id, noon());
    write(store, &world, vec![message.clone()]).await;
    let lease = claim(store, &message, noon()).await.expect("it is free").lease;
    assert!(store.outbox().bury(message.tenant_id, message.id, lease, "550".to_owned()).await.expect("a unit"));
    assert_eq!(claim(store, &message, noon() + TimeDelta::days(365)).await, None);
    assert_eq!(store.outbox().oldest(Channel::Mail).await.expect("a read"), None);
}
