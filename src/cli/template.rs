//! Templates. Bodies come from files: nobody writes HTML on a command line.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use crate::config::Config;

use super::error::CliError;
use super::fields::Fields;
use super::flags::{ClientArgs, PageArgs, wire_name};
use super::output::{self, column};
use super::session::Session;

#[derive(Debug, Args)]
pub(super) struct TemplateArgs {
    #[command(flatten)]
    pub(super) client: ClientArgs,
    #[command(subcommand)]
    command: TemplateCommand,
}

#[derive(Debug, Subcommand)]
enum TemplateCommand {
    /// Make a template.
    Create {
        #[command(flatten)]
        key: KeyArgs,
        #[command(flatten)]
        words: WordArgs,
        /// Only check; nothing is written.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show a template.
    Get(KeyArgs),
    /// List the templates of the tenant.
    List(PageArgs),
    /// Change a template: what no flag names stays.
    Update {
        #[command(flatten)]
        key: KeyArgs,
        #[command(flatten)]
        words: WordArgs,
        /// Only check; nothing is written.
        #[arg(long)]
        dry_run: bool,
    },
    /// Delete a template.
    Delete(KeyArgs),
    /// Show a mail with sample fields: in the words of the flags, else in those that a mail would get.
    Preview(PreviewArgs),
}

/// What a template is known by.
#[derive(Debug, Args)]
struct KeyArgs {
    /// The mails that it is for.
    #[arg(value_enum)]
    kind: Kind,
    /// Its language, such as `fr-FR`.
    #[arg(long, value_name = "LANGUAGE")]
    language: String,
    /// Its brand [default: the tenant's own].
    #[arg(long, value_name = "BRAND")]
    brand: Option<String>,
}

/// What a template says.
#[derive(Debug, Args)]
struct WordArgs {
    /// The subject.
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// A file with the HTML body.
    #[arg(long, value_name = "FILE")]
    html_file: Option<PathBuf>,
    /// A file with the body as plain text.
    #[arg(long, value_name = "FILE")]
    text_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct PreviewArgs {
    /// The mail.
    #[arg(value_enum)]
    kind: Kind,
    /// The language to say it in [default: the tenant's].
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// The brand that the person came from [default: the tenant's own].
    #[arg(long, value_name = "BRAND")]
    brand: Option<String>,
    /// Take only the template of exactly this brand and language.
    #[arg(long)]
    strict: bool,
    /// Print one part as it is, such as the HTML for a browser.
    #[arg(long, value_enum)]
    part: Option<Part>,
    #[command(flatten)]
    words: WordArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    AccountCreated,
    Activation,
    PortalActivation,
    AlreadyRegistered,
    PasswordReset,
    SetPassword,
    EmailChange,
    PasswordChanged,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    Subject,
    Html,
    Text,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Html => "html",
            Self::Text => "text",
        }
    }
}

impl KeyArgs {
    fn fields(&self) -> Fields {
        let mut key = Fields::default();
        key.put("kind", wire_name("MAIL_KIND_", Some(self.kind)));
        key.put("brand", self.brand.clone());
        key.set("language_code", self.language.clone());
        key
    }
}

impl WordArgs {
    fn put(&self, template: &mut Fields) -> Result<(), CliError> {
        template.put("subject", self.subject.clone());
        template.put("html", self.html_file.as_deref().map(read).transpose()?);
        template.put("text", self.text_file.as_deref().map(read).transpose()?);
        Ok(())
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(CliError::io(path.display().to_string()))
}

impl TemplateArgs {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let session = Session::open(&config.client, &self.client).await?;
        match self.command {
            TemplateCommand::Create { key, words, dry_run } => {
                let request = create_request(&key, &words, dry_run)?;
                let answer = session.call("TemplateService/CreateTemplate", request).await?;
                output::resource(&answer, "template", session.json)
            }
            TemplateCommand::Get(key) => {
                let answer = session.call("TemplateService/GetTemplate", key.fields()).await?;
                output::resource(&answer, "template", session.json)
            }
            TemplateCommand::List(page) => list(&session, &page).await,
            TemplateCommand::Update { key, words, dry_run } => {
                let request = update_request(&key, &words, dry_run)?;
                let answer = session.call("TemplateService/UpdateTemplate", request).await?;
                output::resource(&answer, "template", session.json)
            }
            TemplateCommand::Delete(key) => {
                session.call("TemplateService/DeleteTemplate", key.fields()).await?;
                output::note("The template is deleted.");
                Ok(())
            }
            TemplateCommand::Preview(args) => {
                let answer = session.call("TemplateService/PreviewTemplate", preview_request(&args)?).await?;
                show(&answer, args.part, session.json)
            }
        }
    }
}

