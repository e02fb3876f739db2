//! How many of a thing somebody may have: counted in one row by one conditional statement.

use super::ids::TenantId;

/// One count that a unit of work takes one from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaUse {
    /// The tenant whose row counts; absent for the global counts of portals.
    pub tenant_id: Option<TenantId>,
    /// What is counted, such as `tenants.owner`.
    pub scope: &'static str,
    /// Whose count it is: an id, or a keyed hash of a person's e-mail key.
    pub key: String,
    /// How many there may be.
    pub limit: i64,
}

/// Portals of one owner.
pub const SCOPE_PORTALS_OF_OWNER: &str = "tenants.owner";
/// Portals of one application.
pub const SCOPE_PORTALS_OF_APPLICATION: &str = "tenants.application";
/// Portals of the installation.
pub const SCOPE_PORTALS_OF_INSTALLATION: &str = "tenants.installation";
/// Accounts of one realm.
pub const SCOPE_ACCOUNTS_OF_REALM: &str = "accounts.realm";
