-- What a tenant is made of before there are people. From here on every key begins with the tenant.

CREATE TABLE realms (
    tenant_id blob NOT NULL,
    realm_id blob NOT NULL,
    name text NOT NULL,
    display_name text,
    kind text NOT NULL,
    state text NOT NULL,
    rules text NOT NULL,
    create_time text NOT NULL,
    update_time text NOT NULL,
    version integer NOT NULL,
    CONSTRAINT realms_pkey PRIMARY KEY (tenant_id, realm_id),
    CONSTRAINT realms_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;
CREATE UNIQUE INDEX realms_name ON realms (tenant_id, name);

-- A contract as it is called and where it stands; its terms are in its versions.
CREATE TABLE contracts (
    tenant_id blob NOT NULL,
    contract_id blob NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    create_time text NOT NULL,
    CONSTRAINT contracts_pkey PRIMARY KEY (tenant_id, contract_id),
    CONSTRAINT contracts_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;
CREATE UNIQUE INDEX contracts_name ON contracts (tenant_id, name);

-- Written once, never changed.
CREATE TABLE contract_versions (
    tenant_id blob NOT NULL,
    contract_id blob NOT NULL,
    version integer NOT NULL,
    terms text NOT NULL,
    create_time text NOT NULL,
    CONSTRAINT contract_versions_pkey PRIMARY KEY (tenant_id, contract_id, version),
    CONSTRAINT contract_versions_contract FOREIGN KEY (tenant_id, contract_id)
        REFERENCES contracts (tenant_id, contract_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
