//! The account phase, and the lists.

use axes_e2e::application::{MAXTRIES, PERM_DENIED, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

const FROM: &str = "192.0.2.7";

#[test]
fn an_account_call_without_an_attempt_is_neutral_even_when_the_password_is_locked() {
    let host = Host::start("failure_limit = 1");
    assert_ne!(host.login("alice", FROM, WRONG), SUCCESS);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    let before = host.outcomes("alice");
    assert_eq!(host.session("alice").from(FROM).account(), SUCCESS);
    assert_eq!(host.outcomes("alice"), before, "it records nothing");
    assert_eq!(host.failures("alice"), 1, "and resets nothing");
}

#[test]
fn a_blacklisted_client_gets_in_with_neither_password_nor_key() {
    let host = Host::start("ip_blacklist = [\"192.0.2.0/24\"]");
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    let mut with_key = host.session("alice").from(FROM);
    assert_eq!(with_key.account(), PERM_DENIED);
    assert!(with_key.person().messages[0].contains("not allowed"));
    assert_eq!(host.session("alice").from("198.51.100.1").account(), SUCCESS);
    assert_eq!(host.outcomes("alice"), ["refused", "refused"]);
}

#[test]
fn a_whitelisted_client_is_never_locked() {
    let host = Host::start("failure_limit = 1\nip_whitelist = [\"192.0.2.0/24\"]");
    for _ in 0..5 {
        assert_ne!(host.login("alice", FROM, WRONG), MAXTRIES);
    }
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert_eq!(host.failures("alice"), 0);
}
