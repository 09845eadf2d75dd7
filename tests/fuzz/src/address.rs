//! Where somebody comes from, as applications put it into `PAM_RHOST`.

use std::net::IpAddr;

use axes_policy::client::{Address, Client, Word};
use axes_policy::filter::AddressFilter;
use axes_policy::subject::Subject;
use axes_proto::text::Host;

use crate::printable::assert_printable;

/// Bytes on their way from the module into the log, and back from an administrator who types
/// what is shown; and as a network of a list.
pub fn address(bytes: &[u8]) {
    let given = Host::from_bytes(bytes);
    let address = Address::parse(given.as_str());
    let shown = Host::from_typed(&address.to_string());
    assert_eq!(shown.as_str(), address.to_string(), "all of it is shown");
    assert!(AddressFilter::parse(shown.as_str()).covers(&address), "{shown} finds itself");
    if address != Address::Local {
        assert_eq!(Address::parse(shown.as_str()), address, "{shown} is what it is shown as");
    }
    check(&address, given.as_str());
    line(&address);
    network(&String::from_utf8_lossy(bytes));
}

fn check(address: &Address, given: &str) {
    match address {
        Address::Local => assert_eq!(given, ""),
        Address::Ip(ip) => {
            assert_eq!(ip.to_canonical(), *ip);
            assert!(!ip.is_unspecified());
        }
        Address::Name(name) => {
            let ip = name.parse::<IpAddr>();
            assert!(ip.is_err() || ip.is_ok_and(|ip| ip.to_canonical().is_unspecified()), "{name}");
            assert!(
                **name != *"local" && !name.starts_with("local:"),
                "{name} is not this machine"
            );
            assert!(!name.contains('/') || name.starts_with("name:"), "{name} is no network");
        }
    }
}

/// In a line of the log nothing of it can be taken for something else.
fn line(address: &Address) {
    let client = Client {
        user: "alice".into(),
        address: address.clone(),
        service: "sshd".into(),
        tty: None,
        ruser: None,
    };
    let shown = client.to_string();
    assert_printable(&shown);
    let word = Word(&address.to_string()).to_string();
    assert_eq!(shown, format!("user=alice address={word} service=sshd"));
}

fn network(text: &str) {
    let Ok(network) = Subject::network(text) else {
        return;
    };
    let shown = network.to_string();
    assert_printable(&shown);
    assert_eq!(Subject::network(&shown), Ok(network));
}
