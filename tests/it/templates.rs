//! `TemplateService`: words are tried before they are kept, and a mail says what a preview showed.

use prost_types::FieldMask;

use enroll::proto::v1;

use crate::support::{Client, Engine, TestApp, assert_snapshot, made, on_both_engines, refused};

on_both_engines!(
    a_template_is_made_read_listed_changed_and_deleted,
    a_kind_brand_and_language_has_one_template,
    every_fault_is_told_at_once,
    words_that_cannot_be_rendered_are_refused_part_by_part,
    a_change_is_of_the_version_that_was_read,
    a_list_is_paged_and_has_no_bodies,
    a_preview_shows_what_a_mail_would_say,
    a_preview_shows_words_that_are_not_kept,
    checking_writes_nothing,
);

const ALL: [&str; 2] = ["templates.read", "templates.write"];

/// A template that says only what every mail has.
fn template(brand: &str, language: &str) -> v1::Template {
    v1::Template {
        kind: v1::MailKind::AccountCreated.into(),
        brand: brand.to_owned(),
        language_code: language.to_owned(),
        subject: format!("Hello from {brand}"),
        html: "<p>{{ email }}</p>".to_owned(),
        text: "{{ email }}".to_owned(),
        ..Default::default()
    }
}

fn making(template: v1::Template) -> v1::CreateTemplateRequest {
    v1::CreateTemplateRequest { template: Some(template), ..Default::default() }
}

fn changing(template: v1::Template, paths: &[&str]) -> v1::UpdateTemplateRequest {
    let paths = paths.iter().map(ToString::to_string).collect();
    let update_mask = Some(FieldMask { paths });
    v1::UpdateTemplateRequest { template: Some(template), update_mask, ..Default::default() }
}

fn named(brand: &str, language: &str) -> v1::GetTemplateRequest {
    v1::GetTemplateRequest {
        kind: v1::MailKind::AccountCreated.into(),
        brand: brand.to_owned(),
        language_code: language.to_owned(),
        ..Default::default()
    }
}

fn deleting(brand: &str, language: &str, etag: &str) -> v1::DeleteTemplateRequest {
    let v1::GetTemplateRequest { tenant_id, kind, brand, language_code } = named(brand, language);
    v1::DeleteTemplateRequest { tenant_id, kind, brand, language_code, etag: etag.to_owned() }
}

fn previewing(brand: &str, language: &str) -> v1::PreviewTemplateRequest {
    v1::PreviewTemplateRequest {
        kind: v1::MailKind::AccountCreated.into(),
        brand: brand.to_owned(),
        language_code: language.to_owned(),
        ..Default::default()
    }
}

async fn create(client: &Client, template: v1::Template) -> v1::Template {
    made(client.templates().create_template(making(template)).await).template.expect("a template")
}

async fn a_template_is_made_read_listed_changed_and_deleted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let kept = create(&client, template("fair", "fre-FR")).await;
    let expected = v1::Template {
        tenant_id: client.tenant_id.clone(),
        language_code: "fr-FR".to_owned(),
        create_time: kept.create_time,
        update_time: kept.create_time,
        etag: kept.etag.clone(),
        ..template("fair", "fr-FR")
    };
    assert!(kept.create_time.is_some() && !kept.etag.is_empty());
    assert_eq!(kept, expected);
    let read = made(client.templates().get_template(named("fair", "FRE-fr")).await).template;
    assert_eq!(read.as_ref(), Some(&kept));

    let words = v1::Template { subject: "Bonjour".to_owned(), ..template("fair", "fr-FR") };
    let changed = made(client.templates().update_template(changing(words, &["subject"])).await).template;
    let changed = changed.expect("a template");
    assert_eq!((changed.subject.as_str(), &changed.html, &changed.text), ("Bonjour", &kept.html, &kept.text));
    assert_ne!(changed.etag, kept.etag);
    made(client.templates().delete_template(deleting("fair", "fr-FR", &changed.etag)).await);
    let told = refused(client.templates().get_template(named("fair", "fr-FR")).await);
    assert_snapshot!(told, @r#"
    NotFound TEMPLATE_NOT_FOUND: There is no such template.
    resource enroll.v1.Template "templates/ACCOUNT_CREATED/fair/fr-FR"
    "#);
    for told in [
        refused(client.templates().delete_template(deleting("fair", "fr-FR", "")).await),
        refused(client.templates().update_template(changing(template("fair", "fr"), &["*"])).await),
        refused(client.templates().get_template(named("", "fr")).await),
    ] {
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("NotFound", "TEMPLATE_NOT_FOUND"));
    }
}

