//! Whose address a call comes from: the peer's, or the one that a trusted proxy states in `x-forwarded-for`.
//!
//! Everybody can send the header, so it is read from the right, and only as far as the hops are trusted proxies: the rightmost hop that is
//! not one is the client. A value that is no address makes the peer the client: a limit may then be stricter than it had to be, but it is
//! never skipped.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The header that proxies append the address of their own peer to.
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The networks of the proxies that stand before this server; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// The proxies of these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether the address is a trusted proxy's.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return peer;
        }
        let mut client = peer;
        for value in headers.get_all(X_FORWARDED_FOR).iter().rev() {
            let Ok(value) = value.to_str() else { return peer };
            for hop in value.rsplit(',') {
                let Some(hop) = parse_hop(hop) else { return peer };
                client = hop;
                if !self.contains(hop) {
                    return client;
                }
            }
        }
        client
    }
}

/// One hop: an address, or an address with a port, as some proxies write it.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address = hop.parse::<IpAddr>().ok();
    let address = address.or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    address.or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn proxies() -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8:ff::/48"];
        TrustedProxies::new(networks.iter().map(|network| network.parse().expect("a network")).collect())
    }

    fn client(peer: &str, values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(value).expect("a header value"));
        }
        proxies().client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn a_stranger_is_the_client_whatever_it_says() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn behind_proxies_the_rightmost_untrusted_hop_is_the_client() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.1.1.1"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.9", "198.51.100.7,10.1.1.1"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]:4711, [2001:db8:ff::1]"]), "2001:db8::7");
        assert_eq!(client("2001:db8:ff::2", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &["10.2.2.2, 10.1.1.1"]), "10.2.2.2", "all trusted: the farthest");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn a_bad_value_makes_the_peer_the_client() {
        for bad in [
            "",
            "unknown",
            "_hidden",
            "198.51.100.7, ",
            "198.51.100.7;10.1.1.1",
            "1.2.3",
            "198.51.100.7, x",
            "[::1",
            "::1%eth0",
        ] {
            assert_eq!(client("10.0.0.1", &[bad]), "10.0.0.1", "{bad:?}");
        }
        assert_eq!(
            client("10.0.0.1", &["not read, 198.51.100.7"]),
            "198.51.100.7",
            "left of the client nothing is read"
        );
    }

    proptest! {
        /// Whatever stands left of what the proxies appended, the client does not change.
        #[test]
        fn what_the_client_sends_does_not_change_its_address(forged in "[ -~]{0,60}", octets: [u8; 4]) {
            let stated = IpAddr::from(octets);
            prop_assume!(!proxies().contains(stated));
            let behind = client("10.0.0.1", &[&forged, &format!("{stated}, 10.9.9.9")]);
            prop_assert_eq!(behind, stated.to_string());
            let joined = client("10.0.0.1", &[&format!("{forged},{stated}")]);
            prop_assert_eq!(joined, stated.to_string());
        }

        /// No bytes of the header make a stranger anybody else, or make the parser panic.
        #[test]
        fn no_header_moves_a_stranger(value in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(X_FORWARDED_FOR, value);
            }
            let stranger: IpAddr = "192.0.2.1".parse().expect("an address");
            prop_assert_eq!(proxies().client(stranger, &headers), stranger);
            let _ = proxies().client("10.0.0.1".parse().expect("an address"), &headers);
        }
    }
}
