-- Tokens that were sent to people, one row each. An application knows a verification by a secret id, a person by the token or code: only
-- hashes of both are here. The account is no foreign key: where an address has none, a row without one is written all the same, so that
-- asking for a token costs as much whether or not there is an account.
CREATE TABLE verifications (
    tenant_id blob NOT NULL,
    token_id blob NOT NULL,
    token_hash blob NOT NULL,
    verification_hash blob NOT NULL,
    account_id blob NOT NULL,
    realm_id blob NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    create_time text NOT NULL,
    expire_time text NOT NULL,
    use_time text,
    void_time text,
    tries integer NOT NULL,
    CONSTRAINT verifications_pkey PRIMARY KEY (tenant_id, token_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX verifications_by_token ON verifications (tenant_id, token_hash);
CREATE INDEX verifications_by_verification ON verifications (tenant_id, verification_hash);
CREATE INDEX verifications_by_account ON verifications (tenant_id, account_id, kind);
CREATE INDEX verifications_by_key ON verifications (tenant_id, realm_id, kind, key);
-- For the sweeper, which knows no tenant.
CREATE INDEX verifications_by_expiry ON verifications (expire_time);

-- Everybody who holds or claims an address, and the sweeper's way to claims that have ended.
CREATE INDEX identifiers_by_key ON identifiers (tenant_id, realm_id, kind, key);
DROP INDEX identifiers_claims;
CREATE INDEX identifiers_claims ON identifiers (expire_time) WHERE NOT held;

-- Operators of earlier versions get the permissions that have come since: nobody else could give them.
UPDATE application_tenants
SET permissions = json_insert(permissions, '$[#]', 'tenants.update', '$[#]', 'templates.read', '$[#]', 'templates.write',
    '$[#]', 'verifications.return_token')
WHERE EXISTS (SELECT 1 FROM json_each(permissions) WHERE value = 'tenants.any');
