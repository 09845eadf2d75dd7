//! Names and addresses as they are typed.

use std::net::IpAddr;

use axes_proto::Text;
use axes_proto::control::Subject;

/// An IP address, a network or `local` is an address, everything else a user.
pub(super) fn subject(text: &str) -> Result<Subject, &'static str> {
    if is_address(text) {
        return typed(text).map(Subject::Address);
    }
    typed(text).map(Subject::User)
}

/// An empty value is most often a variable that was not set, and means nobody, never everybody.
pub(super) fn typed<const MAX: usize>(text: &str) -> Result<Text<MAX>, &'static str> {
    match text {
        "" => Err("it is empty, and an empty value matches nothing"),
        text => Ok(Text::from_typed(text)),
    }
}

fn is_address(text: &str) -> bool {
    match text.split_once('/') {
        Some((ip, prefix)) => is_network(ip, prefix),
        None => text == "local" || parse_ip(text).is_some(),
    }
}

fn is_network(ip: &str, prefix: &str) -> bool {
    let longest = match parse_ip(ip) {
        Some(IpAddr::V4(_)) => 32,
        Some(IpAddr::V6(_)) => 128,
        None => return false,
    };
    prefix.parse::<u8>().is_ok_and(|prefix| prefix <= longest)
}

/// The zone of a link-local address (`%eth0`) is no part of it.
fn parse_ip(text: &str) -> Option<IpAddr> {
    text.split('%').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_networks_and_local_are_told_from_users() {
        for text in ["192.0.2.7", "::1", "fe80::1%eth0", "192.0.2.0/24", "2001:db8::/64", "local"] {
            assert_eq!(subject(text), Ok(Subject::Address(Text::from_typed(text))));
        }
        for text in ["alice", "192.0.2", "192.0.2.0/33", "a/b", "local/8", "CORP\\bob"] {
            assert_eq!(subject(text), Ok(Subject::User(Text::from_typed(text))));
        }
    }

    #[test]
    fn an_empty_text_is_nobody() {
        assert!(subject("").is_err());
        assert!(typed::<64>("").is_err());
    }
}
