//! Lists of networks.

use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::client::Address;

/// A list of networks; a single address is a network of one.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<IpNetwork>);

impl Networks {
    /// The network of the list that holds an address.
    #[must_use]
    pub fn find(&self, address: &Address) -> Option<IpNetwork> {
        let Address::Ip(ip) = address else {
            return None;
        };
        self.0.iter().copied().find(|network| network.contains(*ip))
    }

    /// All networks of the list.
    pub fn iter(&self) -> impl Iterator<Item = &IpNetwork> {
        self.0.iter()
    }
}

impl FromIterator<IpNetwork> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNetwork>>(networks: I) -> Self {
        Self(networks.into_iter().map(unmapped).collect())
    }
}

/// The network of this many leading bits that an address lies in.
#[must_use]
pub fn fold(ip: IpAddr, prefix: u8) -> IpNetwork {
    // A prefix longer than the address is refused where settings are read.
    IpNetwork::new(ip, prefix)
        .and_then(|network| IpNetwork::new(network.network(), prefix))
        .unwrap_or_else(|_| IpNetwork::from(ip))
}

/// A network of IPv4-mapped addresses as the IPv4 network that clients are compared as.
fn unmapped(network: IpNetwork) -> IpNetwork {
    match (network.ip().to_canonical(), network.prefix().checked_sub(96)) {
        (ip @ IpAddr::V4(_), Some(prefix)) if network.is_ipv6() => fold(ip, prefix),
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(networks: &[&str]) -> Networks {
        networks.iter().map(|network| network.parse::<IpNetwork>().unwrap()).collect()
    }

    #[test]
    fn an_address_is_found_in_its_network_however_either_is_written() {
        let mapped = list(&["::ffff:192.0.2.0/120"]);
        assert!(mapped.find(&Address::parse("192.0.2.7")).is_some());
        let plain = list(&["192.0.2.0/24", "2001:db8::/32"]);
        assert!(plain.find(&Address::parse("::ffff:192.0.2.7")).is_some());
        assert!(plain.find(&Address::parse("2001:db8:1::1")).is_some());
        assert!(plain.find(&Address::parse("192.0.3.7")).is_none());
    }

    #[test]
    fn local_attempts_and_host_names_are_in_no_network() {
        let everything = list(&["0.0.0.0/0", "::/0"]);
        assert!(everything.find(&Address::Local).is_none());
        assert!(everything.find(&Address::parse("host")).is_none());
    }

    #[test]
    fn folding_keeps_the_network_only() {
        assert_eq!(fold("2001:db8::1:2:3:4".parse().unwrap(), 64).to_string(), "2001:db8::/64");
        assert_eq!(fold("192.0.2.7".parse().unwrap(), 32).to_string(), "192.0.2.7/32");
    }
}
