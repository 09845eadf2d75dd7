//! Whitelist and blacklist as they are changed while logins go on.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};
use std::time::Duration;

use axes_e2e::application::{AUTH_ERR, Answer, MAXTRIES, PERM_DENIED, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, wait_until};

const FROM: &str = "192.0.2.7";
const ELSEWHERE: &str = "198.51.100.1";

/// Runs axesctl with these words; what it printed, once it ended with this status.
fn ran(host: &Host, line: &str, status: i32) -> String {
    let words: Vec<_> = line.split_whitespace().collect();
    told(&host.axesctl(&words), status)
}

fn told(output: &Output, status: i32) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8(text).expect("UTF-8");
    assert_eq!(output.status.code(), Some(status), "{text}");
    text
}

/// Subjects of a list and where they come from, as `alice runtime`.
pub(crate) fn listed(host: &Host, list: &str) -> Vec<String> {
    let listed = host.ask(&[list, "list"]);
    let entries = listed["entries"].as_array().expect("entries");
    let text = |it: &serde_json::Value| it.as_str().expect("a text").to_owned();
    let entry =
        |it: &serde_json::Value| format!("{} {}", text(&it["subject"]), text(&it["source"]));
    entries.iter().map(entry).collect()
}

#[test]
fn an_entry_of_the_whitelist_lets_a_locked_client_in_and_its_end_locks_it_again() {
    let host = Host::start("failure_limit = 1");
    assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    let added = ran(&host, "whitelist add 192.0.2.0/24 --for 4s", 0);
    assert!(added.contains("192.0.2.0/24 is on the whitelist for 4s.\n"), "{added}");
    assert!(added.contains("alice from 192.0.2.7 (1/1) is no longer refused.\n"), "{added}");
    assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    let counted = host.ask(&["list"])["counters"][0]["failures"].clone();
    assert_eq!(counted, 1, "nothing is counted meanwhile");
    let over = "192.0.2.0/24 is no longer on the whitelist: its time is over";
    wait_until("the log says that it ended", || host.log().contains(over));
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    assert_eq!(ran(&host, "whitelist list", 0), "Nobody is on the whitelist.\n");
}

#[test]
fn removing_an_entry_of_the_whitelist_locks_again_at_once() {
    let host = Host::start("failure_limit = 1");
    assert_eq!(host.login("alice", FROM, WRONG), AUTH_ERR);
    let added = ran(&host, "whitelist add alice", 0);
    assert!(added.contains("guessed at without a limit, from anywhere"), "{added}");
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    let removed = ran(&host, "whitelist remove alice", 0);
    assert!(removed.contains("alice from 192.0.2.7 (1/1) is refused again.\n"), "{removed}");
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
}

#[test]
fn an_entry_of_the_blacklist_refuses_at_once_with_password_and_with_key() {
    let host = Host::start("");
    // Somebody whom this machine knows, so that groups and uids mean something.
    for (user, subject) in [
        ("alice", "192.0.2.0/24"),
        ("alice", "::ffff:192.0.2.7"),
        ("alice", "alice"),
        ("root", "@root"),
        ("root", "0"),
        ("daemon", "1-1"),
        ("daemon", "@daemon"),
    ] {
        assert_eq!(host.login(user, FROM, RIGHT), SUCCESS, "{subject}");
        ran(&host, &format!("blacklist add {subject}"), 0);
        assert_eq!(host.login(user, FROM, RIGHT), MAXTRIES, "{subject}");
        assert_eq!(host.session(user).from(FROM).account(), PERM_DENIED, "{subject}");
        assert_eq!(host.login("bob", ELSEWHERE, RIGHT), SUCCESS, "{subject}");
        ran(&host, &format!("blacklist remove {subject}"), 0);
        assert_eq!(host.session(user).from(FROM).account(), SUCCESS, "{subject}");
    }
}

#[test]
fn whoever_is_at_the_prompt_when_he_is_listed_is_not_let_through() {
    let host = Host::start("");
    let later = Answer::Later(Duration::from_millis(700), RIGHT.to_owned());
    let mut login = host.spawn_login("alice", FROM, &later);
    wait_until("a prompt is open", || host.ask(&["status"])["in_flight"] == 1);
    ran(&host, "blacklist add alice", 0);
    assert_ne!(login.wait().expect("axes-login").code(), Some(SUCCESS));
    assert_eq!(host.verified(), 0);
}

