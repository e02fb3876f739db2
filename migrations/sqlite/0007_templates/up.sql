-- What mails say in a tenant's own words, and where their links lead.

ALTER TABLE tenants ADD COLUMN link_base text;
ALTER TABLE tenants ADD COLUMN brands text NOT NULL DEFAULT '[]';

-- An empty brand is the tenant's own.
CREATE TABLE templates (
    tenant_id blob NOT NULL,
    kind text NOT NULL,
    brand text NOT NULL,
    language text NOT NULL,
    subject text NOT NULL,
    html text NOT NULL,
    text text NOT NULL,
    create_time text NOT NULL,
    update_time text NOT NULL,
    version integer NOT NULL,
    CONSTRAINT templates_pkey PRIMARY KEY (tenant_id, kind, brand, language),
    CONSTRAINT templates_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id)
) STRICT;
