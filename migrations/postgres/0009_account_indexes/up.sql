-- Only the primary key of accounts begins with the tenant. Before a first ANALYZE the planner thinks that one tenant has a handful of
-- accounts and takes any index that begins with it: each foreign key that points here would then be checked against all accounts of the
-- tenant, and go on so in every session that planned the check on the empty table.

DROP INDEX accounts_number;
DROP INDEX accounts_by_realm;
DROP INDEX accounts_by_contract;
CREATE UNIQUE INDEX accounts_number ON accounts (account_number, tenant_id);
CREATE INDEX accounts_by_realm ON accounts (realm_id, account_id);
CREATE INDEX accounts_by_contract ON accounts (contract_id, contract_version);