async fn list(session: &Session, page: &PageArgs) -> Result<(), CliError> {
    let mut request = Fields::default();
    page.put(&mut request);
    let answer = session.call("TemplateService/ListTemplates", request).await?;
    let columns = [
        column("KIND", "/kind").of_enum("MAIL_KIND_"),
        column("BRAND", "/brand"),
        column("LANGUAGE", "/languageCode"),
        column("SUBJECT", "/subject"),
        column("CHANGED", "/updateTime"),
    ];
    output::page(&answer, "templates", &columns, session.json)
}

fn create_request(key: &KeyArgs, words: &WordArgs, dry_run: bool) -> Result<Fields, CliError> {
    let mut template = key.fields();
    words.put(&mut template)?;
    let mut request = Fields::default();
    request.set("template", template);
    request.put_true("validate_only", dry_run);
    Ok(request)
}

/// The mask names the words that the flags name.
fn update_request(key: &KeyArgs, words: &WordArgs, dry_run: bool) -> Result<Fields, CliError> {
    let mut changed = Fields::default();
    words.put(&mut changed)?;
    let mask = changed.mask();
    if mask.is_empty() {
        return Err(CliError::Usage("nothing to change: name what, such as --subject TEXT".to_owned()));
    }
    let mut request = create_request(key, words, dry_run)?;
    request.set("update_mask", mask);
    Ok(request)
}

/// The words of the flags where there are any: they have to be whole.
fn preview_request(args: &PreviewArgs) -> Result<Fields, CliError> {
    let mut request = Fields::default();
    request.put("kind", wire_name("MAIL_KIND_", Some(args.kind)));
    request.put("brand", args.brand.clone());
    request.put("language_code", args.language.clone());
    request.put_true("strict", args.strict);
    let mut template = Fields::default();
    args.words.put(&mut template)?;
    if !template.mask().is_empty() {
        request.set("template", template);
    }
    Ok(request)
}

/// A part as it is, or the mail as a reader of plain text sees it.
fn show(answer: &Value, part: Option<Part>, as_json: bool) -> Result<(), CliError> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    match part {
        _ if as_json => output::json(answer),
        Some(part) => output::text(text(part.name())),
        None => output::text(&format!("{}\n\n{}", text("subject"), text("text"))),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use crate::cli::schema;

    use super::*;

    #[derive(Parser)]
    struct Key {
        #[command(flatten)]
        key: KeyArgs,
        #[command(flatten)]
        words: WordArgs,
    }

    #[derive(Parser)]
    struct PreviewLine {
        #[command(flatten)]
        args: PreviewArgs,
    }

    fn shown(method: &str, request: Fields) -> Value {
        let method = schema::method(method).expect("a method");
        let message = schema::from_json(method.input(), request.into()).expect("the message");
        schema::to_json(&message).expect("JSON")
    }

    #[test]
    fn every_kind_is_one_of_the_wire() {
        for kind in Kind::value_variants() {
            let key = KeyArgs { kind: *kind, language: "fr".to_owned(), brand: None };
            let request = shown("TemplateService/GetTemplate", key.fields());
            assert_ne!(request["kind"], Value::Null, "{kind:?}");
        }
    }

    #[test]
    fn every_flag_is_a_field_of_the_request() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("mail.html");
        std::fs::write(&file, "<p>{{ email }}</p>").expect("a file");
        let path = file.to_str().expect("a path");
        let flags = ["x", "account-created", "--language", "fr-FR", "--brand", "fair", "--subject", "s"];
        let line = Key::parse_from(flags.into_iter().chain(["--html-file", path]));
        let template = json!({
            "kind": "MAIL_KIND_ACCOUNT_CREATED", "brand": "fair", "languageCode": "fr-FR", "subject": "s",
            "html": "<p>{{ email }}</p>",
        });
        let request = create_request(&line.key, &line.words, true).expect("a request");
        let expected = json!({"template": template, "validateOnly": true});
        assert_eq!(shown("TemplateService/CreateTemplate", request), expected);
        let request = update_request(&line.key, &line.words, false).expect("a request");
        let expected = json!({"template": template, "updateMask": "html,subject"});
        assert_eq!(shown("TemplateService/UpdateTemplate", request), expected);
        let flags = ["x", "activation", "--strict", "--subject", "s"];
        let request = preview_request(&PreviewLine::parse_from(flags).args).expect("a request");
        let expected = json!({"kind": "MAIL_KIND_ACTIVATION", "strict": true, "template": {"subject": "s"}});
        assert_eq!(shown("TemplateService/PreviewTemplate", request), expected);
    }

    #[test]
    fn an_update_of_nothing_is_refused() {
        let line = Key::parse_from(["x", "activation", "--language", "fr"]);
        assert!(update_request(&line.key, &line.words, false).is_err());
    }
}
