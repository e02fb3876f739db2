//! The paths that a Rust file names, read from its tokens: comments, strings and character literals are skipped, groups in `use` are
//! followed. No compiler is needed for the question of who names whom.

/// A path as far as the rules care: its first segment, and for `crate::` the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// `crate::store::..` is `Room("store")`, `diesel::..` is `Crate("diesel")`.
    pub what: What,
    /// Counted from 1.
    pub line: usize,
}

/// See [`Named`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A room of this crate: `crate::room`, the library by its name, or as many `super` as lead out of the file's own room.
    Room(String),
    /// The head of a path that is not `crate`, `self` or `super`: a crate, or something that was imported.
    Head(String),
    /// `std::env` is `Std("env")`.
    Std(String),
}

/// Every path in a file that is the module at `depth` below the root of the crate (`store/postgres/units.rs` is at 3); `library` is the name
/// by which `main.rs` calls the library.
pub fn named(text: &str, depth: usize, library: &str) -> Vec<Named> {
    let tokens = tokens(text);
    let (mut at, mut found) = (0, Vec::new());
    let (mut braces, mut modules) = (0_usize, Vec::new());
    while let Some(token) = tokens.get(at) {
        let mut next = at + 1;
        match &token.text {
            Text::Sign('{') => {
                braces += 1;
                if matches!(at.checked_sub(2).map(|word| &tokens[word].text), Some(Text::Word(word)) if word == "mod") {
                    modules.push(braces);
                }
            }
            Text::Sign('}') => {
                modules.retain(|opened| *opened < braces);
                braces = braces.saturating_sub(1);
            }
            Text::Word(_) => {
                if let Some((path, end)) = path_at(&tokens, at, depth + modules.len(), library) {
                    found.extend(path);
                    next = end;
                }
            }
            Text::Colons | Text::Sign(_) => {}
        }
        at = next;
    }
    found
}

/// What the path names that begins with the word at `at`, and where to read on; `None` where none begins.
fn path_at(tokens: &[Token], at: usize, depth: usize, library: &str) -> Option<(Vec<Named>, usize)> {
    let Text::Word(head) = &tokens[at].text else { return None };
    // A segment behind `::` and a method behind `.` begin no path. A word without `::` behind it is one only in `use word;`.
    let before = at.checked_sub(1).map(|before| &tokens[before].text);
    if matches!(before, Some(Text::Colons | Text::Sign('.'))) {
        return None;
    }
    let is_path = tokens.get(at + 1).is_some_and(|token| token.text == Text::Colons);
    let is_used = matches!(before, Some(Text::Word(word)) if word == "use");
    match head.as_str() {
        "self" | "Self" => None,
        "super" if is_path => {
            let is_super =
                |at: &usize| tokens.get(*at).is_some_and(|token| token.text == Text::Word("super".to_owned()));
            let ups = (at..).step_by(2).take_while(is_super).count();
            (ups >= depth).then(|| seconds(tokens, at + 2 * ups, What::Room))
        }
        "super" => None,
        "crate" if is_path => Some(seconds(tokens, at + 2, What::Room)),
        name if name == library && is_path => Some(seconds(tokens, at + 2, What::Room)),
        "std" | "core" | "alloc" if is_path => Some(seconds(tokens, at + 2, What::Std)),
        _ if is_path || is_used => {
            Some((vec![Named { what: What::Head(head.clone()), line: tokens[at].line }], at + 1))
        }
        _ => None,
    }
}

/// The segment at `at`, or those at the first level of the group there; and where that ends.
fn seconds(tokens: &[Token], at: usize, what: fn(String) -> What) -> (Vec<Named>, usize) {
    let (mut depth, mut begins, mut found) = (0_usize, true, Vec::new());
    for (at, token) in tokens.iter().enumerate().skip(at) {
        match &token.text {
            Text::Sign('{') => {
                depth += 1;
                begins = depth == 1;
            }
            Text::Sign('}') => depth = depth.saturating_sub(1),
            Text::Sign(',') => begins = depth == 1,
            Text::Word(word) if begins => {
                found.push(Named { what: what(word.clone()), line: token.line });
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            return (found, at + 1);
        }
    }
    (found, tokens.len())
}

/// A piece of Rust.
#[derive(Debug)]
pub struct Token {
    pub text: Text,
    pub line: usize,
}

/// See [`Token`].
#[derive(Debug, PartialEq, Eq)]
pub enum Text {
    /// A name, a keyword or a number.
    Word(String),
    /// `::`.
    Colons,
    /// Any other character.
    Sign(char),
}

/// The pieces of a text, without comments, strings and character literals.
pub fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut line, mut tokens) = (0, 1, Vec::new());
    while let Some(&c) = chars.get(at) {
        let length = match c {
            '/' if chars.get(at + 1) == Some(&'/') => until(&chars, at, |rest| rest[0] == '\n'),
            '/' if chars.get(at + 1) == Some(&'*') => block_comment(&chars[at..]),
            '"' => quoted(&chars[at..]),
            'r' | 'b' if raw_string(&chars[at..]).is_some() => raw_string(&chars[at..]).unwrap_or(1),
            'b' if chars.get(at + 1) == Some(&'"') => 1 + quoted(&chars[at + 1..]),
            '\'' => character(&chars[at..]),
            ':' if chars.get(at + 1) == Some(&':') => {
                tokens.push(Token { text: Text::Colons, line });
                2
            }
            c if c.is_alphanumeric() || c == '_' => {
                let length = until(&chars, at, |rest| !(rest[0].is_alphanumeric() || rest[0] == '_'));
                let word: String = chars[at..at + length].iter().collect();
                tokens.push(Token { text: Text::Word(word), line });
                length
            }
            c if c.is_whitespace() => 1,
            c => {
                tokens.push(Token { text: Text::Sign(c), line });
                1
            }
        };
        line += chars[at..at + length].iter().filter(|c| **c == '\n').count();
        at += length;
    }
    tokens
}

