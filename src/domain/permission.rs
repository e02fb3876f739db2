//! What an application may do. A permission is granted to an application on one tenant; the method option in the proto names the one a
//! method needs, and `provisioning::access` asks for it on the tenant at hand.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Makes the enum, its wire names and the list of all from one table, so that none can be forgotten.
macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// A right that an application holds on a tenant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Permission {
            $($(#[$doc])* $variant,)+
        }

        impl Permission {
            /// Every permission there is; the operator application holds them all.
            pub const ALL: &[Permission] = &[$(Permission::$variant,)+];

            /// The name on the wire and in the store, such as `accounts.create`.
            pub fn as_str(self) -> &'static str {
                match self { $(Permission::$variant => $text,)+ }
            }
        }
    };
}

permissions! {
    /// CreateAccount, and RegisterAccount in a CLOSED realm.
    AccountsCreate = "accounts.create",
    /// Get and list accounts; the truth about duplicates; RETURN_EXISTING.
    AccountsRead = "accounts.read",
    /// Setting the password of an account without knowing the old one.
    CredentialsSet = "credentials.set",
    /// Getting the tokens that prove something, instead of having them sent.
    VerificationsReturnToken = "verifications.return_token",
    /// Asking whose a session is, and listing sessions.
    SessionsRead = "sessions.read",
    /// Ending sessions.
    SessionsRevoke = "sessions.revoke",
    /// Setting the roles of an account.
    AccountsAssignRoles = "accounts.assign_roles",
    /// Registering portals: each makes a tenant.
    TenantsCreate = "tenants.create",
    /// Get and list tenants.
    TenantsRead = "tenants.read",
    /// Changing tenants: their language, time zone, bases of links, brands.
    TenantsUpdate = "tenants.update",
    /// For operators: every tenant counts as granted, with the permissions of the home tenant.
    TenantsAny = "tenants.any",
    /// Get and list realms.
    RealmsRead = "realms.read",
    /// Create, change and delete realms.
    RealmsWrite = "realms.write",
    /// Get and list applications and their keys.
    ApplicationsRead = "applications.read",
    /// Create, change and delete applications, their grants and their keys.
    ApplicationsWrite = "applications.write",
    /// Get, list and resolve contracts.
    ContractsRead = "contracts.read",
    /// Create contracts, make new versions, delete them.
    ContractsWrite = "contracts.write",
    /// Get, list and preview templates.
    TemplatesRead = "templates.read",
    /// Create, change and delete templates.
    TemplatesWrite = "templates.write",
    /// Saying which address an end user calls from (`end_user.ip_address`).
    EndUserAssert = "end_user.assert",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such permission")]
pub struct UnknownPermission;

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == text).ok_or(UnknownPermission)
    }
}

impl TryFrom<String> for Permission {
    type Error = UnknownPermission;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.as_str().to_owned()
    }
}

/// The permissions of one grant.
pub type Permissions = BTreeSet<Permission>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
        }
        assert_eq!("accounts.any".parse::<Permission>(), Err(UnknownPermission));
    }
}
