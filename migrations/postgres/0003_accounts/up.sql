-- People. One row has all that is read of an account; the tables beside it carry uniqueness and history.

CREATE TABLE accounts (
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    account_number bigint NOT NULL,
    realm_id uuid NOT NULL,
    contract_id uuid NOT NULL,
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
    email_key_version smallint,
    email_verify_time timestamptz,
    phone text,
    phone_key text,
    phone_verify_time timestamptz,
    state text NOT NULL,
    verification_required boolean NOT NULL,
    password_set boolean NOT NULL,
    password_change_required boolean NOT NULL,
    external_keys jsonb NOT NULL,
    consents jsonb NOT NULL,
    origin jsonb NOT NULL,
    roles jsonb NOT NULL,
    attributes jsonb NOT NULL,
    annotations jsonb NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    delete_time timestamptz,
    purge_time timestamptz,
    version bigint NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (tenant_id, account_id),
    CONSTRAINT accounts_realm FOREIGN KEY (tenant_id, realm_id) REFERENCES realms (tenant_id, realm_id),
    CONSTRAINT accounts_contract FOREIGN KEY (tenant_id, contract_id, contract_version)
        REFERENCES contract_versions (tenant_id, contract_id, version)
);
CREATE UNIQUE INDEX accounts_number ON accounts (tenant_id, account_number);
CREATE INDEX accounts_by_realm ON accounts (tenant_id, realm_id, account_id);
CREATE INDEX accounts_by_contract ON accounts (tenant_id, contract_id, contract_version);

-- What an account holds in its realm, or (held = false) only claims until it is verified. Only what is held is unique.
CREATE TABLE identifiers (
    tenant_id uuid NOT NULL,
    realm_id uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    account_id uuid NOT NULL,
    held boolean NOT NULL,
    verify_time timestamptz,
    expire_time timestamptz,
    CONSTRAINT identifiers_pkey PRIMARY KEY (tenant_id, account_id, kind, key),
    CONSTRAINT identifiers_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX identifiers_key ON identifiers (tenant_id, realm_id, kind, key) WHERE held;
CREATE INDEX identifiers_claims ON identifiers (tenant_id, expire_time) WHERE NOT held;

-- Values that a contract declares unique.
CREATE TABLE unique_values (
    tenant_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    path text NOT NULL,
    key text NOT NULL,
    account_id uuid NOT NULL,
    CONSTRAINT unique_values_pkey PRIMARY KEY (tenant_id, contract_id, path, key),
    CONSTRAINT unique_values_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
);
CREATE INDEX unique_values_by_account ON unique_values (tenant_id, account_id);

CREATE TABLE external_keys (
    tenant_id uuid NOT NULL,
    key_type text NOT NULL,
    key text NOT NULL,
    account_id uuid NOT NULL,
    CONSTRAINT external_keys_pkey PRIMARY KEY (tenant_id, key_type, key),
    CONSTRAINT external_keys_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
);
CREATE INDEX external_keys_by_account ON external_keys (tenant_id, account_id);

-- Every answer that a person ever gave to a legal document.
CREATE TABLE consents (
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    document text NOT NULL,
    version text NOT NULL,
    accept_time timestamptz NOT NULL,
    accepted boolean NOT NULL,
    CONSTRAINT consents_pkey PRIMARY KEY (tenant_id, account_id, document, version, accept_time),
    CONSTRAINT consents_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
);

-- Password hashes stand alone: no query that reads people can select them.
CREATE TABLE credentials (
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    phc text NOT NULL,
    update_time timestamptz NOT NULL,
    CONSTRAINT credentials_pkey PRIMARY KEY (tenant_id, account_id),
    CONSTRAINT credentials_account FOREIGN KEY (tenant_id, account_id)
        REFERENCES accounts (tenant_id, account_id) ON DELETE CASCADE
);

-- Request ids inside a tenant: ids and outcome, never a body. What the ids named may be gone, so they are no foreign keys.
CREATE TABLE requests (
    tenant_id uuid NOT NULL,
    application_id uuid NOT NULL,
    rpc text NOT NULL,
    request_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    outcome text NOT NULL,
    made_tenant_id uuid NOT NULL,
    made_account_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL,
    CONSTRAINT requests_pkey PRIMARY KEY (tenant_id, application_id, rpc, request_id)
);
-- For the sweeper, which knows no tenant.
CREATE INDEX requests_by_expiry ON requests (expire_time);

CREATE TABLE tenant_quota_uses (
    tenant_id uuid NOT NULL,
    scope text NOT NULL,
    key text NOT NULL,
    used bigint NOT NULL,
    CONSTRAINT tenant_quota_uses_pkey PRIMARY KEY (tenant_id, scope, key)
);
