//! Panic-off: when lockouts or lists keep the wrong people out, one command lets everybody try.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

use axes_e2e::application::{MAXTRIES, PERM_DENIED, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, wait_until};
use serde_json::{Value, json};

const FROM: &str = "192.0.2.7";
const CLOSED: &str = "failure_limit = 2\nlockout_parameters = [\"username\"]\n\
                      only_whitelist = true\nip_whitelist = [\"203.0.113.5\"]";
const HOME: &str = "203.0.113.5";

fn lock(host: &Host, user: &str) {
    for _ in 0..2 {
        host.login(user, "", WRONG);
    }
    assert_eq!(host.login(user, "", RIGHT), MAXTRIES, "locked");
}

/// Locked, blacklisted, and outside of the only whitelist.
fn everything_closed() -> Host {
    let host = Host::start(CLOSED);
    host.ask(&["blacklist", "add", "mallory", "203.0.113.0/24"]);
    lock(&host, "alice");
    assert!(all_refused(&host));
    host
}

fn logins(host: &Host) -> [i32; 4] {
    [("alice", ""), ("mallory", ""), ("bob", FROM), ("bob", HOME)]
        .map(|(user, from)| host.login(user, from, RIGHT))
}

fn all_refused(host: &Host) -> bool {
    logins(host).iter().all(|code| *code != SUCCESS)
}

fn status(host: &Host) -> Value {
    host.ask(&["status"])
}

fn off(host: &Host, time: &str) -> Value {
    host.ask(&["panic-off", "--for", time, "--reason", "locked out"])
}

#[test]
fn everybody_may_try_and_its_end_closes_again() {
    let host = everything_closed();
    let said = off(&host, "10m");
    assert_eq!((&said["panic_off"], &said["before"]), (&json!("axesctl"), &Value::Null));
    assert_eq!(logins(&host), [SUCCESS; 4]);
    // A success forgave alice: lock her again, which takes effect later.
    for _ in 0..5 {
        assert_ne!(host.login("alice", "", WRONG), MAXTRIES, "counted, and not refused");
    }
    assert_eq!(host.failures("alice"), 5);
    let ended = host.axesctl(&["panic-off", "--end"]);
    assert!(String::from_utf8_lossy(&ended.stdout).starts_with("Panic-off is over"));
    assert!(all_refused(&host));
    assert_eq!(host.axesctl(&["panic-off", "--end"]).status.code(), Some(1), "nothing to end");
    let log = host.log();
    assert!(log.contains("panic-off: nobody is refused until"), "{log}");
    assert!(log.contains(": locked out"), "{log}");
    assert!(log.contains("panic-off was ended"), "{log}");
}

#[test]
fn an_account_without_a_password_gets_in_too() {
    let host = everything_closed();
    let account = || host.session("bob").from(FROM).account();
    assert_eq!(account(), PERM_DENIED, "a key does not pass only_whitelist");
    off(&host, "10m");
    assert_eq!(account(), SUCCESS);
}

#[test]
fn status_and_why_tell_of_it() {
    let host = everything_closed();
    assert_eq!(status(&host)["panic_off_seconds_left"], Value::Null);
    off(&host, "10m");
    let told = status(&host);
    assert_eq!(
        (&told["enforcement"], &told["panic_off"]),
        (&json!("panic_off"), &json!("axesctl"))
    );
    assert_eq!(told["panic_off_reason"], "locked out");
    let left = told["panic_off_seconds_left"].as_u64().expect("seconds");
    assert!((590..=600).contains(&left), "{left}");
    let text = String::from_utf8(host.axesctl(&["status"]).stdout).expect("UTF-8");
    assert!(text.contains("nobody is refused (panic-off, "), "{text}");
    for (user, from) in [("alice", "local"), ("mallory", FROM)] {
        let why = host.ask(&["why", user, "--from", from]);
        assert_eq!(
            (&why["verdict"], &why["enforcement"]),
            (&json!("admitted"), &json!("panic_off"))
        );
        assert!(why["reason"].as_str().expect("a reason").contains("panic-off"), "{why}");
    }
}

#[test]
fn it_survives_a_daemon_that_is_killed_and_ends_when_it_was_to_end() {
    let mut host = everything_closed();
    off(&host, "6s");
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon();
    assert!(status(&host)["panic_off_seconds_left"].as_u64().is_some_and(|left| left <= 6));
    assert_eq!(logins(&host), [SUCCESS; 4]);
    assert!(host.log().contains("panic-off still holds"));
    wait_until("it is over", || status(&host)["panic_off"].is_null());
    assert!(host.log().contains("panic-off is over by itself"), "{}", host.log());
    let refused = [("mallory", ""), ("bob", FROM), ("bob", HOME)];
    assert!(refused.iter().all(|(user, from)| host.login(user, from, RIGHT) != SUCCESS));
}

#[test]
fn one_that_ended_while_the_daemon_was_away_does_not_come_back() {
    let mut host = everything_closed();
    off(&host, "1s");
    host.kill_daemon(libc::SIGKILL);
    thread::sleep(Duration::from_millis(1100));
    host.start_daemon();
    assert_eq!(status(&host)["panic_off"], Value::Null);
    assert!(all_refused(&host));
}

#[test]
fn more_than_a_day_or_no_time_at_all_is_wrong_usage() {
    let host = everything_closed();
    for words in [&["--for", "25h"][..], &["--for", "0s"], &[]] {
        let wrong = host.axesctl(&[&["panic-off"], words].concat());
        assert_eq!(wrong.status.code(), Some(2), "{words:?}");
    }
    assert!(all_refused(&host));
}

#[test]
fn a_word_on_the_kernel_command_line_lets_everybody_try_until_the_next_boot() {
    let mut host = everything_closed();
    host.kill_daemon(libc::SIGTERM);
    let mut booted = Booted::with(&host, "root=/dev/sda1 ro axes=off quiet\n");
    assert_eq!(logins(&host), [SUCCESS; 4]);
    let told = status(&host);
    assert_eq!(told["panic_off"], "kernel_command_line");
    assert_eq!(told["panic_off_seconds_left"], Value::Null);
    host.ask(&["panic-off", "--end"]);
    assert_eq!(logins(&host), [SUCCESS; 4], "no command ends it");
    assert!(host.log().contains("axes=off on the kernel command line"), "{}", host.log());
    booted.end();

    let _next = Booted::with(&host, "root=/dev/sda1 ro axes=offline\n");
    assert_eq!(status(&host)["panic_off"], Value::Null);
    assert_ne!(host.login("mallory", "", RIGHT), SUCCESS);
}

/// A daemon that finds this kernel command line.
struct Booted(Child);

impl Booted {
    fn with(host: &Host, line: &str) -> Self {
        let path = host.path("cmdline");
        fs::write(&path, line).expect("a command line");
        let mut command = host.daemon_command();
        let child = command.arg("--kernel-command-line").arg(path).spawn().expect("axesd");
        let booted = Self(child);
        wait_until("axesd listens", || host.axesctl(&["status"]).status.success());
        booted
    }

    fn end(&mut self) {
        axes_e2e::host::kill(&self.0, libc::SIGTERM);
        self.0.wait().expect("axesd ends");
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
