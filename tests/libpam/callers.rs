//! Who may do what: each cell of the table in SECURITY.md, by callers with real uids.
//!
//! Only root can call as others. Whoever else runs this tries the column of the daemon's own user;
//! the others are tried beside the code of the server, with peers that the tests name.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::Command;

use axes_e2e::application::SUCCESS;
use axes_e2e::host::{Host, RIGHT, built};
use nix::unistd::geteuid;

const DOCUMENT: &str = include_str!("../../SECURITY.md");
const AWAY: &str = "192.0.2.7";
/// Stands for the group axes; that of the account games exists on every host.
const GROUP: u32 = 60;
/// Whom requests are about: uid 1.
const OWNER: &str = "daemon";

/// The head of a column, and what makes a program that caller.
const CALLERS: [(&str, &[&str]); 5] = [
    ("root", &["env"]),
    ("group axes", &["setpriv", "--reuid=2", "--regid=2", "--groups=60"]),
    ("owner", &["setpriv", "--reuid=1", "--regid=1", "--clear-groups"]),
    ("other", &["setpriv", "--reuid=2", "--regid=2", "--clear-groups"]),
    (
        "root in a user namespace",
        &[
            "setpriv",
            "--reuid=2",
            "--regid=2",
            "--clear-groups",
            "unshare",
            "--user",
            "--map-root-user",
        ],
    ),
];

struct Row {
    door: String,
    request: String,
    answers: Vec<String>,
}

/// The table, whose columns are these callers.
fn table() -> Vec<Row> {
    let head = CALLERS.map(|(name, _)| name).join(" | ");
    let (_, body) = DOCUMENT.split_once(&format!("| socket | request | {head} |")).expect("a head");
    let lines = body.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines.map(row).collect()
}

fn row(line: &str) -> Row {
    let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', ""));
    let (door, request) = (cells.next().expect("a socket"), cells.next().expect("a request"));
    let answers: Vec<_> = cells.collect();
    assert_eq!(answers.len(), CALLERS.len(), "{line}");
    Row { door, request, answers }
}

fn host_with(settings: &str) -> Host {
    let host = Host::start(settings);
    if geteuid().is_root() {
        let control = host.path("control.sock");
        chown(&control, None, Some(GROUP)).expect("chown");
        fs::set_permissions(&control, Permissions::from_mode(0o660)).expect("chmod");
    }
    // Where the workspace is, other users may not come in.
    let copied = Command::new("cp").arg(built("axes-ask")).arg(host.path("axes-ask")).status();
    assert!(copied.expect("cp").success());
    host
}

/// What becomes of a request about the owner, in the word of the table.
fn ask(host: &Host, caller: &[&str], door: &str, request: &str, from: &[&str]) -> String {
    let socket = host.path(if door == "control" { "control.sock" } else { "axesd.sock" });
    let (first, rest) = caller.split_first().expect("a caller");
    let mut command = Command::new(first);
    command.args(rest).arg(host.path("axes-ask")).arg(socket).args([request, OWNER]).args(from);
    let output = command.current_dir("/").output().expect("axes-ask");
    assert!(output.status.success(), "{door} {request} by {caller:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// An attempt is told by what was recorded of it.
fn answer(host: &Host, caller: &[&str], row: &Row) -> String {
    let is_attempt = ["begin", "verified"].contains(&&*row.request);
    let from: &[&str] = if is_attempt { &[AWAY] } else { &[] };
    let word = ask(host, caller, &row.door, &row.request, from);
    match (&*row.request, &*word) {
        ("begin", "admitted") if newest_address(host) == "local" => "local".to_owned(),
        ("begin", "admitted") => "yes".to_owned(),
        ("verified", "admitted") => "gate".to_owned(),
        _ => word,
    }
}

fn newest_address(host: &Host) -> String {
    let shown = host.ask(&["show", "--user", OWNER]);
    let attempts = shown["attempts"].as_array().expect("attempts");
    attempts.last().expect("one")["address"].as_str().expect("an address").to_owned()
}

#[test]
fn each_cell_of_the_table_is_as_it_says() {
    let (host, table) = (host_with("failure_limit = 1000"), table());
    assert!(table.len() > 20, "the table has {} rows", table.len());
    let callers = if geteuid().is_root() { CALLERS.len() } else { 1 };
    for (column, (name, caller)) in CALLERS.iter().enumerate().take(callers) {
        for row in &table {
            let answer = answer(&host, caller, row);
            assert_eq!(answer, row.answers[column], "{} {} by {name}", row.door, row.request);
        }
    }
}

#[test]
fn every_request_has_a_row_for_each_socket_that_takes_it() {
    let has = |door: &str, request: &str| {
        table().iter().any(|row| row.door == door && row.request == request)
    };
    let control = [
        "status",
        "list",
        "show",
        "reset",
        "reset-logs",
        "reload",
        "log",
        "entries",
        "change",
        "why",
        "panic-off",
        "backup",
    ];
    for request in control {
        assert!(has("control", request) && has("modules", request), "{request}");
    }
    for request in ["begin", "verified", "account"] {
        assert!(has("modules", request), "{request}");
    }
}

#[test]
fn a_user_locks_nobody_but_himself_whatever_address_he_names() {
    let host = host_with("failure_limit = 2\nlockout_parameters = [\"ip_address\", \"username\"]");
    if !geteuid().is_root() {
        return as_the_user_of_the_daemon(&host);
    }
    let owner = CALLERS[2].1;
    let report = || ask(&host, owner, "modules", "begin", &[AWAY]);
    assert_eq!([report(), report(), report()], ["admitted", "admitted", "refused"]);
    let listed = host.ask(&["list"]);
    let counters = listed["counters"].as_array().expect("counters");
    assert_eq!(counters.len(), 1, "{counters:?}");
    assert_eq!((&counters[0]["username"], &counters[0]["address"]), (&OWNER.into(), &().into()));
    assert_eq!(host.login("bin", AWAY, RIGHT), SUCCESS);
}

#[test]
fn a_user_does_not_reset_himself_by_saying_that_he_logged_in() {
    let host = host_with("failure_limit = 9\nlockout_parameters = [\"username\"]");
    if !geteuid().is_root() {
        return as_the_user_of_the_daemon(&host);
    }
    let [root, _, owner, ..] = CALLERS.map(|(_, caller)| caller);
    for caller in [root, root, owner] {
        assert_eq!(ask(&host, caller, "modules", "begin", &[]), "admitted");
    }
    assert_eq!(host.failures(OWNER), 3);
    assert_eq!(ask(&host, owner, "modules", "success", &[]), "admitted");
    assert_eq!(host.failures(OWNER), 2, "what root reported stays");
    assert_eq!(ask(&host, root, "modules", "success", &[]), "admitted");
    assert_eq!(host.failures(OWNER), 0);
}

/// His own daemon takes him for root, who may report anybody.
fn as_the_user_of_the_daemon(host: &Host) {
    assert_eq!(ask(host, &["env"], "modules", "begin", &[AWAY]), "admitted");
    assert_eq!(newest_address(host), AWAY);
}
