-- What mails say in a tenant's own words, and where their links lead.

ALTER TABLE tenants ADD COLUMN link_base text;
ALTER TABLE tenants ADD COLUMN brands jsonb NOT NULL DEFAULT '[]';

-- An empty brand is the tenant's own.
CREATE TABLE templates (
    tenant_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    brand text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    subject text NOT NULL,
    html text NOT NULL,
    text text NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT templates_pkey PRIMARY KEY (tenant_id, kind, brand, language),
    CONSTRAINT templates_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
);
