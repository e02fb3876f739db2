//! The command line as a client of the service.

use std::time::Duration;

use http::Uri;
use toml::Value;

use crate::domain::secret::ApplicationKeySecret;

use super::application_key;
use super::reader::Reader;
use super::setting::{Setting, parse};
use super::sources::Raw;
use super::tls::ClientTls;

/// Where the service is, and who calls it.
#[derive(Clone, Debug)]
pub struct Client {
    /// `http://` or `https://`, with the port.
    pub endpoint: Uri,
    /// The application key.
    pub key: Option<ApplicationKeySecret>,
    /// How long a call may take.
    pub timeout: Duration,
    /// See [`ClientTls`].
    pub tls: ClientTls,
}

impl Client {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let seconds = Duration::from_secs;
        Self {
            endpoint: reader.value("client.endpoint", Uri::from_static("http://127.0.0.1:50051")),
            key: reader.secret("client.key", application_key),
            timeout: reader.within("client.timeout", seconds(30), seconds(1)..=seconds(600)),
            tls: ClientTls::read(reader),
        }
    }
}

impl Setting for Uri {
    fn read(raw: &Raw) -> Result<Self, String> {
        parse(raw, "an endpoint such as \"https://enroll.example.com:50051\"", |text| {
            let uri: Self = text.parse().ok()?;
            (matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()).then_some(uri)
        })
    }

    fn print(&self) -> Value {
        Value::String(self.to_string())
    }
}
