//! Reads settings one after another: types and bounds them, remembers what was in force and gathers the faults.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use secrecy::SecretString;
use toml::Value;

use super::error::{ConfigError, Fault};
use super::setting::Setting;
use super::show::{Effective, Entry};
use super::sources::{Origin, Raw, Sources, read_text, variables};

/// What a secret looks like when it is shown.
const MASK: &str = "********";

/// Reads one setting a call; each setting is named in exactly one call.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    sources: &'a Sources,
    known: BTreeSet<String>,
    entries: Vec<Entry>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources, known: BTreeSet::new(), entries: Vec::new(), faults: Vec::new() }
    }

    /// A setting with a default.
    pub(super) fn value<T: Setting>(&mut self, key: &str, default: T) -> T {
        let (value, origin) = match self.read(key, T::read) {
            Some((value, origin)) => (value, origin),
            None => (default, Origin::Default),
        };
        self.note(key, Some(value.print()), origin);
        value
    }

    /// A setting with a default and bounds.
    pub(super) fn within<T>(&mut self, key: &str, default: T, bounds: RangeInclusive<T>) -> T
    where
        T: Setting + PartialOrd,
    {
        let value = self.value(key, default);
        let text = |value: &T| value.print().to_string().trim_matches('"').to_owned();
        let range = format!("{} to {}", text(bounds.start()), text(bounds.end()));
        if !bounds.contains(&value) {
            self.fault(key, format!("expected {range}"));
        }
        if let Some(entry) = self.entries.last_mut() {
            entry.bounds = Some(range);
        }
        value
    }

    /// A setting that may be absent.
    pub(super) fn optional<T: Setting>(&mut self, key: &str) -> Option<T> {
        let read = self.read(key, T::read);
        let origin = read.as_ref().map_or(Origin::Default, |(_, origin)| origin.clone());
        let value = read.map(|(value, _)| value);
        self.note(key, value.as_ref().map(T::print), origin);
        value
    }

    /// A secret, given by itself or as the path of a file that holds it (`<key>_file`, `.._FILE`), and read by `parse`. Its text appears
    /// neither in faults nor in what is shown.
    pub(super) fn secret<T>(&mut self, key: &str, parse: impl FnOnce(&SecretString) -> Result<T, String>) -> Option<T> {
        let file_key = format!("{key}_file");
        let path = self.read(&file_key, PathBuf::read);
        let own = self.sources.find(key);
        self.known.insert(key.to_owned());
        let (text, origin) = match (own, path) {
            (None, None) => {
                self.note(key, None, Origin::Default);
                return None;
            }
            (Some((_, own)), Some((_, file))) if rank(&own) == rank(&file) => {
                self.note(key, None, own);
                self.fault(key, format!("given twice: by itself and as {file_key}"));
                return None;
            }
            (own, Some((path, origin))) if own.as_ref().is_none_or(|(_, own)| rank(own) < rank(&origin)) => {
                match read_text(&path) {
                    Ok(text) => (secret_text(text.trim_end_matches(['\r', '\n'])), origin),
                    Err(error) => {
                        self.faults
                            .extend(error.faults.into_iter().map(|fault| Fault { key: file_key.clone(), ..fault }));
                        return None;
                    }
                }
            }
            (own, _) => {
                let (raw, origin) = own?;
                match one_text(&raw) {
                    Some(text) => (secret_text(&text), origin),
                    None => {
                        self.note(key, None, origin);
                        self.fault(key, "expected text".into());
                        return None;
                    }
                }
            }
        };
        self.note(key, Some(Value::String(MASK.into())), origin);
        parse(&text).map_err(|message| self.fault(key, message)).ok()
    }

    /// A variable that is not a setting of ours, such as `HOME`.
    pub(super) fn foreign_variable(&self, name: &str) -> Option<&str> {
        self.sources.variable(name)
    }

    /// Notes a fault of a setting that was read before.
    pub(super) fn fault(&mut self, key: &str, message: String) {
        let origin = self.entries.iter().find(|entry| entry.key == key).map_or(Origin::Default, |e| e.origin.clone());
        self.faults.push(Fault { key: key.to_owned(), origin, message });
    }

    /// What is in force, or every fault.
    pub(super) fn finish(mut self) -> Result<Effective, ConfigError> {
        self.faults.extend(self.sources.unknown(|key| self.known.contains(key)));
        match self.faults.is_empty() {
            true => Ok(Effective::new(self.entries)),
            false => Err(ConfigError { faults: self.faults }),
        }
    }

    fn read<T, E: Display>(&mut self, key: &str, read: impl FnOnce(&Raw) -> Result<T, E>) -> Option<(T, Origin)> {
        self.known.insert(key.to_owned());
        let (raw, origin) = self.sources.find(key)?;
        match read(&raw) {
            Ok(value) => Some((value, origin)),
            Err(message) => {
                self.faults.push(Fault { key: key.to_owned(), origin, message: message.to_string() });
                None
            }
        }
    }

    fn note(&mut self, key: &str, value: Option<Value>, origin: Origin) {
        self.entries.push(Entry { key: key.to_owned(), value, origin, variables: variables(key), bounds: None });
    }
}

/// Which layer a value is from: a value and the path of a file from the same layer contradict each other.
fn rank(origin: &Origin) -> u8 {
    match origin {
        Origin::Default => 0,
        Origin::File(_) => 1,
        Origin::Environment(_) => 2,
        Origin::Flag(_) => 3,
    }
}

/// The text of a secret; a list (several master keys) is joined by commas.
fn one_text(raw: &Raw) -> Option<String> {
    match raw {
        Raw::Text(text) => Some(text.clone()),
        Raw::Toml(Value::Array(items)) => {
            items.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        Raw::Toml(_) => None,
    }
}

fn secret_text(text: &str) -> SecretString {
    SecretString::from(text.trim().to_owned())
}
