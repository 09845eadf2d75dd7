//! Which counter an attempt falls into.

use std::fmt;
use std::sync::Arc;

use ipnetwork::IpNetwork;

use crate::attribute::{Attribute, AttributeSet};
use crate::client::{Address, Client, Word};
use crate::networks::fold;
use crate::settings::Prefixes;

/// The name of one counter: the values of the attributes that it looks at.
///
/// The values stand in fields of their own, so that no two combinations collide.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterKey {
    /// What it looks at; the fields of the others are `None`.
    pub attributes: AttributeSet,
    /// User name.
    pub user: Option<Arc<str>>,
    /// Where attempts come from.
    pub origin: Option<Origin>,
    /// PAM service.
    pub service: Option<Arc<str>>,
    /// Terminal.
    pub tty: Option<Arc<str>>,
}

/// An address as counters see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// This machine, and nobody but the user himself asks.
    Local,
    /// This machine; somebody else asks (su). A counter of its own, so that a local user locks
    /// himself out of an account and not its owner.
    LocalBy(Arc<str>),
    /// A remote address, folded.
    Network(IpNetwork),
    /// A host name.
    Name(Arc<str>),
}

impl CounterKey {
    /// The counter over these attributes that a client falls into.
    ///
    /// `None` where it would be shared by clients that have nothing in common: local attempts
    /// and attempts without a terminal are only counted together with a user name.
    #[must_use]
    pub fn of(client: &Client, attributes: AttributeSet, prefixes: Prefixes) -> Option<Self> {
        let named = attributes.contains(Attribute::Username);
        let by_address = attributes.contains(Attribute::Address);
        let by_tty = attributes.contains(Attribute::Tty);
        let anonymous = by_address && client.address == Address::Local;
        if !named && (anonymous || by_tty && client.tty.is_none()) {
            return None;
        }
        let by_service = attributes.contains(Attribute::Service);
        Some(Self {
            attributes,
            user: named.then(|| client.user.clone()),
            origin: by_address.then(|| Origin::of(client, prefixes)),
            service: by_service.then(|| client.service.clone()),
            tty: client.tty.clone().filter(|_| by_tty),
        })
    }

    /// Whether the counter looks at a user name.
    #[must_use]
    pub const fn names_user(&self) -> bool {
        self.attributes.contains(Attribute::Username)
    }
}

impl Origin {
    fn of(client: &Client, prefixes: Prefixes) -> Self {
        let stranger = client.ruser.clone().filter(|ruser| *ruser != client.user);
        match &client.address {
            Address::Local => stranger.map_or(Self::Local, Self::LocalBy),
            Address::Ip(ip) if ip.is_ipv4() => Self::Network(fold(*ip, prefixes.v4)),
            Address::Ip(ip) => Self::Network(fold(*ip, prefixes.v6)),
            Address::Name(name) => Self::Name(name.clone()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => formatter.write_str("local"),
            Self::LocalBy(ruser) => write!(formatter, "local:{ruser}"),
            Self::Network(network) if is_single(network) => network.ip().fmt(formatter),
            Self::Network(network) => network.fmt(formatter),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

impl fmt::Display for CounterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.origin.as_ref().map(ToString::to_string);
        let parts = [
            ("user", self.user.as_deref()),
            ("address", origin.as_deref()),
            ("service", self.service.as_deref()),
            ("tty", self.tty.as_deref()),
        ];
        let mut separator = "";
        for (name, value) in parts {
            if let Some(value) = value {
                write!(formatter, "{separator}{name}={}", Word(value))?;
                separator = " ";
            }
        }
        Ok(())
    }
}

fn is_single(network: &IpNetwork) -> bool {
    network.prefix() == if network.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(user: &str, address: &str) -> Client {
        Client {
            user: user.into(),
            address: Address::parse(address),
            service: "sshd".into(),
            tty: None,
            ruser: None,
        }
    }

    fn key(user: &str, address: &str, attributes: &[Attribute]) -> Option<String> {
        let set = AttributeSet::new(attributes).unwrap();
        CounterKey::of(&client(user, address), set, Prefixes::default()).map(|key| key.to_string())
    }

    #[test]
    fn a_combination_names_what_it_looks_at() {
        let pair = [Attribute::Username, Attribute::Address];
        let shown = key("alice", "2001:db8::5", &pair);
        assert_eq!(shown.as_deref(), Some("user=alice address=2001:db8::/64"));
        let local = key("alice", "", &pair);
        assert_eq!(local.as_deref(), Some("user=alice address=local"));
    }

    #[test]
    fn whoever_asks_for_somebody_else_has_a_counter_of_his_own() {
        let pair = AttributeSet::new(&[Attribute::Username, Attribute::Address]).unwrap();
        let asked_by = |ruser: Option<&str>| {
            let client = Client { ruser: ruser.map(Into::into), ..client("alice", "") };
            CounterKey::of(&client, pair, Prefixes::default()).unwrap().to_string()
        };
        assert_eq!(asked_by(None), "user=alice address=local");
        assert_eq!(asked_by(Some("alice")), "user=alice address=local");
        assert_eq!(asked_by(Some("mallory")), "user=alice address=local:mallory");
    }

    #[test]
    fn clients_without_an_address_share_no_counter() {
        assert_eq!(key("alice", "", &[Attribute::Address]), None);
        assert_eq!(key("alice", "", &[Attribute::Address, Attribute::Service]), None);
        assert_eq!(key("alice", "192.0.2.1", &[Attribute::Tty]), None);
    }

    #[test]
    fn values_that_look_alike_when_joined_do_not_collide() {
        let pair = AttributeSet::new(&[Attribute::Username, Attribute::Address]).unwrap();
        let of = |user: &str, address: &str| {
            CounterKey::of(&client(user, address), pair, Prefixes::default())
        };
        assert_ne!(of("a address=b", "c"), of("a", "b address=c"));
    }
}
