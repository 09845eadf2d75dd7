//! What stands for names and addresses where they are not kept as they are.

use axes_policy::client::{Address, Client};
use axes_policy::filter::{AddressFilter, Filter};
use axes_policy::networks::fold;
use axes_policy::settings::{Keep, Prefixes, Privacy};
use smol_str::SmolStr;

/// Stands for a value of which nothing is kept.
const WITHHELD: &str = "~withheld";
/// Hexadecimal digits of a pseudonym: two values share one once in 2^64.
const DIGITS: usize = 16;

/// Nothing is kept that could be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unkept {
    /// Of names.
    #[error("user names are not kept (store_username = false), so none can be looked for")]
    Names,
    /// Of addresses.
    #[error("addresses are not kept (store_ip_address = false), so none can be looked for")]
    Addresses,
    /// Only hashes of addresses.
    #[error(
        "only hashes of addresses are kept (store_ip_address = \"hash\"): name one address, \
         not a network"
    )]
    Networks,
}

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

    /// A filter that finds what is kept of those whom it names. A pseudonym names itself.
    ///
    /// # Errors
    ///
    /// [`Unkept`], where nothing could be found whoever is named.
    pub fn filter(
        &self,
        filter: Filter,
        privacy: Privacy,
        prefixes: Prefixes,
    ) -> Result<Filter, Unkept> {
        let user = match filter.user {
            Some(_) if privacy.usernames == Keep::Nothing => return Err(Unkept::Names),
            Some(name) if is_pseudonym(&name) => Some(name),
            name => name.map(|name| self.name(&name, privacy.usernames)),
        };
        let address = filter.address.map(|it| self.address_filter(it, privacy.addresses, prefixes));
        Ok(Filter { user, address: address.transpose()?, ..filter })
    }

    fn address_filter(
        &self,
        filter: AddressFilter,
        keep: Keep,
        prefixes: Prefixes,
    ) -> Result<AddressFilter, Unkept> {
        let found = match (&filter, keep) {
            (_, Keep::Plain) | (AddressFilter::Exactly(Address::Local), _) => return Ok(filter),
            (_, Keep::Nothing) => return Err(Unkept::Addresses),
            (AddressFilter::Exactly(Address::Name(name)), _) if is_pseudonym(name) => {
                return Ok(filter);
            }
            (AddressFilter::Exactly(address), _) => address.clone(),
            (AddressFilter::Within(network), _) => {
                let single = network.prefix() == if network.is_ipv4() { 32 } else { 128 };
                let folded = fold(network.ip(), prefixes.of(network.ip()));
                if !single && folded != *network {
                    return Err(Unkept::Networks);
                }
                Address::Ip(network.ip())
            }
        };
        Ok(AddressFilter::Exactly(self.address(&found, keep, prefixes)))
    }

    /// A user name as it is kept.
    #[must_use]
    pub fn name(&self, name: &SmolStr, keep: Keep) -> SmolStr {
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
                let network = fold(*ip, prefixes.of(*ip));
                Address::Name(self.hash("network", &network.to_string()))
            }
        }
    }

    fn hash(&self, kind: &str, value: &str) -> SmolStr {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(kind.as_bytes()).update(&[0]).update(value.as_bytes());
        let digest = hasher.finalize().to_hex();
        let digits = digest.get(..DIGITS).unwrap_or_default();
        format!("~{digits}").into()
    }
}

fn is_pseudonym(text: &str) -> bool {
    text.strip_prefix('~').is_some_and(|digits| digits.len() == DIGITS)
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

    #[test]
    fn a_filter_finds_what_is_kept() {
        let (names, prefixes) = (Pseudonyms::new([1; 32]), Prefixes::default());
        let find = |user: &str, address: &str, privacy: Privacy| {
            let (user, address) = (Some(user.into()), Some(AddressFilter::parse(address)));
            names.filter(Filter { user, address, service: None }, privacy, prefixes)
        };
        for address in ["192.0.2.1", "2001:db8::9", "gateway", ""] {
            for privacy in [HASHED, Privacy::default()] {
                let kept = names.of(&client("alice", address), privacy, prefixes);
                let asked = if address.is_empty() { "local" } else { address };
                assert!(find("alice", asked, privacy).unwrap().covers(&kept), "{address}");
                let (user, address) = (&kept.user, kept.address.to_string());
                assert!(find(user, &address, privacy).unwrap().covers(&kept), "{kept:?}");
            }
        }
        let network = find("alice", "2001:db8::/64", HASHED).unwrap();
        assert!(network.covers(&names.of(&client("alice", "2001:db8::1"), HASHED, prefixes)));
        assert_eq!(find("alice", "192.0.2.0/24", HASHED), Err(Unkept::Networks));
        let none = Privacy { usernames: Keep::Nothing, ..HASHED };
        assert_eq!(find("alice", "local", none), Err(Unkept::Names));
        let none = Privacy { addresses: Keep::Nothing, ..HASHED };
        assert_eq!(find("alice", "192.0.2.1", none), Err(Unkept::Addresses));
    }
}
