//! Flags that are settings: each names the key that it sets, and the configuration does the rest.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::Flags;

/// Flags of every command.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// A TOML file with settings; `enroll config show` prints them all.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set any setting, such as `server.drain=10s`.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
}

impl ConfigArgs {
    pub(super) fn note(&self, flags: &mut Flags) {
        flags.file.clone_from(&self.config);
        for (key, value) in &self.settings {
            flags.set(key, "--set", Some(value.clone()));
        }
    }
}

/// Where the data is.
#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    /// The directory of the SQLite database [default: $XDG_DATA_HOME/enroll].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// PostgreSQL instead of SQLite. Other users of this machine can see flags: with a password in it, prefer the variable DATABASE_URL.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl StoreArgs {
    pub(super) fn note(&self, flags: &mut Flags) {
        flags.set("store.data_dir", "--data-dir", self.data_dir.clone());
        flags.set("store.database_url", "--database-url", self.database_url.clone());
    }
}

/// Which service is called, as whom, and how the answer is printed.
#[derive(Debug, Args)]
pub(super) struct ClientArgs {
    /// Where the service is [default: $ENROLL_ENDPOINT, else http://127.0.0.1:50051].
    #[arg(long, global = true, value_name = "URL")]
    endpoint: Option<String>,
    /// A file with the application key to call with [default: $ENROLL_KEY].
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<String>,
    /// A PEM file with the authority that signed the server's certificate [default: the system's].
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<String>,
    /// The tenant to work in [default: the application's home tenant].
    #[arg(long, global = true, value_name = "ID")]
    pub(super) tenant: Option<String>,
    /// The label of the use case (`x-calling-app`), where the application needs one.
    #[arg(long, global = true, value_name = "LABEL")]
    pub(super) calling_app: Option<String>,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

impl ClientArgs {
    pub(super) fn note(&self, flags: &mut Flags) {
        flags.set("client.endpoint", "--endpoint", self.endpoint.clone());
        flags.set("client.key_file", "--key-file", self.key_file.clone());
        flags.set("client.ca", "--ca", self.ca.clone());
    }
}

/// Which page of a list.
#[derive(Debug, Args)]
pub(super) struct PageArgs {
    /// How many at most, up to 200.
    #[arg(long, default_value_t = 50, value_name = "COUNT")]
    page_size: u32,
    /// Where to go on: the token that the page before ended with.
    #[arg(long, value_name = "TOKEN")]
    page_token: Option<String>,
}

impl PageArgs {
    pub(super) fn put(&self, fields: &mut super::fields::Fields) {
        fields.set("page_size", self.page_size);
        fields.put("page_token", self.page_token.clone());
    }
}

/// Reads `NAME=VALUE`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// The name of a value on the wire: `as-typed` of `PHONE_FORMAT_` is `PHONE_FORMAT_AS_TYPED`.
pub(super) fn wire_name(prefix: &str, value: Option<impl ValueEnum>) -> Option<String> {
    let name = value?.to_possible_value()?.get_name().to_uppercase().replace('-', "_");
    Some(format!("{prefix}{name}"))
}
