//! Portals: where they live, which names nobody gets, and how many there may be.

use toml::Value;

use crate::domain::email::EmailDomain;
use crate::domain::portal_name::{PORTAL_NAME_LEN_MAX, RESERVED_BY_DEFAULT, ReservedNames};

use super::reader::Reader;
use super::setting::{Setting, parse};
use super::sources::Raw;

/// What holds for portals, whoever registers them.
#[derive(Clone, Debug)]
pub struct Portals {
    /// A portal's domain is its name, a dot and this.
    pub base_domain: String,
    /// Names that nobody gets.
    pub reserved_names: ReservedNames,
    /// Portals of one owner.
    pub per_owner_max: u64,
    /// Portals of one application that has no quota of its own.
    pub per_application_max: u64,
    /// Portals of the installation; absent = no bound.
    pub installation_max: Option<u64>,
}

impl Portals {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let base_domain = reader.value("portals.base_domain", Domain("localhost".to_owned()));
        let default = RESERVED_BY_DEFAULT.iter().map(|name| Name((*name).to_owned())).collect();
        let reserved: Vec<Name> = reader.value("portals.reserved_names", default);
        Self {
            base_domain: base_domain.0,
            reserved_names: ReservedNames::new(reserved.iter().map(|name| name.0.as_str())),
            per_owner_max: reader.within("portals.per_owner_max", 5, 1..=1_000_000),
            per_application_max: reader.within("portals.per_application_max", 10_000, 1..=1_000_000_000),
            installation_max: reader.optional("portals.installation_max"),
        }
    }
}

/// A domain name in A-labels.
#[derive(Debug)]
struct Domain(String);

impl Setting for Domain {
    fn read(raw: &Raw) -> Result<Self, String> {
        let domain = |text: &str| {
            let is_local = text.eq_ignore_ascii_case("localhost");
            let parsed = || Some(EmailDomain::parse(text).ok()?.as_str().to_owned());
            if is_local { Some("localhost".to_owned()) } else { parsed() }.map(Self)
        };
        parse(raw, "a domain such as \"portals.example.com\"", domain)
    }

    fn print(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A name as it may stand in a list of reserved ones; shorter than a portal's may be, since the least length can change.
#[derive(Debug)]
struct Name(String);

impl Setting for Name {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "portal names", |text| {
            let is_name =
                text.len() <= PORTAL_NAME_LEN_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            is_name.then(|| Self(text.to_ascii_lowercase()))
        })
    }

    fn print(&self) -> Value {
        Value::String(self.0.clone())
    }
}
