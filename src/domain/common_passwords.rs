//! The passwords that people use most: 30 000 of them from zxcvbn's lists, with their licence in `common_passwords.LICENSE`. An attacker
//! tries these first.

/// One a line, lower case, sorted by octets.
static LIST: &str = include_str!("common_passwords.txt");

/// Whether the password stands in the list, whatever its case.
pub fn is_common(password: &str) -> bool {
    let folded = zeroize::Zeroizing::new(password.to_lowercase());
    contains_line(LIST, &folded)
}

/// Binary search over the text itself: no table has to be built or kept beside it.
fn contains_line(mut lines: &str, sought: &str) -> bool {
    while !lines.is_empty() {
        let middle = lines.len() / 2;
        let start = lines.as_bytes()[..middle].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let end = lines.as_bytes()[start..].iter().position(|b| *b == b'\n').map_or(lines.len(), |at| start + at);
        match sought.cmp(&lines[start..end]) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => lines = &lines[..start],
            std::cmp::Ordering::Greater => lines = lines.get(end + 1..).unwrap_or_default(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_lower_case_and_whole() {
        let lines: Vec<_> = LIST.lines().collect();
        assert_eq!(lines.len(), 30_000);
        assert!(lines.is_sorted_by(|one, other| one < other));
        assert!(lines.iter().all(|line| !line.is_empty() && line.to_lowercase() == **line && line.trim() == *line));
        assert!(lines.iter().all(|line| is_common(line)));
    }

    #[test]
    fn case_makes_no_difference_and_nothing_else_is_common() {
        for common in ["password", "PassWord", "123456", "qwertyuiop"] {
            assert!(is_common(common), "{common}");
        }
        for other in [
            "",
            "\n",
            "password\n",
            "123456\npassword",
            "passwordpasswor",
            "correct horse battery staple",
            "zzzzzzzzzzzzzzz!",
        ] {
            assert!(!is_common(other), "{other:?}");
        }
    }
}
