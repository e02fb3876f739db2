//! The worker of a channel: looks for what is due, takes each message under a lease, has it carried, and says what came of it.
//!
//! A lease outlives every try. So a worker that is killed between taking and telling leaves a message that another takes when the lease has
//! run out; it goes out under the same id. What fails is postponed by itself, and holds up nothing beside it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::backoff;
use super::carrier::{Carrier, Failure, Parcel};
use super::metric;
use crate::domain::ids::{MessageId, TenantId};
use crate::provisioning::outgoing::Outgoing;
use crate::provisioning::seams::{Clock, Ids};
use crate::store::{ClaimedMessage, Store, StoreError};

/// The longest a try may take, with every command of a slow server.
const TRY_TIME_MAX: Duration = Duration::from_secs(60);
/// Longer than a try and the telling together.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// More are read than are free to be taken, so that replicas which begin at different places seldom meet.
const READ_AHEAD: usize = 4;
/// How often the age of the oldest message is told: it is read from every row that waits.
const AGE_INTERVAL: Duration = Duration::from_secs(15);
/// How often the telling of what came of a message is tried, while the database is away.
const TELL_TRIES: u32 = 5;
/// The other side may ask for a longer wait than the schedule's, but not for any.
const ASKED_WAIT_MAX: Duration = Duration::from_secs(3_600);

/// What a worker is made of.
pub(super) struct WorkerParts {
    /// Where the outbox is.
    pub(super) store: Store,
    /// Opens messages, and tells when new ones were written.
    pub(super) outgoing: Arc<Outgoing>,
    /// What time it is.
    pub(super) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(super) ids: Arc<dyn Ids>,
    /// Messages that are under way at once.
    pub(super) at_once: usize,
    /// How often the outbox is looked at.
    pub(super) poll: Duration,
}

/// See the module. Cloning it gives another handle of the same worker.
#[derive(Clone)]
pub struct Worker {
    inner: Arc<Inner>,
}

struct Inner {
    parts: WorkerParts,
    carrier: Arc<dyn Carrier>,
    permits: Arc<Semaphore>,
    /// What is under way; stopping waits for it.
    tasks: TaskTracker,
    /// Lets go of what is under way.
    kill: CancellationToken,
    /// A message is done, and another may be taken.
    freed: Notify,
}

impl Worker {
    pub(super) fn new(parts: WorkerParts, carrier: Arc<dyn Carrier>) -> Self {
        let permits = Arc::new(Semaphore::new(parts.at_once.max(1)));
        let (tasks, kill, freed) = (TaskTracker::new(), CancellationToken::new(), Notify::new());
        Self { inner: Arc::new(Inner { parts, carrier, permits, tasks, kill, freed }) }
    }

    /// Works until `stop`, then finishes what it has in hand.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut written: watch::Receiver<()> = self.inner.parts.outgoing.watch(self.inner.carrier.channel());
        let mut was_well = true;
        while !stop.is_cancelled() {
            written.mark_unchanged();
            let is_well = match self.take().await {
                Ok(_) => true,
                Err(error) => {
                    if was_well {
                        tracing::warn!(channel = %self.inner.carrier.channel(), error = %error, "the outbox cannot be read");
                    }
                    false
                }
            };
            was_well = is_well;
            tokio::select! {
                () = time::sleep(self.inner.parts.poll) => {}
                _ = written.changed(), if is_well => {}
                () = self.inner.freed.notified(), if is_well => {}
                () = stop.cancelled() => {}
            }
        }
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Lets go of what is under way; others take it when the leases have run out.
    pub(super) fn kill(&self) {
        self.inner.kill.cancel();
    }

    /// Takes what is due, as much as may be under way at once, and waits until it is done; how many were begun.
    pub async fn round(&self) -> Result<usize, StoreError> {
        let begun = self.take().await?;
        let count = begun.len();
        for task in begun {
            // An error means that the task panicked, which the log has; its lease runs out.
            let _ = task.await;
        }
        Ok(count)
    }

    /// Tells now and then how old the oldest message is, until `stop`.
    pub(super) async fn tell_ages(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = time::sleep(AGE_INTERVAL) => {}
                () = stop.cancelled() => return,
            }
            // A database that does not answer has a log and a metric of its own.
            let _ = self.tell_age().await;
        }
    }

    /// How old the oldest message is that waits.
    async fn tell_age(&self) -> Result<(), StoreError> {
        let WorkerParts { store, clock, .. } = &self.inner.parts;
        let channel = self.inner.carrier.channel();
        let oldest = store.outbox().oldest(channel).await?;
        let age = oldest.map_or(0.0, |time| (clock.now() - time).as_seconds_f64().max(0.0));
        metrics::gauge!(metric::OLDEST_SECONDS, "channel" => channel.as_str()).set(age);
        Ok(())
    }

    async fn take(&self) -> Result<Vec<JoinHandle<()>>, StoreError> {
        let Inner { parts, carrier, permits, tasks, .. } = &*self.inner;
        let free = permits.available_permits();
        if free == 0 {
            return Ok(Vec::new());
        }
        let limit = i64::try_from(free.saturating_mul(READ_AHEAD)).unwrap_or(i64::MAX);
        let mut due = parts.store.outbox().due(carrier.channel(), parts.clock.now(), limit).await?;
        if !due.is_empty() {
            let first = usize::try_from(parts.ids.number()).unwrap_or_default() % due.len();
            due.rotate_left(first);
        }
        let mut begun = Vec::new();
        for (tenant_id, id) in due {
            let Ok(permit) = permits.clone().try_acquire_owned() else { break };
            let inner = self.inner.clone();
            begun.push(tasks.spawn(async move { inner.handle(tenant_id, id, permit).await }));
        }
        Ok(begun)
    }
}

