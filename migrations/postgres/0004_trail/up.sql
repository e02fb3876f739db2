-- What a unit of work leaves behind beside its rows. No foreign keys: a trail outlives what it speaks of.

-- Units write events and audit rows unchained; transaction_id gives their order to whoever reads or seals them later, so that no unit
-- waits for another of its tenant.
CREATE TABLE events (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    time timestamptz NOT NULL,
    data jsonb NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT events_pkey PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX events_order ON events (tenant_id, transaction_id, event_id);

CREATE TABLE audit_entries (
    tenant_id uuid NOT NULL,
    audit_id uuid NOT NULL,
    application_id uuid,
    calling_app text,
    request_id text NOT NULL,
    rpc text NOT NULL,
    resource text NOT NULL,
    outcome text NOT NULL,
    time timestamptz NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT audit_entries_pkey PRIMARY KEY (tenant_id, audit_id)
);
CREATE INDEX audit_entries_order ON audit_entries (tenant_id, transaction_id, audit_id);

-- Messages to send. A worker takes a due row by one conditional UPDATE of lease_until.
CREATE TABLE outbox (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL DEFAULT 'WAITING',
    due_time timestamptz NOT NULL,
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, message_id)
);
CREATE INDEX outbox_due ON outbox (due_time) WHERE state = 'WAITING';
