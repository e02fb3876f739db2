//! The files that the rules are about, read once, or made up by a test of a rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::paths::{self, Named};

/// Paths from the project's folder, with what stands in them.
#[derive(Debug, Default)]
pub struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Everything below `src`, the migrations and the lock file of this project.
    pub fn of_the_house() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut tree = Self::default();
        for place in ["src", "migrations", "Cargo.lock"] {
            tree.read(root, &root.join(place));
        }
        tree
    }

    /// A made-up project.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    fn read(&mut self, root: &Path, path: &Path) {
        if path.is_dir() {
            for entry in fs::read_dir(path).expect("a readable folder") {
                self.read(root, &entry.expect("a readable folder").path());
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "sql" || extension == "lock")
        {
            let name = path.strip_prefix(root).expect("below the project's folder").to_str().expect("UTF-8");
            self.0.insert(name.to_owned(), fs::read_to_string(path).expect("a text"));
        }
    }

    /// A file's text; empty where it is not there.
    pub fn text(&self, path: &str) -> &str {
        self.0.get(path).map_or("", String::as_str)
    }

    /// The files below a folder, by their path below it.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter_map(move |(path, text)| Some((path.strip_prefix(folder)?.strip_prefix('/')?, text.as_str())))
    }

    /// The source files, each with its room and what it names. Files of tests may name whatever they check their room against.
    pub fn sources(&self) -> impl Iterator<Item = Source<'_>> {
        let ships = |path: &str| path.ends_with(".rs") && !path.ends_with("/tests.rs") && !path.contains("/tests/");
        self.below("src").filter(move |(path, _)| ships(path)).map(|(path, text)| {
            let modules = path.trim_end_matches(".rs").trim_end_matches("/mod").split('/');
            // Compiled once an engine, one module deeper than the folders say.
            let depth = modules.clone().count() + usize::from(path.starts_with("store/queries/"));
            let depth = if matches!(path, "lib.rs" | "main.rs") { 0 } else { depth };
            let room = modules.into_iter().next().unwrap_or_default();
            Source { path, room, named: paths::named(text, depth, "enroll") }
        })
    }
}

/// One source file.
#[derive(Debug)]
pub struct Source<'a> {
    /// Below `src`.
    pub path: &'a str,
    /// `store` for `store.rs` and all below `store/`.
    pub room: &'a str,
    /// What it names.
    pub named: Vec<Named>,
}
