-- People. One row has all that is read of an account; the tables beside it carry uniqueness and history.

CREATE TABLE accounts (
    tenant_id blob NOT NULL,
    account_id blob NOT NULL,
    account_number integer NOT NULL,
    realm_id blob NOT NULL,
    contract_id blob NOT NULL,
    contract_version integer NOT NULL,
    user_name text,
    user_name_key text,
    display_name text,
    given_name text,
    family_name text,
    language text,
    time_zone text,
    email text,
    email_key text,
    email_key_version integer,
    email_verify_time text,
    phone text,
    phone_key text,
    phone_verify_time text,
    state text NOT NULL,
    verification_required integer NOT NULL,
    password_set integer NOT NULL,
    password_change_required integer NOT NULL,
    external_keys text NOT NULL,
    consents text NOT NULL,
    origin text NOT NULL,
    roles text NOT NULL,
    attributes text NOT NULL,
    annotations text NOT NULL,
    create_time text NOT NULL,
    update_time text NOT NULL,
    delete_time text,
    purge_time text,
    version integer NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (tenant_id, account_id),
    CONSTRAINT accounts_realm FOREIGN KEY (tenant_id, realm_id) REFERENCES realms (tenant_id, realm_id),
    CONSTRAINT accounts_contract FOREIGN KEY (tenant_id, contract_id, contract_version)
        REFERENCES contract_versions (tenant_id, contract_id, version)
) STRICT;
CREATE UNIQUE INDEX accounts_number ON accounts (tenant_id, account_number);
CREATE INDEX accounts_by_realm ON accounts (tenant_id, realm_id, account_id);
CREATE INDEX accounts_by_contract ON accounts (tenant_id, contract_id, contract_version);

-- What an account holds in its realm, or (held = false) only claims until it is verified. Only what is held is unique.
CREATE TABLE identifiers (
    tenant_id blob NOT NULL,
    realm_id blob NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    account_id blob NOT NULL,
    held integer NOT NULL,
    verify_time text,
    expire_time text,
    CONSTRAINT identifiers_pkey PRIMARY KEY (tenant_id, account_id, kind, key),
    CONSTRAINT identifiers_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identifiers_key ON identifiers (tenant_id, realm_id, kind, key) WHERE held;
CREATE INDEX identifiers_claims ON identifiers (tenant_id, expire_time) WHERE NOT held;

-- Values that a contract declares unique.
CREATE TABLE unique_values (
    tenant_id blob NOT NULL,
    contract_id blob NOT NULL,
    path text NOT NULL,
    key text NOT NULL,
    account_id blob NOT NULL,
    CONSTRAINT unique_values_pkey PRIMARY KEY (tenant_id, contract_id, path, key),
    CONSTRAINT unique_values_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX unique_values_by_account ON unique_values (tenant_id, account_id);

CREATE TABLE external_keys (
    tenant_id blob NOT NULL,
    key_type text NOT NULL,
    key text NOT NULL,
    account_id blob NOT NULL,
    CONSTRAINT external_keys_pkey PRIMARY KEY (tenant_id, key_type, key),
    CONSTRAINT external_keys_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX external_keys_by_account ON external_keys (tenant_id, account_id);

-- Every answer that a person ever gave to a legal document.
CREATE TABLE consents (
    tenant_id blob NOT NULL,
    account_id blob NOT NULL,
    document text NOT NULL,
    version text NOT NULL,
    accept_time text NOT NULL,
    accepted integer NOT NULL,
    CONSTRAINT consents_pkey PRIMARY KEY (tenant_id, account_id, document, version, accept_time),
    CONSTRAINT consents_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Password hashes stand alone: no query that reads people can select them.
CREATE TABLE credentials (
    tenant_id blob NOT NULL,
    account_id blob NOT NULL,
    phc text NOT NULL,
    update_time text NOT NULL,
    CONSTRAINT credentials_pkey PRIMARY KEY (tenant_id, account_id),
    CONSTRAINT credentials_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Request ids inside a tenant: ids and outcome, never a body. What the ids named may be gone, so they are no foreign keys.
CREATE TABLE requests (
    tenant_id blob NOT NULL,
    application_id blob NOT NULL,
    rpc text NOT NULL,
    request_id blob NOT NULL,
    fingerprint blob NOT NULL,
    outcome text NOT NULL,
    made_tenant_id blob NOT NULL,
    made_account_id blob NOT NULL,
    create_time text NOT NULL,
    expire_time text NOT NULL,
    CONSTRAINT requests_pkey PRIMARY KEY (tenant_id, application_id, rpc, request_id)
) STRICT, WITHOUT ROWID;
-- For the sweeper, which knows no tenant.
CREATE INDEX requests_by_expiry ON requests (expire_time);

CREATE TABLE tenant_quota_uses (
    tenant_id blob NOT NULL,
    scope text NOT NULL,
    key text NOT NULL,
    used integer NOT NULL,
    CONSTRAINT tenant_quota_uses_pkey PRIMARY KEY (tenant_id, scope, key)
) STRICT, WITHOUT ROWID;
