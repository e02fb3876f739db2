//! Captchas: whether a person who registers has passed one, where one is demanded, and what is asked of its provider. Who answers is a
//! matter of `delivery`. The provider is asked once a request is known to be right and no repeat, and nothing is said about what exists
//! before it has answered: a token costs a person something, and what exists is what robots are after.

use std::net::IpAddr;

use futures_util::future::BoxFuture;

use crate::domain::captcha::CaptchaToken;

use super::Provisioning;
use super::principal::Call;
use super::refusal::Refusal;
use super::registration::EndUser;

/// The field that a token stands in, of every request that has one.
const TOKEN_FIELD: &str = "captcha.token";

/// What the provider says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A person solved it.
    Passed,
    /// It is wrong, expired or used.
    Rejected,
}

/// The provider cannot be asked, or does not answer in time or in its form; the cause is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the captcha provider cannot be asked")]
pub struct Unavailable;

/// Checks captcha tokens.
pub trait Captcha: Send + Sync {
    /// Asks about a token, which the end user at `remote_ip` got from the provider.
    fn verify<'a>(&'a self, token: &'a str, remote_ip: Option<IpAddr>) -> BoxFuture<'a, Result<Verdict, Unavailable>>;
}

/// A captcha that a request has to pass.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// What the request brings; absent = nothing.
    pub token: Option<CaptchaToken>,
    /// Where the person calls from: the address that attempts are counted by.
    pub remote_ip: IpAddr,
}

impl Provisioning {
    /// The captcha of a request, where one is demanded; elsewhere its token is not looked at.
    pub(super) fn challenge(
        &self,
        call: &Call,
        demanded: bool,
        token: Option<CaptchaToken>,
        end_user: &EndUser,
    ) -> Result<Option<Challenge>, Refusal> {
        if !demanded {
            return Ok(None);
        }
        Ok(Some(Challenge { token, remote_ip: self.end_user_address(call, end_user)? }))
    }

    /// Passes a challenge, or refuses. Without a provider nobody passes: a demand that nobody can meet is a fault of the configuration, and
    /// leaving it out would open what the operator closed.
    pub(super) async fn pass_captcha(&self, challenge: &Challenge) -> Result<(), Refusal> {
        let Some(provider) = &self.captcha else {
            tracing::warn!("a captcha is required and captcha.url names no provider: nobody can register");
            return Err(Refusal::DependencyUnavailable);
        };
        let token = challenge.token.as_ref().ok_or(Refusal::CaptchaRequired(TOKEN_FIELD))?;
        match provider.verify(token.expose(), Some(challenge.remote_ip.to_canonical())).await {
            Ok(Verdict::Passed) => Ok(()),
            Ok(Verdict::Rejected) => Err(Refusal::CaptchaInvalid(TOKEN_FIELD)),
            Err(Unavailable) => Err(Refusal::DependencyUnavailable),
        }
    }
}
