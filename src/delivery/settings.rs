//! What an operator chose for this room.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::domain::email::Email;

/// Everything that leaves the house.
#[derive(Clone, Debug)]
pub struct DeliverySettings {
    /// Whom mails are from.
    pub sender: Sender,
    /// See [`MailRoute`].
    pub mail: MailRoute,
    /// See [`TextRoute`].
    pub text: TextRoute,
    /// The captcha provider; absent = there is none.
    pub captcha: Option<CaptchaSettings>,
    /// How often the outbox is looked at for what is due; what this process writes is looked at at once.
    pub poll: Duration,
}

impl DeliverySettings {
    /// Nothing leaves the machine: messages are written into a directory.
    pub fn into_folder(directory: PathBuf, sender: Email) -> Self {
        Self {
            sender: Sender { name: None, address: sender },
            mail: MailRoute::Folder(directory.clone()),
            text: TextRoute::Folder(directory),
            captcha: None,
            poll: Duration::from_secs(1),
        }
    }
}

/// Whom mails are from.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Shown beside the address.
    pub name: Option<String>,
    /// Answers and bounces go there.
    pub address: Email,
}

/// The way of mails.
#[derive(Clone, Debug)]
pub enum MailRoute {
    /// To a mail server.
    Smtp(SmtpSettings),
    /// Into a directory, one `.eml` file each.
    Folder(PathBuf),
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name, which its certificate has to have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// PEM: who signs the server's certificate; the system's authorities where absent.
    pub ca: Option<PathBuf>,
    /// User and password.
    pub credentials: Option<(String, SecretString)>,
    /// Connections at once.
    pub connections_max: u32,
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// STARTTLS; a server without it is not spoken to.
    Starttls,
    /// From the first byte on.
    Implicit,
    /// Not at all.
    None,
}

/// The way of texts to phones.
#[derive(Clone, Debug)]
pub enum TextRoute {
    /// To an HTTP API.
    Api(TextApiSettings),
    /// Into a directory, one `.txt` file each.
    Folder(PathBuf),
}

/// A Twilio-compatible API.
#[derive(Clone, Debug)]
pub struct TextApiSettings {
    /// Where to post.
    pub url: String,
    /// User and password of the account.
    pub credentials: (String, SecretString),
    /// The number or name that texts are from.
    pub from: String,
}

/// A captcha provider with the `siteverify` form.
#[derive(Clone, Debug)]
pub struct CaptchaSettings {
    /// Where to ask.
    pub url: String,
    /// What says who asks.
    pub secret: SecretString,
}
