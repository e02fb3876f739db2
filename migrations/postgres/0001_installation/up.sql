-- Global rows: they never point into tenant data, so that a distributing engine can keep them as reference tables on every node.

CREATE TABLE tenants (
    tenant_id uuid NOT NULL,
    tenant_number bigint NOT NULL,
    portal_name text,
    domain text,
    language text NOT NULL,
    time_zone text NOT NULL,
    owner_account_id uuid,
    state text NOT NULL,
    default_contract_id uuid NOT NULL,
    annotations jsonb NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
);
CREATE UNIQUE INDEX tenants_number ON tenants (tenant_number);
CREATE UNIQUE INDEX tenants_portal_name ON tenants (portal_name);
CREATE UNIQUE INDEX tenants_domain ON tenants (domain);

CREATE TABLE applications (
    application_id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    name text NOT NULL,
    display_name text,
    state text NOT NULL,
    settings jsonb NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT applications_pkey PRIMARY KEY (application_id),
    CONSTRAINT applications_home_tenant FOREIGN KEY (home_tenant_id) REFERENCES tenants (tenant_id)
);
CREATE UNIQUE INDEX applications_name ON applications (home_tenant_id, name);

CREATE TABLE application_keys (
    key_id uuid NOT NULL,
    application_id uuid NOT NULL,
    display_name text,
    prefix text NOT NULL,
    hash bytea NOT NULL,
    create_time timestamptz NOT NULL,
    expire_time timestamptz,
    revoke_time timestamptz,
    last_used_time timestamptz,
    CONSTRAINT application_keys_pkey PRIMARY KEY (key_id),
    CONSTRAINT application_keys_application FOREIGN KEY (application_id)
        REFERENCES applications (application_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX application_keys_hash ON application_keys (hash);
CREATE INDEX application_keys_by_application ON application_keys (application_id);

-- The grants: what an application may do on a tenant.
CREATE TABLE application_tenants (
    application_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    permissions jsonb NOT NULL,
    default_realm_id uuid,
    default_contract_id uuid,
    allowed_realms jsonb,
    allowed_contracts jsonb,
    CONSTRAINT application_tenants_pkey PRIMARY KEY (application_id, tenant_id),
    CONSTRAINT application_tenants_application FOREIGN KEY (application_id)
        REFERENCES applications (application_id) ON DELETE CASCADE,
    CONSTRAINT application_tenants_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
);
CREATE INDEX application_tenants_by_tenant ON application_tenants (tenant_id);

-- Request ids of RegisterPortal, which has no tenant yet. The ids are values, not foreign keys: what they named may be gone.
CREATE TABLE portal_requests (
    application_id uuid NOT NULL,
    request_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    outcome text NOT NULL,
    made_tenant_id uuid NOT NULL,
    made_account_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL,
    CONSTRAINT portal_requests_pkey PRIMARY KEY (application_id, request_id)
);
CREATE INDEX portal_requests_by_expiry ON portal_requests (expire_time);

CREATE TABLE quota_uses (
    scope text NOT NULL,
    key text NOT NULL,
    used bigint NOT NULL,
    CONSTRAINT quota_uses_pkey PRIMARY KEY (scope, key)
);
