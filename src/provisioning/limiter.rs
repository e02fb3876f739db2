//! The seam to the rate limiter: use cases and layers ask it, `middleware` implements it (a shared one for replicas fits here too).

use std::future::Ready;
use std::net::IpAddr;
use std::ops::Deref;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either};

use crate::domain::limits::LimitName;

use super::refusal::Refusal;

/// Over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// When the next attempt can pass.
    pub retry_after: Duration,
}

/// The answer to an attempt: the limiter of one process knows it at once, one that replicas share has to ask.
pub type Attempt = Either<Ready<Result<(), Limited>>, BoxFuture<'static, Result<(), Limited>>>;

/// Counts attempts by key and says no when there are too many.
pub trait Limiter: Send + Sync {
    /// Takes `cost` from what `key` may do under `limit`, or says when to try again; nothing is taken then.
    fn take(&self, limit: LimitName, key: &[u8], cost: u32) -> Attempt;

    /// Whether `key` could take `cost` now; takes nothing.
    fn peek(&self, limit: LimitName, key: &[u8], cost: u32) -> Attempt;
}

/// What counts as one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressKey {
    octets: [u8; 8],
    len: usize,
}

impl Deref for AddressKey {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

/// The key of an address: IPv4 whole, IPv6 by its /64, which is what one household has.
pub fn address_key(address: IpAddr) -> AddressKey {
    let mut octets = [0; 8];
    let len = match address.to_canonical() {
        IpAddr::V4(address) => {
            octets[..4].copy_from_slice(&address.octets());
            4
        }
        IpAddr::V6(address) => {
            octets.copy_from_slice(&address.octets()[..8]);
            8
        }
    };
    AddressKey { octets, len }
}

/// Takes one attempt of a key, or refuses it.
pub async fn take(limiter: &dyn Limiter, limit: LimitName, key: &[u8]) -> Result<(), Refusal> {
    let taken = limiter.take(limit, key, 1).await;
    taken.map_err(|Limited { retry_after }| Refusal::RateLimited { limit, retry_after })
}

/// Takes one attempt of an address.
pub async fn take_for_address(limiter: &dyn Limiter, limit: LimitName, address: IpAddr) -> Result<(), Refusal> {
    take(limiter, limit, &address_key(address)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_household_is_one_key_and_a_mapped_address_is_its_ipv4() {
        let key = |text: &str| address_key(text.parse().expect("an address"));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::2"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
