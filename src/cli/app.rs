//! Applications: made by hand or by a preset, always with a first key.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::config::{Config, Flags};

use super::app_key::{self, KeyCommand};
use super::branding::{self, Branded};
use super::error::CliError;
use super::example::Example;
use super::fields::Fields;
use super::flags::{ClientArgs, PageArgs};
use super::lookup::Named;
use super::output::{self, column};
use super::presets::{Preset, PresetFile};
use super::session::Session;

#[derive(Debug, Args)]
pub(super) struct AppArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    command: AppCommand,
}

#[derive(Debug, Subcommand)]
enum AppCommand {
    /// Make an application and a first key, which is shown this once.
    Create(CreateArgs),
    /// List the applications of the tenant.
    List(PageArgs),
    /// Keys of applications.
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// The name: lower-case letters, digits and hyphens [default: the preset's].
    #[arg(required_unless_present = "preset")]
    name: Option<String>,
    /// Make what an old client of this system needs: realm, contract and application, under which the example of its document works.
    #[arg(long)]
    preset: Option<Preset>,
    /// The name to show.
    #[arg(long)]
    display_name: Option<String>,
    /// What it may do in the tenant, such as `accounts.create`; may be repeated.
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// The realm that is meant where a request names none, by name or id.
    #[arg(long, value_name = "REALM", conflicts_with = "preset")]
    default_realm: Option<String>,
    /// The contract that is meant where a request names none, by name or id.
    #[arg(long, value_name = "CONTRACT", conflicts_with = "preset")]
    default_contract: Option<String>,
    /// A realm that it may use besides its default and the preset's, by name or id; may be repeated. Where none is said it may use all.
    #[arg(long = "allow-realm", value_name = "REALM")]
    allowed_realms: Vec<String>,
    /// A contract that it may use besides its default, by name or id; may be repeated. Where none is said it may use all.
    #[arg(long = "allow-contract", value_name = "CONTRACT")]
    allowed_contracts: Vec<String>,
    /// The type of the external key that each of its accounts gets.
    #[arg(long, value_name = "TYPE")]
    external_key_type: Option<String>,
    /// A URL that a registration may name to go on at; may be repeated, and the first is the default.
    #[arg(long = "redirect-url", value_name = "URL")]
    redirect_urls: Vec<String>,
    /// A view that a registration may name to show errors; may be repeated.
    #[arg(long = "error-view", value_name = "NAME")]
    error_views: Vec<String>,
    /// Whether a person who opens a portal has to solve a captcha.
    #[arg(long, value_name = "true|false")]
    portal_captcha: Option<bool>,
    /// Whether portals are in use from the moment they are registered, and not only once their owners have followed a link.
    #[arg(long, value_name = "true|false")]
    portals_active_at_once: Option<bool>,
    /// Only check; nothing is written.
    #[arg(long)]
    dry_run: bool,
}

impl AppArgs {
    pub(super) fn note(&self, flags: &mut Flags) {
        self.client.note(flags);
        if let AppCommand::Key(key) = &self.command {
            key.note(flags);
        }
    }

    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        match self.command {
            AppCommand::Create(args) => {
                let session = Session::open(&config.client, &self.client).await?;
                create(&session, &args).await
            }
            AppCommand::List(page) => list(&Session::open(&config.client, &self.client).await?, &page).await,
            AppCommand::Key(command) => app_key::run(command, config, &self.client).await,
        }
    }
}

async fn list(session: &Session, page: &PageArgs) -> Result<(), CliError> {
    let mut request = Fields::default();
    page.put(&mut request);
    let answer = session.call("ApplicationService/ListApplications", request).await?;
    let columns = [
        column("ID", "/applicationId"),
        column("NAME", "/name"),
        column("STATE", "/state").of_enum("APPLICATION_STATE_"),
        column("DISPLAY NAME", "/displayName"),
        column("MADE", "/createTime"),
    ];
    output::page(&answer, "applications", &columns, session.json)
}

/// The realms, or the contracts, of a grant, by their ids.
#[derive(Debug, Default)]
struct Places {
    /// The one that is meant where a request names none.
    default: Option<String>,
    /// Those that may be used; none = all.
    allowed: Vec<String>,
}

impl Places {
    /// What the flags name.
    async fn named(
        session: &Session,
        kind: Named,
        default: Option<&str>,
        allowed: &[String],
    ) -> Result<Self, CliError> {
        let mut places = Self { default: kind.optional_id(session, default).await?, allowed: Vec::new() };
        for name in allowed {
            places.allowed.push(kind.id(session, name).await?);
        }
        Ok(places)
    }

    async fn realms(session: &Session, args: &CreateArgs) -> Result<Self, CliError> {
        Self::named(session, Named::Realm, args.default_realm.as_deref(), &args.allowed_realms).await
    }

