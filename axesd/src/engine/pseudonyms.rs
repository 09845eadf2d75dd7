//! What stands for names and addresses where they are not kept as they are.

use std::sync::Arc;

use axes_policy::client::{Address, Client};
use axes_policy::networks::fold;
use axes_policy::settings::{Keep, Prefixes, Privacy};

/// Stands for a value of which nothing is kept.
const WITHHELD: &str = "~withheld";
/// Hexadecimal digits of a pseudonym: two values share one once in 2^64.
const DIGITS: usize = 16;

/// Makes pseudonyms with a key of this host: without the key they can neither be read nor tried.
pub struct Pseudonyms {
    key: [u8; 32],
}

impl Pseudonyms {
    /// Pseudonyms of this key.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A client as it is counted and kept.
    #[must_use]
    pub fn of(&self, client: &Client, privacy: Privacy, prefixes: Prefixes) -> Client {
        Client {
            user: self.name(&client.user, privacy.usernames),
            address: self.address(&client.address, privacy.addresses, prefixes),
            service: client.service.clone(),
            tty: client.tty.clone(),
            ruser: client.ruser.as_ref().map(|ruser| self.name(ruser, privacy.usernames)),
        }
    }

    /// A user name as it is kept.
    #[must_use]
    pub fn name(&self, name: &Arc<str>, keep: Keep) -> Arc<str> {
        match keep {
            Keep::Plain => name.clone(),
            Keep::Hash => self.hash("user", name),
            Keep::Nothing => WITHHELD.into(),
        }
    }

    /// An address as it is kept: one pseudonym for the network that is counted together.
    #[must_use]
    pub fn address(&self, address: &Address, keep: Keep, prefixes: Prefixes) -> Address {
        match (address, keep) {
            // It says nothing about anybody.
            (Address::Local, _) | (_, Keep::Plain) => address.clone(),
            (_, Keep::Nothing) => Address::Name(WITHHELD.into()),
            (Address::Name(name), Keep::Hash) => Address::Name(self.hash("host", name)),
            (Address::Ip(ip), Keep::Hash) => {
                let prefix = if ip.is_ipv4() { prefixes.v4 } else { prefixes.v6 };
                Address::Name(self.hash("network", &fold(*ip, prefix).to_string()))
            }
        }
    }

    fn hash(&self, kind: &str, value: &str) -> Arc<str> {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(kind.as_bytes()).update(&[0]).update(value.as_bytes());
        let digest = hasher.finalize().to_hex();
        let digits = digest.get(..DIGITS).unwrap_or_default();
        format!("~{digits}").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASHED: Privacy = Privacy { usernames: Keep::Hash, addresses: Keep::Hash };

    fn client(user: &str, address: &str) -> Client {
        Client {
            user: user.into(),
            address: Address::parse(address),
            service: "sshd".into(),
            tty: Some("ssh".into()),
            ruser: Some("mallory".into()),
        }
    }

    fn shown(key: u8, user: &str, address: &str, privacy: Privacy) -> String {
        let kept =
            Pseudonyms::new([key; 32]).of(&client(user, address), privacy, Prefixes::default());
        format!("{} {} {}", kept.user, kept.address, kept.ruser.unwrap())
    }

    #[test]
    fn a_pseudonym_is_the_same_for_the_same_value_and_key_only() {
        let once = shown(1, "alice", "2001:db8::1", HASHED);
        assert_eq!(
            once,
            shown(1, "alice", "2001:db8::2", HASHED),
            "counted together, kept together"
        );
        assert_ne!(once, shown(1, "alice", "2001:db8:0:1::1", HASHED));
        assert_ne!(once, shown(1, "bob", "2001:db8::1", HASHED));
        assert_ne!(once, shown(2, "alice", "2001:db8::1", HASHED));
        for part in once.split(' ') {
            assert!(part.starts_with('~') && part.len() == 1 + DIGITS, "{once}");
        }
        assert!(!once.contains("alice") && !once.contains("2001") && !once.contains("mallory"));
    }

    #[test]
    fn nothing_is_kept_where_nothing_shall_be_and_all_where_all() {
        let none = Privacy { usernames: Keep::Nothing, addresses: Keep::Nothing };
        assert_eq!(shown(1, "alice", "192.0.2.1", none), "~withheld ~withheld ~withheld");
        assert_eq!(shown(1, "alice", "", none), "~withheld local ~withheld");
        let all = Privacy::default();
        assert_eq!(shown(1, "alice", "192.0.2.1", all), "alice 192.0.2.1 mallory");
    }
}
