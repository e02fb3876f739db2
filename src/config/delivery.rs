//! What leaves the house: mail, texts to phones, and questions to a captcha provider.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use secrecy::SecretString;
use toml::Value;

use crate::domain::email::Email;

use super::reader::Reader;
use super::setting::{Setting, named_setting, parse};
use super::sources::Raw;

/// Mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Whom mails are from.
    pub from: Mailbox,
    /// The server; absent = mails are written to the directory.
    pub server: Option<MailServer>,
    /// Where messages are written that are not sent; absent = `mail` in the data directory.
    pub directory: Option<PathBuf>,
    /// How often the outbox is looked at.
    pub poll: Duration,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// PEM: who signs the server's certificate; the system's authorities where absent.
    pub ca: Option<PathBuf>,
    /// User and password.
    pub credentials: Option<(String, SecretString)>,
    /// Connections at once.
    pub connections_max: u32,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailTls {
    /// STARTTLS, required.
    #[default]
    Starttls,
    /// From the first byte on.
    Implicit,
    /// Not at all.
    None,
}

named_setting!(
    MailTls,
    "starttls" => Self::Starttls,
    "implicit" => Self::Implicit,
    "none" => Self::None,
);

impl MailTls {
    /// The port that the standards give it.
    fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

impl Mail {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let from = reader.value("mail.from", Mailbox::nobody());
        let host: Option<String> = reader.optional("mail.host");
        let tls = reader.value("mail.tls", MailTls::default());
        let port = reader.optional("mail.port").unwrap_or(tls.port());
        let plaintext = reader.value("mail.plaintext", false);
        let ca = reader.optional("mail.ca");
        let credentials = read_pair(reader, "mail.user", "mail.password");
        let connections_max = reader.within("mail.connections_max", 4, 1..=64);
        let directory = reader.optional("mail.directory");
        let poll =
            reader.within("mail.poll", Duration::from_secs(1), Duration::from_millis(100)..=Duration::from_secs(60));
        match &host {
            Some(host) if tls == MailTls::None && !plaintext && !is_loopback(host) => reader.fault(
                "mail.tls",
                "mails would travel in the open: only to this machine, or with mail.plaintext where something else encrypts".to_owned(),
            ),
            Some(_) if from == Mailbox::nobody() => {
                reader.fault("mail.from", "has to be set beside mail.host".to_owned());
            }
            None if credentials.is_some() => reader.fault("mail.user", "needs mail.host".to_owned()),
            _ => {}
        }
        let server = host.map(|host| MailServer { host, port, tls, ca, credentials, connections_max });
        Self { from, server, directory, poll }
    }
}

/// An API that sends texts.
#[derive(Clone, Debug)]
pub struct TextApi {
    /// Where to post.
    pub url: String,
    /// User and password.
    pub credentials: (String, SecretString),
    /// Whom texts are from.
    pub from: String,
}

impl TextApi {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let url: Option<Endpoint> = reader.optional("text.url");
        let from: Option<String> = reader.optional("text.from");
        let credentials = read_pair(reader, "text.user", "text.password");
        match (url, from, credentials) {
            (Some(url), Some(from), Some(credentials)) => Some(Self { url: url.0.to_string(), credentials, from }),
            (None, None, None) => None,
            _ => {
                reader.fault("text.url", "text.url, text.from, text.user and text.password go together".to_owned());
                None
            }
        }
    }
}

/// A captcha provider.
#[derive(Clone, Debug)]
pub struct Captcha {
    /// Where to ask.
    pub url: String,
    /// What says who asks.
    pub secret: SecretString,
}

impl Captcha {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let url: Option<Endpoint> = reader.optional("captcha.url");
        let secret = reader.secret("captcha.secret", |text| Ok(text.clone()));
        match (url, secret) {
            (Some(url), Some(secret)) => Some(Self { url: url.0.to_string(), secret }),
            (None, None) => None,
            (Some(_), None) => {
                reader.fault("captcha.url", "needs captcha.secret beside it".to_owned());
                None
            }
            (None, Some(_)) => {
                reader.fault("captcha.secret", "needs captcha.url beside it".to_owned());
                None
            }
        }
    }
}

/// A user and a password: both or neither.
fn read_pair(reader: &mut Reader<'_>, user_key: &str, password_key: &str) -> Option<(String, SecretString)> {
    let user: Option<String> = reader.optional(user_key);
    let password = reader.secret(password_key, |text| Ok(text.clone()));
    match (&user, &password) {
        (Some(_), None) => reader.fault(user_key, format!("needs {password_key} beside it")),
        (None, Some(_)) => reader.fault(password_key, format!("needs {user_key} beside it")),
        _ => {}
    }
    user.zip(password)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whom mails are from: an address, with a name or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Shown beside the address.
    pub name: Option<String>,
    /// The address.
    pub address: Email,
}

impl Mailbox {
    /// For mails that are not sent: an address that RFC 2606 keeps from ever being anybody's.
    fn nobody() -> Self {
        let address = Email::parse("no-reply@enroll.invalid").expect("invariant: an address");
        Self { name: None, address }
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (Some(name.trim()).filter(|name| !name.is_empty()), address),
            None => (None, text),
        };
        let is_line = name.is_none_or(|name| !name.chars().any(|c| c.is_control() || c == '<' || c == '>'));
        let address = Email::parse(address.trim()).ok().filter(|_| is_line)?;
        Some(Self { name: name.map(str::to_owned), address })
    }
}

impl Setting for Mailbox {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "an address such as \"no-reply@example.com\" or \"Example <no-reply@example.com>\"", Self::parse)
    }

    fn print(&self) -> Value {
        let address = self.address.address();
        Value::String(self.name.as_ref().map_or_else(|| address.to_owned(), |name| format!("{name} <{address}>")))
    }
}

/// Where a provider is: over TLS, or on this machine.
#[derive(Debug)]
struct Endpoint(Uri);

impl Setting for Endpoint {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "a URL that begins with https:// (http:// on this machine only)", |text| {
            let url: Uri = text.parse().ok()?;
            let host = url.host()?.trim_start_matches('[').trim_end_matches(']');
            let is_safe = match url.scheme_str()? {
                "https" => true,
                "http" => is_loopback(host),
                _ => false,
            };
            let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
            (is_safe && !has_user).then_some(Self(url))
        })
    }

    fn print(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
