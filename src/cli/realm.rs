//! Realms.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::config::Config;

use super::error::CliError;
use super::fields::Fields;
use super::flags::{ClientArgs, PageArgs, wire_name};
use super::lookup::Named;
use super::output::{self, column};
use super::session::Session;

#[derive(Debug, Args)]
pub(super) struct RealmArgs {
    #[command(flatten)]
    pub(super) client: ClientArgs,
    #[command(subcommand)]
    command: RealmCommand,
}

#[derive(Debug, Subcommand)]
enum RealmCommand {
    /// Make a realm.
    Create {
        /// The name: lower-case letters, digits and hyphens.
        name: String,
        #[command(flatten)]
        rules: RuleArgs,
    },
    /// List the realms of the tenant.
    List(PageArgs),
    /// Change a realm: what no flag names stays.
    Update {
        /// The realm, by name or id.
        realm: String,
        #[command(flatten)]
        rules: RuleArgs,
    },
}

/// The rules of a realm.
#[derive(Debug, Args)]
struct RuleArgs {
    /// The name to show.
    #[arg(long)]
    display_name: Option<String>,
    /// Whether the realm takes accounts.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Who may register.
    #[arg(long, value_enum)]
    registration_mode: Option<Registration>,
    /// What a password must be like.
    #[arg(long, value_enum)]
    password_policy: Option<PasswordPolicy>,
    /// Whether a password given in plain text has to be changed after the first login.
    #[arg(long, value_name = "true|false")]
    password_change: Option<bool>,
    /// How phone numbers are kept.
    #[arg(long, value_enum)]
    phone_format: Option<PhoneFormat>,
    /// What a registration with an address that is taken is told.
    #[arg(long, value_enum)]
    duplicate_policy: Option<Duplicates>,
    /// Whether an account is in use only after its e-mail address was verified.
    #[arg(long, value_name = "true|false")]
    verify_email: Option<bool>,
    /// Whether phone numbers are verified, and so unique.
    #[arg(long, value_name = "true|false")]
    verify_phone: Option<bool>,
    /// What a user name must match as a whole, a regular expression.
    #[arg(long, value_name = "PATTERN")]
    user_names: Option<String>,
    /// The region of a phone number without a country code, such as `DK`.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Whether a person who registers has to solve a captcha.
    #[arg(long, value_name = "true|false")]
    captcha: Option<bool>,
    /// A domain that e-mail addresses may have; may be repeated.
    #[arg(long = "email-domain", value_name = "DOMAIN")]
    email_domains: Vec<String>,
    /// A document to answer or accept; may be repeated.
    #[arg(long = "consent", value_name = "DOCUMENT:VERSION:answer|acceptance", value_parser = consent)]
    consents: Vec<Value>,
    /// A role that people can have; may be repeated.
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
    /// Only check; nothing is written.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    Enabled,
    Disabled,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Registration {
    Public,
    Verified,
    Closed,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Duplicates {
    Reject,
    Conceal,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PasswordPolicy {
    Low,
    Standard,
    High,
    Nist,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PhoneFormat {
    E164,
    AsTyped,
}

fn consent(text: &str) -> Result<Value, String> {
    let expected = || "expected DOCUMENT:VERSION:answer or DOCUMENT:VERSION:acceptance".to_owned();
    let mut parts = text.rsplitn(3, ':');
    let (demand, version, document) = (parts.next(), parts.next(), parts.next());
    let demand = match demand {
        Some("answer") => "CONSENT_DEMAND_ANSWER",
        Some("acceptance") => "CONSENT_DEMAND_ACCEPTANCE",
        _ => return Err(expected()),
    };
    let (version, document) =
        version.zip(document).filter(|(_, document)| !document.is_empty()).ok_or_else(expected)?;
    Ok(json!({"document": document, "version": version, "demand": demand}))
}

impl RuleArgs {
    /// What the flags say of a realm.
    fn fields(&self) -> Fields {
        let mut realm = Fields::default();
        realm.put("display_name", self.display_name.clone());
        realm.put("state", wire_name("REALM_STATE_", self.state));
        realm.put("registration_mode", wire_name("REGISTRATION_MODE_", self.registration_mode));
        realm.put("password_policy.preset", wire_name("PASSWORD_PRESET_", self.password_policy));
        realm.put("password_change_on_first_login", self.password_change);
        realm.put("phone_format", wire_name("PHONE_FORMAT_", self.phone_format));
        realm.put("verify_email", self.verify_email);
        realm.put("verify_phone", self.verify_phone);
        realm.put("duplicate_policy", wire_name("DUPLICATE_POLICY_", self.duplicate_policy));
        realm.put("captcha_required", self.captcha);
        realm.put("default_region", self.region.clone());
        realm.put("user_name_pattern", self.user_names.clone());
        realm.put_all("allowed_email_domains", self.email_domains.clone());
        realm.put_all("consents", self.consents.clone());
        realm.put_all("roles", self.roles.iter().map(|name| json!({"name": name})));
        realm
    }
}

impl RealmArgs {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let session = Session::open(&config.client, &self.client).await?;
        match self.command {
            RealmCommand::Create { name, rules } => {
                let answer = session.call("RealmService/CreateRealm", create_request(name, &rules)).await?;
                output::resource(&answer, "realm", session.json)
            }
            RealmCommand::List(page) => {
                let mut request = Fields::default();
                page.put(&mut request);
                let answer = session.call("RealmService/ListRealms", request).await?;
                let columns = [
                    column("ID", "/realmId"),
                    column("NAME", "/name"),
                    column("STATE", "/state").of_enum("REALM_STATE_"),
                    column("REGISTRATION", "/registrationMode").of_enum("REGISTRATION_MODE_"),
                    column("PASSWORDS", "/passwordPolicy/preset").of_enum("PASSWORD_PRESET_"),
                    column("MADE", "/createTime"),
                ];
                output::page(&answer, "realms", &columns, session.json)
            }
            RealmCommand::Update { realm, rules } => {
                let id = Named::Realm.id(&session, &realm).await?;
                let answer = session.call("RealmService/UpdateRealm", update_request(id, &rules)?).await?;
                output::resource(&answer, "realm", session.json)
            }
        }
    }
}

fn create_request(name: String, rules: &RuleArgs) -> Fields {
    let mut realm = rules.fields();
    realm.set("name", name);
    let mut request = Fields::default();
    request.set("realm", realm);
    request.put_true("validate_only", rules.dry_run);
    request
}

/// The mask names what the flags name, so that `--password-change false` is a change too.
fn update_request(realm_id: String, rules: &RuleArgs) -> Result<Fields, CliError> {
    let mut realm = rules.fields();
    let mask = realm.mask();
    if mask.is_empty() {
        return Err(CliError::Usage("nothing to change: name what, such as --registration-mode closed".to_owned()));
    }
    realm.set("realm_id", realm_id);
    let mut request = Fields::default();
    request.set("realm", realm);
    request.set("update_mask", mask);
    request.put_true("validate_only", rules.dry_run);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::schema;

    use super::*;

    #[derive(Parser)]
    struct Rules {
        #[command(flatten)]
        rules: RuleArgs,
    }

    const ALL: &[&str] = &[
        "x",
        "--display-name",
        "D",
        "--state",
        "disabled",
        "--registration-mode",
        "closed",
        "--password-policy",
        "nist",
        "--password-change",
        "false",
        "--phone-format",
        "as-typed",
        "--verify-phone",
        "true",
        "--user-names",
        "[a-z]+",
        "--region",
        "DK",
        "--captcha",
        "true",
        "--email-domain",
        "a.example",
        "--consent",
        "terms:v:2:acceptance",
        "--role",
        "ADMIN",
        "--dry-run",
    ];

    #[test]
    fn every_flag_is_a_field_of_the_request() {
        let rules = Rules::parse_from(ALL).rules;
        for (method, request) in [
            ("RealmService/CreateRealm", create_request("r".into(), &rules)),
            ("RealmService/UpdateRealm", update_request("id".into(), &rules).expect("a change")),
        ] {
            let message = schema::from_json(schema::method(method).expect("a method").input(), request.into());
            let shown = schema::to_json(&message.expect("the message")).expect("JSON");
            assert_eq!(shown["validateOnly"], true);
            assert_eq!(shown["realm"]["consents"][0]["document"], "terms:v", "{shown}");
            assert_eq!(shown["realm"]["phoneFormat"], "PHONE_FORMAT_AS_TYPED");
            assert_eq!(shown["realm"]["captchaRequired"], true);
            assert_eq!(shown["realm"]["userNamePattern"], "[a-z]+");
        }
    }

    #[test]
    fn an_update_masks_what_was_named_and_refuses_nothing_at_all() {
        let rules = Rules::parse_from(["x", "--password-change", "false"]).rules;
        let request = Value::from(update_request("id".into(), &rules).expect("a change"));
        assert_eq!(request["update_mask"], "passwordChangeOnFirstLogin");
        assert!(update_request("id".into(), &Rules::parse_from(["x"]).rules).is_err());
        assert!(consent("terms:1:maybe").is_err() && consent("1:answer").is_err() && consent(":1:answer").is_err());
    }
}
