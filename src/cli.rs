//! How an operator runs the service, and calls it. Two kinds of commands: those that open the house itself (`serve`, `migrate`,
//! `app key create --offline`), and those that are clients of a service somewhere else, by the same rpcs as everybody. Absent on purpose: any rule
//! of the service, and any way round its permissions, but for the one offline key of an operator who lost theirs.

mod account;
mod app;
mod app_key;
mod branding;
mod codec;
mod contract;
mod error;
mod example;
mod fields;
mod flags;
mod lookup;
mod output;
mod password;
mod presets;
mod realm;
mod refused;
mod schema;
mod serve;
mod session;
mod template;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::{Config, ConfigError, Effective, Flags, LogFormat};
use crate::telemetry::LogSettings;

pub use error::{CliError, told};

use flags::{ConfigArgs, StoreArgs};

/// Account provisioning over gRPC: one API to register and create accounts.
#[derive(Debug, Parser)]
#[command(name = "enroll", version, propagate_version = true, arg_required_else_help = true)]
pub struct CommandLine {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve. Without any setting: on 127.0.0.1:50051, with SQLite in the data directory.
    Serve(serve::ServeArgs),
    /// Bring the database up to date, and stop.
    Migrate(StoreArgs),
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Applications: the services that call, what they may do, and their keys.
    App(app::AppArgs),
    /// Realms: directories of people, and their rules.
    Realm(realm::RealmArgs),
    /// Contracts: which fields an application may and must deliver, and gets back.
    Contract(contract::ContractArgs),
    /// Accounts.
    Account(account::AccountArgs),
    /// Templates: what mails say in the tenant's own words.
    Template(template::TemplateArgs),
    /// Print a script that completes commands in a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print every setting that is in force, where it came from, and no secret.
    Show,
}

/// A command with its configuration.
#[derive(Debug)]
pub struct Invocation {
    command: Command,
    config: Config,
    effective: Effective,
}

impl CommandLine {
    /// Reads the configuration, as the flags of the command say.
    pub fn configure(self) -> Result<Invocation, ConfigError> {
        let mut flags = Flags::default();
        self.config.note(&mut flags);
        match &self.command {
            Command::Serve(args) => args.note(&mut flags),
            Command::Migrate(store) => store.note(&mut flags),
            Command::App(args) => args.note(&mut flags),
            Command::Realm(args) => args.client.note(&mut flags),
            Command::Contract(args) => args.client.note(&mut flags),
            Command::Account(args) => args.client.note(&mut flags),
            Command::Template(args) => args.client.note(&mut flags),
            Command::Config(_) | Command::Completions { .. } => {}
        }
        let (config, effective) = Config::load(&flags)?;
        Ok(Invocation { command: self.command, config, effective })
    }
}

impl Invocation {
    /// How this command logs: the server as it is set, everything else only what went wrong.
    pub fn log_settings(&self) -> LogSettings {
        let telemetry = &self.config.telemetry;
        let filter = match &self.command {
            Command::Serve(_) | Command::Migrate(_) => telemetry.filter.clone(),
            _ => "error".to_owned(),
        };
        let format = match telemetry.format {
            LogFormat::Text => crate::telemetry::LogFormat::Text,
            LogFormat::Json => crate::telemetry::LogFormat::Json,
        };
        LogSettings { format, filter, ansi: std::io::IsTerminal::is_terminal(&std::io::stderr()) }
    }

    /// Runs the command to its end.
    pub fn run(self) -> Result<(), CliError> {
        let runtime = tokio::runtime::Runtime::new().map_err(CliError::io("the runtime"))?;
        runtime.block_on(self.execute())
    }

    async fn execute(self) -> Result<(), CliError> {
        let config = &self.config;
        match self.command {
            Command::Serve(_) => serve::serve(config).await,
            Command::Migrate(_) => serve::migrate(config).await,
            Command::Config(ConfigCommand::Show) => output::text(&self.effective.to_string()),
            Command::App(args) => args.run(config).await,
            Command::Realm(args) => args.run(config).await,
            Command::Contract(args) => args.run(config).await,
            Command::Account(args) => args.run(config).await,
            Command::Template(args) => args.run(config).await,
            Command::Completions { shell } => completions(shell),
        }
    }
}

/// Prints the script of a shell.
fn completions(shell: Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "enroll", &mut script);
    output::text(&String::from_utf8_lossy(&script))
}

#[cfg(test)]
mod tests;
