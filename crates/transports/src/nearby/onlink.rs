//! Which addresses are on a network that this device is on itself. Announcements come from anybody, and
//! whoever repeats a tag names any address: only these are ever dialled for one.

use if_addrs::{IfAddr, Interface};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// How long what the system said of its interfaces counts: a flood of announcements asks it no more often.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// The networks of this device's interfaces.
#[derive(Debug)]
pub(super) struct OnLink {
    /// The one interface that is used; all but the loopback one where there is none.
    interface: Option<String>,
    read: Option<Instant>,
    networks: Vec<Network>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u8,
    index: Option<u32>,
}

impl OnLink {
    pub(super) const fn new(interface: Option<String>) -> Self {
        Self { interface, read: None, networks: Vec::new() }
    }

    /// Whether an address is on one of them now.
    pub(super) fn has(&mut self, address: &SocketAddr) -> bool {
        if self.read.is_none_or(|read| read.elapsed() >= GOOD_FOR) {
            self.read = Some(Instant::now());
            let all = if_addrs::get_if_addrs().unwrap_or_default();
            self.networks = networks(&all, self.interface.as_deref());
        }
        self.networks.iter().any(|network| network.has(address))
    }
}

fn networks(all: &[Interface], only: Option<&str>) -> Vec<Network> {
    let is_used = |interface: &&Interface| match only {
        Some(name) => interface.name == name,
        None => !interface.is_loopback(),
    };
    let network = |interface: &Interface| {
        let (address, prefix) = match &interface.addr {
            IfAddr::V4(v4) => (IpAddr::V4(v4.ip), v4.prefixlen),
            IfAddr::V6(v6) => (IpAddr::V6(v6.ip), v6.prefixlen),
        };
        Network { address, prefix, index: interface.index }
    };
    all.iter().filter(is_used).map(network).collect()
}

impl Network {
    fn has(&self, address: &SocketAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), SocketAddr::V4(other)) => {
                let shift = 32_u32.saturating_sub(self.prefix.into());
                same(own.to_bits().into(), other.ip().to_bits().into(), shift, self.prefix)
            }
            (IpAddr::V6(own), SocketAddr::V6(other)) => {
                // Of the link alone: the same numbers stand for others on another interface.
                let linked = !other.ip().is_unicast_link_local()
                    || self.index.is_none_or(|index| index == other.scope_id());
                let shift = 128_u32.saturating_sub(self.prefix.into());
                linked && same(own.to_bits(), other.ip().to_bits(), shift, self.prefix)
            }
            _ => false,
        }
    }
}

/// Whether two addresses have the same beginning. One of no length says nothing.
fn same(own: u128, other: u128, shift: u32, prefix: u8) -> bool {
    prefix > 0 && own.checked_shr(shift) == other.checked_shr(shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str, prefix: u8, index: u32) -> Network {
        Network { address: address.parse().unwrap(), prefix, index: Some(index) }
    }

    #[test]
    fn only_what_is_on_the_same_network_is() {
        let all = [
            network("192.168.1.20", 24, 2),
            network("10.8.0.2", 32, 3),
            network("2001:db8:1:2::5", 64, 2),
            network("fe80::5", 64, 2),
            network("172.16.0.1", 0, 4),
        ];
        let has = |address: &str| {
            let address = address.parse().unwrap();
            all.iter().any(|network| network.has(&address))
        };
        for on in ["192.168.1.7:9", "10.8.0.2:9", "[2001:db8:1:2::9]:9", "[fe80::9%2]:9"] {
            assert!(has(on), "{on}");
        }
        for off in [
            "192.168.2.7:9",
            "10.8.0.3:9",
            "127.0.0.1:9",
            "8.8.8.8:53",
            "169.254.169.254:80",
            "[2001:db8:1:3::9]:9",
            "[fe80::9%3]:9",
            "[::1]:9",
            "[::ffff:192.168.1.7]:9",
        ] {
            assert!(!has(off), "{off}");
        }
    }

    #[test]
    fn the_loopback_interface_counts_only_where_it_is_the_one_to_use() {
        let here: SocketAddr = "127.0.0.1:9".parse().unwrap();
        assert!(!OnLink::new(None).has(&here));
        if cfg!(target_os = "linux") {
            assert!(OnLink::new(Some("lo".into())).has(&here));
        }
        assert!(!OnLink::new(Some("no such interface".into())).has(&here));
    }
}
