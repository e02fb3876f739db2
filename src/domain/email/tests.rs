use proptest::prelude::*;

use super::*;

fn email(text: &str) -> Email {
    Email::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_address_stays_as_typed_and_the_key_is_folded() {
    let typed = email("John.DOE+news@Example.COM");
    assert_eq!(typed.address(), "John.DOE+news@Example.COM");
    assert_eq!(typed.key(), "john.doe+news@example.com");
    assert_eq!(typed.domain(), "example.com");
}

#[test]
fn spellings_of_one_address_meet_on_the_key() {
    for (one, other) in [
        ("test@example.com", "TEST@EXAMPLE.com"),
        ("ren\u{e9}@example.com", "RENE\u{301}@example.com"),
        ("strasse@example.com", "Straße@example.com"),
        ("alice@example.com", "Ａｌｉｃｅ@example.com"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@BÜCHER.example", "a@bu\u{308}cher.example"),
        ("ab@example.com", "a\u{AD}b@example.com"),
        ("a@example.com", "a@example。com"),
    ] {
        assert_eq!(email(one).key(), email(other).key(), "{one} {other}");
    }
    assert_ne!(email("a@faß.example").key(), email("a@fass.example").key());
    assert_ne!(email("a.b@example.com").key(), email("ab@example.com").key());
}

#[test]
fn what_is_no_address_is_refused() {
    use EmailError::{Empty, InvalidDomain, InvalidLocalPart};
    assert_eq!(Email::parse(""), Err(Empty));
    for text in [
        "@example.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a b@example.com",
        " a@example.com",
        "\"a b\"@example.com",
        "a@b@example.com",
        "a\0@example.com",
        "a\u{7f}@example.com",
        "a\u{85}b@example.com",
        "a\u{a0}b@example.com",
        "a\u{202E}b@example.com",
        "Joe <a@example.com>".trim_end_matches('>'),
        "a\u{FF20}b@example.com",
        "a\u{FF08}b@example.com",
        "\u{200B}@example.com",
    ] {
        assert_eq!(Email::parse(text), Err(InvalidLocalPart), "{text:?}");
    }
    for text in [
        "plain",
        "a@",
        "a@example",
        "a@localhost",
        "a@example..com",
        "a@.example.com",
        "a@example.com.",
        "a@-example.com",
        "a@example-.com",
        "a@exam_ple.com",
        "a@exam ple.com",
        "a@example.com\n",
        "a@[192.0.2.1]",
        "a@192.0.2.1",
        "a@xn--a.com",
        "a@exa\u{202E}mple.com",
    ] {
        assert_eq!(Email::parse(text), Err(InvalidDomain), "{text:?}");
    }
}

#[test]
fn limits_count_octets() {
    let domain = format!("{0}.{0}.{1}.com", "d".repeat(63), "d".repeat(57));
    assert_eq!(domain.len(), 189);
    assert!(Email::parse(&format!("{}@{domain}", "a".repeat(64))).is_ok());
    assert_eq!(Email::parse(&format!("{}@d{domain}", "a".repeat(64))), Err(EmailError::TooLong));
    assert!(Email::parse(&format!("{}@example.com", "é".repeat(32))).is_ok());
    assert_eq!(Email::parse(&format!("{}@example.com", "é".repeat(33))), Err(EmailError::InvalidLocalPart));
    assert_eq!(Email::parse(&format!("a@{}.com", "d".repeat(64))), Err(EmailError::InvalidDomain));
    // Three octets as typed, eighteen characters once folded: the key keeps to the limits too.
    assert_eq!(Email::parse(&format!("{}@example.com", "\u{FDFA}".repeat(4))), Err(EmailError::InvalidLocalPart));
}

#[test]
fn an_allowed_domain_covers_itself_and_what_is_below_it() {
    let domain = EmailDomain::parse("Example.com").expect("a domain");
    assert_eq!(domain.as_str(), "example.com");
    for covered in ["a@example.com", "a@EXAMPLE.com", "a@mail.example.com", "a@a.b.example.com"] {
        assert!(domain.covers(&email(covered)), "{covered}");
    }
    for other in ["a@notexample.com", "a@example.com.evil.org", "a@example.org", "example.com@evil.org"] {
        assert!(!domain.covers(&email(other)), "{other}");
    }
    assert!(EmailDomain::parse("bücher.example").expect("a domain").covers(&email("a@xn--bcher-kva.example")));
    for bad in ["", "@example.com", "*.example.com", ".example.com", "example.com."] {
        assert!(EmailDomain::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn json_holds_the_address() {
    let typed = email("A@Example.com");
    let json = serde_json::to_string(&typed).expect("json");
    assert_eq!(json, "\"A@Example.com\"");
    assert_eq!(serde_json::from_str::<Email>(&json).expect("an address"), typed);
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_and_every_key_is_its_own_key(text in any::<String>(), short in "\\PC{1,4}") {
        let _ = EmailDomain::parse(&text);
        let parts = [format!("{short}@example.com"), format!("a@{short}.com"), format!("{short}@{short}.com")];
        for text in parts.iter().chain([&text]) {
            if let Ok(email) = Email::parse(text) {
                prop_assert_eq!(email.address(), text);
                let again = Email::parse(email.key());
                prop_assert_eq!(again.as_ref().map(Email::key), Ok(email.key()));
            }
        }
    }

    #[test]
    fn case_makes_no_difference(
        local in "[a-zA-Zß-öø-ÿα-ωа-я0-9]{1,12}(\\.[a-zA-Z0-9]{1,8})?",
        domain in "[a-z0-9]{1,10}\\.[a-z]{2,5}",
    ) {
        let typed = format!("{local}@{domain}");
        let (one, other) = (email(&typed), email(&typed.to_uppercase()));
        prop_assert_eq!(one.key(), other.key());
    }

    #[test]
    fn composition_makes_no_difference(text in "[a-zà-öø-ÿ]{1,15}") {
        let decomposed = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
        let (one, other) = (email(&format!("{text}@example.com")), email(&format!("{decomposed}@example.com")));
        prop_assert_eq!(one.key(), other.key());
    }
}
