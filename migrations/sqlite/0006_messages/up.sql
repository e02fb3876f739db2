-- Messages to send, each sealed under the master key: what a mail says (tokens, codes, addresses) is in no dump of the database. No release
-- has written to the table before this one, so it is made anew.
DROP TABLE outbox;

-- A worker takes a due row by one conditional UPDATE of lease_until; who finishes it names that lease. A row goes when its message was sent.
CREATE TABLE outbox (
    tenant_id blob NOT NULL,
    message_id blob NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL,
    sealed blob NOT NULL,
    state text NOT NULL,
    create_time text NOT NULL,
    due_time text NOT NULL,
    lease_until text,
    attempts integer NOT NULL,
    -- What went wrong last, without anything that was in the message.
    last_error text,
    CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, message_id)
) STRICT;
CREATE INDEX outbox_due ON outbox (channel, state, due_time);
