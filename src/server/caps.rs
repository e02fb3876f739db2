//! How many connections there may be, in all and from one address. What comes on top is closed at once: a client that is turned away can
//! go to another replica, one that waits cannot.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::middleware::client_address::TrustedProxies;
use crate::provisioning::limiter::{AddressKey, address_key};
use crate::telemetry::metric;

use super::settings::ListenerSettings;

/// Why a connection is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are too many in all.
    Server,
    /// There are too many from this address.
    Address,
}

impl Full {
    /// The label in the metrics.
    fn as_str(self) -> &'static str {
        match self {
            Self::Server => "connections_max",
            Self::Address => "connections_per_address_max",
        }
    }
}

/// Counts the open connections.
pub(super) struct Caps {
    max: usize,
    per_address_max: usize,
    /// Proxies bring the connections of many clients.
    exempt: TrustedProxies,
    /// Whether the metrics tell of these connections.
    is_told: bool,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    /// Only addresses with at least one open connection: never more entries than connections.
    by_address: HashMap<AddressKey, usize>,
}

impl Caps {
    pub(super) fn new(settings: &ListenerSettings, exempt: TrustedProxies) -> Arc<Self> {
        let (max, per_address_max) = (settings.connections_max, settings.connections_per_address_max);
        Arc::new(Self { max, per_address_max, exempt, is_told: true, open: Mutex::default() })
    }

    /// For connections that are no clients': who reads the metrics should not be in them.
    pub(super) fn untold(max: usize) -> Arc<Self> {
        let exempt = TrustedProxies::default();
        Arc::new(Self { max, per_address_max: max, exempt, is_told: false, open: Mutex::default() })
    }

    /// A place for one more connection from `peer`, held until it is dropped.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Full> {
        let admitted = self.find_place(peer);
        if self.is_told {
            match &admitted {
                Ok(_) => metrics::gauge!(metric::CONNECTIONS).increment(1),
                Err(full) => metrics::counter!(metric::CONNECTIONS_REFUSED, "cause" => full.as_str()).increment(1),
            }
        }
        admitted
    }

    fn find_place(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Full> {
        let key = address_key(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.max {
            return Err(Full::Server);
        }
        let here = open.by_address.get(&key).copied().unwrap_or(0);
        if here >= self.per_address_max && !self.exempt.contains(peer) {
            return Err(Full::Address);
        }
        open.total += 1;
        open.by_address.insert(key, here + 1);
        Ok(Place { caps: self.clone(), key })
    }
}

/// The place of one connection.
pub(super) struct Place {
    caps: Arc<Caps>,
    key: AddressKey,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.caps.is_told {
            metrics::gauge!(metric::CONNECTIONS).decrement(1);
        }
        let mut open = self.caps.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total = open.total.saturating_sub(1);
        if let Some(here) = open.by_address.get_mut(&self.key) {
            *here -= 1;
            if *here == 0 {
                open.by_address.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn caps(max: usize, per_address_max: usize) -> Arc<Caps> {
        let settings = ListenerSettings {
            connections_max: max,
            connections_per_address_max: per_address_max,
            ..ListenerSettings::default()
        };
        Caps::new(&settings, TrustedProxies::new(vec!["10.0.0.0/8".parse().expect("a network")]))
    }

    #[test]
    fn one_address_cannot_take_all_places_and_gets_them_back() {
        let caps = caps(10, 2);
        let first = caps.admit(address("192.0.2.1")).unwrap_or_else(|full| panic!("{full:?}"));
        let _second = caps.admit(address("::ffff:192.0.2.1")).unwrap_or_else(|full| panic!("{full:?}"));
        assert_eq!(caps.admit(address("192.0.2.1")).err(), Some(Full::Address));
        assert!(caps.admit(address("192.0.2.2")).is_ok());
        drop(first);
        assert!(caps.admit(address("192.0.2.1")).is_ok());
    }

    #[test]
    fn only_the_connections_of_clients_are_told() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let (clients, scrapers) = (caps(1, 1), Caps::untold(1));
            let places = (clients.admit(address("192.0.2.1")).ok(), scrapers.admit(address("192.0.2.1")).ok());
            assert!(clients.admit(address("192.0.2.1")).is_err() && scrapers.admit(address("192.0.2.1")).is_err());
            let told = recorder.handle().render();
            assert!(told.contains("enroll_connections 1\n"), "{told}");
            assert!(told.contains("enroll_connections_refused_total{cause=\"connections_max\"} 1\n"), "{told}");
            drop(places);
            assert!(recorder.handle().render().contains("enroll_connections 0\n"));
        });
    }

    #[test]
    fn a_proxy_may_take_them_all_but_no_more() {
        let caps = caps(3, 2);
        let places: Vec<_> = (0..3).map(|_| caps.admit(address("10.0.0.1"))).collect();
        assert!(places.iter().all(Result::is_ok));
        assert_eq!(caps.admit(address("10.0.0.1")).err(), Some(Full::Server));
        assert_eq!(caps.admit(address("192.0.2.1")).err(), Some(Full::Server));
        drop(places);
        assert!(caps.open.lock().expect("not poisoned").by_address.is_empty());
    }
}