    async fn contracts(session: &Session, args: &CreateArgs) -> Result<Self, CliError> {
        Self::named(session, Named::Contract, args.default_contract.as_deref(), &args.allowed_contracts).await
    }

    /// Says so in a grant. What is meant is allowed.
    fn put(mut self, grant: &mut Fields, kind: &str) {
        let unnamed = self.default.iter().filter(|id| !self.allowed.is_empty() && !self.allowed.contains(id));
        let unnamed: Vec<String> = unnamed.cloned().collect();
        self.allowed.extend(unnamed);
        grant.put(&format!("default_{kind}_id"), self.default);
        grant.put_all(&format!("allowed_{kind}_ids"), self.allowed);
    }
}

/// What a creation made, so that it can be taken back.
#[derive(Debug, Default)]
struct Made {
    realm_id: Option<String>,
    contract_id: Option<String>,
    application_id: Option<String>,
    branded: Branded,
}

async fn create(session: &Session, args: &CreateArgs) -> Result<(), CliError> {
    let file = args.preset.map(Preset::file);
    if args.dry_run {
        return check(session, args, file).await;
    }
    let mut made = Made::default();
    match create_all(session, args, file.as_ref(), &mut made).await {
        Ok((application, secret)) => show(session, &made, &application, &secret, file.as_ref()),
        Err(error) => {
            take_back(session, &made).await;
            Err(error)
        }
    }
}

/// Checks every part by itself; ids that are not there yet are left out.
async fn check(session: &Session, args: &CreateArgs, file: Option<PresetFile>) -> Result<(), CliError> {
    if let Some(file) = &file {
        branding::check(session, file).await?;
    }
    let (realm, contract) = file.as_ref().map_or((None, None), |file| (file.realm.clone(), file.contract.clone()));
    let application =
        application(args, file.as_ref(), Places::realms(session, args).await?, Places::contracts(session, args).await?);
    for (name, part) in [("Realm", realm), ("Contract", contract), ("Application", Some(application))] {
        if let Some(part) = part {
            create_part(session, name, named(part, args), true).await?;
        }
    }
    output::note("Every check was passed; nothing was written.");
    Ok(())
}

/// Brands and templates, realm, contract, application and key, in the order in which they need each other.
async fn create_all(
    session: &Session,
    args: &CreateArgs,
    file: Option<&PresetFile>,
    made: &mut Made,
) -> Result<(Value, Value), CliError> {
    let mut realms = Places::realms(session, args).await?;
    let mut contracts = Places::contracts(session, args).await?;
    if let Some(file) = file {
        branding::add(session, file, &mut made.branded).await?;
    }
    if let Some(realm) = file.and_then(|file| file.realm.clone()) {
        let realm = create_part(session, "Realm", named(realm, args), false).await?;
        made.realm_id = text(&realm, "realmId");
        // Whoever lives in another realm of the tenant is none of its business.
        realms.allowed.extend(made.realm_id.clone());
        realms.default.clone_from(&made.realm_id);
    }
    if let Some(contract) = file.and_then(|file| file.contract.clone()) {
        let contract = create_part(session, "Contract", named(contract, args), false).await?;
        made.contract_id = text(&contract, "contractId");
        contracts.default.clone_from(&made.contract_id);
    }
    let application = named(application(args, file, realms, contracts), args);
    let application = create_part(session, "Application", application, false).await?;
    made.application_id = text(&application, "applicationId");
    let key = json!({"application_id": made.application_id, "key": {"display_name": "first"}});
    let secret = session.call("ApplicationService/CreateApplicationKey", key).await?;
    Ok((application, secret))
}

/// Makes one resource: `Realm` by `RealmService/CreateRealm`, and so on.
async fn create_part(session: &Session, name: &str, part: Value, validate_only: bool) -> Result<Value, CliError> {
    let member = name.to_lowercase();
    let mut request = Fields::default();
    request.set(&member, part);
    request.put_true("validate_only", validate_only);
    let mut answer = session.call(&format!("{name}Service/Create{name}"), request).await?;
    Ok(answer.get_mut(&member).map_or(Value::Null, Value::take))
}

/// The part under the name that the command line says.
fn named(part: Value, args: &CreateArgs) -> Value {
    let mut fields = Fields::from(part);
    fields.put("name", args.name.clone());
    fields.into()
}

