//! The access log: what is in it, what the settings leave in it, what is shown of it.

use std::thread::sleep;
use std::time::Duration;

use axes_e2e::application::{Answer, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};
use serde_json::Value;

const FROM: &str = "192.0.2.7";

/// What `axesctl log --json` lists.
fn log(host: &Host, arguments: &[&str]) -> Vec<Value> {
    let listed = host.ask(&[&["log"], arguments].concat());
    listed["attempts"].as_array().expect("attempts").clone()
}

/// Users of the entries and how they ended, as `alice failure`.
fn shown(host: &Host, arguments: &[&str]) -> Vec<String> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("-").to_owned();
    let line = |entry: &Value| format!("{} {}", text(entry, "username"), text(entry, "outcome"));
    log(host, arguments).iter().map(line).collect()
}

fn text(host: &Host, arguments: &[&str]) -> String {
    String::from_utf8(host.axesctl(arguments).stdout).expect("UTF-8")
}

/// alice logs in, then bob does not, from elsewhere.
fn two_logins(host: &Host) {
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert_ne!(host.login("bob", "198.51.100.1", WRONG), SUCCESS);
}

#[test]
fn every_way_to_end_is_an_entry_with_all_that_is_known() {
    let host = Host::start("failure_limit = 1");
    let axes = host.module_line();
    let broken = format!("auth requisite {axes}\nauth required pam_exec.so quiet /bin/false\n");
    host.write_stack("broken", &broken);
    host.session_of("broken", "alice").at("tty1").try_password(RIGHT);
    host.session("alice").at("pts/3").asked_by("bob").authenticate([Answer::Cancel]);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert_ne!(host.login("alice", FROM, WRONG), SUCCESS);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);

    let outcomes = ["error", "abandoned", "success", "failure", "refused"];
    let entries = log(&host, &[]);
    let of = |name: &str| entries.iter().map(|it| it[name].as_str().unwrap_or("-")).collect();
    let columns: Vec<Vec<&str>> = ["outcome", "address", "service", "tty", "ruser"].map(of).into();
    assert_eq!(columns[0], outcomes);
    assert_eq!(columns[1], ["local", "local", FROM, FROM, FROM]);
    assert_eq!(columns[2], ["broken", "login", "login", "login", "login"]);
    assert_eq!(columns[3], ["tty1", "pts/3", "ssh", "ssh", "ssh"]);
    assert_eq!(columns[4], ["-", "bob", "-", "-", "-"]);
    let reason = entries[4]["reason"].as_str().expect("a reason");
    assert_eq!(reason, "locked: user=alice address=192.0.2.7 (1/1)");

    let table = text(&host, &["log"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("WHEN ") && lines[0].ends_with("REASON"), "{table}");
    for (line, outcome) in lines[1..].iter().zip(outcomes) {
        assert_eq!(line.find(outcome), lines[0].find("OUTCOME"), "{table}");
    }
}

#[test]
fn filters_choose_and_nothing_chosen_is_told() {
    let host = Host::start("");
    host.write_service("sudo", "");
    two_logins(&host);
    host.session_of("sudo", "carol").authenticate([Answer::Cancel]);
    let all = ["alice success", "bob failure", "carol abandoned"];
    for (arguments, expected) in [
        ("", &all[..]),
        ("--user bob", &all[1..2]),
        ("--address 198.51.100.0/24", &all[1..2]),
        ("--address local", &all[2..]),
        ("--service login", &all[..2]),
        ("--outcome abandoned --outcome failure", &all[1..]),
        ("--outcome refused", &[]),
        ("--since 1h", &all[..]),
        ("--until 1h", &[]),
        ("--since 2000-01-01 --until 2000-01-02", &[]),
        ("-n 2", &all[1..]),
        ("-n 1 --service login", &all[1..2]),
    ] {
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        assert_eq!(shown(&host, &arguments), expected, "{arguments:?}");
        let status = host.axesctl(&[&["log"], &arguments[..]].concat()).status.code();
        assert_eq!(status, Some(i32::from(expected.is_empty())), "{arguments:?}");
    }
    sleep(Duration::from_millis(2100));
    assert_eq!(host.login("dave", FROM, RIGHT), SUCCESS);
    assert_eq!(shown(&host, &["--since", "2s"]), ["dave success"]);
    assert_eq!(shown(&host, &["--until", "2s"]), all);
    assert_eq!(text(&host, &["log", "--user", "erin"]), "No attempt that matches is recorded.\n");
}

