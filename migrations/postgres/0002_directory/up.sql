-- What a tenant is made of before there are people. From here on every key begins with the tenant.

CREATE TABLE realms (
    tenant_id uuid NOT NULL,
    realm_id uuid NOT NULL,
    name text NOT NULL,
    display_name text,
    kind text NOT NULL,
    state text NOT NULL,
    rules jsonb NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT realms_pkey PRIMARY KEY (tenant_id, realm_id),
    CONSTRAINT realms_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
);
CREATE UNIQUE INDEX realms_name ON realms (tenant_id, name);

-- A contract as it is called and where it stands; its terms are in its versions.
CREATE TABLE contracts (
    tenant_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT contracts_pkey PRIMARY KEY (tenant_id, contract_id),
    CONSTRAINT contracts_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
);
CREATE UNIQUE INDEX contracts_name ON contracts (tenant_id, name);

-- Written once, never changed.
CREATE TABLE contract_versions (
    tenant_id uuid NOT NULL,
    contract_id uuid NOT NULL,
    version integer NOT NULL,
    terms jsonb NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT contract_versions_pkey PRIMARY KEY (tenant_id, contract_id, version),
    CONSTRAINT contract_versions_contract FOREIGN KEY (tenant_id, contract_id)
        REFERENCES contracts (tenant_id, contract_id) ON DELETE CASCADE
);
