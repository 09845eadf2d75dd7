//! Which failures an administrator means.

use ipnetwork::IpNetwork;
use smol_str::SmolStr;

use crate::client::{Address, Client};
use crate::effect::CounterState;
use crate::key::{CounterKey, Origin};

/// Attributes that a failure must have; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// User name.
    pub user: Option<SmolStr>,
    /// Address.
    pub address: Option<AddressFilter>,
    /// PAM service.
    pub service: Option<SmolStr>,
}

/// An address as an administrator names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressFilter {
    /// This machine or a host name.
    Exactly(Address),
    /// Any address of a network.
    Within(IpNetwork),
}

/// What a reset did.
#[derive(Clone, Debug, PartialEq)]
pub struct ResetResult {
    /// Failures forgotten.
    pub failures: usize,
    /// Different users, addresses and services among them.
    pub clients: usize,
    /// The counters it lowered, as they were before.
    pub counters: Vec<CounterState>,
    /// Lockouts that ended.
    pub unlocked: usize,
}

impl Filter {
    /// Whether a client has all the attributes given.
    #[must_use]
    pub fn covers(&self, client: &Client) -> bool {
        self.fits(&client.user, &client.address, &client.service)
    }

    /// The same of a client that is not in one piece.
    pub(crate) fn fits(&self, user: &str, address: &Address, service: &str) -> bool {
        self.user.as_ref().is_none_or(|wanted| wanted == user)
            && self.address.as_ref().is_none_or(|wanted| wanted.covers(address))
            && self.service.as_ref().is_none_or(|wanted| wanted == service)
    }

    /// Whether a counter looks at all the attributes given, and at these values.
    #[must_use]
    pub fn names(&self, counter: &CounterKey) -> bool {
        let named =
            |wanted: &Option<SmolStr>, value: &Option<SmolStr>| wanted.is_none() || wanted == value;
        let address = self.address.as_ref();
        named(&self.user, &counter.user)
            && named(&self.service, &counter.service)
            && address.is_none_or(|it| counter.origin.as_ref().is_some_and(|at| it.meets(at)))
    }
}

impl AddressFilter {
    /// Reads an address, a network, a host name or `local`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        // A counter of this machine may name who asked: `local:mallory`.
        let local = text == "local" || text.starts_with("local:");
        let address = if local { Address::Local } else { Address::parse(text) };
        match (&address, text.parse::<IpNetwork>()) {
            (Address::Ip(ip), _) => Self::Within(IpNetwork::from(*ip)),
            (_, Ok(network)) if text.contains('/') => Self::Within(network),
            _ => Self::Exactly(address),
        }
    }

    /// Whether a counter counts attempts from there, or from a network around or within it.
    #[must_use]
    pub fn meets(&self, origin: &Origin) -> bool {
        match (self, origin) {
            (Self::Within(wanted), Origin::Network(counted)) => {
                wanted.contains(counted.ip()) || counted.contains(wanted.ip())
            }
            (Self::Exactly(Address::Local), Origin::Local | Origin::LocalBy(_)) => true,
            (Self::Exactly(Address::Name(wanted)), Origin::Name(counted)) => wanted == counted,
            _ => false,
        }
    }

    /// Whether an address is meant.
    #[must_use]
    pub fn covers(&self, address: &Address) -> bool {
        match (self, address) {
            (Self::Exactly(wanted), _) => wanted == address,
            (Self::Within(network), Address::Ip(ip)) => network.contains(*ip),
            (Self::Within(_), _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_a_network_and_a_name_are_told_apart() {
        let covers = |filter: &str, address: &str| {
            AddressFilter::parse(filter).covers(&Address::parse(address))
        };
        assert!(covers("192.0.2.0/24", "192.0.2.7"));
        assert!(covers("2001:db8::/64", "2001:db8::5"));
        assert!(covers("192.0.2.7", "::ffff:192.0.2.7"));
        assert!(covers("local", ""));
        assert!(covers("Gateway", "gateway"));
        assert!(!covers("192.0.2.7", "192.0.2.8"));
        assert!(!covers("0.0.0.0/0", ""));
    }
}
