//! Forms posted to providers that the operator configured. No redirect is followed, no more than a bounded answer is read, and the time for
//! all of it is bounded.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use tokio::time;

use super::DeliveryError;

/// The answers of providers are a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// What a provider answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// How long to wait, where it says so in seconds.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
}

/// No answer, in time and whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    Unreachable,
    Timeout,
}

/// One endpoint of a provider.
pub(super) struct Endpoint {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

impl Endpoint {
    /// Over TLS with the system's authorities, or in the open where the URL says so.
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Self, DeliveryError> {
        let url: Uri = url.parse().map_err(|error| DeliveryError::Http(format!("{url}: {error}")))?;
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| DeliveryError::Http(format!("the system's authorities: {error}")))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, url, authorization: None, timeout })
    }

    /// Says who asks with every request.
    pub(super) fn with_basic_auth(mut self, user: &str, password: &SecretString) -> Result<Self, DeliveryError> {
        let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        let mut value = HeaderValue::try_from(format!("Basic {pair}"))
            .map_err(|error| DeliveryError::Http(format!("{}: {error}", self.url)))?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// Posts a form.
    pub(super) async fn post(
        &self,
        form: &[(&str, &str)],
        header: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Answer, NoAnswer> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers: &mut HeaderMap = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(USER_AGENT, HeaderValue::from_static("enroll"));
        headers.extend(self.authorization.clone().map(|value| (AUTHORIZATION, value)));
        headers.extend(header);
        let answer = time::timeout(self.timeout, self.answer(request)).await;
        answer.unwrap_or(Err(NoAnswer::Timeout))
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
        let host = self.url.host().unwrap_or_default();
        let response = self.client.request(request).await.map_err(|error| {
            tracing::warn!(host, error = %error, "a provider cannot be reached");
            NoAnswer::Unreachable
        })?;
        let (parts, body) = response.into_parts();
        let seconds = parts.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|_| NoAnswer::Unreachable)?;
        Ok(Answer { status: parts.status, retry_after: seconds.map(Duration::from_secs), body: body.to_bytes() })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_provider_that_says_nothing_is_not_waited_for() {
        // Connections are taken by the operating system; nobody answers them.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let endpoint = Endpoint::new(&url, Duration::from_millis(20)).unwrap();
        assert_eq!(endpoint.post(&[("a", "b")], None).await.unwrap_err(), NoAnswer::Timeout);
        drop(listener);
        let endpoint = Endpoint::new(&url, Duration::from_secs(20)).unwrap();
        assert_eq!(endpoint.post(&[("a", "b")], None).await.unwrap_err(), NoAnswer::Unreachable);
    }
}
