//! Name and addresses of a device that was found, as far as they can be used.

use super::onlink::OnLink;
use super::{SERVICE, limits};
use mdns_sd::{ResolvedService, ScopedIp};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

/// The name before the service's type, where it is one that an app of this kind makes.
pub(super) fn instance_of(full_name: &str) -> Option<String> {
    let name = full_name.strip_suffix(SERVICE)?.strip_suffix('.')?;
    let proper =
        (1..=63).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_alphanumeric());
    proper.then(|| name.to_owned())
}

/// The addresses of this device's own networks that can be connected to: IPv4, then IPv6, then IPv6 of the
/// link alone, which keep the interface on which they were heard.
pub(super) fn addresses_of(service: &ResolvedService, on_link: &mut OnLink) -> Vec<SocketAddr> {
    let port = service.get_port();
    if port == 0 {
        return Vec::new();
    }
    let usable: BTreeSet<(u8, SocketAddr)> =
        service.get_addresses().iter().filter_map(|address| ranked(address, port)).collect();
    let usable = usable.into_iter().map(|(_, address)| address).take(limits::ADDRESSES);
    usable.filter(|address| on_link.has(address)).collect()
}

fn ranked(address: &ScopedIp, port: u16) -> Option<(u8, SocketAddr)> {
    let ip = address.to_ip_addr();
    if ip.is_unspecified() || ip.is_multicast() {
        return None;
    }
    match (ip, address) {
        (IpAddr::V4(ip), _) if ip.is_broadcast() => None,
        (IpAddr::V4(_), _) => Some((0, SocketAddr::new(ip, port))),
        (IpAddr::V6(ip), ScopedIp::V6(scoped)) if ip.is_unicast_link_local() => {
            let scope = scoped.scope_id().index;
            (scope != 0).then(|| (2, SocketAddrV6::new(ip, port, 0, scope).into()))
        }
        (IpAddr::V6(_), _) => Some((1, SocketAddr::new(ip, port))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_an_app_of_this_kind_makes_are_taken() {
        assert_eq!(instance_of(&format!("3f9c.{SERVICE}")).as_deref(), Some("3f9c"));
        let long = "a".repeat(64);
        for name in ["", "Anna's laptop", "a.b", "<b>", "é", &long] {
            assert_eq!(instance_of(&format!("{name}.{SERVICE}")), None, "{name}");
        }
        assert_eq!(instance_of(SERVICE), None);
        assert_eq!(instance_of("3f9c._other._tcp.local."), None);
    }

    #[test]
    fn addresses_that_cannot_be_connected_to_are_left_out() {
        let rank = |ip: &str| ranked(&ScopedIp::from(ip.parse::<IpAddr>().unwrap()), 9);
        assert_eq!(rank("192.0.2.1").unwrap(), (0, "192.0.2.1:9".parse().unwrap()));
        assert_eq!(rank("2001:db8::1").unwrap(), (1, "[2001:db8::1]:9".parse().unwrap()));
        // Of the link alone, but nobody knows which.
        assert_eq!(rank("fe80::1"), None);
        for ip in ["0.0.0.0", "::", "224.0.0.251", "ff02::fb", "255.255.255.255"] {
            assert_eq!(rank(ip), None, "{ip}");
        }
    }
}
