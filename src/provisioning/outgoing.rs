//! Messages on their way out: sealed by the use case whose unit of work writes them, opened by the worker that sends them. In between they
//! are in the database, where nobody can read a token, a code or an address out of them, nor pass one message off as another.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::domain::event::OutboxMessage;
use crate::domain::ids::{MessageId, TenantId};
use crate::domain::message::{Channel, Message};

use super::master_key::{MasterKey, Purpose};
use super::seams::Ids;

/// Seals, opens, and wakes the workers of this process.
pub struct Outgoing {
    master_key: MasterKey,
    ids: Arc<dyn Ids>,
    /// One a channel, by the channel's place in [`Channel::ALL`].
    written: Vec<watch::Sender<()>>,
}

impl Outgoing {
    /// Puts the parts together.
    pub fn new(master_key: MasterKey, ids: Arc<dyn Ids>) -> Self {
        let written = Channel::ALL.iter().map(|_| watch::Sender::new(())).collect();
        Self { master_key, ids, written }
    }

    /// Makes the row of a message that may be sent from now on; it goes into the trail of the unit that it belongs to.
    pub fn seal(&self, message: &Message, tenant_id: TenantId, now: DateTime<Utc>) -> OutboxMessage {
        let id = MessageId::from_uuid(self.ids.uuid());
        let plain = serde_json::to_vec(message).expect("invariant: a message is texts and times, which JSON can hold");
        let random = self.ids.secret();
        let nonce = random[..24].try_into().expect("invariant: 24 of 32 bytes");
        OutboxMessage {
            tenant_id,
            id,
            channel: message.channel(),
            kind: message.kind(),
            sealed: self.master_key.seal(Purpose::Message, nonce, &plain, &context(tenant_id, id)),
            create_time: now,
            due_time: now,
        }
    }

    /// What [`Self::seal`] sealed under this id; `None` where it was not, or under a master key that is no longer there.
    pub fn open(&self, tenant_id: TenantId, id: MessageId, sealed: &[u8]) -> Option<Message> {
        let plain = self.master_key.open(Purpose::Message, sealed, &context(tenant_id, id))?;
        serde_json::from_slice(&plain).ok()
    }

    /// To be called after a unit that wrote messages for these channels: their workers in this process look at once. Without it they look
    /// within a second.
    pub fn wake(&self, channels: &[Channel]) {
        channels.iter().for_each(|channel| self.written[*channel as usize].send_replace(()));
    }

    /// Changes with every [`Self::wake`] of the channel.
    pub fn watch(&self, channel: Channel) -> watch::Receiver<()> {
        self.written[channel as usize].subscribe()
    }
}

fn context(tenant_id: TenantId, id: MessageId) -> [u8; 32] {
    let mut context = [0; 32];
    context[..16].copy_from_slice(tenant_id.as_bytes());
    context[16..].copy_from_slice(id.as_bytes());
    context
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::language::LanguageCode;
    use crate::domain::message::TextMessage;
    use crate::provisioning::seams::SystemIds;

    #[test]
    fn only_those_are_woken_who_have_something_to_send() {
        let outgoing = Outgoing::new(MasterKey::new([1; 32], []), Arc::new(SystemIds));
        let mut watches: Vec<_> = Channel::ALL.iter().map(|channel| outgoing.watch(*channel)).collect();
        let mut woken = |channels: &[Channel]| -> Vec<bool> {
            outgoing.wake(channels);
            let changed = watches.iter_mut().map(|watch| {
                let changed = watch.has_changed().unwrap();
                watch.mark_unchanged();
                changed
            });
            changed.collect()
        };
        assert_eq!(woken(&[]), [false, false]);
        assert_eq!(woken(&[Channel::Mail, Channel::Mail]), [true, false]);
        assert_eq!(woken(&[Channel::Text]), [false, true]);
    }

    #[test]
    fn a_message_opens_under_its_own_tenant_and_id_only() {
        let outgoing = Outgoing::new(MasterKey::new([1; 32], []), Arc::new(SystemIds));
        let tenant = TenantId::from_uuid(Uuid::now_v7());
        let language = LanguageCode::parse("fr").unwrap();
        let message =
            Message::Text(TextMessage { to: "+33612345678".into(), language, code: "123456".into(), minutes: 5 });
        let row = outgoing.seal(&message, tenant, DateTime::UNIX_EPOCH);
        assert_eq!((row.channel, row.kind), (Channel::Text, "CODE"));
        assert_eq!(outgoing.open(tenant, row.id, &row.sealed), Some(message.clone()));
        let other = outgoing.seal(&message, tenant, DateTime::UNIX_EPOCH);
        assert_eq!(outgoing.open(tenant, other.id, &row.sealed), None);
        assert_eq!(outgoing.open(TenantId::from_uuid(Uuid::now_v7()), row.id, &row.sealed), None);
        assert!(!row.sealed.windows(6).any(|bytes| bytes == b"123456"));
    }
}
