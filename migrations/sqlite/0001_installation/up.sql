-- The same tables as for PostgreSQL, column by column. Ids are blobs of 16 bytes, times are RFC 3339 in UTC with six decimals (so that they
-- sort as text), documents are JSON text. Tables that are only ever found by their key have no rowid.
--
-- Global rows: they never point into tenant data, so that a distributing engine can keep them as reference tables on every node.

CREATE TABLE tenants (
    tenant_id blob NOT NULL,
    tenant_number integer NOT NULL,
    portal_name text,
    domain text,
    language text NOT NULL,
    time_zone text NOT NULL,
    owner_account_id blob,
    state text NOT NULL,
    default_contract_id blob NOT NULL,
    annotations text NOT NULL,
    create_time text NOT NULL,
    update_time text NOT NULL,
    version integer NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
) STRICT;
CREATE UNIQUE INDEX tenants_number ON tenants (tenant_number);
CREATE UNIQUE INDEX tenants_portal_name ON tenants (portal_name);
CREATE UNIQUE INDEX tenants_domain ON tenants (domain);

CREATE TABLE applications (
    application_id blob NOT NULL,
    home_tenant_id blob NOT NULL,
    name text NOT NULL,
    display_name text,
    state text NOT NULL,
    settings text NOT NULL,
    create_time text NOT NULL,
    update_time text NOT NULL,
    version integer NOT NULL,
    CONSTRAINT applications_pkey PRIMARY KEY (application_id),
    CONSTRAINT applications_home_tenant FOREIGN KEY (home_tenant_id) REFERENCES tenants (tenant_id)
) STRICT;
CREATE UNIQUE INDEX applications_name ON applications (home_tenant_id, name);

CREATE TABLE application_keys (
    key_id blob NOT NULL,
    application_id blob NOT NULL,
    display_name text,
    prefix text NOT NULL,
    hash blob NOT NULL,
    create_time text NOT NULL,
    expire_time text,
    revoke_time text,
    last_used_time text,
    CONSTRAINT application_keys_pkey PRIMARY KEY (key_id),
    CONSTRAINT application_keys_application FOREIGN KEY (application_id)
        REFERENCES applications (application_id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX application_keys_hash ON application_keys (hash);
CREATE INDEX application_keys_by_application ON application_keys (application_id);

-- The grants: what an application may do on a tenant.
CREATE TABLE application_tenants (
    application_id blob NOT NULL,
    tenant_id blob NOT NULL,
    permissions text NOT NULL,
    default_realm_id blob,
    default_contract_id blob,
    allowed_realms text,
    allowed_contracts text,
    CONSTRAINT application_tenants_pkey PRIMARY KEY (application_id, tenant_id),
    CONSTRAINT application_tenants_application FOREIGN KEY (application_id)
        REFERENCES applications (application_id) ON DELETE CASCADE,
    CONSTRAINT application_tenants_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX application_tenants_by_tenant ON application_tenants (tenant_id);

-- Request ids of RegisterPortal, which has no tenant yet. The ids are values, not foreign keys: what they named may be gone.
CREATE TABLE portal_requests (
    application_id blob NOT NULL,
    request_id blob NOT NULL,
    fingerprint blob NOT NULL,
    outcome text NOT NULL,
    made_tenant_id blob NOT NULL,
    made_account_id blob NOT NULL,
    create_time text NOT NULL,
    expire_time text NOT NULL,
    CONSTRAINT portal_requests_pkey PRIMARY KEY (application_id, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX portal_requests_by_expiry ON portal_requests (expire_time);

CREATE TABLE quota_uses (
    scope text NOT NULL,
    key text NOT NULL,
    used integer NOT NULL,
    CONSTRAINT quota_uses_pkey PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
