//! What a command prints: tables and records for people, JSON for programs. Values come from strangers, so control characters are never
//! printed as they are.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use super::error::CliError;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    head: &'static str,
    /// The JSON pointer of its value in a row.
    pointer: &'static str,
    /// What the names of an enum's values begin with; not shown.
    prefix: &'static str,
}

/// A column under a head.
pub(super) const fn column(head: &'static str, pointer: &'static str) -> Column {
    Column { head, pointer, prefix: "" }
}

impl Column {
    /// The same for an enum.
    pub(super) const fn of_enum(self, prefix: &'static str) -> Self {
        Self { prefix, ..self }
    }

    fn value(&self, row: &Value) -> String {
        let shown = row.pointer(self.pointer).map(cell).unwrap_or_default();
        shown.strip_prefix(self.prefix).map_or(shown.clone(), str::to_owned)
    }
}

/// Prints text to the standard output. A reader that goes away early (`| head`) is no failure.
pub(super) fn text(text: &str) -> Result<(), CliError> {
    let mut output = io::stdout().lock();
    match writeln!(output, "{}", text.trim_end()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(CliError::io("the standard output")),
    }
}

/// Prints JSON to the standard output.
pub(super) fn json(value: &Value) -> Result<(), CliError> {
    text(&format!("{value:#}"))
}

/// Prints a note beside the output, to the standard error.
pub(super) fn note(text: &str) {
    // Nobody is there to be told that nobody is there.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints a page of a list: its rows, and on the standard error how to go on.
pub(super) fn page(answer: &Value, rows: &str, columns: &[Column], as_json: bool) -> Result<(), CliError> {
    if as_json {
        return json(answer);
    }
    text(&table(answer.get(rows).and_then(Value::as_array).map_or(&[], Vec::as_slice), columns))?;
    if let Some(token) = answer.get("nextPageToken").and_then(Value::as_str) {
        note(&format!("There is more: --page-token {token}"));
    }
    Ok(())
}

/// Prints one resource of an answer.
pub(super) fn resource(answer: &Value, name: &str, as_json: bool) -> Result<(), CliError> {
    match as_json {
        true => json(answer),
        false => text(&record(answer.get(name).unwrap_or(&Value::Null))),
    }
}

/// Rows under heads.
pub(super) fn table(rows: &[Value], columns: &[Column]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| column.head));
    for row in rows {
        table.add_row(columns.iter().map(|column| column.value(row)));
    }
    table.to_string()
}

/// A line a value, members of members with dots.
fn record(value: &Value) -> String {
    let mut lines = Vec::new();
    flatten("", value, &mut lines);
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    lines.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect()
}

fn flatten(prefix: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&path, value, lines);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            lines.extend(items.iter().map(|item| (printable(prefix), cell(item))));
        }
        _ => lines.push((printable(prefix), cell(value))),
    }
}

/// One value on one line.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => printable(text),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).map(printable).collect::<Vec<_>>().join(", ")
        }
        other => printable(&other.to_string()),
    }
}

/// Control characters, and those that turn the direction of text, as escapes: a stranger's name must not steer a terminal.
fn printable(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_a_line_a_row() {
        let rows = [json!({"id": "1", "email": {"address": "a@b.c"}, "state": "STATE_GOOD"}), json!({"id": "2"})];
        let columns =
            [column("ID", "/id"), column("E-MAIL", "/email/address"), column("STATE", "/state").of_enum("STATE_")];
        let shown = table(&rows, &columns);
        let lines: Vec<&str> = shown.lines().filter(|line| line.contains(|c: char| c.is_alphanumeric())).collect();
        assert_eq!(lines.len(), 3, "{shown}");
        assert!(
            lines[0].contains("E-MAIL")
                && lines[1].contains("a@b.c")
                && lines[1].contains(" GOOD")
                && lines[2].contains('2'),
            "{shown}"
        );
    }

    #[test]
    fn a_record_has_a_line_a_value() {
        let shown =
            record(&json!({"id": "1", "email": {"address": "a@b.c"}, "roles": ["A", "B"], "keys": [{"type": "x"}]}));
        assert_eq!(
            shown,
            "email.address  a@b.c\nid             1\nkeys           {\"type\":\"x\"}\nroles          A, B\n"
        );
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n\u{202e}c"), "a\\u{1b}[31mb\\u{a}\\u{202e}c");
        assert_eq!(printable("Zoë 日本"), "Zoë 日本");
    }
}
