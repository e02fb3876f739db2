use chrono::DateTime;

use super::shipped::LANGUAGES;
use super::*;

fn fields() -> MailFields {
    MailFields {
        display_name: Some("Ada <b>Lovelace</b>".into()),
        user_name: Some("ada".into()),
        email: Some("ada@example.com".into()),
        portal_name: Some("engines".into()),
        portal_domain: Some("engines.portals.example".into()),
        link: Some("https://id.example/activate?a=1&token=secret".into()),
        token: Some("secret".into()),
        expire_time: DateTime::from_timestamp(1_893_499_200, 0),
    }
}

fn source(subject: &str, html: &str, text: &str) -> TemplateSource {
    TemplateSource { subject: subject.into(), html: html.into(), text: text.into() }
}

fn html(template: &str) -> Result<String, RenderFault> {
    Renderer::new().render(&source("s", template, "t"), &fields()).map(|mail| mail.html)
}

/// Every shipped template, with every field and with none, and with each one missing.
#[test]
fn every_shipped_template_has_words_for_every_mail() {
    let renderer = Renderer::new();
    let missing: [fn(&mut MailFields); 8] = [
        |fields| fields.display_name = None,
        |fields| fields.user_name = None,
        |fields| fields.email = None,
        |fields| fields.portal_name = None,
        |fields| fields.portal_domain = None,
        |fields| fields.link = None,
        |fields| fields.token = None,
        |fields| fields.expire_time = None,
    ];
    for (kind, language) in MailKind::ALL.iter().flat_map(|kind| LANGUAGES.map(|language| (*kind, language))) {
        let source = renderer.shipped(kind, language).expect("it is shipped");
        let render =
            |fields: &MailFields| renderer.render(&source, fields).unwrap_or_else(|e| panic!("{kind} {language}: {e}"));
        let whole = render(&fields());
        for part in [&whole.html, &whole.text] {
            assert!(part.contains("2030-01-01 12:00 UTC"), "{kind} {language}: {part}");
            assert!(!part.contains("{{") && !part.contains("{%"), "{kind} {language}: {part}");
        }
        assert!(whole.text.contains("\nhttps://id.example/activate?a=1&token=secret\n"), "{kind} {language}");
        assert!(whole.text.contains("Ada <b>Lovelace</b>,\n\n") && !whole.text.contains("\n\n\n"), "{}", whole.text);
        assert!(whole.html.contains("Ada &lt;b&gt;Lovelace"), "{kind} {language}");
        assert!(whole.html.contains(&format!("<html lang=\"{language}\">")), "{kind} {language}");
        render(&MailFields::default());
        for drop in missing {
            let mut fields = fields();
            drop(&mut fields);
            render(&fields);
        }
        let only_token = render(&MailFields { link: None, ..fields() });
        assert!(only_token.text.contains("\nsecret\n") && only_token.html.contains(">secret<"), "{kind} {language}");
    }
    assert_eq!(renderer.shipped(MailKind::Activation, "es"), None);
}

#[test]
fn what_a_template_gets_wrong_is_told_with_its_place() {
    let renderer = Renderer::new();
    let fault = |source| renderer.render(&source, &MailFields::default()).expect_err("a fault");
    let syntax = fault(source("s", "<p>\n{{ email", "t"));
    assert_eq!((syntax.part, syntax.line), ("html", Some(2)));
    let misspelt = fault(source("{{ emial }}", "h", "t"));
    assert_eq!((misspelt.part, misspelt.line), ("subject", Some(1)));
    assert!(misspelt.description.starts_with("undefined value"), "{misspelt}");
    let absent = fault(source("s", "h", "\n\n{{ link }}"));
    assert_eq!((absent.part, absent.line), ("text", Some(3)));
    assert!(absent.description.contains("no such field"), "{absent}");
    assert_eq!(fault(source(" {# nothing #} ", "h", "t")).part, "subject");
    let misspelt_condition = fault(source("s", "{% if lnik %}{% endif %}", "t"));
    assert_eq!(misspelt_condition.part, "html");
}

