//! The sentences for people: one Fluent catalogue a language, keyed by the names of the reasons and field reasons. English is what every
//! status says; the other languages go beside it. A sentence may have attributes named after a detail (`.minLength`): where the detail is
//! there, the attribute is the better sentence. No sentence takes a value that the caller sent.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use super::locale::Locale;

type Catalogue = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| load(Locale::En));
static FRENCH: LazyLock<Catalogue> = LazyLock::new(|| load(Locale::Fr));
static GERMAN: LazyLock<Catalogue> = LazyLock::new(|| load(Locale::De));

/// The sentence for a reason in a language; nothing where the catalogue lacks it.
pub(super) fn sentence(locale: Locale, reason: &str, details: &[(&str, &str)]) -> Option<String> {
    let catalogue = match locale {
        Locale::En => &ENGLISH,
        Locale::Fr => &FRENCH,
        Locale::De => &GERMAN,
    };
    let message = catalogue.get_message(reason)?;
    let args: FluentArgs = details.iter().map(|(name, value)| (*name, FluentValue::try_number(value))).collect();
    let attribute = details.iter().find_map(|(name, _)| message.get_attribute(name));
    let patterns = attribute.map(|attribute| attribute.value()).into_iter().chain(message.value());
    for pattern in patterns {
        let mut errors = Vec::new();
        let text = catalogue.format_pattern(pattern, Some(&args), &mut errors);
        if errors.is_empty() {
            return Some(text.into_owned());
        }
    }
    None
}

/// The English sentence for a reason; its bare name where the catalogue lacks it.
pub(super) fn english(reason: &str, details: &[(&str, &str)]) -> String {
    sentence(Locale::En, reason, details).unwrap_or_else(|| reason.to_owned())
}

fn source(locale: Locale) -> &'static str {
    match locale {
        Locale::En => include_str!("locales/en.ftl"),
        Locale::Fr => include_str!("locales/fr.ftl"),
        Locale::De => include_str!("locales/de.ftl"),
    }
}

/// What cannot be read is left out, which the tests would show: they hold every catalogue complete and well-formed.
fn load(locale: Locale) -> Catalogue {
    let resource = FluentResource::try_new(source(locale).to_owned()).unwrap_or_else(|(readable, _)| readable);
    let language: LanguageIdentifier =
        locale.as_str().parse().expect("invariant: the tag of a locale is a bare language subtag");
    let mut catalogue = FluentBundle::new_concurrent(vec![language]);
    // The details are numbers and names of ours: no text of unknown direction is inserted.
    catalogue.set_use_isolating(false);
    catalogue.add_resource_overriding(resource);
    catalogue
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluent_bundle::FluentResource;

    use super::{Locale, english, sentence, source};
    use crate::domain::violation::FieldReason;
    use crate::proto::v1::ErrorReason;

    /// Every reason and field reason that can be sent.
    fn reasons() -> BTreeSet<&'static str> {
        let values = (1..1_000).filter_map(|number| ErrorReason::try_from(number).ok());
        values.map(|reason| reason.as_str_name()).chain(FieldReason::ALL.iter().map(|reason| reason.as_str())).collect()
    }

    /// The keys of a catalogue with the names of their attributes, read from its text.
    fn keys(locale: Locale) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        let mut keys: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let mut last = "";
        for line in source(locale).lines() {
            let Some((name, _)) = line.split_once(" = ") else { continue };
            match name.strip_prefix("    .") {
                Some(attribute) => assert!(keys.entry(last).or_default().insert(attribute), "{last}.{attribute} twice"),
                None if name.starts_with(['#', ' ']) => {}
                None => {
                    assert!(keys.insert(name, BTreeSet::new()).is_none(), "{name} twice in {locale:?}");
                    last = name;
                }
            }
        }
        keys
    }

    #[test]
    fn every_catalogue_is_well_formed_and_has_every_reason() {
        for locale in Locale::ALL {
            FluentResource::try_new(source(*locale).to_owned()).expect("the catalogue is well-formed");
            assert_eq!(keys(*locale).into_keys().collect::<BTreeSet<_>>(), reasons(), "{locale:?}");
            assert_eq!(keys(*locale), keys(Locale::En), "{locale:?}");
        }
    }

    #[test]
    fn every_field_reason_is_part_of_the_contract() {
        for reason in FieldReason::ALL {
            assert!(ErrorReason::from_str_name(reason.as_str()).is_some(), "{reason} is not in ErrorReason");
        }
    }

    #[test]
    fn every_sentence_can_be_said_with_its_detail_and_without() {
        for locale in Locale::ALL {
            for (key, attributes) in keys(*locale) {
                let bare = sentence(*locale, key, &[]).expect("a sentence that needs no detail");
                for attribute in attributes {
                    let said = sentence(*locale, key, &[(attribute, "7")]).expect("a sentence");
                    assert!(said != bare || attribute == "characterClass", "{key}.{attribute} is not used");
                }
            }
        }
    }

    #[test]
    fn no_sentence_takes_anything_but_facts_of_ours() {
        const FACTS: [&str; 8] = [
            "violationCount",
            "permission",
            "limit",
            "minLength",
            "maxLength",
            "characterClass",
            "differsFrom",
            "type",
        ];
        for locale in Locale::ALL {
            for variable in source(*locale).split('$').skip(1) {
                let name: String = variable.chars().take_while(char::is_ascii_alphanumeric).collect();
                assert!(FACTS.contains(&name.as_str()), "{locale:?} takes {name}");
            }
        }
    }

    #[test]
    fn details_are_filled_in_and_counted() {
        assert_eq!(
            english("PASSWORD_TOO_SHORT", &[("minLength", "8")]),
            "The password must have at least 8 characters."
        );
        assert_eq!(english("PASSWORD_TOO_SHORT", &[("allowed", "8")]), "The password is too short.");
        assert_eq!(english("VALIDATION_FAILED", &[("violationCount", "1")]), "The request breaks one rule.");
        let class = [("characterClass", "digit")];
        let german = sentence(Locale::De, "PASSWORD_CHARACTER_CLASS_MISSING", &class);
        assert_eq!(german.as_deref(), Some("Das Passwort braucht eine Ziffer."));
        assert_eq!(english("NO_SUCH_REASON", &[]), "NO_SUCH_REASON");
        assert_eq!(sentence(Locale::Fr, "NO_SUCH_REASON", &[]), None);
    }
}
