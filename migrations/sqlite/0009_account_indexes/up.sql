-- As on PostgreSQL, where it matters. What is unique here keeps its order: the engine names a violation by its columns.

DROP INDEX accounts_by_realm;
DROP INDEX accounts_by_contract;
CREATE INDEX accounts_by_realm ON accounts (realm_id, tenant_id, account_id);
CREATE INDEX accounts_by_contract ON accounts (contract_id, contract_version, tenant_id);
