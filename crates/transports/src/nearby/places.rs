//! Where this device listens.

use super::NodeConfig;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// The addresses of one interface, or of all.
pub(super) fn places(config: &NodeConfig, port: u16) -> Vec<SocketAddr> {
    let Some(name) = &config.interface else {
        return vec![SocketAddr::from(([0; 4], port)), SocketAddr::from(([0_u16; 8], port))];
    };
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let place = |interface: if_addrs::Interface| match (interface.ip(), interface.index) {
        // Such an address means nothing without its interface.
        (IpAddr::V6(ip), index) if ip.is_unicast_link_local() => {
            index.map(|index| SocketAddrV6::new(ip, port, 0, index).into())
        }
        (ip, _) => Some(SocketAddr::new(ip, port)),
    };
    all.into_iter().filter(|interface| interface.name == *name).filter_map(place).collect()
}
