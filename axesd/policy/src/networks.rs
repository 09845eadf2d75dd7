//! Sets of networks.

use std::net::IpAddr;

use ipnetwork::{IpNetwork, Ipv4Network, Ipv6Network};
use prefix_trie::PrefixSet;

use crate::client::Address;

/// A set of networks; a single address is a network of one. Looking an address up takes as long
/// in a hundred thousand as in ten.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    v4: PrefixSet<Ipv4Network>,
    v6: PrefixSet<Ipv6Network>,
}

impl Networks {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// The smallest network of the set that holds an address.
    #[must_use]
    pub fn find(&self, address: &Address) -> Option<IpNetwork> {
        let Address::Ip(ip) = address else {
            return None;
        };
        match *ip {
            IpAddr::V4(ip) => self.v4.get_lpm(&ip.into()).map(IpNetwork::V4),
            IpAddr::V6(ip) => self.v6.get_lpm(&ip.into()).map(IpNetwork::V6),
        }
    }

    /// Whether this very network is in the set.
    #[must_use]
    pub fn contains(&self, network: IpNetwork) -> bool {
        match unmapped(network) {
            IpNetwork::V4(network) => self.v4.contains(&network),
            IpNetwork::V6(network) => self.v6.contains(&network),
        }
    }

    /// Whether one network of the set holds all of this one.
    #[must_use]
    pub fn include(&self, network: IpNetwork) -> bool {
        match unmapped(network) {
            IpNetwork::V4(network) => self.v4.is_covered(&network),
            IpNetwork::V6(network) => self.v6.is_covered(&network),
        }
    }

    /// Every network of the set, in the order of addresses.
    pub fn iter(&self) -> impl Iterator<Item = IpNetwork> {
        let v4 = self.v4.iter().map(IpNetwork::V4);
        v4.chain(self.v6.iter().map(IpNetwork::V6))
    }

    /// Adds a network.
    pub fn insert(&mut self, network: IpNetwork) {
        match unmapped(network) {
            IpNetwork::V4(network) => self.v4.insert(network),
            IpNetwork::V6(network) => self.v6.insert(network),
        };
    }

    /// Takes a network out.
    pub fn remove(&mut self, network: IpNetwork) {
        match unmapped(network) {
            IpNetwork::V4(network) => self.v4.remove(&network),
            IpNetwork::V6(network) => self.v6.remove(&network),
        };
    }
}

impl FromIterator<IpNetwork> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNetwork>>(networks: I) -> Self {
        let mut set = Self::default();
        networks.into_iter().for_each(|network| set.insert(network));
        set
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

/// A network without host bits; one of IPv4-mapped addresses as the IPv4 network that clients
/// are compared as.
pub(crate) fn unmapped(network: IpNetwork) -> IpNetwork {
    match (network.ip().to_canonical(), network.prefix().checked_sub(96)) {
        (ip @ IpAddr::V4(_), Some(prefix)) if network.is_ipv6() => fold(ip, prefix),
        _ => fold(network.ip(), network.prefix()),
    }
}

/// Whether a network is a single address.
pub(crate) fn is_single(network: &IpNetwork) -> bool {
    network.prefix() == if network.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(networks: &[&str], address: &str) -> Option<String> {
        let list: Networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        list.find(&Address::parse(address)).map(|network| network.to_string())
    }

    #[test]
    fn an_address_is_found_in_its_network_in_any_spelling() {
        let list = ["192.0.2.0/24", "2001:db8::/32", "::ffff:198.51.100.0/120"];
        assert_eq!(found(&list, "::ffff:192.0.2.9").as_deref(), Some("192.0.2.0/24"));
        assert_eq!(found(&list, "2001:db8:7::1").as_deref(), Some("2001:db8::/32"));
        assert_eq!(found(&list, "198.51.100.3").as_deref(), Some("198.51.100.0/24"));
        assert_eq!(found(&list, "203.0.113.1"), None);
        assert_eq!(found(&list, "gateway"), None);
        assert_eq!(found(&["0.0.0.0/0", "::/0"], ""), None);
    }

    #[test]
    fn what_was_taken_out_is_not_found_but_what_holds_it_still_is() {
        let network = |text: &str| text.parse::<IpNetwork>().unwrap();
        let mut list: Networks =
            [network("192.0.2.0/24"), network("192.0.0.0/16")].into_iter().collect();
        list.remove(network("192.0.2.1/24"));
        assert_eq!(list.find(&Address::parse("192.0.2.9")), Some(network("192.0.0.0/16")));
        list.remove(network("192.0.0.0/16"));
        assert!(list.is_empty());
    }
}
