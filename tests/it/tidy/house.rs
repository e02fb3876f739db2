//! What holds for the project as a whole: its dependencies, its migrations, the shape of its files.

use std::collections::BTreeSet;

use super::tree::Tree;

/// A second stack for what the first one does, each of which needs C code or tools that a fresh machine does not have.
const BANNED: &[(&str, &str)] = &[
    ("aws-lc-sys", "ring is the one provider of rustls: turn the default features off of whoever asks for aws-lc-rs"),
    ("aws-lc-rs", "ring is the one provider of rustls: turn the default features off of whoever asks for aws-lc-rs"),
    ("openssl-sys", "rustls is the one TLS stack: choose the rustls feature of whoever asks for OpenSSL"),
    ("native-tls", "rustls is the one TLS stack: choose the rustls feature of whoever asks for native-tls"),
    ("pq-sys", "PostgreSQL is spoken by tokio-postgres: never the feature `postgres` of diesel, which is libpq"),
];

/// Two versions of these would be two types for one thing.
const SINGLE: &[&str] = &["tonic", "prost", "hyper", "h2", "http", "rustls", "diesel", "tokio", "libsqlite3-sys"];

/// A file that is longer holds more than one idea.
const LINES_MAX: usize = 400;

/// A function that is longer does more than one thing.
const FUNCTION_LINES_MAX: usize = 60;

/// The one folder with a `mod.rs`: it is compiled once an engine, by a path.
const MOD_RS: &str = "store/queries/mod.rs";

/// One sentence for every crate in the lock file that must not be there, or is there twice.
pub fn dependencies(tree: &Tree) -> Vec<String> {
    let lock = tree.text("Cargo.lock");
    let names: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    if names.is_empty() {
        return vec!["Cargo.lock names no package: it belongs into the repository".to_owned()];
    }
    let banned = BANNED.iter().filter(|(name, _)| names.contains(name));
    let twice = SINGLE.iter().filter(|single| names.iter().filter(|name| name == single).count() > 1);
    banned
        .map(|(name, mend)| format!("`{name}` is in Cargo.lock; {mend} (`cargo tree -i {name}` says who)"))
        .chain(
            twice.map(|name| {
                format!("`{name}` is in Cargo.lock in two versions; `cargo tree -d` says who asks for which")
            }),
        )
        .collect()
}

/// One sentence for every migration that only one engine has.
pub fn migrations(tree: &Tree) -> Vec<String> {
    let folders = |engine: &str| -> BTreeSet<String> {
        let folder = format!("migrations/{engine}");
        tree.below(&folder).filter_map(|(path, _)| Some(path.split_once('/')?.0.to_owned())).collect()
    };
    let (sqlite, postgres) = (folders("sqlite"), folders("postgres"));
    if sqlite.is_empty() && postgres.is_empty() {
        return vec!["there are no migrations".to_owned()];
    }
    let lack = |has: &BTreeSet<String>, other: &BTreeSet<String>, engine: &str| -> Vec<String> {
        has.difference(other)
            .map(|name| format!("migrations/{engine}/{name} is missing: both engines take the same steps"))
            .collect()
    };
    [lack(&sqlite, &postgres, "postgres"), lack(&postgres, &sqlite, "sqlite")].concat()
}

/// One sentence for every source file that is too long or lies in the wrong place.
pub fn files(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in tree.below("src").filter(|(path, _)| path.ends_with(".rs")) {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!(
                "src/{path} has {lines} lines; over {LINES_MAX} it holds more than one idea: give each a file"
            ));
        }
        if path.ends_with("/mod.rs") && path != MOD_RS {
            faults.push(format!("src/{path} belongs beside its folder: `room.rs` and `room/part.rs`, no mod.rs"));
        }
        let is_test = path.ends_with("tests.rs");
        if !is_test && !text.trim_start().starts_with("//!") {
            faults
                .push(format!("src/{path} has no module documentation: say why it exists and what is absent from it"));
        }
    }
    faults
}

