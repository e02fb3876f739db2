//! What a mail says, in a tenant's own words, and which of the words there are a mail gets. The choice is pure: it is made when a mail is
//! composed, so that a missing template is refused before anything is written, and again when it is sent. Absent: the words that are
//! shipped, and the engine that puts fields into them.

use std::fmt;

use chrono::{DateTime, Utc};

use super::ids::TenantId;
use super::language::LanguageCode;
use super::message::MailKind;
use super::text::is_printable;
use super::violation::{Fault, FieldReason};

/// Longest subject in octets: a line of a mail (RFC 5322, section 2.1.1).
pub const SUBJECT_OCTETS_MAX: usize = 998;

/// Longest body in octets, of HTML and of text each: both fit a request several times over.
pub const BODY_OCTETS_MAX: usize = 64 * 1024;

/// The language that everything is shipped in.
const LAST_RESORT: &str = "en";

/// What a template is known by in its tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TemplateKey {
    /// The mails it is for.
    pub kind: MailKind,
    /// The brand it is for; empty = the tenant's own.
    pub brand: String,
    /// The language it is in.
    pub language: LanguageCode,
}

/// The resource's name: `templates/ACTIVATION/fair/fr-FR`.
impl fmt::Display for TemplateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "templates/{}/{}/{}", self.kind, self.brand, self.language)
    }
}

/// A template as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Whose words.
    pub tenant_id: TenantId,
    /// See [`TemplateKey`].
    pub key: TemplateKey,
    /// One line.
    pub subject: String,
    /// HTML.
    pub html: String,
    /// Plain text.
    pub text: String,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
    /// Counts changes; the etag is made of it.
    pub version: i64,
}

/// A template in a list: without its bodies, which are too long to be read by the hundred.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateSummary {
    /// Whose words.
    pub tenant_id: TenantId,
    /// See [`TemplateKey`].
    pub key: TemplateKey,
    /// One line.
    pub subject: String,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// When it last changed.
    pub update_time: DateTime<Utc>,
    /// Counts changes; the etag is made of it.
    pub version: i64,
}

/// A subject may be one line of at most [`SUBJECT_OCTETS_MAX`] octets.
pub fn check_subject(subject: &str) -> Result<(), Fault> {
    match () {
        () if subject.trim().is_empty() => Err(FieldReason::FieldRequired.into()),
        () if subject.len() > SUBJECT_OCTETS_MAX => {
            Err(Fault::new(FieldReason::FieldTooLong).with("max", SUBJECT_OCTETS_MAX))
        }
        () if !subject.chars().all(is_printable) => Err(FieldReason::FieldInvalid.into()),
        () => Ok(()),
    }
}

/// A body has at most [`BODY_OCTETS_MAX`] octets and no control characters but line breaks and tabs.
pub fn check_body(body: &str) -> Result<(), Fault> {
    let is_allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    match () {
        () if body.trim().is_empty() => Err(FieldReason::FieldRequired.into()),
        () if body.len() > BODY_OCTETS_MAX => Err(Fault::new(FieldReason::FieldTooLong).with("max", BODY_OCTETS_MAX)),
        () if !body.chars().all(is_allowed) => Err(FieldReason::FieldInvalid.into()),
        () => Ok(()),
    }
}

/// What a mail asks of templates.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The brand that the person came from.
    pub brand: Option<&'a str>,
    /// The language to say it in.
    pub language: &'a LanguageCode,
    /// The first language of the person's realm, else the tenant's.
    pub realm_language: &'a LanguageCode,
    /// Whether only a template of the tenant's own for exactly this brand and language will do (Comexposium).
    pub strict: bool,
}

