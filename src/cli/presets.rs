//! The dialects of the systems that enroll stands in for: for each the realm, contract and application under which the example request of its
//! document works as it stands, and the codes that its old clients know. They are data: messages of enroll.v1 written as TOML.

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::Value;

/// A dialect that ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Preset {
    /// dialogportal, create user: CreateAccount.
    #[value(name = "dialogportal")]
    Dialogportal,
    /// ONLYOFFICE, register a new portal: RegisterPortal.
    #[value(name = "onlyoffice")]
    Onlyoffice,
    /// Fluid Topics, register in an internal realm: RegisterAccount.
    #[value(name = "fluid-topics")]
    FluidTopics,
    /// ServiceStack, Register: RegisterAccount.
    #[value(name = "servicestack")]
    Servicestack,
    /// Comexposium SSO, create with password: CreateAccount.
    #[value(name = "comexposium")]
    Comexposium,
}

/// What a preset makes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PresetFile {
    /// The realm, where the dialect needs one of its own: a `Realm`.
    pub(super) realm: Option<Value>,
    /// The contract, likewise: a `Contract`.
    pub(super) contract: Option<Value>,
    /// Brands that the tenant needs beside its own: each a `Brand`.
    #[serde(default)]
    pub(super) brands: Vec<Value>,
    /// What its mails say: each a `Template`.
    #[serde(default)]
    pub(super) templates: Vec<Value>,
    /// The application: an `Application`, without grants.
    pub(super) application: Value,
    /// What it may do in its home tenant.
    pub(super) grant: PresetGrant,
    /// The example of the document.
    pub(super) example: PresetExample,
}

/// What the application may do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PresetGrant {
    /// Names of permissions.
    pub(super) permissions: Vec<String>,
}

/// The example request of a document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PresetExample {
    /// The method, with its package.
    pub(super) method: String,
    /// Headers that the dialect needs.
    #[serde(default)]
    pub(super) headers: Vec<String>,
    /// The request.
    pub(super) request: Value,
}

impl Preset {
    fn text(self) -> &'static str {
        match self {
            Self::Dialogportal => include_str!("presets/dialogportal.toml"),
            Self::Onlyoffice => include_str!("presets/onlyoffice.toml"),
            Self::FluidTopics => include_str!("presets/fluid-topics.toml"),
            Self::Servicestack => include_str!("presets/servicestack.toml"),
            Self::Comexposium => include_str!("presets/comexposium.toml"),
        }
    }

    /// Reads the preset.
    pub(super) fn file(self) -> PresetFile {
        toml::from_str(self.text()).expect("invariant: a test reads every preset")
    }
}

#[cfg(test)]
mod tests;