#[test]
fn disable_access_log_records_nothing_and_counts_all_the_same() {
    let host = Host::start("disable_access_log = true");
    two_logins(&host);
    assert_eq!(host.axesctl(&["log"]).status.code(), Some(1));
    assert_eq!(host.failures("bob"), 1);
    let totals = &host.ask(&["status"])["totals"];
    assert_eq!((totals["success"].as_u64(), totals["failure"].as_u64()), (Some(1), Some(1)));
}

#[test]
fn disable_success_access_log_records_everything_else() {
    let host = Host::start("disable_success_access_log = true");
    two_logins(&host);
    assert_eq!(shown(&host, &[]), ["bob failure"]);
}

#[test]
fn access_failure_log_per_user_limit_spares_everybody_else() {
    let host = Host::start("access_failure_log_per_user_limit = 1");
    two_logins(&host);
    for _ in 0..2 {
        assert_ne!(host.login("alice", FROM, WRONG), SUCCESS);
    }
    assert_eq!(shown(&host, &[]), ["alice success", "bob failure", "alice failure"]);
}

#[test]
fn access_log_entries_keeps_the_newest_and_a_reload_puts_it_in_force() {
    let mut host = Host::start("");
    two_logins(&host);
    host.configure("access_log_entries = 1");
    host.reload();
    assert_eq!(shown(&host, &[]), ["bob failure"]);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert_eq!(shown(&host, &[]), ["alice success"]);
    host.configure("");
    host.kill_daemon(libc::SIGTERM);
    host.start_daemon();
    assert_eq!(shown(&host, &[]), ["alice success"], "the others are gone from the disk too");
}

#[test]
fn access_log_bytes_keeps_fewer_entries_the_longer_they_are() {
    let host = Host::start("only_whitelist = true\naccess_log_bytes = \"64KiB\"");
    let long = "a".repeat(256);
    for _ in 0..120 {
        assert_eq!(host.login(&long, FROM, WRONG), MAXTRIES);
    }
    let entries = shown(&host, &[]).len();
    assert!((80..119).contains(&entries), "{entries} entries");
    assert_eq!(host.login("bob", FROM, WRONG), MAXTRIES);
    assert_eq!(shown(&host, &["-n", "1"]), ["bob refused"]);
}

#[test]
fn access_log_age_is_in_force_when_nobody_logs_in() {
    let mut host = Host::start("access_log_age = \"1s\"");
    two_logins(&host);
    sleep(Duration::from_millis(1100));
    assert_eq!(host.axesctl(&["log"]).status.code(), Some(1));
    assert_eq!(host.login("carol", FROM, RIGHT), SUCCESS);
    host.kill_daemon(libc::SIGTERM);
    sleep(Duration::from_millis(1100));
    host.start_daemon();
    host.configure("access_log_age = \"never\"");
    host.reload();
    assert_eq!(host.login("dave", FROM, RIGHT), SUCCESS);
    sleep(Duration::from_millis(1100));
    assert_eq!(shown(&host, &[]), ["dave success"], "carol went at the start");
}

#[test]
fn the_log_survives_a_kill() {
    let mut host = Host::start("");
    two_logins(&host);
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon();
    assert_eq!(shown(&host, &[]), ["alice success", "bob failure"]);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert_eq!(shown(&host, &["-n", "2"]), ["bob failure", "alice success"]);
}

#[test]
fn reset_logs_removes_what_is_old_enough_and_everything_only_when_spelled_out() {
    let mut host = Host::start("");
    two_logins(&host);
    let nothing = host.axesctl(&["reset-logs", "--age", "30d"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert_eq!(host.axesctl(&["reset-logs"]).status.code(), Some(2));
    sleep(Duration::from_millis(2100));
    assert_eq!(host.login("carol", FROM, RIGHT), SUCCESS);
    assert_eq!(
        text(&host, &["reset-logs", "--age", "2s"]),
        "2 entries of the access log removed.\n"
    );
    assert_eq!(shown(&host, &[]), ["carol success"]);
    assert_eq!(host.failures("bob"), 1, "what is counted does not depend on the log");
    assert_eq!(host.ask(&["reset-logs", "--all"])["removed"], 1);
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon();
    assert_eq!(host.axesctl(&["log"]).status.code(), Some(1));
}
