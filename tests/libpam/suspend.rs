//! The machine is suspended and wakes up: time asleep counts.

use std::time::{Duration, Instant};

use axes_e2e::application::{AUTH_ERR, Answer, MAXTRIES, PERM_DENIED, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, kill, wait_until};
use serde_json::{Value, json};

use crate::neighbours::compiled;

const FROM: &str = "192.0.2.7";
const MINUTE: Duration = Duration::from_secs(60);

fn host(settings: &str) -> Host {
    let mut host = Host::without_daemon(settings);
    let library = compiled(&host, "sleeps");
    host.start_daemon_that_sleeps(&library);
    host
}

/// A host on which alice is locked for an hour.
fn locked() -> Host {
    let host = host("failure_limit = 2\ncooloff_time = \"1h\"");
    for _ in 0..2 {
        assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    }
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    host
}

fn locked_counters(host: &Host) -> usize {
    host.ask(&["list", "--locked"])["counters"].as_array().expect("counters").len()
}

fn assert_some_less(seconds: &Value, than: Duration) {
    let (left, most) = (seconds.as_u64().expect("seconds"), than.as_secs());
    assert!((most - 30..=most).contains(&left), "{left} seconds left");
}

#[test]
fn a_lockout_that_ended_during_sleep_refuses_nobody_afterwards() {
    let host = locked();
    host.suspend(61 * MINUTE);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}

#[test]
fn a_lockout_that_ended_during_sleep_is_not_shown_to_whoever_asks_first() {
    let asked: [(&[&str], &str, Value); 3] = [
        (&["list", "--locked"], "counters", json!([])),
        (&["status"], "counters_locked", json!(0)),
        (&["why", "alice", "--from", FROM], "verdict", json!("admitted")),
    ];
    for (question, name, answer) in asked {
        let host = locked();
        host.suspend(61 * MINUTE);
        assert_eq!(host.ask(question)[name], answer, "{question:?}");
    }
}

#[test]
fn sleep_that_is_shorter_than_the_rest_of_a_lockout_shortens_it() {
    let host = locked();
    host.suspend(20 * MINUTE);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    let why = host.ask(&["why", "alice", "--from", FROM]);
    assert_some_less(&why["seconds_left"], 40 * MINUTE);
    host.suspend(59 * MINUTE);
    assert_eq!((host.login("alice", FROM, RIGHT), locked_counters(&host)), (MAXTRIES, 1));
    host.suspend(61 * MINUTE);
    assert_eq!((host.login("alice", FROM, RIGHT), locked_counters(&host)), (SUCCESS, 0));
}

#[test]
fn a_panic_off_ends_during_sleep() {
    let host = locked();
    host.ask(&["panic-off", "--for", "30m"]);
    assert_eq!(host.session("alice").from(FROM).try_password(WRONG), AUTH_ERR, "not refused");
    host.suspend(20 * MINUTE);
    assert_some_less(&host.ask(&["status"])["panic_off_seconds_left"], 10 * MINUTE);
    host.suspend(31 * MINUTE);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    assert_eq!(host.ask(&["status"])["panic_off_seconds_left"], Value::Null);
}

#[test]
fn an_entry_of_a_list_ends_during_sleep_for_keys_too() {
    let host = host("");
    host.ask(&["blacklist", "add", "192.0.2.0/24", "--for", "30m"]);
    // As sshd does for a key: nothing but the account phase.
    let account = || host.session("alice").from(FROM).account();
    assert_eq!(account(), PERM_DENIED);
    host.suspend(29 * MINUTE);
    assert_eq!(account(), PERM_DENIED);
    host.suspend(31 * MINUTE);
    assert_eq!(account(), SUCCESS);
}

#[test]
fn an_entry_that_ended_during_sleep_is_not_listed() {
    let host = host("");
    host.ask(&["blacklist", "add", "192.0.2.0/24", "--for", "30m"]);
    let listed = || host.ask(&["blacklist", "list"])["entries"].as_array().expect("it").len();
    assert_eq!(listed(), 1);
    host.suspend(31 * MINUTE);
    assert_eq!(listed(), 0);
}

/// The one who has the place sleeps on as well; the other is told within the time that he may wait.
#[test]
fn whoever_waits_at_the_gate_while_the_machine_sleeps_is_answered() {
    let host = host("failure_limit = 1\ngate_wait = \"3s\"");
    host.write_password_program("sleep 30");
    let mut verifying = host.spawn_login("alice", FROM, &Answer::Text(WRONG.to_owned()));
    wait_until("a password is verified", || host.verified() == 1);
    let mut waiting = host.spawn_login("alice", FROM, &Answer::Text(RIGHT.to_owned()));
    wait_until("another one waits", || host.ask(&["status"])["waiting"] == 1);
    let slept = Instant::now();
    host.suspend(60 * MINUTE);
    assert_ne!(waiting.wait().unwrap().code(), Some(SUCCESS));
    assert!(slept.elapsed() < Duration::from_secs(5), "{:?}", slept.elapsed());
    assert_eq!(host.verified(), 1);
    kill(&verifying, libc::SIGKILL);
    verifying.wait().unwrap();
}
