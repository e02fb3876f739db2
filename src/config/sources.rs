//! Where values come from: a TOML file, the environment, flags. Here they are only gathered and named; `reader` types them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Fault};

/// Where a value came from; later ones win.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody gave one.
    Default,
    /// The TOML file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "from {}", path.display()),
            Self::Environment(name) => write!(f, "from environment {name}"),
            Self::Flag(name) => write!(f, "from flag {name}"),
        }
    }
}

/// A value as it was given, before it has a type.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// Text: a TOML string, or whatever an environment variable or a flag says.
    Text(String),
    /// Another TOML value.
    Toml(toml::Value),
}

/// What the command line says of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config FILE`.
    pub file: Option<PathBuf>,
    /// The settings that flags name: key, flag, value.
    pub settings: Vec<(String, String, String)>,
}

impl Flags {
    /// Notes a setting, when its flag was given.
    pub fn set(&mut self, key: &str, flag: &str, value: Option<String>) {
        self.settings.extend(value.map(|value| (key.to_owned(), flag.to_owned(), value)));
    }
}

/// Names of environment variables that are not `ENROLL_` + the key in upper case.
const ALIASES: &[(&str, &[&str])] = &[
    ("store.database_url", &["ENROLL_DATABASE_URL", "DATABASE_URL"]),
    ("store.data_dir", &["ENROLL_DATA_DIR"]),
    ("client.endpoint", &["ENROLL_ENDPOINT"]),
    ("client.key", &["ENROLL_KEY"]),
];

/// The variables of a setting, the one that wins first.
pub(super) fn variables(key: &str) -> Vec<String> {
    let (plain, suffix) = key.strip_suffix("_file").map_or((key, ""), |plain| (plain, "_FILE"));
    let aliases = ALIASES.iter().find(|(of, _)| *of == plain).map_or(&[][..], |(_, names)| names);
    let own = format!("ENROLL_{}{suffix}", plain.replace('.', "_").to_uppercase());
    std::iter::once(own).chain(aliases.iter().map(|alias| format!("{alias}{suffix}"))).collect()
}

/// Everything that was given.
#[derive(Debug, Default)]
pub(super) struct Sources {
    path: PathBuf,
    file: BTreeMap<String, Raw>,
    environment: BTreeMap<String, String>,
    flags: BTreeMap<String, (String, String)>,
}

impl Sources {
    /// Gathers the file, the process's environment and the flags.
    pub(super) fn gather(flags: &Flags) -> Result<Self, ConfigError> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let file = match &flags.file {
            Some(path) => Some((path.as_path(), read_text(path)?)),
            None => None,
        };
        Self::of(file.as_ref().map(|(path, text)| (*path, text.as_str())), environment, flags)
    }

    /// The same from what is at hand.
    pub(super) fn of(
        file: Option<(&Path, &str)>,
        environment: BTreeMap<String, String>,
        flags: &Flags,
    ) -> Result<Self, ConfigError> {
        let mut sources = Self { environment, ..Self::default() };
        if let Some((path, text)) = file {
            let table = text
                .parse::<toml::Table>()
                .map_err(|error| ConfigError::of("", Origin::File(path.to_owned()), error.message().to_owned()))?;
            sources.path = path.to_owned();
            flatten("", table, &mut sources.file);
        }
        for (key, flag, value) in &flags.settings {
            sources.flags.insert(key.clone(), (flag.clone(), value.clone()));
        }
        Ok(sources)
    }

    /// What was given for a setting, by the source that wins. An empty variable counts as absent, as compose files and units write it.
    pub(super) fn find(&self, key: &str) -> Option<(Raw, Origin)> {
        if let Some((flag, value)) = self.flags.get(key) {
            return Some((Raw::Text(value.clone()), Origin::Flag(flag.clone())));
        }
        let variable = variables(key).into_iter().find(|name| self.variable(name).is_some());
        if let Some(name) = variable {
            let value = self.variable(&name).unwrap_or_default().to_owned();
            return Some((Raw::Text(value), Origin::Environment(name)));
        }
        self.file.get(key).map(|raw| (raw.clone(), Origin::File(self.path.clone())))
    }

    /// A variable that is there and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// One fault for every name that no setting has. Unknown variables are let be: orchestrators make `ENROLL_PORT` and the like by
    /// themselves for a service of this name.
    pub(super) fn unknown(&self, known: impl Fn(&str) -> bool) -> Vec<Fault> {
        let file = self.file.keys().map(|key| (key, Origin::File(self.path.clone())));
        let flags = self.flags.iter().map(|(key, (flag, _))| (key, Origin::Flag(flag.clone())));
        file.chain(flags)
            .filter(|(key, _)| !known(key))
            .map(|(key, origin)| Fault { key: key.clone(), origin, message: "there is no such setting".into() })
            .collect()
    }
}

/// Reads a file whole, or says which one could not be read.
pub(super) fn read_text(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|error| ConfigError::of("", Origin::File(path.to_owned()), format!("cannot be read: {error}")))
}

/// `[server] drain = ..` becomes `server.drain`.
fn flatten(prefix: &str, table: toml::Table, into: &mut BTreeMap<String, Raw>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(table) => flatten(&key, table, into),
            toml::Value::String(text) => drop(into.insert(key, Raw::Text(text))),
            other => drop(into.insert(key, Raw::Toml(other))),
        }
    }
}
