use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use super::*;
use crate::delivery::render::Renderer;
use crate::domain::ids::MessageId;
use crate::domain::language::LanguageCode;
use crate::domain::message::{MailFields, MailKind};

/// The shipped templates, in the mail's language or else in English; for tenants that have none of their own.
struct ShippedOnly(Arc<dyn TemplateRenderer>);

impl TemplateChoice for ShippedOnly {
    fn choose<'a>(
        &'a self,
        _tenant_id: TenantId,
        mail: &'a Mail,
    ) -> BoxFuture<'a, Result<Option<TemplateSource>, StoreError>> {
        let shipped = |language| self.0.shipped(mail.kind, language);
        let chosen = if mail.strict { None } else { shipped(mail.language.primary()).or_else(|| shipped("en")) };
        Box::pin(std::future::ready(Ok(chosen)))
    }
}

fn carrier(directory: &std::path::Path) -> MailCarrier {
    let renderer: Arc<dyn TemplateRenderer> = Arc::new(Renderer::new());
    let sender =
        Sender { name: Some("Enroll, \"Ünï\"".into()), address: Email::parse("no-reply@bücher.example").unwrap() };
    let templates = Arc::new(ShippedOnly(renderer.clone()));
    MailCarrier::new(&sender, &MailRoute::Folder(directory.to_owned()), renderer, templates).unwrap()
}

fn parcel(to: &str, language: &str, fields: MailFields) -> Parcel {
    let (kind, language) = (MailKind::Activation, LanguageCode::parse(language).unwrap());
    let mail =
        Mail { kind, to: to.into(), language, realm_language: None, brand: None, strict: false, fields, decoy: false };
    let now = DateTime::from_timestamp(1_893_499_200, 0).unwrap();
    let (tenant_id, id) = (TenantId::from_uuid(Uuid::now_v7()), MessageId::from_uuid(Uuid::now_v7()));
    Parcel { tenant_id, id, message: message::Message::Mail(Box::new(mail)), create_time: now, now }
}

/// The file that was written, as text.
async fn written(to: &str, language: &str, fields: MailFields) -> (Parcel, String) {
    let directory = tempfile::tempdir().unwrap();
    let parcel = parcel(to, language, fields);
    carrier(directory.path()).carry(&parcel).await.unwrap();
    let file = directory.path().join(format!("{}.eml", parcel.id));
    (parcel, std::fs::read_to_string(file).unwrap())
}

fn headers(mail: &str) -> &str {
    mail.split("\r\n\r\n").next().unwrap()
}

#[tokio::test]
async fn a_mail_says_it_in_text_and_in_html_under_its_own_id() {
    let fields = MailFields { link: Some("https://id.example/a?token=t".into()), ..MailFields::default() };
    let (parcel, mail) = written("Ada@EXAMPLE.com", "fr-CA", fields).await;
    let headers = headers(&mail);
    assert!(headers.contains(&format!("Message-ID: <{}@xn--bcher-kva.example>\r\n", parcel.id)), "{headers}");
    assert!(headers.contains("Date: Tue, 01 Jan 2030 12:00:00 +0000\r\n"), "{headers}");
    assert!(headers.contains("To: Ada@example.com\r\n"), "{headers}");
    assert!(headers.contains("Subject: Veuillez confirmer votre adresse e-mail\r\n"), "{headers}");
    assert!(headers.contains("Auto-Submitted: auto-generated\r\n"), "{headers}");
    assert!(headers.contains("Content-Type: multipart/alternative;"), "{headers}");
    assert!(headers.is_ascii(), "{headers}");
    let (text, html) = (mail.find("text/plain").unwrap(), mail.find("text/html").unwrap());
    assert!(text < html && mail.contains("\r\nhttps://id.example/a?token=3Dt\r\n"), "{mail}");
}

#[tokio::test]
async fn files_are_their_owners_and_whole() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("new/mail");
    let (carrier, parcel) = (carrier(&directory), parcel("ada@example.com", "en", MailFields::default()));
    for _ in 0..2 {
        carrier.carry(&parcel).await.unwrap();
    }
    let files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 1, "a repeat is the same file");
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn nothing_in_a_message_makes_a_header_or_a_recipient() {
    let evil = "Eve\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>{{ token }} http://evil.example";
    let fields = MailFields {
        display_name: Some(evil.into()),
        user_name: Some(evil.into()),
        email: Some(evil.into()),
        portal_name: Some(evil.into()),
        token: Some("secret".into()),
        ..MailFields::default()
    };
    let (_, plain) = written("ada@example.com", "en", MailFields::default()).await;
    let (_, mail) = written("ada@example.com", "en", fields).await;
    let names = |mail: &str| -> Vec<String> {
        headers(mail).lines().filter_map(|line| Some(line.split_once(": ")?.0.to_owned())).collect()
    };
    assert_eq!(names(&mail), names(&plain));
    let html = &mail[mail.find("text/html").unwrap()..];
    assert!(!html.contains("<script") && !headers(&mail).contains("Bcc"), "{mail}");
    let directory = tempfile::tempdir().unwrap();
    for to in ["a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "<a@example.com>", ""] {
        let sent = carrier(directory.path()).carry(&parcel(to, "en", MailFields::default())).await;
        assert_eq!(sent, Err(Failure::never("address")), "{to:?}");
    }
}

#[test]
fn domains_are_a_labels_and_local_parts_as_typed() {
    let address = |text| deliverable(&Email::parse(text).unwrap()).unwrap().to_string();
    assert_eq!(address("Ada.L@Bücher.example"), "Ada.L@xn--bcher-kva.example");
    assert_eq!(address("jürgen@example.com"), "jürgen@example.com");
}

#[tokio::test]
async fn what_cannot_be_said_is_not_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let carrier = carrier(directory.path());
    let mut late = parcel("ada@example.com", "en", MailFields::default());
    let message::Message::Mail(mail) = &mut late.message else { panic!("a mail") };
    mail.fields.expire_time = Some(late.now);
    assert_eq!(carrier.carry(&late).await, Err(Failure::never("expired")));
    let message::Message::Mail(mail) = &mut late.message else { panic!("a mail") };
    mail.fields.expire_time = Some(late.now + TimeDelta::seconds(1));
    mail.strict = true;
    assert_eq!(carrier.carry(&late).await, Err(Failure::never("no template")));
}