async fn a_kind_brand_and_language_has_one_template(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    create(&client, template("fair", "fr")).await;
    for other in [template("", "fr"), template("fair", "fr-FR"), template("Fair", "fr")] {
        create(&client, other).await;
    }
    let told = refused(client.templates().create_template(making(template("fair", "fra"))).await);
    assert_snapshot!(told, @r#"
    AlreadyExists NAME_ALREADY_EXISTS: The name is taken.
      field = template
    field template NAME_ALREADY_EXISTS: The name is taken.
    resource enroll.v1.Template ""
    "#);
    let elsewhere = app.app_of_another_tenant(&ALL).await;
    create(&elsewhere, template("fair", "fr")).await;
}

async fn every_fault_is_told_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let wrong = v1::Template {
        kind: 99,
        brand: "a\nb".to_owned(),
        language_code: "?".to_owned(),
        subject: "two\nlines".to_owned(),
        html: "a".repeat(64 * 1024 + 1),
        text: String::new(),
        ..Default::default()
    };
    let told = refused(client.templates().create_template(making(wrong)).await);
    assert_snapshot!(told.faults().join("\n"), @r"
    template.kind FIELD_UNKNOWN
    template.brand FIELD_INVALID
    template.language_code LANGUAGE_UNSUPPORTED
    template.subject FIELD_INVALID
    template.html FIELD_TOO_LONG
    template.text FIELD_REQUIRED
    ");
    let told = refused(client.templates().create_template(v1::CreateTemplateRequest::default()).await);
    assert_eq!(told.faults(), ["template FIELD_REQUIRED"]);
    let told = refused(client.templates().get_template(v1::GetTemplateRequest::default()).await);
    assert_eq!(told.faults(), ["kind FIELD_REQUIRED", "language_code FIELD_REQUIRED"]);
    let long = v1::Template { subject: "\u{e9}".repeat(500), ..template("", "fr") };
    let told = refused(client.templates().create_template(making(long)).await);
    assert_eq!(
        (told.faults(), told.said("v0-maxLength")),
        (vec!["template.subject FIELD_TOO_LONG".to_owned()], Some("998"))
    );
}

async fn words_that_cannot_be_rendered_are_refused_part_by_part(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let right = template("", "fr");
    create(&client, right.clone()).await;
    let cases = [
        ("template.subject", v1::Template { subject: "{{ email".to_owned(), ..right.clone() }),
        ("template.html", v1::Template { html: "<p>\n{% nothing %}".to_owned(), ..right.clone() }),
        ("template.text", v1::Template { text: "{{ email | no_such_filter }}".to_owned(), ..right.clone() }),
        ("template.text", v1::Template { text: "{{ no_such_field.at_all }}".to_owned(), ..right.clone() }),
    ];
    for (field, wrong) in cases {
        for told in [
            refused(
                client
                    .templates()
                    .create_template(making(v1::Template { brand: "new".to_owned(), ..wrong.clone() }))
                    .await,
            ),
            refused(client.templates().update_template(changing(wrong, &["*"])).await),
        ] {
            assert_eq!(told.faults(), [format!("{field} FIELD_INVALID")]);
            assert!(told.said("v0-problem").is_some_and(|problem| !problem.is_empty()), "{told}");
        }
    }
    let read = made(client.templates().get_template(named("", "fr")).await).template.expect("a template");
    assert_eq!(read.text, right.text, "nothing was changed");
}

async fn a_change_is_of_the_version_that_was_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let first = create(&client, template("", "fr")).await;
    let change = |etag: &str| v1::Template { etag: etag.to_owned(), subject: "A".to_owned(), ..template("", "fr") };
    made(client.templates().update_template(changing(change(&first.etag), &["subject"])).await);
    for told in [
        refused(client.templates().update_template(changing(change(&first.etag), &["subject"])).await),
        refused(client.templates().delete_template(deleting("", "fr", &first.etag)).await),
    ] {
        assert_eq!((told.code.as_str(), told.reason.as_str()), ("Aborted", "ETAG_MISMATCH"));
    }
    let told = refused(client.templates().update_template(changing(change(""), &["kind", "words"])).await);
    assert_eq!(told.faults(), ["template.kind FIELD_IMMUTABLE", "update_mask.paths[1] FIELD_UNKNOWN"]);
}

