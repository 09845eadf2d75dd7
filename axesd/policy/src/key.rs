//! Which counter an attempt falls into.

use std::fmt;

use ipnetwork::IpNetwork;
use smol_str::SmolStr;

use crate::attempt::Lane;
use crate::attribute::{Attribute, AttributeSet};
use crate::client::{Address, Client, Word};
use crate::networks::{fold, is_single};
use crate::settings::{CounterId, Prefixes};

/// The name of one counter: the values of the attributes that it looks at.
///
/// The values stand in fields of their own, so that no two combinations collide.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterKey {
    /// Which kind of counter.
    pub counter: CounterId,
    /// What it looks at; the fields of the others are `None`.
    pub attributes: AttributeSet,
    /// User name.
    pub user: Option<SmolStr>,
    /// Where attempts come from; beside a user also where the counter does not look at addresses
    /// but is the one of an address that is familiar.
    pub origin: Option<Origin>,
    /// PAM service.
    pub service: Option<SmolStr>,
    /// Terminal.
    pub tty: Option<SmolStr>,
}

/// Tells the counters of one failure apart, also after the settings changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(pub u32);

/// An address as counters see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// This machine, and nobody but the user himself asks.
    Local,
    /// This machine; somebody else asks (su). A counter of its own, so that a local user locks
    /// himself out of an account and not its owner.
    LocalBy(SmolStr),
    /// A remote address, folded.
    Network(IpNetwork),
    /// A host name.
    Name(SmolStr),
}

impl CounterKey {
    /// The counter over these attributes that a client falls into.
    ///
    /// `None` where it would be shared by clients that have nothing in common: local attempts
    /// and attempts without a terminal are only counted together with a user name.
    #[must_use]
    pub fn of(
        client: &Client,
        counter: CounterId,
        attributes: AttributeSet,
        prefixes: Prefixes,
        lane: Lane,
    ) -> Option<Self> {
        let named = attributes.contains(Attribute::Username);
        let by_address = attributes.contains(Attribute::Address);
        let by_tty = attributes.contains(Attribute::Tty);
        let anonymous = by_address && client.address == Address::Local;
        if !named && (anonymous || by_tty && client.tty.is_none()) {
            return None;
        }
        let by_service = attributes.contains(Attribute::Service);
        let located = by_address || named && lane == Lane::Familiar;
        Some(Self {
            counter,
            attributes,
            user: named.then(|| client.user.clone()),
            origin: located.then(|| Origin::of(client, prefixes)),
            service: by_service.then(|| client.service.clone()),
            tty: client.tty.clone().filter(|_| by_tty),
        })
    }

    /// Whether the counter looks at a user name.
    #[must_use]
    pub const fn names_user(&self) -> bool {
        self.attributes.contains(Attribute::Username)
    }

    /// Whether familiar addresses have counters of their own beside this one.
    #[must_use]
    pub const fn has_lanes(&self) -> bool {
        self.names_user() && !self.attributes.contains(Attribute::Address)
    }

    /// Whether it is the counter of an address that is familiar, beside that of all others.
    #[must_use]
    pub const fn is_familiar(&self) -> bool {
        self.origin.is_some() && !self.attributes.contains(Attribute::Address)
    }
}

impl Origin {
    /// Where a client comes from.
    pub(crate) fn of(client: &Client, prefixes: Prefixes) -> Self {
        let stranger = client.ruser.clone().filter(|ruser| *ruser != client.user);
        match &client.address {
            Address::Local => stranger.map_or(Self::Local, Self::LocalBy),
            Address::Ip(ip) => Self::Network(fold(*ip, prefixes.of(*ip))),
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
            (if self.is_familiar() { "familiar" } else { "address" }, origin.as_deref()),
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

    fn of(client: &Client, attributes: AttributeSet, lane: Lane) -> Option<CounterKey> {
        CounterKey::of(client, CounterId(0), attributes, Prefixes::default(), lane)
    }

    fn key(user: &str, address: &str, attributes: &[Attribute]) -> Option<String> {
        let set = AttributeSet::new(attributes).unwrap();
        of(&client(user, address), set, Lane::Stranger).map(|key| key.to_string())
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
            of(&client, pair, Lane::Stranger).unwrap().to_string()
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
        let of = |user: &str, address: &str| of(&client(user, address), pair, Lane::Stranger);
        assert_ne!(of("a address=b", "c"), of("a", "b address=c"));
    }

    #[test]
    fn a_familiar_address_has_a_lane_in_the_counters_of_its_user() {
        let shown = |attributes: &[Attribute], address: &str| {
            let set = AttributeSet::new(attributes).unwrap();
            of(&client("alice", address), set, Lane::Familiar).map(|key| key.to_string())
        };
        let user = [Attribute::Username];
        assert_eq!(shown(&user, "192.0.2.7").as_deref(), Some("user=alice familiar=192.0.2.7"));
        assert_eq!(shown(&user, "").as_deref(), Some("user=alice familiar=local"));
        let pair = [Attribute::Username, Attribute::Address];
        assert_eq!(shown(&pair, "192.0.2.7").as_deref(), Some("user=alice address=192.0.2.7"));
        let service = [Attribute::Service];
        assert_eq!(shown(&service, "192.0.2.7").as_deref(), Some("service=sshd"));
    }
}
