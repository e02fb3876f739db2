//! What a use case asks of a captcha provider. Who answers is a matter of `delivery`; nothing is said about what exists before the answer.

use std::net::IpAddr;

use futures_util::future::BoxFuture;

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