impl Inner {
    async fn handle(&self, tenant_id: TenantId, id: MessageId, permit: OwnedSemaphorePermit) {
        let taken = tokio::select! {
            worked = self.work(tenant_id, id) => worked,
            () = self.kill.cancelled() => Ok(()),
        };
        drop(permit);
        match taken {
            Ok(()) => self.freed.notify_one(),
            // The next look is left to the poll: a database that cannot be written to is not asked again at once.
            Err(error) => {
                tracing::warn!(message_id = %id, tenant_id = %tenant_id, error = %error, "a message cannot be taken or told of");
            }
        }
    }

    async fn work(&self, tenant_id: TenantId, id: MessageId) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        let Some(claimed) = self.parts.store.outbox().claim(tenant_id, id, now, now + LEASE).await? else {
            return Ok(());
        };
        let outcome = self.carry(&claimed, now).await;
        let mut tries = 0;
        loop {
            let told = self.tell(&claimed, &outcome).await;
            tries += 1;
            match told {
                Err(_) if tries < TELL_TRIES => time::sleep(Duration::from_millis(200) * tries).await,
                told => return told,
            }
        }
    }

    async fn carry(&self, claimed: &ClaimedMessage, now: DateTime<Utc>) -> Result<(), Failure> {
        let ClaimedMessage { tenant_id, id, ref sealed, create_time, attempts, .. } = *claimed;
        if attempts > backoff::TRIES_MAX {
            // It was taken that often and nothing was told of it: it takes its worker with it.
            return Err(Failure::never("tries"));
        }
        let message = self.parts.outgoing.open(tenant_id, id, sealed).ok_or_else(|| Failure::never("unreadable"))?;
        if message.is_decoy() {
            return Ok(());
        }
        let parcel = Parcel { tenant_id, id, message, create_time, now };
        let carried = time::timeout(TRY_TIME_MAX, self.carrier.carry(&parcel)).await;
        match carried.unwrap_or_else(|_| Err(Failure::later("timeout"))) {
            Err(Failure::Later { why, .. }) if attempts >= backoff::TRIES_MAX => Err(Failure::Never(why)),
            carried => carried,
        }
    }

    async fn tell(&self, claimed: &ClaimedMessage, outcome: &Result<(), Failure>) -> Result<(), StoreError> {
        let ClaimedMessage { tenant_id, id, lease, .. } = *claimed;
        let (outbox, channel) = (self.parts.store.outbox(), self.carrier.channel().as_str());
        let is_ours = match outcome {
            Ok(()) => {
                let is_ours = outbox.sent(tenant_id, id, lease).await?;
                metrics::counter!(metric::SENT, "channel" => channel, "kind" => claimed.kind.clone()).increment(1);
                is_ours
            }
            Err(Failure::Later { why, after }) => {
                let due_time = self.parts.clock.now() + self.wait(claimed.attempts, *after);
                let is_ours = outbox.postpone(tenant_id, id, lease, due_time, why.clone().into_owned()).await?;
                metrics::counter!(metric::FAILED, "channel" => channel).increment(1);
                tracing::info!(message_id = %id, channel, why = %why, attempts = claimed.attempts, "a message was not sent yet");
                is_ours
            }
            Err(Failure::Never(why)) => self.bury(claimed, channel, why).await?,
        };
        if !is_ours {
            tracing::warn!(message_id = %id, tenant_id = %tenant_id, channel, "a message took longer than its lease");
        }
        Ok(())
    }

    async fn bury(&self, claimed: &ClaimedMessage, channel: &'static str, why: &str) -> Result<bool, StoreError> {
        let ClaimedMessage { tenant_id, id, lease, .. } = *claimed;
        let is_ours = self.parts.store.outbox().bury(tenant_id, id, lease, why.to_owned()).await?;
        metrics::counter!(metric::DEAD, "channel" => channel).increment(1);
        tracing::warn!(message_id = %id, tenant_id = %tenant_id, channel, kind = %claimed.kind, why = %why, "a message cannot be sent");
        Ok(is_ours)
    }

    fn wait(&self, attempts: u32, asked: Option<Duration>) -> TimeDelta {
        let scheduled = backoff::wait(attempts, self.parts.ids.number());
        let wait = scheduled.max(asked.unwrap_or_default().min(ASKED_WAIT_MAX));
        TimeDelta::from_std(wait).unwrap_or(LEASE)
    }
}
