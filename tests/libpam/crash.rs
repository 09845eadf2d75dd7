//! A daemon that is killed forgets nothing that it acknowledged.

use axes_e2e::application::{AUTH_ERR, MAXTRIES};
use axes_e2e::host::{Host, RIGHT, WRONG};

const FROM: &str = "192.0.2.7";

#[test]
fn the_count_goes_on_after_kill_9() {
    let mut host = Host::start("failure_limit = 4");
    for round in 1..=4 {
        assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
        host.kill_daemon(libc::SIGKILL);
        host.start_daemon();
        assert_eq!(host.failures("alice"), round);
    }
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    assert_eq!(host.outcomes("alice").len(), 5);
}

#[test]
fn a_daemon_that_is_asked_to_end_keeps_everything() {
    let mut host = Host::start("failure_limit = 4");
    assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    host.kill_daemon(libc::SIGTERM);
    host.start_daemon();
    assert_eq!(host.failures("alice"), 1);
}

#[test]
fn a_reset_survives_kill_9() {
    let mut host = Host::start("failure_limit = 1");
    assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    assert!(host.axesctl(&["reset", "--all"]).status.success());
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon();
    assert_eq!(host.failures("alice"), 0);
}

#[test]
fn a_second_daemon_on_the_same_sockets_is_refused() {
    let host = Host::start("");
    let second = host.daemon_command().status().unwrap();
    assert_eq!(second.code(), Some(1));
    host.ask(&["status"]);
}
