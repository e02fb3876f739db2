//! What leaves the house. Units of work leave sealed messages in the outbox; workers take them one by one under a lease, put them into
//! words and send them: mail over SMTP, texts over an HTTP API, both into a folder where nothing else is configured. The captcha provider
//! is asked from here too.
//!
//! A message is sent at least once, under an id that is the same on every try; a worker that dies loses nothing and blocks nobody.
//! Absent: what is said to whom and when (`provisioning`), and anything that a request could point somewhere.

mod backoff;
mod captcha;
mod carrier;
mod chosen;
mod folder;
mod http;
mod mail;
mod metric;
mod render;
mod settings;
mod shipped;
mod smtp;
mod text;
mod worker;
mod workers;

pub use self::captcha::SiteVerify;
pub use self::chosen::OwnOrShipped;
pub use self::mail::TemplateChoice;
pub use self::render::Renderer;
pub use self::settings::{
    CaptchaSettings, DeliverySettings, MailRoute, Sender, SmtpSettings, SmtpTls, TextApiSettings, TextRoute,
};
pub use self::worker::Worker;
pub use self::workers::{Workers, WorkersParts};

/// Why nothing can be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The authority that signs the mail server's certificate.
    #[error("{path}: {cause}")]
    Authority {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// TLS to the mail server.
    #[error("TLS to the mail server: {0}")]
    Tls(String),
    /// The address that mails are from.
    #[error("mails cannot be from {0}")]
    Sender(String),
    /// An HTTP API.
    #[error("{0}")]
    Http(String),
}