/// One sentence for every function that is too long. The sources are formatted, so a function ends at the brace under its first letter.
pub fn functions(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in tree.below("src").filter(|(path, _)| path.ends_with(".rs")) {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(name) = function(line) else { continue };
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let is_whole = line.ends_with(';') || line.ends_with('}');
            let length =
                lines[at..].iter().position(|line| *line == end).filter(|_| !is_whole).map_or(1, |end| end + 1);
            if length > FUNCTION_LINES_MAX {
                let at = at + 1;
                faults.push(format!(
                    "src/{path}:{at}: `{name}` has {length} lines; over {FUNCTION_LINES_MAX} it does more than one thing"
                ));
            }
        }
    }
    faults
}

/// The name of the function that begins in a line.
fn function(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let (head, tail) = line.strip_prefix("fn ").map(|tail| ("", tail)).or_else(|| line.split_once(" fn "))?;
    let is_keyword = |word: &str| {
        matches!(word, "" | "const" | "async" | "unsafe") || word.starts_with("pub") || word.ends_with(')')
    };
    if head.split(' ').all(is_keyword) { tail.split(['(', '<']).next() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_is_too_long_is_found() {
        let of = |head: &str, lines: usize| {
            let text = format!("//! x\n{head} {{\n{}}}\n", "    x();\n".repeat(lines - 2));
            functions(&Tree::of(&[("src/api.rs", &text)]))
        };
        for head in ["fn f()", "pub async fn f<T>(x: T)", "pub(in crate::store) async fn f(", "pub(super) const fn f()"]
        {
            assert_eq!(of(head, FUNCTION_LINES_MAX), [""; 0], "{head}");
            assert_eq!(of(head, FUNCTION_LINES_MAX + 1).len(), 1, "{head}");
        }
        assert_eq!(of("impl X", 100), [""; 0]);
    }

    fn lock(names: &[&str]) -> String {
        names.iter().map(|name| format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n\n")).collect()
    }

    #[test]
    fn a_banned_crate_and_a_second_version_are_found() {
        let faults = |names: &[&str]| dependencies(&Tree::of(&[("Cargo.lock", &lock(names))]));
        assert_eq!(faults(&["tonic", "ring", "openssl-probe"]), [""; 0]);
        for (name, _) in BANNED {
            assert_eq!(faults(&["tonic", name]).len(), 1, "{name}");
        }
        assert_eq!(faults(&["tonic", "h2", "tonic"]).len(), 1);
        assert_eq!(faults(&[]).len(), 1, "no lock file");
    }

    #[test]
    fn a_migration_of_one_engine_is_found() {
        let both = [("migrations/sqlite/0001_a/up.sql", ""), ("migrations/postgres/0001_a/up.sql", "")];
        assert_eq!(migrations(&Tree::of(&both)), [""; 0]);
        let more = [both[0], both[1], ("migrations/sqlite/0002_b/up.sql", "")];
        let expected = "migrations/postgres/0002_b is missing: both engines take the same steps";
        assert_eq!(migrations(&Tree::of(&more)), [expected]);
        assert_eq!(migrations(&Tree::of(&both[1..])).len(), 1);
        assert_eq!(migrations(&Tree::default()).len(), 1);
    }

    #[test]
    fn a_file_that_is_too_long_misplaced_or_undocumented_is_found() {
        let long = "//! x\n".repeat(LINES_MAX + 1);
        assert_eq!(files(&Tree::of(&[("src/api.rs", &long)])).len(), 1);
        assert_eq!(files(&Tree::of(&[("src/api.rs", &long[6..])])), [""; 0]);
        assert_eq!(files(&Tree::of(&[("src/api/mod.rs", "//! x")])).len(), 1);
        assert_eq!(files(&Tree::of(&[("src/store/queries/mod.rs", "//! x")])), [""; 0]);
        assert_eq!(files(&Tree::of(&[("src/api.rs", "use x;")])).len(), 1);
        assert_eq!(files(&Tree::of(&[("src/api/tests.rs", "use x;")])), [""; 0]);
    }
}
