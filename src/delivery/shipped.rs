//! The templates that are shipped: one file a kind and language, its subject in the first line, then the text, then the HTML.

use crate::domain::message::MailKind;
use crate::provisioning::templates::TemplateSource;

/// The languages that are shipped.
#[cfg(test)]
pub(super) const LANGUAGES: [&str; 3] = ["en", "fr", "de"];

macro_rules! in_languages {
    ($language:expr, $kind:literal) => {
        match $language {
            "en" => Some(include_str!(concat!("templates/", $kind, ".en.jinja"))),
            "fr" => Some(include_str!(concat!("templates/", $kind, ".fr.jinja"))),
            "de" => Some(include_str!(concat!("templates/", $kind, ".de.jinja"))),
            _ => None,
        }
    };
}

/// The template of a kind in a language, by its primary subtag.
pub(super) fn shipped(kind: MailKind, language: &str) -> Option<TemplateSource> {
    let file = match kind {
        MailKind::AccountCreated => in_languages!(language, "account_created"),
        MailKind::Activation => in_languages!(language, "activation"),
        MailKind::PortalActivation => in_languages!(language, "portal_activation"),
        MailKind::AlreadyRegistered => in_languages!(language, "already_registered"),
        MailKind::PasswordReset => in_languages!(language, "password_reset"),
        MailKind::SetPassword => in_languages!(language, "set_password"),
        MailKind::EmailChange => in_languages!(language, "email_change"),
        MailKind::PasswordChanged => in_languages!(language, "password_changed"),
    };
    file.and_then(parts)
}

fn parts(file: &str) -> Option<TemplateSource> {
    let (subject, rest) = file.split_once("\n--- text\n")?;
    let (text, html) = rest.split_once("\n--- html\n")?;
    Some(TemplateSource { subject: subject.to_owned(), text: format!("{text}\n"), html: html.to_owned() })
}