async fn a_list_is_paged_and_has_no_bodies(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let keys = [("", "de"), ("", "fr"), ("fair", "de"), ("fair", "fr"), ("fair", "fr-FR")];
    for (brand, language) in keys.iter().rev() {
        create(&client, template(brand, language)).await;
    }
    let (mut seen, mut request) = (Vec::new(), v1::ListTemplatesRequest { page_size: 2, ..Default::default() });
    loop {
        let page = made(client.templates().list_templates(request.clone()).await);
        assert!(page.templates.len() <= 2);
        seen.extend(page.templates);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen.iter().map(|row| (row.brand.as_str(), row.language_code.as_str())).collect::<Vec<_>>(), keys);
    assert!(seen.iter().all(|row| row.html.is_empty() && row.text.is_empty() && !row.subject.is_empty()));
    let elsewhere = app.app_of_another_tenant(&ALL).await;
    assert_eq!(made(elsewhere.templates().list_templates(v1::ListTemplatesRequest::default()).await).templates, []);
}

async fn a_preview_shows_what_a_mail_would_say(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let html = "<b>{% if display_name %}{{ display_name }}{% endif %}</b>".to_owned();
    let text = "{% if display_name %}{{ display_name }}{% endif %} {% if link %}{{ link }}{% endif %}".to_owned();
    create(&client, v1::Template { html, text, ..template("fair", "fr") }).await;
    let shown = made(client.templates().preview_template(previewing("fair", "fr-FR")).await);
    assert_eq!((shown.brand.as_str(), shown.language_code.as_str(), shown.shipped), ("fair", "fr", false));
    assert_eq!(shown.html, "<b>Ada Lovelace</b>");
    assert_eq!(shown.text, "Ada Lovelace https://example.com/login");
    // Another brand has no words of its own here, nor has the tenant.
    let shipped = made(client.templates().preview_template(previewing("other", "fr-FR")).await);
    assert_eq!((shipped.language_code.as_str(), shipped.shipped), ("fr", true));
    assert!(!shipped.subject.is_empty() && shipped.html.contains("Ada Lovelace"));
    let unknown = made(client.templates().preview_template(previewing("", "da")).await);
    assert_eq!((unknown.language_code.as_str(), unknown.shipped), ("en", true), "the tenant's language");
    let own = made(client.templates().preview_template(previewing("", "")).await);
    assert_eq!((own.language_code.as_str(), own.shipped), ("en", true));
    let strict = v1::PreviewTemplateRequest { strict: true, ..previewing("fair", "fr-FR") };
    let told = refused(client.templates().preview_template(strict).await);
    assert_snapshot!(told, @r"
    FailedPrecondition TEMPLATE_MISSING: There is no template for the mail that would be sent.
      brand = fair
      kind = ACCOUNT_CREATED
      languageCode = fr-FR
    precondition CONFIGURATION templates/ACCOUNT_CREATED/fair/fr-FR
    ");
}

async fn a_preview_shows_words_that_are_not_kept(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&["templates.read"]).await;
    let preview = |text: &str| v1::PreviewTemplateRequest {
        template: Some(v1::Template { text: text.to_owned(), ..template("", "") }),
        ..previewing("", "fr")
    };
    let shown = made(client.templates().preview_template(preview("{{ email }}!")).await);
    assert_eq!((shown.text.as_str(), shown.shipped, shown.language_code.as_str()), ("ada@example.com!", false, "fr"));
    let told = refused(client.templates().preview_template(preview("{{ email")).await);
    assert_eq!(told.faults(), ["template.text FIELD_INVALID"]);
    assert_eq!(app.database().count("templates").await, 0);
}

async fn checking_writes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let client = app.app(&ALL).await;
    let check = |template| v1::CreateTemplateRequest { validate_only: true, ..making(template) };
    made(client.templates().create_template(check(template("", "fr"))).await);
    assert_eq!(app.database().count("templates").await, 0);
    let kept = create(&client, template("", "fr")).await;
    assert_eq!(
        refused(client.templates().create_template(check(template("", "fr"))).await).reason,
        "NAME_ALREADY_EXISTS"
    );
    let words = v1::Template { subject: "B".to_owned(), ..template("", "fr") };
    let change = v1::UpdateTemplateRequest { validate_only: true, ..changing(words, &["subject"]) };
    let answer = made(client.templates().update_template(change).await).template.expect("a template");
    assert_eq!(answer.subject, "B");
    assert_eq!(made(client.templates().get_template(named("", "fr")).await).template, Some(kept));
}