#[test]
fn html_is_always_escaped() {
    assert_eq!(html("{{ display_name }}").unwrap(), "Ada &lt;b&gt;Lovelace&lt;&#x2f;b&gt;");
    assert_eq!(html("{{ display_name|upper }}").unwrap(), "ADA &lt;B&gt;LOVELACE&lt;&#x2f;B&gt;");
    for way_round in [
        "{{ display_name|safe }}",
        "{% autoescape false %}{{ display_name }}{% endautoescape %}",
        "{% autoescape 'none' %}{{ display_name }}{% endautoescape %}",
        "{% autoescape false %}{% set name %}{{ display_name }}{% endset %}{% endautoescape %}{{ name }}",
    ] {
        let rendered = html(way_round).unwrap_or_default();
        assert!(!rendered.contains("<b>"), "{way_round}: {rendered}");
    }
}

#[test]
fn a_template_reaches_nothing_but_its_fields() {
    for attempt in [
        "{% include 'html' %}",
        "{% include 'activation.en.jinja' ignore missing %}",
        "{% extends 'html' %}",
        "{% import 'html' as x %}",
        "{% from 'html' import x %}",
        "{{ self }}",
        "{{ email.__class__ }}",
        "{{ env('HOME') }}",
    ] {
        assert!(html(attempt).is_err(), "{attempt}");
    }
}

#[test]
fn what_a_field_holds_is_never_a_template() {
    let fields = MailFields { display_name: Some("{{ token }}{% include 'x' %}".into()), ..fields() };
    let mail =
        Renderer::new().render(&source("{{ display_name }}", "{{ display_name }}", "{{ display_name }}"), &fields);
    let mail = mail.expect("it renders");
    assert_eq!(mail.text, "{{ token }}{% include 'x' %}");
    assert!(!mail.html.contains("secret") && !mail.subject.contains("secret"));
}

#[test]
fn a_greedy_template_runs_out() {
    for greedy in [
        "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{% set ns = namespace(a='x') %}{% for i in range(60) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}",
        "{% for i in range(9999) %}{{ 'x' * 100 }}{% endfor %}",
        "{{ 'x'|center(1000000000) }}",
        "{{ ('x' * 1000)|replace('x', 'y' * 1000)|replace('y', 'z' * 1000) }}",
        "{{ 'x'|indent(1000000000) }}",
        "{{ '%1000000000d'|format(1) }}",
    ] {
        assert!(html(greedy).is_err(), "{greedy}");
    }
    let deep = format!("{}x{}", "{% if 1 %}".repeat(10_000), "{% endif %}".repeat(10_000));
    assert!(html(&deep).is_err());
    assert!(html(&"(".repeat(100_000)).is_ok(), "it is no template");
    assert!(html(&format!("{{{{ {}1{} }}}}", "(".repeat(10_000), ")".repeat(10_000))).is_err());
}

#[test]
fn a_field_changes_no_line_and_no_direction() {
    let fields = MailFields {
        display_name: Some("Eve\r\nBcc: all@example.com\u{2028}\u{202E}x\u{1b}[31m".into()),
        user_name: Some("a\nb".into()),
        ..MailFields::default()
    };
    let mail = Renderer::new()
        .render(&source("To {{ display_name }}\r\nX: {{ user_name }}", "h", "{{ display_name }}"), &fields);
    let mail = mail.expect("it renders");
    assert_eq!(mail.subject, "To Eve Bcc: all@example. com x [31m X: a b");
    assert_eq!(mail.text, "Eve  Bcc: all@example. com x [31m");
}

#[test]
fn a_name_is_no_link() {
    assert_eq!(unlinked("win at http://evil.example/x"), "win at http: //evil. example/x");
    assert_eq!(unlinked("Dr. J. R. Smith Jr."), "Dr. J. R. Smith Jr.");
    assert_eq!(unlinked("St.John"), "St. John");
}
