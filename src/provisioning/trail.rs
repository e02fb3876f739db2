//! The trail that every unit of work writes with its rows: one event for others, one audit row for operators.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::event::{AuditEntry, Event, Trail};
use crate::domain::ids::{AuditId, EventId, TenantId};

use super::Provisioning;
use super::principal::{Call, Principal};
use super::seams::Ids;

/// What happened to a resource.
pub(super) struct Deed {
    /// The event's kind, such as `account.created`.
    pub kind: &'static str,
    /// The resource's name, such as `accounts/<id>`.
    pub resource: String,
    /// What came of it, such as `CREATED`.
    pub outcome: &'static str,
}

impl Deed {
    pub(super) fn new(kind: &'static str, resource: String, outcome: &'static str) -> Self {
        Self { kind, resource, outcome }
    }
}

/// The trail of what no application did: the first start, and the command line working on the database itself.
pub(super) fn offline_trail(
    ids: &dyn Ids,
    tenant_id: TenantId,
    rpc: &str,
    time: DateTime<Utc>,
    deeds: impl IntoIterator<Item = Deed>,
) -> Trail {
    let request_id = ids.uuid().to_string();
    let mut trail = Trail::default();
    for Deed { kind, resource, outcome } in deeds {
        trail.events.push(Event {
            tenant_id,
            id: EventId::from_uuid(ids.uuid()),
            kind,
            resource: resource.clone(),
            time,
            data: json!({}),
        });
        trail.audit.push(AuditEntry {
            tenant_id,
            id: AuditId::from_uuid(ids.uuid()),
            application_id: None,
            person_id: None,
            calling_app: None,
            request_id: request_id.clone(),
            rpc: rpc.to_owned(),
            resource,
            outcome,
            time,
        });
    }
    trail
}

impl Provisioning {
    /// The trail of one deed, done by `call` in a tenant.
    pub(super) fn trail(&self, call: &Call, tenant_id: TenantId, now: DateTime<Utc>, deed: Deed) -> Trail {
        self.trail_with(call, tenant_id, now, deed, json!({}))
    }

    /// The same with data for the event: ids and states, never a person's data.
    pub(super) fn trail_with(
        &self,
        call: &Call,
        tenant_id: TenantId,
        time: DateTime<Utc>,
        deed: Deed,
        data: Value,
    ) -> Trail {
        let application_id = match &call.principal {
            Principal::Anonymous => None,
            Principal::Application(caller) => Some(caller.application.id),
        };
        let event = Event {
            tenant_id,
            id: EventId::from_uuid(self.ids.uuid()),
            kind: deed.kind,
            resource: deed.resource.clone(),
            time,
            data,
        };
        let audit = AuditEntry {
            tenant_id,
            id: AuditId::from_uuid(self.ids.uuid()),
            application_id,
            person_id: call.person.as_ref().map(|person| person.account_id),
            calling_app: call.calling_app.clone(),
            request_id: call.request_id.clone(),
            rpc: call.rpc.to_owned(),
            resource: deed.resource,
            outcome: deed.outcome,
            time,
        };
        Trail { events: vec![event], audit: vec![audit], messages: Vec::new() }
    }
}
