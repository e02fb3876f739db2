//! How long functions are, counted from the line of `fn` to that of the closing brace.

use super::paths::{Text, tokens};
use super::tree::Tree;

/// What fits a screen, and a head.
const LINES_MAX: usize = 60;

/// One sentence for every function that is too long.
pub fn lengths(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in tree.below("src").filter(|(path, _)| path.ends_with(".rs")) {
        let functions = functions(text);
        for function in functions.iter().filter(|one| one.lines > LINES_MAX) {
            faults.push(format!(
                "src/{path}:{}: `{}` has {} lines; over {LINES_MAX} it does more than one thing: give each a name of its own",
                function.line, function.name, function.lines
            ));
        }
    }
    faults
}

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// Every function with a body, inner ones too.
fn functions(text: &str) -> Vec<Function> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let [Text::Word(word), Text::Word(name)] = [&pair[0].text, &pair[1].text] else { continue };
        if word != "fn" {
            continue;
        }
        // Brackets of the signature first (a `;` may stand in them), then the braces of the body.
        let (mut brackets, mut braces) = (0_usize, 0_usize);
        for token in &tokens[at + 2..] {
            match token.text {
                Text::Sign('(' | '[') if braces == 0 => brackets += 1,
                Text::Sign(')' | ']') if braces == 0 => brackets = brackets.saturating_sub(1),
                Text::Sign(';') if braces == 0 && brackets == 0 => break,
                Text::Sign('{') => braces += 1,
                Text::Sign('}') if braces == 1 => {
                    let line = pair[0].line;
                    found.push(Function { name: name.clone(), line, lines: token.line - line + 1 });
                    break;
                }
                Text::Sign('}') => braces = braces.saturating_sub(1),
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, usize, usize)> {
        functions(text).into_iter().map(|function| (function.name, function.line, function.lines)).collect()
    }

    #[test]
    fn functions_are_measured_from_their_name_to_their_brace() {
        assert_eq!(of("fn a() {}"), [("a".to_owned(), 1, 1)]);
        let text =
            "/// fn no() {\n\npub async fn b(\n    x: [u8; 2],\n) -> T\nwhere\n    T: F,\n{\n    if x { \"}\" }\n}\n";
        assert_eq!(of(text), [("b".to_owned(), 3, 8)]);
        assert_eq!(of("trait T { fn c(&self) -> [u8; 2]; fn d(&self) {\n} }"), [("d".to_owned(), 1, 2)]);
        assert_eq!(of("type F = fn(u8) -> u8; struct S { f: fn() }"), []);
        let inner = of("fn outer() {\n    fn inner() {\n    }\n}");
        assert_eq!(inner, [("outer".to_owned(), 1, 4), ("inner".to_owned(), 2, 2)]);
    }

    #[test]
    fn a_function_that_is_too_long_is_found() {
        let text = |lines: usize| format!("fn a() {{\n{}}}\n", "    x();\n".repeat(lines - 2));
        let faults = |lines| lengths(&Tree::of(&[("src/api.rs", &text(lines))]));
        assert_eq!(faults(LINES_MAX), [""; 0]);
        assert_eq!(faults(LINES_MAX + 1).len(), 1);
    }
}