/// The words that a mail gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice<'a> {
    /// One of the tenant's own.
    Own(&'a TemplateKey),
    /// The shipped ones of a language, by its primary subtag.
    Shipped(&'a str),
}

/// Chooses among the tenant's own templates of one kind (`own`), the brand's first, each from the whole language tag down to its primary
/// subtag, else the shipped one, of which `is_shipped` knows by the primary subtag: in the language that is wanted, else in the realm's, else
/// in English. `None`: there is no template.
pub fn choose<'a>(own: &'a [TemplateKey], wanted: Wanted<'a>, is_shipped: impl Fn(&str) -> bool) -> Option<Choice<'a>> {
    let brand = wanted.brand.unwrap_or_default();
    let find = |brand: &str, language: &str| {
        own.iter().find(|key| key.brand == brand && key.language.as_str() == language).map(Choice::Own)
    };
    if wanted.strict {
        return find(brand, wanted.language.as_str());
    }
    let brands = if brand.is_empty() { &[""][..] } else { &[brand, ""][..] };
    let kept = |language: &LanguageCode| {
        brands.iter().find_map(|brand| ranges(language.as_str()).find_map(|range| find(brand, range)))
    };
    let shipped = |language: &'a str| Some(language).filter(|language| is_shipped(language)).map(Choice::Shipped);
    let said_in = |language: &'a LanguageCode| kept(language).or_else(|| shipped(language.primary()));
    said_in(wanted.language).or_else(|| said_in(wanted.realm_language)).or_else(|| shipped(LAST_RESORT))
}

/// A tag and what is left of it as subtags go from the end (RFC 4647, section 3.4): `fr-FR`, `fr`.
fn ranges(tag: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(tag), |tag| tag.rsplit_once('-').map(|(rest, _)| rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn language(tag: &str) -> LanguageCode {
        LanguageCode::parse(tag).expect("a language")
    }

    fn key(brand: &str, tag: &str) -> TemplateKey {
        TemplateKey { kind: MailKind::Activation, brand: brand.to_owned(), language: language(tag) }
    }

    fn is_shipped(language: &str) -> bool {
        ["en", "fr", "de"].contains(&language)
    }

    /// What is chosen, as `brand/language` or `shipped/language`.
    fn chosen(own: &[(&str, &str)], brand: Option<&str>, tag: &str, realm: &str, strict: bool) -> Option<String> {
        let own: Vec<TemplateKey> = own.iter().map(|(brand, tag)| key(brand, tag)).collect();
        let (language, realm_language) = (language(tag), language(realm));
        let wanted = Wanted { brand, language: &language, realm_language: &realm_language, strict };
        choose(&own, wanted, is_shipped).map(|choice| match choice {
            Choice::Own(key) => format!("{}/{}", key.brand, key.language),
            Choice::Shipped(language) => format!("shipped/{language}"),
        })
    }

    #[test]
    fn the_nearest_template_is_taken() {
        let all = [("fair", "fr-FR"), ("fair", "fr"), ("", "fr-FR"), ("", "fr")];
        let expected = ["fair/fr-FR", "fair/fr", "/fr-FR", "/fr", "shipped/fr"];
        for (gone, expected) in expected.into_iter().enumerate() {
            assert_eq!(chosen(&all[gone..], Some("fair"), "fr-FR", "en", false).as_deref(), Some(expected));
        }
        assert_eq!(chosen(&all, None, "fr-FR", "en", false).as_deref(), Some("/fr-FR"));
        assert_eq!(chosen(&all, Some("other"), "fr-CA", "en", false).as_deref(), Some("/fr"));
        assert_eq!(chosen(&[("", "zh-Hant")], None, "zh-Hant-TW", "en", false).as_deref(), Some("/zh-Hant"));
    }

    #[test]
    fn shipped_ones_are_of_the_language_else_the_realms_else_english() {
        assert_eq!(chosen(&[], None, "fr-CA", "de-AT", false).as_deref(), Some("shipped/fr"));
        assert_eq!(chosen(&[], None, "da", "de-AT", false).as_deref(), Some("shipped/de"));
        assert_eq!(chosen(&[], None, "da", "nb", false).as_deref(), Some("shipped/en"));
        // A tenant's own words in another language are no better than the shipped ones in this.
        assert_eq!(chosen(&[("", "de")], None, "fr", "de", false).as_deref(), Some("shipped/fr"));
    }

    #[test]
    fn where_nothing_is_in_the_language_the_realms_is_taken() {
        let all = [("fair", "fr"), ("", "fr")];
        let expected = ["fair/fr", "/fr", "shipped/fr"];
        for (gone, expected) in expected.into_iter().enumerate() {
            assert_eq!(chosen(&all[gone..], Some("fair"), "da", "fr-CA", false).as_deref(), Some(expected));
        }
    }

    #[test]
    fn strict_takes_exactly_what_is_asked() {
        let all = [("fair", "fr"), ("", "fr-FR"), ("", "fr")];
        assert_eq!(chosen(&all, Some("fair"), "fr-FR", "en", true), None);
        assert_eq!(chosen(&all, Some("fair"), "fr", "en", true).as_deref(), Some("fair/fr"));
        assert_eq!(chosen(&all, None, "fr-FR", "en", true).as_deref(), Some("/fr-FR"));
        assert_eq!(chosen(&[], None, "en", "en", true), None, "nothing shipped");
    }

    #[test]
    fn sizes_are_bounded_and_a_subject_is_one_line() {
        let max = |fault: Result<(), Fault>| fault.expect_err("refused").params.get("max").cloned();
        assert_eq!(check_subject(&"a".repeat(998)), Ok(()));
        assert_eq!(max(check_subject(&"\u{e9}".repeat(500))).as_deref(), Some("998"));
        assert_eq!(check_subject("a\nb").expect_err("two lines").reason, FieldReason::FieldInvalid);
        assert_eq!(check_subject(" ").expect_err("nothing").reason, FieldReason::FieldRequired);
        assert_eq!(check_body(&"a\r\n\t".repeat(16 * 1024)), Ok(()));
        assert_eq!(max(check_body(&"a".repeat(64 * 1024 + 1))).as_deref(), Some("65536"));
        assert_eq!(check_body("a\u{7}").expect_err("a bell").reason, FieldReason::FieldInvalid);
        assert_eq!(check_body("\n").expect_err("nothing").reason, FieldReason::FieldRequired);
    }

    prop_compose! {
        fn keys()(keys in proptest::collection::vec(
            (prop_oneof![Just(""), Just("a"), Just("b")], prop_oneof![Just("fr"), Just("fr-FR"), Just("de"), Just("da")]),
            0..6,
        )) -> Vec<TemplateKey> {
            keys.into_iter().map(|(brand, tag)| key(brand, tag)).collect()
        }
    }

    proptest! {
        #[test]
        fn a_choice_never_leaves_the_brand_and_the_language(
            own in keys(),
            brand in proptest::option::of(prop_oneof![Just("a"), Just("c")]),
            tag in prop_oneof![Just("fr-FR"), Just("fr"), Just("de-AT"), Just("da")],
            strict in any::<bool>(),
        ) {
            let (language, realm_language) = (language(tag), language("en"));
            let wanted = Wanted { brand, language: &language, realm_language: &realm_language, strict };
            match choose(&own, wanted, is_shipped) {
                Some(Choice::Own(key)) => {
                    prop_assert!(key.brand.is_empty() || Some(key.brand.as_str()) == brand);
                    prop_assert_eq!(key.language.primary(), language.primary());
                    let exact = key.language == language && key.brand == brand.unwrap_or_default();
                    prop_assert!(exact || !strict);
                    let is_exact = |key: &TemplateKey| key.language == language && key.brand == brand.unwrap_or_default();
                    prop_assert!(exact || !own.iter().any(is_exact), "an exact one is never passed over");
                }
                Some(Choice::Shipped(_)) => prop_assert!(!strict),
                None => prop_assert!(strict, "there is always a shipped one"),
            }
        }
    }
}
