//! Which fields an application may deliver, must deliver and gets back, and the types of free attributes. A version never changes; an
//! update makes the next one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::attribute_type::AttributeType;
use super::ids::{ContractId, TenantId};
use super::state::text_enum;
use super::text::Label;

text_enum! {
    /// Whether a field may or must be there.
    pub enum Presence {
        /// Refused with FIELD_FORBIDDEN.
        Forbidden = "FORBIDDEN",
        /// May be there.
        Optional = "OPTIONAL",
        /// Refused with FIELD_REQUIRED when it is not there.
        Required = "REQUIRED",
    }
}

/// Most fields of a contract: the paths there are, and as many attributes as it can have.
pub const FIELDS_MAX: usize = CONTRACT_PATHS.len() + ATTRIBUTES_MAX;

/// Most free attributes of a contract, and members of an object among them: their types are gone through for every account.
pub const ATTRIBUTES_MAX: usize = 256;

/// The rule of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRule {
    /// May it, must it be there?
    pub presence: Presence,
    /// Does the application get it back?
    #[serde(default)]
    pub returned: bool,
    /// Is its value unique? Allowed on `phone.number` and `attributes.*`.
    #[serde(default)]
    pub unique: bool,
}

/// The account paths that a contract can speak of, `password` last. Free attributes come as `attributes.<name>`.
pub const CONTRACT_PATHS: &[&str] = &[
    "profile.user_name",
    "profile.display_name",
    "profile.given_name",
    "profile.family_name",
    "profile.language_code",
    "profile.time_zone",
    "email.address",
    "phone.number",
    "password",
];

/// The path of a phone number in a contract.
pub const PHONE_PATH: &str = "phone.number";
/// The path of the password in a contract; it can never be returned.
pub const PASSWORD_PATH: &str = "password";
/// What the path of a free attribute begins with.
pub const ATTRIBUTE_PREFIX: &str = "attributes.";

/// The terms of one version of a contract.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContractTerms {
    /// The rule of every path that the contract speaks of. A path that it does not speak of is forbidden, and not returned.
    pub fields: BTreeMap<String, FieldRule>,
    /// The type of every free attribute, by name.
    pub attributes: BTreeMap<String, AttributeType>,
}

impl ContractTerms {
    /// Every path optional and returned (the password not), no free attributes: the contract of a new tenant.
    pub fn permissive() -> Self {
        let fields = CONTRACT_PATHS
            .iter()
            .map(|path| {
                let rule = FieldRule { presence: Presence::Optional, returned: *path != PASSWORD_PATH, unique: false };
                ((*path).to_owned(), rule)
            })
            .collect();
        Self { fields, attributes: BTreeMap::new() }
    }

    /// What holds for a path.
    pub fn presence(&self, path: &str) -> Presence {
        self.fields.get(path).map_or(Presence::Forbidden, |rule| rule.presence)
    }

    /// Whether the application gets the field back.
    pub fn returns(&self, path: &str) -> bool {
        self.fields.get(path).is_some_and(|rule| rule.returned)
    }

    /// Whether the value of a path has to be unique.
    pub fn is_unique(&self, path: &str) -> bool {
        self.fields.get(path).is_some_and(|rule| rule.unique)
    }
}

/// A version of a contract as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The tenant it belongs to.
    pub tenant_id: TenantId,
    /// UUIDv7, the same for all versions.
    pub id: ContractId,
    /// Unique in the tenant.
    pub name: Label,
    /// Counts from 1.
    pub version: i32,
    /// See [`ContractTerms`].
    pub terms: ContractTerms,
    /// When the contract was made.
    pub create_time: DateTime<Utc>,
    /// When this version was made.
    pub update_time: DateTime<Utc>,
}

impl Contract {
    /// The contract that a tenant begins with.
    pub fn first(tenant_id: TenantId, id: ContractId, now: DateTime<Utc>) -> Self {
        Self {
            tenant_id,
            id,
            name: Label::default_name(),
            version: 1,
            terms: ContractTerms::permissive(),
            create_time: now,
            update_time: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn terms_of_another_version_are_read() {
        let attribute = json!({ "type": "STRING", "invented_later": 1 });
        let document = json!({
            "fields": { "email.address": { "presence": "REQUIRED", "invented_later": 1 } },
            "attributes": { "colour": attribute },
            "invented_later": 1,
        });
        let read: ContractTerms = serde_json::from_value(document).expect("terms");
        assert_eq!((read.presence("email.address"), read.returns("email.address")), (Presence::Required, false));
        assert_eq!(read.attributes.len(), 1);
        assert_eq!(serde_json::from_value::<ContractTerms>(json!({})).expect("terms"), ContractTerms::default());
    }
}
