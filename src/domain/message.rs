//! What is said to people: mails by their kind, and the short text with a code. A message is composed by the use case whose unit of work it
//! belongs to, kept sealed, and put into words when it is sent. Absent: words (templates), and the way out of the house.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::language::LanguageCode;
use super::state::text_enum;

text_enum! {
    /// The kinds of mail; each has a template in every language that is shipped.
    pub enum MailKind {
        /// An account was made by an application.
        AccountCreated = "ACCOUNT_CREATED",
        /// An e-mail address is to be verified.
        Activation = "ACTIVATION",
        /// A portal is to be activated by its owner.
        PortalActivation = "PORTAL_ACTIVATION",
        /// Somebody tried to register an address that has an account.
        AlreadyRegistered = "ALREADY_REGISTERED",
        /// A password is to be replaced by one who forgot it.
        PasswordReset = "PASSWORD_RESET",
        /// The first password is to be set.
        SetPassword = "SET_PASSWORD",
        /// A new address is to be verified before it replaces the old one.
        EmailChange = "EMAIL_CHANGE",
        /// A password was changed; told, not asked.
        PasswordChanged = "PASSWORD_CHANGED",
    }
}

text_enum! {
    /// The way out of the house; each has workers of its own.
    pub enum Channel {
        /// By mail.
        Mail = "MAIL",
        /// To a phone.
        Text = "TEXT",
    }
}

text_enum! {
    /// How a message stands that was not sent yet; one that was sent is gone.
    pub enum MessageState {
        /// It will be tried.
        Waiting = "WAITING",
        /// It cannot be sent, and waits for an operator.
        Dead = "DEAD",
    }
}

/// What a template may speak of. A field that a message does not have is absent in the template too.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFields {
    /// The name to address the person by.
    pub display_name: Option<String>,
    /// The name to log in with.
    pub user_name: Option<String>,
    /// The address that the mail is about, which need not be the one it goes to.
    pub email: Option<String>,
    /// The portal's name.
    pub portal_name: Option<String>,
    /// The portal's domain.
    pub portal_domain: Option<String>,
    /// Where to click: on a configured base, with the token in it where the kind has one.
    pub link: Option<String>,
    /// The token by itself, for where no base of links is configured.
    pub token: Option<String>,
    /// Until when link and token can be used.
    pub expire_time: Option<DateTime<Utc>>,
}

/// A mail to send.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// See [`MailKind`].
    pub kind: MailKind,
    /// The stored address, as it was typed.
    pub to: String,
    /// The language to say it in, where a template has it.
    pub language: LanguageCode,
    /// The language to say it in else; absent = the same.
    #[serde(default)]
    pub realm_language: Option<LanguageCode>,
    /// The brand to say it for; absent = the tenant's own.
    pub brand: Option<String>,
    /// Whether only the template of exactly this brand and language will do.
    pub strict: bool,
    /// See [`MailFields`].
    pub fields: MailFields,
    /// Whether it stands where another mail would stand and is for nobody: writing it costs what writing that one would have cost.
    #[serde(default)]
    pub decoy: bool,
}

/// A short text to a phone: a code to type in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextMessage {
    /// E.164.
    pub to: String,
    /// The language to say it in.
    pub language: LanguageCode,
    /// Six digits.
    pub code: String,
    /// How long the code can be used.
    pub minutes: u32,
}

/// A message to send. What it says may hold tokens and codes, so it is kept sealed and is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "UPPERCASE")]
pub enum Message {
    /// By mail.
    Mail(Box<Mail>),
    /// To a phone.
    Text(TextMessage),
}

impl Message {
    /// Which way it goes.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Mail(_) => Channel::Mail,
            Self::Text(_) => Channel::Text,
        }
    }

    /// Where it leads, where it has a link.
    pub fn link(&self) -> Option<&str> {
        match self {
            Self::Mail(mail) => mail.fields.link.as_deref(),
            Self::Text(_) => None,
        }
    }

    /// Whether it is for nobody, and is not sent.
    pub fn is_decoy(&self) -> bool {
        matches!(self, Self::Mail(mail) if mail.decoy)
    }

    /// What it is about, for operators: the kind of the mail, or `CODE`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Mail(mail) => mail.kind.as_str(),
            Self::Text(_) => "CODE",
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(mail) => write!(f, "Mail({})", mail.kind),
            Self::Text(_) => f.write_str("Text(..)"),
        }
    }
}
