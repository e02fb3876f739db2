//! What a unit of work leaves behind beside its rows: the event for others, the audit row for operators, the messages to send.

use chrono::{DateTime, Utc};

use super::ids::{AccountId, ApplicationId, AuditId, EventId, MessageId, TenantId};
use super::message::Channel;

/// Something that happened to a resource of a tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The tenant it happened in.
    pub tenant_id: TenantId,
    /// UUIDv7.
    pub id: EventId,
    /// What happened, such as `account.created`.
    pub kind: &'static str,
    /// The resource's name, such as `accounts/<id>`.
    pub resource: String,
    /// When.
    pub time: DateTime<Utc>,
    /// Ids and states only, never a person's data.
    pub data: serde_json::Value,
}

/// Who did what, for operators.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// The tenant it was done in.
    pub tenant_id: TenantId,
    /// UUIDv7.
    pub id: AuditId,
    /// The application that called; absent for the first start, and for the command line working offline.
    pub application_id: Option<ApplicationId>,
    /// The person on whose behalf it called.
    pub person_id: Option<AccountId>,
    /// The label of `x-calling-app`.
    pub calling_app: Option<String>,
    /// The request id that the caller sees (`x-request-id`); one of its own where nobody called.
    pub request_id: String,
    /// The rpc's bare name.
    pub rpc: String,
    /// The resource's name.
    pub resource: String,
    /// What came of it, such as `CREATED`.
    pub outcome: &'static str,
    /// When.
    pub time: DateTime<Utc>,
}

/// A message to send once the unit has committed. What it says is sealed before it gets here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// The tenant whose message it is.
    pub tenant_id: TenantId,
    /// UUIDv7; the stable Message-ID is made of it.
    pub id: MessageId,
    /// Which workers take it.
    pub channel: Channel,
    /// What it is about, for operators: see [`Message::kind`](super::message::Message::kind).
    pub kind: &'static str,
    /// The [`Message`](super::message::Message), bound to its id.
    pub sealed: Vec<u8>,
    /// When it was written.
    pub create_time: DateTime<Utc>,
    /// From when on it may be sent.
    pub due_time: DateTime<Utc>,
}

/// The trail of one unit of work: written in the same transaction as the rows it speaks of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail {
    /// For others.
    pub events: Vec<Event>,
    /// For operators.
    pub audit: Vec<AuditEntry>,
    /// For the senders.
    pub messages: Vec<OutboxMessage>,
}

impl Trail {
    /// The channels that the messages are for; one for each message.
    pub fn channels(&self) -> Vec<Channel> {
        self.messages.iter().map(|message| message.channel).collect()
    }
}