#[test]
fn entries_survive_kill_9_with_what_is_left_of_their_time() {
    let mut host = Host::start("");
    let words = ["blacklist", "add", FROM, "--comment", "was here, 50% sure", "--for", "1h"];
    told(&host.axesctl(&words), 0);
    ran(&host, "whitelist add @root 1000-1999", 0);
    let before = host.ask(&["blacklist", "list"]);
    for _ in 0..2 {
        host.kill_daemon(libc::SIGKILL);
        host.start_daemon();
        assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    }
    let after = host.ask(&["blacklist", "list"]);
    let [before, after] = [&before, &after].map(|list| &list["entries"][0]);
    assert_eq!(after["comment"], "was here, 50% sure");
    assert_eq!(before["since"], after["since"]);
    let left = after["seconds_left"].as_u64().expect("a number");
    assert!((3500..=3600).contains(&left), "{left}");
    assert_eq!(listed(&host, "whitelist"), ["@root runtime", "1000-1999 runtime"]);
    ran(&host, "whitelist remove @root 1000-1999", 0);
    host.kill_daemon(libc::SIGKILL);
    host.start_daemon();
    assert!(listed(&host, "whitelist").is_empty(), "what was removed stays removed");
}

#[test]
fn an_entry_whose_time_ends_while_the_daemon_is_away_does_not_come_back() {
    let mut host = Host::start("");
    ran(&host, "blacklist add alice --for 3s", 0);
    host.kill_daemon(libc::SIGKILL);
    std::thread::sleep(Duration::from_millis(3100));
    host.start_daemon();
    assert!(host.log().contains("alice is no longer on the blacklist"), "{}", host.log());
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}

#[test]
fn what_the_configuration_lists_holds_beside_what_was_made_at_run_time() {
    let host = Host::start("ip_blacklist = [\"192.0.2.0/24\"]\nusername_blacklist = [\"bob\"]");
    ran(&host, "blacklist add 198.51.100.0/24 192.0.2.0/24", 0);
    for (user, address) in [("alice", FROM), ("alice", ELSEWHERE), ("bob", "203.0.113.1")] {
        assert_eq!(host.login(user, address, RIGHT), MAXTRIES, "{user} {address}");
    }
    let configured = ["192.0.2.0/24 configuration", "bob configuration"];
    let made = ["192.0.2.0/24 runtime", "198.51.100.0/24 runtime"];
    assert_eq!(listed(&host, "blacklist"), [configured, made].concat());
    let table = ran(&host, "blacklist list", 0);
    assert!(table.starts_with("SUBJECT ") && table.contains("run time"), "{table}");

    let removed = ran(&host, "blacklist remove 192.0.2.0/24", 0);
    assert!(removed.contains("192.0.2.0/24 is no longer on the blacklist"), "{removed}");
    let file = host.path("axes.toml").display().to_string();
    let place = format!("take it out of ip_blacklist in {file}");
    assert!(removed.contains(&place), "{removed}");
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES, "it still holds");
    assert!(ran(&host, "blacklist remove bob", 1).contains("username_blacklist"));
    assert_eq!(listed(&host, "blacklist"), [&configured[..], &made[1..]].concat());

    host.configure("");
    host.reload();
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
    assert_eq!(host.login("alice", ELSEWHERE, RIGHT), MAXTRIES, "a reload leaves it alone");
}

#[test]
fn what_is_not_there_cannot_be_removed_and_what_is_there_is_replaced() {
    let host = Host::start("");
    let missing = ran(&host, "whitelist remove 192.0.2.1", 1);
    assert_eq!(missing, "192.0.2.1 is not among the entries made at run time.\n");
    ran(&host, "whitelist add 192.0.2.9/24 --for 1h", 0);
    ran(&host, "blacklist remove 192.0.2.0/24", 1);
    let again = host.ask(&["whitelist", "add", "192.0.2.0/24", "root"]);
    assert_eq!(again["replaced"], serde_json::json!(["192.0.2.0/24"]));
    assert_eq!(again["added"][0]["until"], serde_json::Value::Null);
    assert_eq!(listed(&host, "whitelist"), ["192.0.2.0/24 runtime", "root runtime"]);
    let beaten = ran(&host, "blacklist add root", 0) + &ran(&host, "whitelist add root", 0);
    assert!(beaten.contains("root is refused all the same"), "{beaten}");
    assert_eq!(host.login("root", FROM, RIGHT), MAXTRIES);
}

#[test]
fn every_change_is_a_line_in_the_log_with_who_and_until_when() {
    let host = Host::start("");
    ran(&host, "blacklist add 192.0.2.1 --for 2h --comment scanner", 0);
    ran(&host, "blacklist remove 192.0.2.1", 0);
    let uid = unsafe { libc::getuid() };
    let removed = format!("uid {uid} removed from the blacklist: 192.0.2.1");
    // axesctl is answered before the line is written.
    wait_until(&removed, || host.log().contains(&removed));
    let log = host.log();
    let line = |words: &str| log.lines().any(|line| line.contains(words));
    assert!(line(&format!("uid {uid} added to the blacklist: 192.0.2.1 until ")), "{log}");
    assert!(line("(for 2h) comment=scanner"), "{log}");
}

