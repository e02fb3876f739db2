//! A captcha provider with the `siteverify` form that reCAPTCHA, hCaptcha and Turnstile share.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::DeliveryError;
use super::http::Endpoint;
use super::settings::CaptchaSettings;
use crate::provisioning::captcha::{Captcha, Unavailable, Verdict};

/// A person waits for it.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(2);

/// The provider's answer, as far as it counts.
#[derive(Deserialize)]
struct Answer {
    success: bool,
    #[serde(default, rename = "error-codes")]
    error_codes: Vec<String>,
}

/// Asks the provider.
pub struct SiteVerify {
    endpoint: Endpoint,
    secret: SecretString,
}

impl SiteVerify {
    /// Nothing is asked before the first token.
    pub fn new(settings: &CaptchaSettings) -> Result<Self, DeliveryError> {
        Ok(Self { endpoint: Endpoint::new(&settings.url, REQUEST_TIME_MAX)?, secret: settings.secret.clone() })
    }

    async fn ask(&self, token: &str, remote_ip: Option<IpAddr>) -> Result<Verdict, Unavailable> {
        let remote_ip = remote_ip.map(|address| address.to_string());
        let mut form = vec![("secret", self.secret.expose_secret()), ("response", token)];
        form.extend(remote_ip.as_deref().map(|address| ("remoteip", address)));
        let answer = self.endpoint.post(&form, None).await.map_err(|cause| unavailable(&format!("{cause:?}")))?;
        if !answer.status.is_success() {
            return Err(unavailable(answer.status.as_str()));
        }
        let answer: Answer = serde_json::from_slice(&answer.body).map_err(|_| unavailable("no siteverify answer"))?;
        judge(&answer)
    }
}

/// Failures that speak of us and not of the token are ours to mend: they must not tell a person that they failed.
fn judge(answer: &Answer) -> Result<Verdict, Unavailable> {
    const OURS: [&str; 5] =
        ["missing-input-secret", "invalid-input-secret", "bad-request", "internal-error", "sitekey-secret-mismatch"];
    if answer.success {
        return Ok(Verdict::Passed);
    }
    match answer.error_codes.iter().find(|code| OURS.contains(&code.as_str())) {
        Some(code) => Err(unavailable(code)),
        None => Ok(Verdict::Rejected),
    }
}

fn unavailable(cause: &str) -> Unavailable {
    tracing::warn!(cause, "the captcha provider gives no verdict");
    Unavailable
}

impl Captcha for SiteVerify {
    fn verify<'a>(&'a self, token: &'a str, remote_ip: Option<IpAddr>) -> BoxFuture<'a, Result<Verdict, Unavailable>> {
        Box::pin(self.ask(token, remote_ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tokens_own_faults_reject_it() {
        let verdict = |json: &str| judge(&serde_json::from_str(json).unwrap());
        assert_eq!(verdict(r#"{"success": true, "hostname": "x"}"#), Ok(Verdict::Passed));
        assert_eq!(verdict(r#"{"success": false}"#), Ok(Verdict::Rejected));
        let used = r#"{"success": false, "error-codes": ["timeout-or-duplicate"]}"#;
        assert_eq!(verdict(used), Ok(Verdict::Rejected));
        let ours = r#"{"success": false, "error-codes": ["invalid-input-secret"]}"#;
        assert_eq!(verdict(ours), Err(Unavailable));
    }
}
