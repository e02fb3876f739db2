//! What is in force, printed as TOML with secrets masked: each setting with where its value came from, its variables and its bounds.

use std::fmt;

use toml::Value;

use super::sources::Origin;

/// One setting as it is in force.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Absent where the setting is not given and has no default.
    pub(super) value: Option<Value>,
    pub(super) origin: Origin,
    /// The environment variables that set it, the one that wins first.
    pub(super) variables: Vec<String>,
    /// Within which bounds it may be.
    pub(super) bounds: Option<String>,
}

/// Every setting as it is in force.
#[derive(Clone, Debug)]
pub struct Effective {
    entries: Vec<Entry>,
}

impl Effective {
    /// Orders by section; settings without a section come first, as TOML wants it.
    pub(super) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| entry.section().to_owned());
        Self { entries }
    }
}

#[cfg(test)]
impl Effective {
    /// The table of the documentation.
    pub(super) fn reference(&self) -> String {
        let row = |entry: &Entry| {
            let value = entry.value.as_ref().map_or("none".to_owned(), |value| format!("`{value}`"));
            let (variables, bounds) = (entry.variables.join("` or `"), entry.bounds.as_deref().unwrap_or_default());
            format!("| `{}` | {value} | `{variables}` | {bounds} |\n", entry.key)
        };
        let head = "| setting | default | variable | bounds |\n|---|---|---|---|\n".to_owned();
        self.entries.iter().map(row).fold(head, |table, row| table + &row)
    }
}

impl Entry {
    fn section(&self) -> &str {
        self.key.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// Where the value came from, what else sets it, and within which bounds.
    fn comment(&self) -> String {
        let origin = Some(self.origin.to_string()).filter(|_| self.origin != Origin::Default);
        let variables = Some(self.variables.join(" or "));
        origin.into_iter().chain(variables).chain(self.bounds.clone()).collect::<Vec<_>>().join("; ")
    }

    fn name(&self) -> &str {
        self.key.rsplit_once('.').map_or(&self.key, |(_, name)| name)
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for entry in &self.entries {
            if entry.section() != section {
                section = entry.section();
                writeln!(f, "\n[{section}]")?;
            }
            match &entry.value {
                None => writeln!(f, "# {} is not set  # {}", entry.name(), entry.comment())?,
                Some(value) => writeln!(f, "{} = {value}  # {}", entry.name(), entry.comment())?,
            }
        }
        Ok(())
    }
}
