//! `axesctl replay` on what really happened.

use std::fs;

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};
use serde_json::{Value, json};

const FROM: &str = "192.0.2.7";

/// The comparison of these settings with those that the host has.
fn tried(host: &Host, proposed: &str, more: &[&str]) -> Value {
    fs::write(host.path("new.toml"), proposed).unwrap();
    let (new, present) = (host.path("new.toml"), host.path("axes.toml"));
    let (new, present) = (new.to_str().unwrap(), present.to_str().unwrap());
    let words = ["replay", "--config", new, "--from-log", "--against", present];
    host.ask(&[&words[..], more].concat())
}

#[test]
fn the_log_of_real_logins_is_played_through_both_policies() {
    let host = Host::start("failure_limit = 4");
    for _ in 0..3 {
        assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    }
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    for _ in 0..4 {
        assert_eq!(host.login("bob", FROM, WRONG), AUTH_ERR);
    }
    assert_eq!(host.login("bob", FROM, RIGHT), MAXTRIES);
    let comparison = tried(&host, "failure_limit = 2", &["--since", "1h"]);
    let fate = |locked_out: u64, right: u64| json!({ "locked_out": locked_out, "banned": 0, "right_password_refused": right });
    let line = |user: &str, attempts: u64, present: Value, proposed: Value| {
        json!({
            "username": user, "address": FROM, "attempts": attempts,
            "present": present, "proposed": proposed,
        })
    };
    let bob = line("bob", 5, fate(1, 0), fate(3, 0));
    let alice = line("alice", 4, fate(0, 0), fate(2, 1));
    let (present, proposed) = (fate(1, 0), fate(5, 1));
    let expected = json!({
        "attempts": 9, "present": present, "proposed": proposed, "clients": [bob, alice],
    });
    assert_eq!(comparison, expected);
    let listed = tried(&host, "ip_whitelist = [\"192.0.2.0/24\"]", &[]);
    let bob = line("bob", 5, fate(1, 0), fate(0, 0));
    assert_eq!(listed["clients"], json!([bob]));
}

#[test]
fn nothing_recorded_is_nothing_to_compare() {
    let host = Host::start("failure_limit = 4");
    fs::write(host.path("new.toml"), "failure_limit = 2").unwrap();
    let (new, present) = (host.path("new.toml"), host.path("axes.toml"));
    let (new, present) = (new.to_str().unwrap(), present.to_str().unwrap());
    let words = ["replay", "--config", new, "--from-log", "--against", present];
    assert_eq!(host.axesctl(&words).status.code(), Some(1));
    fs::write(host.path("new.toml"), "failure_limit = 0").unwrap();
    let wrong = host.axesctl(&words);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("new.toml:1"));
}
