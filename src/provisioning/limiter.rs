//! The seam to the rate limiter: use cases and layers ask it, `middleware` implements it (a shared one for replicas fits here too).

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::limits::LimitName;

use super::refusal::Refusal;

/// Over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// When the next attempt can pass.
    pub retry_after: Duration,
}

/// Counts attempts by key and says no when there are too many.
pub trait Limiter: Send + Sync {
    /// Takes `cost` from what `key` may do under `limit`, or says when to try again; nothing is taken then.
    fn take<'a>(&'a self, limit: LimitName, key: &'a [u8], cost: u32) -> BoxFuture<'a, Result<(), Limited>>;

    /// Whether `key` could take `cost` now; takes nothing.
    fn peek<'a>(&'a self, limit: LimitName, key: &'a [u8], cost: u32) -> BoxFuture<'a, Result<(), Limited>>;
}

/// The key of an address: IPv4 whole, IPv6 by its /64, which is what one household has.
pub fn address_key(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

/// Takes one attempt of an address.
pub async fn take_for_address(limiter: &dyn Limiter, limit: LimitName, address: IpAddr) -> Result<(), Refusal> {
    let taken = limiter.take(limit, &address_key(address), 1).await;
    taken.map_err(|Limited { retry_after }| Refusal::RateLimited { limit, retry_after })
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
