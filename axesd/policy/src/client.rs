//! Who tries to log in, and from where.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::account::Account;
use crate::attempt::Reporter;

/// Bytes of a host name: what is longer could not be shown whole, nor named in a command.
const LONGEST: usize = 256;

/// What is known of somebody who tries to log in. All text is printable already, and short: it
/// stands in here, not elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// The account's own name where there is one, else the name as it was given.
    pub user: SmolStr,
    /// Where the attempt comes from.
    pub address: Address,
    /// PAM service.
    pub service: SmolStr,
    /// Terminal.
    pub tty: Option<SmolStr>,
    /// The local user who asks (su, sudo).
    pub ruser: Option<SmolStr>,
}

/// Somebody at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// As the rules judge him.
    pub client: Client,
    /// As he is counted and remembered: the same, or with pseudonyms.
    pub stored: Client,
    /// The account of that name, where there is one.
    pub account: Option<Arc<Account>>,
    /// Who vouches for it.
    pub reporter: Reporter,
}

impl Visitor {
    /// Somebody whose name and address are kept as they are.
    #[must_use]
    pub fn plain(client: Client, reporter: Reporter) -> Self {
        Self { stored: client.clone(), client, account: None, reporter }
    }
}

impl Client {
    /// What tells one record of attempts from another in django-axes.
    pub(crate) fn row(&self) -> (SmolStr, Address, SmolStr) {
        (self.user.clone(), self.address.clone(), self.service.clone())
    }
}

/// Where an attempt comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// This machine; never shared by two users in a counter.
    Local,
    /// A remote address, IPv4-mapped IPv6 already unified.
    Ip(IpAddr),
    /// A host name that the application gave; never resolved.
    Name(SmolStr),
}

/// A value beside others in a line: quoted unless it can only be read as one word.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a>(pub &'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain =
            |character: char| character.is_alphanumeric() || "-_.:/@%+$\\".contains(character);
        if !self.0.is_empty() && self.0.chars().all(plain) {
            formatter.write_str(self.0)
        } else {
            write!(formatter, "{:?}", self.0)
        }
    }
}

/// As it stands in the log.
impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.to_string();
        let (user, service) = (Word(&self.user), Word(&self.service));
        write!(formatter, "user={user} address={} service={service}", Word(&address))
    }
}

impl Address {
    /// Reads what an application put into `PAM_RHOST`; an empty text is a local attempt.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.is_empty() {
            return Self::Local;
        }
        match parse_ip(text) {
            Some(ip) => Self::Ip(ip),
            None => Self::Name(bounded(unmistakable(text.to_lowercase())).into()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => formatter.write_str("local"),
            Self::Ip(ip) => ip.fmt(formatter),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

/// A host may call itself what it likes, but not what this machine or a network is shown as.
fn unmistakable(name: String) -> String {
    let local = name == "local" || name.starts_with("local:");
    let network = name.contains('/') && !name.starts_with("name:");
    if local || network { format!("name:{name}") } else { name }
}

/// In lower case, or as a mere name, it may have grown.
fn bounded(mut name: String) -> String {
    while name.len() > LONGEST {
        name.pop();
    }
    name
}

/// An IP address, with or without a port. The zone of an IPv6 one (`%eth0`) says nothing about
/// the peer.
fn parse_ip(text: &str) -> Option<IpAddr> {
    // The wire writes `%` as `%25`.
    let zoned = text.split_once('%').and_then(|(ip, _)| ip.parse::<Ipv6Addr>().ok());
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let plain = zoned.map(IpAddr::V6).or_else(|| text.parse().ok());
    let ip = plain.or_else(with_port)?.to_canonical();
    // 0.0.0.0 is what an application says that does not know.
    (!ip.is_unspecified()).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one_address() {
        for text in ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207", "192.0.2.7:40000"] {
            assert_eq!(Address::parse(text).to_string(), "192.0.2.7");
        }
        assert_eq!(Address::parse("fe80::1%25eth0"), Address::parse("FE80:0::1"));
    }

    #[test]
    fn a_name_cannot_pretend_to_be_more_than_one_word_of_a_line() {
        let client = Client {
            user: "x address=192.0.2.1\"".into(),
            address: Address::parse("CORP host"),
            service: "sshd".into(),
            tty: None,
            ruser: None,
        };
        let shown = r#"user="x address=192.0.2.1\"" address="corp host" service=sshd"#;
        assert_eq!(client.to_string(), shown);
        assert_eq!(Word("CORP\\jürgen@x").to_string(), "CORP\\jürgen@x");
    }

    #[test]
    fn names_are_kept_and_nothing_is_local() {
        assert_eq!(Address::parse("Host.Example"), Address::Name("host.example".into()));
        assert_eq!(Address::parse(""), Address::Local);
        assert_eq!(Address::parse("Local"), Address::Name("name:local".into()));
        assert_eq!(Address::parse("192.0.2.1%25x"), Address::Name("192.0.2.1%25x".into()));
        assert_eq!(Address::parse("0.0.0.0"), Address::Name("0.0.0.0".into()));
    }

    #[test]
    fn a_name_does_not_outgrow_what_can_be_typed_again() {
        for text in ["Ⱥ".repeat(128), format!("a/{}", "b".repeat(254))] {
            let shown = Address::parse(&text).to_string();
            assert!(shown.len() <= LONGEST && shown.len() > LONGEST - 4, "{shown}");
            assert_eq!(Address::parse(&shown).to_string(), shown);
        }
    }
}
