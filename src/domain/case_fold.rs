//! NFKC_Casefold of the Unicode standard: what two spellings of one identifier have in common. Case, width, ligatures, composition and
//! invisible characters make no difference after it.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use super::text::is_invisible;

/// Folds until nothing changes any more, so that folding a key gives the key: one round is enough for almost every text, but folding can
/// uncover characters that decompose again.
pub(super) fn nfkc_casefold(text: &str) -> String {
    const ROUNDS_MAX: usize = 4;
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = fold_once(text);
    for _ in 1..ROUNDS_MAX {
        let again = fold_once(&folded);
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

fn fold_once(text: &str) -> String {
    const DECOMPOSE: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfkd();
    const COMPOSE: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
    const CASE: CaseMapperBorrowed<'static> = CaseMapper::new();
    let visible: String = DECOMPOSE.normalize(text).chars().filter(|c| !is_invisible(*c)).collect();
    COMPOSE.normalize(&CASE.fold_string(&visible)).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_text_meet() {
        for (text, folded) in [
            ("JOHN", "john"),
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("\u{1E9E}", "ss"),
            ("Ａｌｉｃｅ", "alice"),
            ("Rene\u{301}", "ren\u{e9}"),
            ("REN\u{c9}", "ren\u{e9}"),
            ("ﬁn", "fin"),
            ("a\u{AD}b\u{200B}c", "abc"),
            ("\u{212A}", "k"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("\u{1FB3}", "αι"),
        ] {
            assert_eq!(nfkc_casefold(text), folded, "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_a_folded_text_changes_nothing(text in any::<String>()) {
            let folded = nfkc_casefold(&text);
            prop_assert_eq!(nfkc_casefold(&folded), folded);
        }

        // Without the dotless i, which is a letter of its own and yet has the upper case of i.
        #[test]
        fn case_makes_no_difference(text in "[a-zA-Zà-öø-ÿÀ-ÖØ-ÞĀ-İĲ-ŽΑ-Ωα-ωА-Яа-я]{0,20}") {
            prop_assert_eq!(nfkc_casefold(&text.to_uppercase()), nfkc_casefold(&text));
        }
    }
}
