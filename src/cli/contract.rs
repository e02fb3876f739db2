//! Contracts.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::config::Config;

use super::error::CliError;
use super::fields::Fields;
use super::flags::{ClientArgs, PageArgs};
use super::lookup::Named;
use super::output::{self, column};
use super::session::Session;

#[derive(Debug, Args)]
pub(super) struct ContractArgs {
    #[command(flatten)]
    pub(super) client: ClientArgs,
    #[command(subcommand)]
    command: ContractCommand,
}

#[derive(Debug, Subcommand)]
enum ContractCommand {
    /// Make a contract.
    Create(CreateArgs),
    /// List the contracts of the tenant.
    List(PageArgs),
    /// Show a contract.
    Show {
        /// The contract, by name or id.
        contract: String,
        /// Which version [default: the latest].
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        version: u32,
    },
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// The name: lower-case letters, digits and hyphens.
    name: String,
    /// A field: its path, whether it is `forbidden`, `optional` or `required`, and then `returned` and `unique` where it is, as in
    /// `email.address=required,returned`; may be repeated.
    #[arg(long = "field", value_name = "PATH=RULE", value_parser = field)]
    fields: Vec<Value>,
    /// The type of a free attribute: `string`, `integer`, `number`, `boolean` or `date`; may be repeated.
    #[arg(long = "attribute", value_name = "NAME=TYPE", value_parser = attribute)]
    attributes: Vec<(String, Value)>,
    /// Read the contract from a file with the JSON of an enroll.v1.Contract; flags come on top.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Only check; nothing is written.
    #[arg(long)]
    dry_run: bool,
}

fn field(text: &str) -> Result<Value, String> {
    let expected = || "expected PATH=forbidden|optional|required[,returned][,unique]".to_owned();
    let (path, rule) = text.split_once('=').ok_or_else(expected)?;
    let mut words = rule.split(',');
    let presence = match words.next() {
        Some(presence @ ("forbidden" | "optional" | "required")) => format!("PRESENCE_{}", presence.to_uppercase()),
        _ => return Err(expected()),
    };
    let mut field = Fields::default();
    field.set("path", path);
    field.set("presence", presence);
    for word in words {
        match word {
            "returned" | "unique" => field.set(word, true),
            _ => return Err(expected()),
        }
    }
    Ok(field.into())
}

fn attribute(text: &str) -> Result<(String, Value), String> {
    let (name, kind) = super::flags::pair(text)?;
    match kind.as_str() {
        "string" | "integer" | "number" | "boolean" | "date" => Ok((name, json!({format!("{kind}_type"): {}}))),
        _ => Err("expected NAME=string|integer|number|boolean|date; other types come with --file".to_owned()),
    }
}

impl ContractArgs {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let session = Session::open(&config.client, &self.client).await?;
        match self.command {
            ContractCommand::Create(args) => {
                let file = args.file.as_ref().map(|path| read_json(path)).transpose()?;
                let answer = session.call("ContractService/CreateContract", create_request(&args, file)).await?;
                output::resource(&answer, "contract", session.json)
            }
            ContractCommand::List(page) => {
                let mut request = Fields::default();
                page.put(&mut request);
                let answer = session.call("ContractService/ListContracts", request).await?;
                let columns = [
                    column("ID", "/contractId"),
                    column("NAME", "/name"),
                    column("VERSION", "/version"),
                    column("MADE", "/createTime"),
                ];
                output::page(&answer, "contracts", &columns, session.json)
            }
            ContractCommand::Show { contract, version } => {
                let contract_id = Named::Contract.id(&session, &contract).await?;
                let request = json!({"contract_id": contract_id, "version": version});
                let answer = session.call("ContractService/GetContract", request).await?;
                show(&answer, session.json)
            }
        }
    }
}

/// A contract is best read as a table of its fields.
fn show(answer: &Value, as_json: bool) -> Result<(), CliError> {
    if as_json {
        return output::json(answer);
    }
    let mut contract = Fields::from(answer["contract"].clone());
    let rows = answer.pointer("/contract/fields").and_then(Value::as_array).cloned().unwrap_or_default();
    contract.remove("fields");
    let columns = [
        column("PATH", "/path"),
        column("PRESENCE", "/presence").of_enum("PRESENCE_"),
        column("RETURNED", "/returned"),
        column("UNIQUE", "/unique"),
    ];
    output::resource(&json!({"contract": Value::from(contract)}), "contract", false)?;
    output::text(&output::table(&rows, &columns))
}

fn create_request(args: &CreateArgs, file: Option<Value>) -> Fields {
    let mut contract = file.map(Fields::from).unwrap_or_default();
    contract.set("name", args.name.clone());
    contract.put_all("fields", args.fields.clone());
    for (name, kind) in &args.attributes {
        contract.set(&format!("attributes.{name}"), kind.clone());
    }
    let mut request = Fields::default();
    request.set("contract", contract);
    request.put_true("validate_only", args.dry_run);
    request
}

fn read_json(path: &std::path::Path) -> Result<Value, CliError> {
    let text = std::fs::read_to_string(path).map_err(CliError::io(path.display().to_string()))?;
    serde_json::from_str(&text).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::schema;

    use super::*;

    #[derive(Parser)]
    struct Create {
        #[command(flatten)]
        args: CreateArgs,
    }

    #[test]
    fn every_flag_is_a_field_of_the_request() {
        let flags =
            ["x", "n", "--field", "phone.number=optional,returned,unique", "--attribute", "age=integer", "--dry-run"];
        let request = create_request(&Create::parse_from(flags).args, Some(json!({"name": "other"})));
        let method = schema::method("ContractService/CreateContract").expect("a method");
        let shown =
            schema::to_json(&schema::from_json(method.input(), request.into()).expect("the message")).expect("JSON");
        let contract = json!({
            "name": "n", "attributes": {"age": {"integerType": {}}},
            "fields": [{"path": "phone.number", "presence": "PRESENCE_OPTIONAL", "returned": true, "unique": true}],
        });
        assert_eq!(shown, json!({"contract": contract, "validateOnly": true}));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in ["email.address", "email.address=", "email.address=maybe", "a=required,shown"] {
            assert!(field(text).is_err(), "{text}");
        }
        assert!(attribute("a=list").is_err() && attribute("=string").is_err());
    }
}