/// How many characters there are from `at` until the rest meets a condition, or the text ends.
fn until(chars: &[char], at: usize, ends: impl Fn(&[char]) -> bool) -> usize {
    (at..chars.len()).find(|end| ends(&chars[*end..])).unwrap_or(chars.len()) - at
}

/// Block comments nest.
fn block_comment(chars: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => {
                depth += 1;
                at += 2;
            }
            ('*', '/') => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

fn quoted(chars: &[char]) -> usize {
    let mut at = 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `r"..."`, `r#"..."#`, `br"..."`; `None` for a word that begins with these letters, or a raw identifier.
fn raw_string(chars: &[char]) -> Option<usize> {
    let start = if chars[0] == 'b' { 1 } else { 0 };
    if chars.get(start) != Some(&'r') {
        return None;
    }
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(start + 1 + hashes) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = start + 2 + hashes;
    let length = until(chars, body, |rest| rest.starts_with(&end));
    Some((body + length + end.len()).min(chars.len()))
}

/// A character literal, or only the quote of a lifetime.
fn character(chars: &[char]) -> usize {
    match chars.get(1) {
        Some('\\') => 2 + until(chars, 3, |rest| rest[0] == '\'') + 2,
        Some(_) if chars.get(2) == Some(&'\'') => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<What> {
        named(text, 2, "enroll").into_iter().map(|named| named.what).collect()
    }

    fn room(name: &str) -> What {
        What::Room(name.to_owned())
    }

    fn head(name: &str) -> What {
        What::Head(name.to_owned())
    }

    #[test]
    fn rooms_are_found_in_uses_groups_and_code() {
        assert_eq!(names("use crate::store::Store;"), [room("store")]);
        assert_eq!(
            names("use crate::{\n    domain::{email::Email, ids},\n    store,\n};"),
            [room("domain"), room("store")]
        );
        assert_eq!(names("let a = crate::status::from(b);"), [room("status")]);
        assert_eq!(names("pub(crate) fn f() {}"), []);
        assert_eq!(names("use enroll::config::Config;"), [room("config")]);
    }

    #[test]
    fn crates_are_found_where_a_path_begins_with_them() {
        assert_eq!(names("use diesel::prelude::*;"), [head("diesel")]);
        assert_eq!(names("use diesel;"), [head("diesel")]);
        assert_eq!(names("fn f() -> tonic::Status { x.tonic().y }"), [head("tonic")]);
        assert_eq!(names("a::diesel::b"), [head("a")]);
        assert_eq!(names("std::env::var(\"A\")"), [What::Std("env".to_owned())]);
        assert_eq!(names("use std::{env, io::{Read, Write as W}}; use diesel::x;").last(), Some(&head("diesel")));
        assert_eq!(names("use std::{env, io::Read};"), [What::Std("env".to_owned()), What::Std("io".to_owned())]);
    }

    #[test]
    fn enough_supers_lead_to_another_room() {
        assert_eq!(names("use super::error::E; use super::super::store::S;"), [room("store")]);
        assert_eq!(
            names("mod tests { use super::super::here; use super::super::super::store; } use super::a;"),
            [room("store")]
        );
        assert_eq!(
            names("mod tests { fn f() { } } pub(super) use super::super::{store, domain::x};"),
            [room("store"), room("domain")]
        );
    }

    #[test]
    fn what_is_no_code_names_nothing() {
        assert_eq!(names("// crate::store\n/* diesel::x /* tonic::y */ */ \"std::env::var\""), []);
        assert_eq!(names("r#\"crate::store \" \"# b\"diesel::x\" '\"' '\\'' 'a' fn f<'a>(s: &'a str)"), []);
        assert_eq!(names("let r#type = 1; \"\\\"crate::store\""), []);
    }

    #[test]
    fn lines_are_counted() {
        let found = named("//! x\n\n/* a\nb */ use crate::store;\n\"c\nd\";\nuse tonic::Code;", 1, "enroll");
        assert_eq!(found.iter().map(|named| named.line).collect::<Vec<_>>(), [4, 7]);
    }
}
