//! Templates into words. A template is written by a tenant and may be hostile: it reaches nothing but the fields of its mail, has no way to
//! another template, and is bounded in steps, memory and output. What it puts into HTML is escaped, always.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter};

use super::shipped;
use crate::domain::message::{MailFields, MailKind};
use crate::provisioning::templates::{RenderFault, RenderedMail, TemplateRenderer, TemplateSource};

/// A shipped template takes less than 2000. The engine charges memory too, 64 bytes for one.
const FUEL: u64 = 100_000;
/// A part of a mail, in bytes; mail programs cut off longer ones.
const PART_BYTES_MAX: usize = 256 << 10;
/// A subject, in characters: RFC 5322 allows no line of more than 998 octets, and no mail program shows more than this.
const SUBJECT_LEN_MAX: usize = 250;

const SUBJECT: &str = "subject";
const HTML: &str = "html";
const TEXT: &str = "text";

/// Puts templates into words; see [`TemplateRenderer`].
#[derive(Debug)]
pub struct Renderer {
    environment: Environment<'static>,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    /// The one configuration that there is.
    pub fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|part| match part {
            HTML => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        // With it a name could carry tags into the HTML.
        environment.remove_filter("safe");
        environment.set_formatter(|out, state, value| {
            if value.is_none() {
                let message = "this mail has no such field; put it into `{% if .. %}`";
                return Err(Error::new(ErrorKind::UndefinedError, message));
            }
            if state.name() == HTML && !matches!(state.auto_escape(), AutoEscape::Html) {
                return Err(Error::new(ErrorKind::InvalidOperation, "escaping cannot be switched off"));
            }
            escape_formatter(out, state, value)
        });
        Self { environment }
    }

    fn part(&self, part: &'static str, source: &str, context: &Value) -> Result<String, RenderFault> {
        let fault = |error: Error| RenderFault { part, line: error.line(), description: describe(&error) };
        let template = self.environment.template_from_named_str(part, source).map_err(fault)?;
        let output = template.render(context.clone()).map_err(fault)?;
        if output.len() > PART_BYTES_MAX {
            let description = format!("it becomes longer than {PART_BYTES_MAX} bytes");
            return Err(RenderFault { part, line: None, description });
        }
        Ok(output)
    }
}

impl TemplateRenderer for Renderer {
    fn render(&self, source: &TemplateSource, fields: &MailFields) -> Result<RenderedMail, RenderFault> {
        let context = context(fields);
        let subject = single_line(&self.part(SUBJECT, &source.subject, &context)?);
        if subject.is_empty() {
            return Err(RenderFault { part: SUBJECT, line: None, description: "it becomes empty".to_owned() });
        }
        let html = self.part(HTML, &source.html, &context)?;
        let text = self.part(TEXT, &source.text, &context)?;
        Ok(RenderedMail { subject, html, text })
    }

    fn shipped(&self, kind: MailKind, language: &str) -> Option<TemplateSource> {
        shipped::shipped(kind, language)
    }
}

/// What the engine says, without the place, which has a field of its own.
fn describe(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()))
}

/// Every field is known to every template; one that a mail does not have is `none`, false in a condition and a fault where it is put in.
fn context(fields: &MailFields) -> Value {
    let MailFields { display_name, user_name, email, portal_name, portal_domain, link, token, expire_time } = fields;
    let text = |field: &Option<String>| field.as_deref().map(printable);
    let fields = [
        ("display_name", display_name.as_deref().map(|name| unlinked(&printable(name)))),
        ("user_name", text(user_name)),
        ("email", text(email)),
        ("portal_name", text(portal_name)),
        ("portal_domain", text(portal_domain)),
        ("link", text(link)),
        ("token", text(token)),
        ("expire_time", expire_time.map(time)),
    ];
    let values = fields.map(|(name, value)| (name, value.map_or_else(|| Value::from(()), Value::from)));
    Value::from(BTreeMap::from(values))
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Without controls, line breaks and characters that turn the text round: nothing that a field holds changes the form of a mail.
fn printable(text: &str) -> String {
    let is_reversing =
        |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().filter(|c| !is_reversing(*c)).map(|c| if is_break(c) { ' ' } else { c }).collect()
}

/// Somebody registers another's address with "Win now at evil.example" as a name: mail programs make links of what looks like one. A space
/// after the dot or colon takes that away and leaves a name readable.
fn unlinked(name: &str) -> String {
    let mut safe = String::with_capacity(name.len() + 8);
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        safe.push(c);
        let begins_more = chars.peek().is_some_and(|next| !next.is_whitespace());
        if matches!(c, '.' | ':' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}') && begins_more {
            safe.push(' ');
        }
    }
    safe
}

/// One line, whatever the template made: spaces for every run of white space and controls, and not too long.
fn single_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(SUBJECT_LEN_MAX).collect()
}

#[cfg(test)]
mod tests;
