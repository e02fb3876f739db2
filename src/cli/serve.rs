//! `serve` and `migrate`.

use clap::Args;

use crate::config::{Config, Flags};
use crate::server::{House, Server, from_config, house::Seams, offline};

use super::error::CliError;
use super::example::{Example, reachable};
use super::flags::StoreArgs;
use super::output;

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where gRPC is served [default: 127.0.0.1:50051].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where metrics and liveness are served [default: 127.0.0.1:9464].
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin_listen: Option<String>,
    /// Serve plain text beyond loopback: something else encrypts.
    #[arg(long)]
    plaintext: bool,
    /// Do not migrate: wait, NOT_SERVING, until `enroll migrate` was run. On SQLite it has to be run before.
    #[arg(long)]
    no_migrate: bool,
    #[command(flatten)]
    store: StoreArgs,
}

impl ServeArgs {
    pub(super) fn note(&self, flags: &mut Flags) {
        flags.set("server.listen", "--listen", self.listen.clone());
        flags.set("server.admin_listen", "--admin-listen", self.admin_listen.clone());
        flags.set("server.plaintext", "--plaintext", self.plaintext.then(|| "true".to_owned()));
        flags.set("server.migrate", "--no-migrate", self.no_migrate.then(|| "false".to_owned()));
        self.store.note(flags);
    }
}

/// Serves until a signal.
pub(super) async fn serve(config: &Config) -> Result<(), CliError> {
    let house = House::open(from_config::house(config)?, Seams::default()).await?;
    let mut server = Server::start(from_config::server(config), house).await?;
    if let Some(made) = server.take_bootstrapped() {
        // A key that the operator gave is known to them; printing it would only spread it.
        let minted = config.bootstrap_key.is_none().then(|| made.secret.expose());
        let authority = reachable(server.address()).to_string();
        output::note(&first_start(minted, &authority, config.tls.is_none()));
    }
    server.run_until_signal().await.map_err(CliError::io("the signals of the process"))
}

/// What the first start prints, once, to the standard error and never to the log.
fn first_start(minted: Option<&str>, authority: &str, plaintext: bool) -> String {
    let key = minted.unwrap_or("$ENROLL_KEY");
    let request = r#"{"account": {"profile": {"display_name": "Ada Lovelace"}, "email": {"address": "ada@example.com"}}, "credential": {"password": {"password": "nine difference engines"}}}"#;
    let method = "enroll.v1.AccountService/CreateAccount";
    let example = Example { authority, plaintext, key, headers: &[], method, request };
    let shown = minted.map_or(String::new(), |key| format!(" Its key is shown this once:\n\n  {key}\n\n"));
    let used = "The command line takes its key as ENROLL_KEY. A first account:";
    format!(
        "\nThis is the first start: there is now an application `operator` that may do everything.{shown}\n{used}\n\n  {example}\n"
    )
}

/// Migrates the database, and says what was done.
pub(super) async fn migrate(config: &Config) -> Result<(), CliError> {
    let applied = offline::migrate(config).await?;
    match applied.is_empty() {
        true => output::note("The database is up to date."),
        false => output::text(&applied.join("\n"))?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_key_is_shown_and_a_given_one_is_not() {
        let shown = first_start(Some("enroll_app_k"), "127.0.0.1:50051", true);
        assert_eq!(shown.matches("enroll_app_k").count(), 2, "{shown}");
        assert!(shown.contains("grpcurl -plaintext -H \"authorization: Bearer enroll_app_k\" -d '{"), "{shown}");
        assert!(shown.contains(" 127.0.0.1:50051 enroll.v1.AccountService/CreateAccount\n"), "{shown}");
        let given = first_start(None, "127.0.0.1:50051", false);
        assert!(given.contains("Bearer $ENROLL_KEY") && !given.contains("-plaintext"), "{given}");
    }
}
