//! Accounts.

use std::fmt;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::Config;

use super::error::CliError;
use super::fields::Fields;
use super::flags::{ClientArgs, PageArgs, pair};
use super::lookup::Named;
use super::output::{self, column};
use super::password::PasswordArgs;
use super::session::Session;

#[derive(Debug, Args)]
pub(super) struct AccountArgs {
    #[command(flatten)]
    pub(super) client: ClientArgs,
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one is made a run of the program, and clap derives no box")]
enum AccountCommand {
    /// Make an account.
    Create(CreateArgs),
    /// Show an account.
    Get(GetArgs),
    /// List accounts in the order in which they were made.
    List(ListArgs),
}

#[derive(Args)]
struct CreateArgs {
    /// The e-mail address.
    #[arg(long)]
    email: Option<String>,
    /// The name to log in with.
    #[arg(long)]
    user_name: Option<String>,
    /// The phone number.
    #[arg(long)]
    phone: Option<String>,
    /// The name to show.
    #[arg(long)]
    display_name: Option<String>,
    /// The given name.
    #[arg(long)]
    given_name: Option<String>,
    /// The family name.
    #[arg(long)]
    family_name: Option<String>,
    /// The language, such as `en-US`.
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// The time zone, such as `Europe/Paris`.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    #[command(flatten)]
    password: PasswordArgs,
    /// A password hash to import: a PHC string of Argon2, scrypt or PBKDF2, bcrypt, or what Django, ASP.NET Core Identity, LDAP (SSHA) or
    /// Firebase made of it.
    #[arg(long, value_name = "HASH", conflicts_with_all = ["password", "password_stdin", "password_file"])]
    password_hash: Option<String>,
    /// A free attribute, as JSON or as text; may be repeated.
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
    attributes: Vec<(String, String)>,
    /// Inert text to keep with the account; may be repeated.
    #[arg(long = "annotation", value_name = "NAME=VALUE", value_parser = pair)]
    annotations: Vec<(String, String)>,
    /// A key of another system; may be repeated.
    #[arg(long = "external-key", value_name = "TYPE=KEY", value_parser = pair)]
    external_keys: Vec<(String, String)>,
    /// An answer to a document; may be repeated.
    #[arg(long = "consent", value_name = "DOCUMENT=true|false", value_parser = consent)]
    consents: Vec<Value>,
    /// The realm, by name or id.
    #[arg(long)]
    realm: Option<String>,
    /// The contract, by name or id.
    #[arg(long)]
    contract: Option<String>,
    /// What to do when an identifier is taken.
    #[arg(long, value_enum)]
    on_duplicate: Option<OnDuplicate>,
    /// A UUID that makes the call safe to repeat.
    #[arg(long, value_name = "UUID")]
    request_id: Option<String>,
    /// Only check; nothing is written.
    #[arg(long)]
    dry_run: bool,
}

/// A person and a password: neither is written anywhere.
impl fmt::Debug for CreateArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreateArgs(***)")
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnDuplicate {
    Fail,
    ReturnExisting,
}

/// Exactly one way to point at an account.
#[derive(Debug, Args)]
struct GetArgs {
    #[command(flatten)]
    reference: ReferenceArgs,
    /// The realm to look in, by name or id.
    #[arg(long)]
    realm: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ReferenceArgs {
    /// The id of the account, a UUID. To look by anything else, say what it is: `--email` and the like.
    account_id: Option<Uuid>,
    /// The numeric master key.
    #[arg(long)]
    number: Option<i64>,
    /// The e-mail address.
    #[arg(long)]
    email: Option<String>,
    /// The user name.
    #[arg(long)]
    user_name: Option<String>,
    /// The phone number.
    #[arg(long)]
    phone: Option<String>,
    /// The key of another system.
    #[arg(long, value_name = "TYPE=KEY", value_parser = pair)]
    external_key: Option<(String, String)>,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only this realm, by name or id.
    #[arg(long)]
    realm: Option<String>,
    /// Only this state.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Deleted accounts too.
    #[arg(long)]
    show_deleted: bool,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    PendingVerification,
    Active,
    Locked,
    Disabled,
    Deleted,
}

fn consent(text: &str) -> Result<Value, String> {
    let (document, accepted) = pair(text)?;
    let accepted: bool = accepted.parse().map_err(|_| "expected DOCUMENT=true or DOCUMENT=false".to_owned())?;
    Ok(json!({"document": document, "accepted": accepted}))
}

impl AccountArgs {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let session = Session::open(&config.client, &self.client).await?;
        match self.command {
            AccountCommand::Create(args) => create(&session, &args).await,
            AccountCommand::Get(args) => {
                let mut request = args.reference.request();
                request.put("realm_id", Named::Realm.optional_id(&session, args.realm.as_deref()).await?);
                let answer = session.call("AccountService/GetAccount", request).await?;
                output::resource(&answer, "account", session.json)
            }
            AccountCommand::List(args) => list(&session, &args).await,
        }
    }
}

async fn create(session: &Session, args: &CreateArgs) -> Result<(), CliError> {
    let mut request = args.request(args.password.read()?);
    request.put("realm_id", Named::Realm.optional_id(session, args.realm.as_deref()).await?);
    request.put("contract_id", Named::Contract.optional_id(session, args.contract.as_deref()).await?);
    let answer = session.call("AccountService/CreateAccount", request).await?;
    output::resource(&answer, "account", session.json)?;
    if !session.json {
        output::note(answer["outcome"].as_str().map_or("", |outcome| outcome.trim_start_matches("OUTCOME_")));
    }
    Ok(())
}

async fn list(session: &Session, args: &ListArgs) -> Result<(), CliError> {
    let mut request = args.request();
    request.put("realm_id", Named::Realm.optional_id(session, args.realm.as_deref()).await?);
    let answer = session.call("AccountService/ListAccounts", request).await?;
    let columns = [
        column("ID", "/accountId"),
        column("NUMBER", "/accountNumber"),
        column("E-MAIL", "/email/address"),
        column("USER NAME", "/profile/userName"),
        column("DISPLAY NAME", "/profile/displayName"),
        column("STATE", "/state").of_enum("ACCOUNT_STATE_"),
        column("MADE", "/createTime"),
    ];
    output::page(&answer, "accounts", &columns, session.json)
}

impl CreateArgs {
    /// The request, but for what has to be looked up first.
    fn request(&self, password: Option<String>) -> Fields {
        let mut request = Fields::default();
        let mut account = Fields::default();
        account.put("email.address", self.email.clone());
        account.put("phone.number", self.phone.clone());
        account.put("profile.user_name", self.user_name.clone());
        account.put("profile.display_name", self.display_name.clone());
        account.put("profile.given_name", self.given_name.clone());
        account.put("profile.family_name", self.family_name.clone());
        account.put("profile.language_code", self.language.clone());
        account.put("profile.time_zone", self.time_zone.clone());
        account.put_all("consents", self.consents.clone());
        let attributes = self.attributes.iter().map(|(name, text)| {
            (name.clone(), serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())))
        });
        account.put_members("attributes", attributes);
        account.put_members("annotations", self.annotations.iter().cloned());
        request.set("account", account);
        request.put("credential.password.password", password);
        request.put("credential.password_hash.encoded", self.password_hash.clone());
        request
            .put_all("external_keys", self.external_keys.iter().map(|(kind, key)| json!({"type": kind, "key": key})));
        request.put(
            "on_duplicate",
            self.on_duplicate.map(|choice| match choice {
                OnDuplicate::Fail => "ON_DUPLICATE_FAIL",
                OnDuplicate::ReturnExisting => "ON_DUPLICATE_RETURN_EXISTING",
            }),
        );
        request.put("request_id", self.request_id.clone());
        request.put_true("validate_only", self.dry_run);
        request
    }
}

impl ReferenceArgs {
    fn request(&self) -> Fields {
        let mut request = Fields::default();
        request.put("account.account_id", self.account_id.map(|id| id.to_string()));
        request.put("account.account_number", self.number.map(|number| number.to_string()));
        request.put("account.email", self.email.clone());
        request.put("account.user_name", self.user_name.clone());
        request.put("account.phone", self.phone.clone());
        request.put(
            "account.external_key",
            self.external_key.as_ref().map(|(kind, key)| json!({"type": kind, "key": key})),
        );
        request
    }
}

impl ListArgs {
    fn request(&self) -> Fields {
        let mut request = Fields::default();
        request.put(
            "state",
            self.state.map(|state| match state {
                State::PendingVerification => "ACCOUNT_STATE_PENDING_VERIFICATION",
                State::Active => "ACCOUNT_STATE_ACTIVE",
                State::Locked => "ACCOUNT_STATE_LOCKED",
                State::Disabled => "ACCOUNT_STATE_DISABLED",
                State::Deleted => "ACCOUNT_STATE_DELETED",
            }),
        );
        request.put_true("show_deleted", self.show_deleted);
        self.page.put(&mut request);
        request
    }
}

#[cfg(test)]
mod tests;
