//! The wall clock is set while somebody is locked out, and while the daemon is away.

use std::thread::sleep;
use std::time::Duration;

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

const FROM: &str = "192.0.2.7";

fn host(cooloff: &str) -> Host {
    let mut host =
        Host::without_daemon(&format!("failure_limit = 2\ncooloff_time = \"{cooloff}\""));
    host.start_daemon_with_clock("+0");
    host
}

fn fail(host: &Host, times: usize) {
    for _ in 0..times {
        assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    }
}

/// What the daemon takes for now, as its log of attempts shows it.
fn day(host: &Host) -> String {
    let shown = host.ask(&["log", "-n", "1"]);
    let at = shown["attempts"][0]["at"].as_str().expect("a time").to_owned();
    at.split('T').next().expect("a day").to_owned()
}

#[test]
fn setting_the_clock_neither_ends_a_lockout_nor_makes_it_longer() {
    for clock in ["+1d", "-1d"] {
        let host = host("2s");
        fail(&host, 2);
        let before = day(&host);
        host.set_clock(clock);
        assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES, "{clock}");
        assert_ne!(day(&host), before, "the clock was set: {clock}");
        sleep(Duration::from_millis(2100));
        assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS, "{clock}");
    }
}

#[test]
fn setting_the_clock_between_two_failures_forgets_none() {
    for clock in ["+1d", "-1d"] {
        let host = host("1h");
        fail(&host, 1);
        host.set_clock(clock);
        fail(&host, 1);
        assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES, "{clock}");
    }
}

#[test]
fn after_a_reboot_a_lockout_goes_on_until_the_end_that_it_had() {
    let mut host = host("1h");
    fail(&host, 2);
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon_with_clock("+59m");
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon_with_clock("+61m");
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}

#[test]
fn after_a_reboot_with_a_clock_in_the_past_a_lockout_lasts_no_longer_than_its_cool_off() {
    let mut host = host("1h");
    fail(&host, 2);
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon_with_clock("-1d");
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    let left = host.ask(&["list", "--locked"])["counters"][0]["seconds_left"].as_u64().unwrap();
    assert!((3500..=3600).contains(&left), "{left} seconds left");
}
