//! Names and addresses that are not kept as they are.

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

const FROM: &str = "192.0.2.77";
const USER: &str = "alice-the-owner";

#[test]
fn hashed_names_and_addresses_count_lock_and_are_found_again() {
    let settings = "failure_limit = 2\nstore_username = \"hash\"\nstore_ip_address = \"hash\"\n\
        ip_whitelist = [\"198.51.100.0/24\"]\n";
    let mut host = Host::start(settings);
    for _ in 0..2 {
        assert_eq!(host.login(USER, FROM, WRONG), AUTH_ERR);
    }
    assert_eq!(host.login(USER, FROM, RIGHT), MAXTRIES);
    assert_eq!(host.login(USER, "192.0.2.78", RIGHT), SUCCESS);
    host.kill_daemon(libc::SIGTERM);
    host.start_daemon();
    assert_eq!(host.login(USER, FROM, RIGHT), MAXTRIES, "known again after a restart");
    let shown = host.ask(&["show", "--user", USER]).to_string();
    assert!(!shown.contains(USER) && !shown.contains(FROM) && shown.contains("\"~"), "{shown}");
    assert_eq!(host.failures(USER), 2);
    assert_eq!(host.outcomes(USER).len(), 5);
    for text in [USER, FROM] {
        assert!(!host.log().contains(text), "{}", host.log());
        assert!(!host.keeps(text), "{text} is on disk");
    }
    let reset = host.axesctl(&["reset", "--user", USER, "--address", FROM]);
    assert!(reset.status.success(), "{reset:?}");
    assert_eq!(host.login(USER, FROM, RIGHT), SUCCESS);
    // Lists judge what is there, not what is kept.
    for _ in 0..3 {
        assert_eq!(host.login(USER, "198.51.100.1", WRONG), AUTH_ERR);
    }
}

#[test]
fn what_is_kept_as_it_is_is_on_disk() {
    let host = Host::start("failure_limit = 2");
    assert_eq!(host.login(USER, FROM, WRONG), AUTH_ERR);
    assert!(host.keeps(USER), "or the other tests could not fail");
    assert!(host.ask(&["show", FROM]).to_string().contains(FROM));
}

#[test]
fn nothing_is_kept_of_an_address_where_nothing_shall_be() {
    let host = Host::start(
        "failure_limit = 2\nstore_ip_address = false\nlockout_parameters = [\"username\"]",
    );
    assert_eq!(host.login(USER, FROM, WRONG), AUTH_ERR);
    assert_eq!(host.login(USER, "192.0.2.78", WRONG), AUTH_ERR);
    assert_eq!(host.login(USER, "192.0.2.79", RIGHT), MAXTRIES);
    let shown = host.ask(&["show", "--user", USER]).to_string();
    assert!(shown.contains("~withheld") && !shown.contains("192.0.2"), "{shown}");
    assert!(!host.log().contains("192.0.2") && host.log().contains(USER), "{}", host.log());
}

#[test]
fn what_is_not_kept_cannot_be_counted_and_the_configuration_says_so() {
    let host = Host::start("failure_limit = 2");
    host.configure("store_ip_address = false");
    let output = host.axesctl(&["reload"]);
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("axes.toml:1: counters look at ip_address"), "{error}");
}

#[test]
fn a_network_cannot_be_looked_for_among_hashes() {
    let host = Host::start("failure_limit = 2\nstore_ip_address = \"hash\"");
    let output = host.axesctl(&["reset", "--address", "192.0.2.0/24"]);
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("store_ip_address"), "{error}");
}
