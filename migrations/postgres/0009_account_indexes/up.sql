-- Of the indexes of accounts only the primary key begins with the tenant. Before a first ANALYZE the planner thinks that one tenant has a
-- handful of accounts and takes any index that begins with it: each foreign key that points here would then be checked against all accounts
-- of the tenant, and go on so in every session that planned the check on the empty table.

-- Built beside the old ones: reads go on meanwhile, and the lock that stops them comes last.
CREATE UNIQUE INDEX accounts_number_tenant ON accounts (account_number, tenant_id);
CREATE INDEX accounts_by_realm_tenant ON accounts (realm_id, tenant_id, account_id);
CREATE INDEX accounts_by_contract_tenant ON accounts (contract_id, contract_version, tenant_id);
DROP INDEX accounts_number;
DROP INDEX accounts_by_realm;
DROP INDEX accounts_by_contract;
ALTER INDEX accounts_number_tenant RENAME TO accounts_number;
ALTER INDEX accounts_by_realm_tenant RENAME TO accounts_by_realm;
ALTER INDEX accounts_by_contract_tenant RENAME TO accounts_by_contract;
