//! The trail of a unit of work: events, audit rows and messages, written by the unit that they speak of, as its last statements.

use diesel::prelude::*;
use serde_json::Value;

use super::schema::{audit_entries, events, outbox};
use super::{Conn, Pipeline, schema};
use crate::domain::event::{AuditEntry, Event, OutboxMessage, Trail};
use crate::domain::ids::{AccountId, ApplicationId, AuditId, EventId, MessageId, TenantId};
use crate::domain::message::{Channel, MessageState};
use crate::store::StoreError;
use crate::store::columns::{Json, Time};

/// An event as it is written; what orders it the engine adds.
#[derive(Insertable)]
#[diesel(table_name = schema::events, treat_none_as_default_value = false)]
struct EventRow<'a> {
    tenant_id: TenantId,
    event_id: EventId,
    kind: &'a str,
    resource: &'a str,
    time: Time,
    data: Json<Value>,
}

/// An audit row as it is written.
#[derive(Insertable)]
#[diesel(table_name = schema::audit_entries, treat_none_as_default_value = false)]
struct AuditRow<'a> {
    tenant_id: TenantId,
    audit_id: AuditId,
    application_id: Option<ApplicationId>,
    calling_app: Option<&'a str>,
    request_id: &'a str,
    rpc: &'a str,
    resource: &'a str,
    outcome: &'a str,
    time: Time,
    person_id: Option<AccountId>,
}

/// A message as it is written: waiting, tried never.
#[derive(Insertable)]
#[diesel(table_name = schema::outbox, treat_none_as_default_value = false)]
struct MessageRow<'a> {
    tenant_id: TenantId,
    message_id: MessageId,
    channel: Channel,
    kind: &'a str,
    sealed: &'a [u8],
    state: MessageState,
    create_time: Time,
    due_time: Time,
    attempts: i32,
}

impl<'a> From<&'a Event> for EventRow<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            tenant_id: event.tenant_id,
            event_id: event.id,
            kind: event.kind,
            resource: &event.resource,
            time: Time(event.time),
            data: Json(event.data.clone()),
        }
    }
}

impl<'a> From<&'a AuditEntry> for AuditRow<'a> {
    fn from(entry: &'a AuditEntry) -> Self {
        Self {
            tenant_id: entry.tenant_id,
            audit_id: entry.id,
            application_id: entry.application_id,
            calling_app: entry.calling_app.as_deref(),
            request_id: &entry.request_id,
            rpc: &entry.rpc,
            resource: &entry.resource,
            outcome: entry.outcome,
            time: Time(entry.time),
            person_id: entry.person_id,
        }
    }
}

impl<'a> From<&'a OutboxMessage> for MessageRow<'a> {
    fn from(message: &'a OutboxMessage) -> Self {
        Self {
            tenant_id: message.tenant_id,
            message_id: message.id,
            channel: message.channel,
            kind: message.kind,
            sealed: &message.sealed,
            state: MessageState::Waiting,
            create_time: Time(message.create_time),
            due_time: Time(message.due_time),
            attempts: 0,
        }
    }
}

pub(super) async fn write(conn: &mut Conn, trail: &Trail) -> Result<(), StoreError> {
    let mut pipeline = Pipeline::on(conn);
    insert(&mut pipeline, trail).await?;
    pipeline.finish().await
}

pub(super) async fn insert(pipeline: &mut Pipeline<'_>, trail: &Trail) -> Result<(), StoreError> {
    let rows: Vec<EventRow<'_>> = trail.events.iter().map(EventRow::from).collect();
    insert_rows!(pipeline, events::table, rows);
    let rows: Vec<AuditRow<'_>> = trail.audit.iter().map(AuditRow::from).collect();
    insert_rows!(pipeline, audit_entries::table, rows);
    let rows: Vec<MessageRow<'_>> = trail.messages.iter().map(MessageRow::from).collect();
    insert_rows!(pipeline, outbox::table, rows);
    Ok(())
}
