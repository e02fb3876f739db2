-- What a unit of work leaves behind beside its rows. No foreign keys: a trail outlives what it speaks of.

-- Units write events and audit rows unchained; sequence gives their order to whoever reads or seals them later, so that no unit
-- waits for another of its tenant.
CREATE TABLE events (
    sequence integer PRIMARY KEY AUTOINCREMENT,
    tenant_id blob NOT NULL,
    event_id blob NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    time text NOT NULL,
    data text NOT NULL,
    CONSTRAINT events_key UNIQUE (tenant_id, event_id)
) STRICT;
CREATE INDEX events_order ON events (tenant_id, sequence);

CREATE TABLE audit_entries (
    sequence integer PRIMARY KEY AUTOINCREMENT,
    tenant_id blob NOT NULL,
    audit_id blob NOT NULL,
    application_id blob,
    calling_app text,
    request_id text NOT NULL,
    rpc text NOT NULL,
    resource text NOT NULL,
    outcome text NOT NULL,
    time text NOT NULL,
    CONSTRAINT audit_entries_key UNIQUE (tenant_id, audit_id)
) STRICT;
CREATE INDEX audit_entries_order ON audit_entries (tenant_id, sequence);

-- Messages to send. A worker takes a due row by one conditional UPDATE of lease_until.
CREATE TABLE outbox (
    tenant_id blob NOT NULL,
    message_id blob NOT NULL,
    kind text NOT NULL,
    payload text NOT NULL,
    state text NOT NULL DEFAULT 'WAITING',
    due_time text NOT NULL,
    lease_until text,
    attempts integer NOT NULL DEFAULT 0,
    CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, message_id)
) STRICT;
CREATE INDEX outbox_due ON outbox (due_time) WHERE state = 'WAITING';