/// The application as the flags and the preset say.
fn application(args: &CreateArgs, file: Option<&PresetFile>, realms: Places, contracts: Places) -> Value {
    let mut fields = file.map(|file| Fields::from(file.application.clone())).unwrap_or_default();
    fields.put("display_name", args.display_name.clone());
    fields.put("external_key_type", args.external_key_type.clone());
    fields.put_all("redirect_urls", args.redirect_urls.clone());
    fields.put_all("error_views", args.error_views.clone());
    fields.put("portal_captcha_required", args.portal_captcha);
    fields.put("portal_defaults.active_at_once", args.portals_active_at_once);
    let mut grant = Fields::default();
    let of_preset = file.map_or(&[][..], |file| file.grant.permissions.as_slice());
    grant.put_all("permissions", of_preset.iter().chain(&args.permissions).cloned());
    realms.put(&mut grant, "realm");
    contracts.put(&mut grant, "contract");
    fields.set("grants", vec![Value::from(grant)]);
    fields.into()
}

/// Deletes what a failed creation made, so that it can simply be tried again.
async fn take_back(session: &Session, made: &Made) {
    let parts = [
        ("ApplicationService/DeleteApplication", "application_id", &made.application_id),
        ("ContractService/DeleteContract", "contract_id", &made.contract_id),
        ("RealmService/DeleteRealm", "realm_id", &made.realm_id),
    ];
    for (method, field, id) in parts {
        let Some(id) = id else { continue };
        let mut request = Fields::default();
        request.set(field, id.clone());
        if let Err(error) = session.call(method, request).await {
            output::note(&format!("What was made before the failure is left: {field} {id} ({error})"));
        }
    }
    branding::take_back(session, &made.branded).await;
}

fn show(
    session: &Session,
    made: &Made,
    application: &Value,
    secret: &Value,
    file: Option<&PresetFile>,
) -> Result<(), CliError> {
    let key = text(secret, "secret").unwrap_or_default();
    let result = json!({
        "application": application, "realmId": made.realm_id, "contractId": made.contract_id,
        "key": secret.get("key"), "secret": key,
    });
    if session.json {
        return output::json(&result);
    }
    let line = |name: &str, id: &Option<String>| id.as_ref().map_or(String::new(), |id| format!("{name:12} {id}\n"));
    let ids = line("application", &made.application_id)
        + &line("realm", &made.realm_id)
        + &line("contract", &made.contract_id);
    output::text(&format!("{ids}{:12} {key}", "key"))?;
    output::note("The key is shown this once.");
    if let Some(example) = file.map(|file| &file.example) {
        let authority = session.endpoint.authority().map_or("", |authority| authority.as_str());
        let plaintext = session.endpoint.scheme_str() != Some("https");
        let request = example.request.to_string();
        let (headers, method) = (&example.headers[..], example.method.as_str());
        let call = Example { authority, plaintext, key: &key, headers, method, request: &request };
        output::text(&format!("\n{call}"))?;
    }
    Ok(())
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::schema;

    #[derive(Parser)]
    struct Create {
        #[command(flatten)]
        args: CreateArgs,
    }

    /// An application as its message has it.
    fn shown(application: Value) -> Value {
        let message = schema::from_json(schema::message("Application").expect("a message"), application);
        schema::to_json(&message.expect("the message")).expect("JSON")
    }

    #[test]
    fn an_application_may_use_what_is_meant_and_what_is_allowed() {
        let args = Create::parse_from(["x", "shop"]).args;
        let places = |default: &str, allowed: &[&str]| Places {
            default: Some(default.to_owned()).filter(|id| !id.is_empty()),
            allowed: allowed.iter().map(|&id| id.to_owned()).collect(),
        };
        let grant = &shown(application(&args, None, places("1", &["2"]), places("2", &["2"])))["grants"][0];
        assert_eq!((&grant["defaultRealmId"], &grant["allowedRealmIds"]), (&json!("1"), &json!(["2", "1"])));
        assert_eq!((&grant["defaultContractId"], &grant["allowedContractIds"]), (&json!("2"), &json!(["2"])));
        let grant = &shown(application(&args, None, places("1", &[]), places("", &[])))["grants"][0];
        assert_eq!(
            (&grant["defaultRealmId"], &grant["allowedRealmIds"]),
            (&json!("1"), &Value::Null),
            "it may use all"
        );
    }

    #[test]
    fn what_a_flag_says_goes_before_the_preset() {
        let line = "x --preset servicestack --redirect-url https://a.example/ --redirect-url https://b.example/ --error-view Oops \
                    --portal-captcha true --external-key-type crm";
        let args = Create::parse_from(line.split_whitespace()).args;
        let file = args.preset.map(Preset::file);
        let shown = shown(application(&args, file.as_ref(), Places::default(), Places::default()));
        assert_eq!(shown["redirectUrls"], json!(["https://a.example/", "https://b.example/"]));
        assert_eq!((&shown["errorViews"], &shown["portalCaptchaRequired"]), (&json!(["Oops"]), &json!(true)));
        assert_eq!((&shown["externalKeyType"], &shown["name"]), (&json!("crm"), &json!("servicestack")));
    }
}
