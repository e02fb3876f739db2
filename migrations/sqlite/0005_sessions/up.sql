-- Sessions of people. A session holds the hash of its one bearer token; the refresh tokens that it ever had stand beside it, because one
-- that comes a second time ends the session.

CREATE TABLE sessions (
    tenant_id blob NOT NULL,
    session_id blob NOT NULL,
    account_id blob NOT NULL,
    realm_id blob NOT NULL,
    application_id blob NOT NULL,
    restriction text,
    user_agent text,
    bearer_hash blob NOT NULL,
    create_time text NOT NULL,
    refresh_time text NOT NULL,
    bearer_expire_time text NOT NULL,
    expire_time text NOT NULL,
    revoke_time text,
    CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, session_id),
    CONSTRAINT sessions_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX sessions_bearer ON sessions (tenant_id, bearer_hash);
CREATE INDEX sessions_by_account ON sessions (tenant_id, account_id, session_id);
-- For the sweeper, which knows no tenant.
CREATE INDEX sessions_by_expiry ON sessions (expire_time);

CREATE TABLE refresh_tokens (
    tenant_id blob NOT NULL,
    hash blob NOT NULL,
    session_id blob NOT NULL,
    parent_hash blob,
    expire_time text NOT NULL,
    use_time text,
    use_request_id blob,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (tenant_id, hash),
    CONSTRAINT refresh_tokens_session FOREIGN KEY (tenant_id, session_id)
        REFERENCES sessions (tenant_id, session_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (tenant_id, session_id);

-- Failed logins in a row, by a keyed hash of what was tried: the account, or the identifier where there is none, so that both are alike.
CREATE TABLE login_failures (
    tenant_id blob NOT NULL,
    guard blob NOT NULL,
    failures integer NOT NULL,
    failure_time text NOT NULL,
    wait_until text,
    CONSTRAINT login_failures_pkey PRIMARY KEY (tenant_id, guard)
) STRICT, WITHOUT ROWID;
-- For the sweeper, which knows no tenant.
CREATE INDEX login_failures_by_time ON login_failures (failure_time);

-- Where a person has logged in from before, by a keyed hash of the address.
CREATE TABLE known_addresses (
    tenant_id blob NOT NULL,
    account_id blob NOT NULL,
    address blob NOT NULL,
    login_time text NOT NULL,
    CONSTRAINT known_addresses_pkey PRIMARY KEY (tenant_id, account_id, address),
    CONSTRAINT known_addresses_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The person on whose behalf an application called.
ALTER TABLE audit_entries ADD COLUMN person_id blob;
