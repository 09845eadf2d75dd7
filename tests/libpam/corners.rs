//! Corners in which a lockout began, ended or leaked where it should not.

use std::thread::sleep;
use std::time::Duration;

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

const HOME: &str = "198.51.100.9";
const AWAY: &str = "192.0.2.7";

#[test]
fn a_lockout_that_refused_tries_prolong_outlives_kill_9() {
    let settings = "failure_limit = 2\ncooloff_time = \"3s\"\n\
        reset_cool_off_on_failure_during_lockout = true\n\
        lockout_parameters = [[\"username\", \"ip_address\"]]\n";
    let mut host = Host::start(settings);
    for _ in 0..2 {
        assert_eq!(host.login("alice", AWAY, WRONG), AUTH_ERR);
    }
    for _ in 0..4 {
        sleep(Duration::from_millis(1000));
        assert_eq!(host.login("alice", AWAY, WRONG), MAXTRIES, "locked and prolonged");
    }
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon();
    assert_eq!(host.login("alice", AWAY, WRONG), MAXTRIES, "{}", host.verified());
}

#[test]
fn a_reload_does_not_begin_a_lockout_that_was_over() {
    let settings = "failure_limit = 2\nfailure_window = \"1h\"\n\
        cooloff_time = [\"1s\", \"2s\", \"1h\"]\n";
    let host = Host::start(settings);
    for _ in 0..2 {
        assert_eq!(host.login("alice", HOME, WRONG), AUTH_ERR);
    }
    sleep(Duration::from_millis(2500));
    for _ in 0..2 {
        assert_eq!(host.login("alice", HOME, WRONG), AUTH_ERR);
    }
    sleep(Duration::from_millis(2500));
    let why = host.axesctl(&["why", "alice", "--from", HOME]);
    assert!(why.status.success(), "{why:?}");
    host.reload();
    assert_eq!(host.login("alice", HOME, RIGHT), SUCCESS, "nobody failed meanwhile");
}

#[test]
fn a_listed_name_or_address_is_not_written_beside_its_pseudonym() {
    let host = Host::start(
        "store_username = \"hash\"\nstore_ip_address = \"hash\"\n\
        ip_blacklist = [\"192.0.2.77\"]\nusername_blacklist = [\"alice-the-owner\"]\n",
    );
    let _ = host.login("bob", "192.0.2.77", RIGHT);
    let _ = host.login("alice-the-owner", HOME, RIGHT);
    for text in ["192.0.2.77", "alice-the-owner"] {
        assert!(!host.keeps(text), "{text} is on disk");
        assert!(!host.log().contains(text), "{}", host.log());
    }
}

/// From an address, which axesctl shows as that.
fn is_lifted_as_told(address: &str, shown: &str) {
    let host = Host::start("failure_limit = 2\n");
    for _ in 0..2 {
        assert_eq!(host.login("alice", address, WRONG), AUTH_ERR, "{address}");
    }
    assert_eq!(host.login("alice", address, RIGHT), MAXTRIES, "{address}");
    let why = host.ask(&["why", "alice", "--from", shown, "--service", "login"]);
    assert!(why["lift"].as_array().is_some_and(|lift| !lift.is_empty()), "{why}");
    run(&host, &why["lift"]);
    assert_eq!(host.login("alice", address, RIGHT), SUCCESS, "{address}");
}

#[test]
fn a_lockout_of_an_unknown_address_is_lifted_as_told() {
    is_lifted_as_told("0.0.0.0", "0.0.0.0");
}

#[test]
fn a_lockout_of_a_host_that_calls_itself_local_is_lifted_as_told() {
    is_lifted_as_told("local", "name:local");
}

#[test]
fn a_lockout_of_a_host_that_calls_itself_a_network_is_lifted_as_told() {
    is_lifted_as_told("10.0.0.0/8", "name:10.0.0.0/8");
}

#[test]
fn lockouts_of_addresses_and_names_are_lifted_as_told() {
    for address in [AWAY, "2001:db8::7", "::ffff:192.0.2.9", "Host.Example", "unknown"] {
        is_lifted_as_told(address, address);
    }
}

/// Runs the commands of a list.
fn run(host: &Host, commands: &serde_json::Value) {
    for command in commands.as_array().unwrap() {
        let words = shlex_split(command.as_str().unwrap());
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let done = host.axesctl(&words);
        assert!(done.status.success(), "{words:?}: {done:?}");
    }
}

fn shlex_split(line: &str) -> Vec<String> {
    line.split(' ').map(|word| word.trim_matches('\'').to_owned()).collect()
}
