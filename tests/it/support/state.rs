//! Whether a database holds anything half-made. A unit of work writes all of its rows or none, so every row here is counted against those
//! that have to be beside it.

use super::database::Database;

/// What is half-made, each with how often it occurs; empty is as it should be.
pub async fn half_made(database: &Database) -> Vec<String> {
    // The trail names resources as text; an id is a uuid on one engine and a blob on the other.
    let (account, tenant) = match database {
        Database::Sqlite(_) => ("'accounts/' || lower(hex(a.account_id))", "'tenants/' || lower(hex(t.tenant_id))"),
        Database::Postgres(_) => {
            ("'accounts/' || replace(a.account_id::text, '-', '')", "'tenants/' || replace(t.tenant_id::text, '-', '')")
        }
    };
    let beside = |table: &str| {
        format!(
            "accounts a WHERE NOT EXISTS (SELECT 1 FROM {table} b WHERE b.tenant_id = a.tenant_id AND b.account_id = a.account_id)"
        )
    };
    let traced = |table: &str, of: &str, rows: &str| {
        format!("{rows} WHERE NOT EXISTS (SELECT 1 FROM {table} b WHERE replace(b.resource, '-', '') = {of})")
    };
    let portals = "tenants t WHERE t.portal_name IS NOT NULL AND";
    let owned = |table: &str, more: &str| {
        format!("{portals} NOT EXISTS (SELECT 1 FROM {table} b WHERE b.tenant_id = t.tenant_id {more})")
    };
    let checks = [
        ("accounts without an identifier", beside("identifiers")),
        (
            "accounts that say they have a password and have none",
            format!("{} AND a.password_set", beside("credentials")),
        ),
        ("accounts without an event", traced("events", account, "accounts a")),
        ("accounts without an audit entry", traced("audit_entries", account, "accounts a")),
        (
            "events of accounts that are not there",
            format!(
                "events b WHERE b.resource LIKE 'accounts/%' AND NOT EXISTS (SELECT 1 FROM accounts a WHERE {account} = replace(b.resource, '-', ''))"
            ),
        ),
        ("requests whose account is not there", lost("requests")),
        ("portal requests whose owner is not there", lost("portal_requests")),
        ("portals without their owner", owned("accounts", "AND b.account_id = t.owner_account_id")),
        ("portals without a realm", owned("realms", "AND b.name = 'internal'")),
        ("portals without their contract", owned("contract_versions", "AND b.contract_id = t.default_contract_id")),
        ("portals without a grant", owned("application_tenants", "")),
        (
            "portals without an event",
            format!("{portals} NOT EXISTS (SELECT 1 FROM events b WHERE replace(b.resource, '-', '') = {tenant})"),
        ),
    ];
    let mut found = Vec::new();
    for (name, rows) in checks {
        let count = database.count(&rows).await;
        if count != 0 {
            found.push(format!("{count} {name}"));
        }
    }
    found
}

fn lost(table: &str) -> String {
    format!(
        "{table} r WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.tenant_id = r.made_tenant_id AND a.account_id = r.made_account_id)"
    )
}