#[test]
fn bad_input_is_wrong_usage_and_changes_nothing() {
    let host = Host::start("");
    let long = "x".repeat(64 << 10);
    for (words, sentence) in [
        (&["192.0.2.0/33"][..], "\"192.0.2.0/33\" is not an address or network"),
        (&["192.0.2"], "is not an address or network"),
        (&["--address", "alice"], "is not an address or network"),
        (&["--user", "192.0.2.1"], "is not a user, a @group or a range of uids"),
        (&["alice", "9-1"], "\"9-1\" is not a user, a @group or a range of uids"),
        (&["@"], "\"@\" is not a user"),
        (&[""], "an empty text names nobody"),
        (&[&long], "more than 256 bytes"),
        (&["alice", "--comment", ""], "a comment is one line"),
        (&["alice", "--comment", "a\nb"], "a comment is one line"),
        (&["alice", "--comment", &long], "a comment is one line of 1 to 200 bytes"),
        (&["alice", "--for", "2"], "a time with a unit"),
        (&["--from-file", "/nonexistent/list"], "cannot read /nonexistent/list"),
        (&[], "required"),
    ] {
        let output = host.axesctl(&[&["blacklist", "add"], words].concat());
        let told = told(&output, 2);
        assert!(told.contains(sentence) && told.len() < 1000, "{words:?}: {told}");
    }
    assert!(listed(&host, "blacklist").is_empty());
}

#[test]
fn everybody_is_listed_only_when_that_is_spelled_out() {
    let host = Host::start("");
    for list in ["blacklist", "whitelist"] {
        for everybody in ["0.0.0.0/0", "::/0", "10.1.2.3/0", "::ffff:0.0.0.0/96", "0-"] {
            let told = ran(&host, &format!("{list} add 192.0.2.1 {everybody}"), 2);
            assert!(told.contains("names everybody") && told.contains("--force"), "{told}");
        }
        assert!(listed(&host, list).is_empty());
    }
    ran(&host, "blacklist add 0.0.0.0/0 --force", 0);
    assert_eq!(host.login("alice", FROM, RIGHT), MAXTRIES);
    ran(&host, "blacklist remove 0.0.0.0/0", 0);
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}

/// Networks of two addresses, one in each line.
pub(crate) fn networks(count: u32) -> String {
    let mut lines = String::new();
    for number in 0..count {
        let address = std::net::Ipv4Addr::from((10 << 24) + number * 2);
        writeln!(lines, "{address}/31 # {number}").expect("a line");
    }
    lines
}

pub(crate) fn from_stdin(host: &Host, words: &[&str], text: &str) -> Output {
    let mut command = host.axesctl_command(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("axesctl");
    let mut input = process.stdin.take().expect("stdin");
    input.write_all(text.as_bytes()).expect("a list");
    drop(input);
    process.wait_with_output().expect("axesctl")
}

#[test]
fn a_long_list_is_read_from_a_file_and_a_mistake_in_it_changes_nothing() {
    let host = Host::start("");
    let text = networks(5000);
    let wrong = text.replacen("10.0.20.0/31", "10.0.20.0/99", 1);
    let number = 1 + text.lines().position(|line| line.starts_with("10.0.20.0/31")).unwrap();
    fs::write(host.path("wrong.txt"), wrong).unwrap();
    let told = ran(&host, "blacklist add --from-file wrong.txt", 2);
    assert!(told.contains(&format!("wrong.txt:{number}: \"10.0.20.0/99\"")), "{told}");
    assert!(listed(&host, "blacklist").is_empty());

    fs::write(host.path("list.txt"), &text).unwrap();
    let told = ran(&host, "blacklist add --from-file list.txt 192.0.2.1", 0);
    assert_eq!(told, "5001 entries are on the blacklist.\n");
    assert_eq!(host.login("alice", "10.0.20.1", RIGHT), MAXTRIES);
    assert_eq!(host.login("alice", "10.1.0.1", RIGHT), SUCCESS);
    assert_eq!(listed(&host, "blacklist").len(), 5001);
    let log = host.log();
    assert!(log.contains("added to the blacklist: 4981 more entries"), "{log}");

    let removed = from_stdin(&host, &["blacklist", "remove", "--from-file", "-"], &text);
    assert_eq!(
        String::from_utf8_lossy(&removed.stdout),
        "5000 entries are no longer on the blacklist.\n"
    );
    assert_eq!(listed(&host, "blacklist"), ["192.0.2.1 runtime"]);
    let empty = from_stdin(&host, &["blacklist", "add", "--from-file", "-"], "# nobody\n\n");
    assert_eq!(empty.status.code(), Some(1));
}

#[test]
fn thousands_of_entries_that_end_at_once_all_end() {
    let host = Host::start("");
    let added = from_stdin(
        &host,
        &["blacklist", "add", "--from-file", "-", "--for", "5s"],
        &networks(3000),
    );
    assert!(added.status.success(), "{added:?}");
    assert_eq!(host.login("alice", "10.0.0.1", RIGHT), MAXTRIES);
    wait_until("all ended", || listed(&host, "blacklist").is_empty());
    assert_eq!(host.login("alice", "10.0.0.1", RIGHT), SUCCESS);
    assert!(host.log().contains("more entries of lists is over"), "{}", host.log());
}
