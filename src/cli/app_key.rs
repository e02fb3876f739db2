//! Keys of applications: over the service, and for an operator who lost theirs, straight in the database.

use std::time::Duration;

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Utc};
use clap::{Args, Subcommand};

use crate::config::{Config, Flags};
use crate::server::offline;

use super::error::CliError;
use super::fields::Fields;
use super::flags::{ClientArgs, PageArgs, StoreArgs};
use super::lookup::Named;
use super::output::{self, column};
use super::session::Session;

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a further key, which is shown this once.
    Create(CreateArgs),
    /// List the keys of an application, without their secrets.
    List {
        /// The application, by name or id.
        application: String,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Revoke a key: it is refused within 5 seconds.
    Revoke {
        /// The application, by name or id.
        application: String,
        /// The id of the key.
        key_id: String,
    },
    /// Print a new key that nobody has, for ENROLL_BOOTSTRAP_KEY.
    Generate,
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// The application, by name or id.
    #[arg(default_value = "operator")]
    application: String,
    /// What the key is for.
    #[arg(long)]
    display_name: Option<String>,
    /// After how long it expires, such as `90days` [default: never].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    expires_in: Option<Duration>,
    /// Write to the database itself, for when no key is left to call with. On SQLite the server has to be stopped.
    #[arg(long, conflicts_with_all = ["display_name", "expires_in"])]
    offline: bool,
    #[command(flatten)]
    store: StoreArgs,
}

impl KeyCommand {
    pub(super) fn note(&self, flags: &mut Flags) {
        if let Self::Create(args) = self {
            args.store.note(flags);
        }
    }
}

pub(super) async fn run(command: KeyCommand, config: &Config, client: &ClientArgs) -> Result<(), CliError> {
    match command {
        KeyCommand::Create(args) if args.offline => {
            let secret = offline::create_key(config, &args.application).await?;
            output::text(secret.expose())?;
            output::note("The key is shown this once.");
            Ok(())
        }
        KeyCommand::Create(args) => create(&Session::open(&config.client, client).await?, &args).await,
        KeyCommand::List { application, page } => {
            let session = Session::open(&config.client, client).await?;
            list(&session, &application, &page).await
        }
        KeyCommand::Revoke { application, key_id } => {
            let session = Session::open(&config.client, client).await?;
            revoke(&session, &application, key_id).await
        }
        KeyCommand::Generate => output::text(offline::generate_key().expose()),
    }
}

async fn create(session: &Session, args: &CreateArgs) -> Result<(), CliError> {
    let mut request = Fields::default();
    request.set("application_id", Named::Application.id(session, &args.application).await?);
    request.put("key.display_name", args.display_name.clone());
    request.put("key.expire_time", args.expires_in.map(|lifetime| expiry(Utc::now(), lifetime)).transpose()?);
    let answer = session.call("ApplicationService/CreateApplicationKey", request).await?;
    if session.json {
        return output::json(&answer);
    }
    output::text(answer["secret"].as_str().unwrap_or_default())?;
    output::note(&format!("The key {} is shown this once.", answer["key"]["keyId"].as_str().unwrap_or_default()));
    Ok(())
}

/// When a key expires that is made now. What cannot be written as a timestamp is refused: a key without an end is another wish.
fn expiry(now: DateTime<Utc>, lifetime: Duration) -> Result<String, CliError> {
    const YEAR_MAX: i32 = 9_999;
    let lifetime = TimeDelta::from_std(lifetime).ok();
    let time = lifetime.and_then(|lifetime| now.checked_add_signed(lifetime)).filter(|time| time.year() <= YEAR_MAX);
    let time = time.ok_or_else(|| {
        CliError::Usage(format!(
            "--expires-in is too long: leave it out for a key that never expires (the last year is {YEAR_MAX})"
        ))
    })?;
    Ok(time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

async fn list(session: &Session, application: &str, page: &PageArgs) -> Result<(), CliError> {
    let mut request = Fields::default();
    request.set("application_id", Named::Application.id(session, application).await?);
    page.put(&mut request);
    let answer = session.call("ApplicationService/ListApplicationKeys", request).await?;
    let columns = [
        column("ID", "/keyId"),
        column("PREFIX", "/prefix"),
        column("DISPLAY NAME", "/displayName"),
        column("MADE", "/createTime"),
        column("EXPIRES", "/expireTime"),
        column("REVOKED", "/revokeTime"),
        column("LAST USED", "/lastUsedTime"),
    ];
    output::page(&answer, "keys", &columns, session.json)
}

async fn revoke(session: &Session, application: &str, key_id: String) -> Result<(), CliError> {
    let mut request = Fields::default();
    request.set("application_id", Named::Application.id(session, application).await?);
    request.set("key_id", key_id);
    let answer = session.call("ApplicationService/RevokeApplicationKey", request).await?;
    output::resource(&answer, "key", session.json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_beyond_all_calendars_is_refused_and_never_taken_for_none() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(expiry(now, Duration::from_secs(86_400)).expect("a day"), "1970-01-02T00:00:00Z");
        assert_eq!(expiry(now, Duration::from_secs(253_402_300_799)).expect("the last"), "9999-12-31T23:59:59Z");
        for too_long in [253_402_300_800, 8_000_000_000_000, 9_300_000_000_000_000, u64::MAX] {
            let refused = expiry(now, Duration::from_secs(too_long)).expect_err("too long");
            assert!(matches!(refused, CliError::Usage(_)), "{refused}");
        }
    }
}
