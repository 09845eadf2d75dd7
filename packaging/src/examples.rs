//! What stands under EXAMPLES on the pages that are generated; each one is executed by a test.

use std::fmt::Write as _;

/// An example of a page.
struct Example {
    page: &'static str,
    /// What it is good for; ends with a colon.
    says: &'static str,
    lines: &'static [&'static str],
    runs: Runs,
}

/// Where and how it is tried: see tests/libpam/manuals.rs and tests/booted/manuals.rs.
enum Runs {
    /// Against a daemon in a private folder; it does what it says.
    Here,
    /// The same, and ends with exit status 1: it says no.
    No,
    /// On a host with the package installed.
    Installed,
    /// The same, and ends with exit status 1.
    Refused,
}

use Runs::{Here, Installed, No, Refused};

macro_rules! table {
    ($($page:literal $runs:ident $says:literal: $($line:literal),+;)*) => {
        const ALL: &[Example] =
            &[$(Example { page: $page, says: $says, lines: &[$($line),+], runs: $runs }),*];
    };
}

table! {
    "axesctl" Here "Who is locked out, why cannot alice log in, and let her try again:":
        "axesctl list --locked",
        "axesctl show alice",
        "axesctl reset --user alice";
    "axesctl-status" Here "The daemon at a glance:": "axesctl status";
    "axesctl-status" Here "The same for a script:": "axesctl status --json";
    "axesctl-list" Here "Who is locked out, and until when:": "axesctl list --locked";
    "axesctl-list" Here "All that is counted:": "axesctl list";
    "axesctl-show" Here "What is known of a user, of an address and of a network:":
        "axesctl show alice",
        "axesctl show 192.0.2.7",
        "axesctl show 192.0.2.0/24";
    "axesctl-show" Here "A user whose name looks like an address:": "axesctl show --user 192.0.2.9";
    "axesctl-reset" Here "Let alice try again, wherever she comes from:":
        "axesctl reset --user alice";
    "axesctl-reset" Here "Lift what one address has against itself in one service:":
        "axesctl reset --address 192.0.2.7 --service sshd";
    "axesctl-reset" Here "Forget every failure of everybody:": "axesctl reset --all";
    "axesctl-log" Here "What alice did in the last two hours:": "axesctl log --user alice --since 2h";
    "axesctl-log" Here "The last 20 wrong passwords from a network:":
        "axesctl log --outcome failure --address 192.0.2.0/24 -n 20";
    "axesctl-log" Here "Everything since midnight of a day, one JSON object:":
        "axesctl log --since 2026-11-23 --json";
    "axesctl-reset-logs" No "Keep no record of anybody for longer than a month:":
        "axesctl reset-logs --age 30d";
    "axesctl-reset-logs" Here "Empty the log:": "axesctl reset-logs --all";
    "axesctl-reload" Here "Put a change of the settings in force:": "axesctl reload";
    "axesctl-check" Installed "Is this host protected, and set up with sense?": "axesctl check";
    "axesctl-check" Here "What a finding means:": "axesctl check --explain axes.W004";
    "axesctl-replay" Here
        "Who would have been refused in the last week, today and with other settings?":
        "axesctl replay --config new.toml --from-log --since 7d";
    "axesctl-replay" Here "What would become of these events?":
        "axesctl replay --config new.toml events.jsonl";
    "axesctl-why" No "Why can alice not log in from there?": "axesctl why alice --from 192.0.2.7";
    "axesctl-why" Here "Would carol get in with sudo on this machine?":
        "axesctl why carol --service sudo";
    "axesctl-panic-off" Here "Refuse nobody for ten minutes, and say why:":
        "axesctl panic-off --for 10m --reason \"locked out of the office\"";
    "axesctl-panic-off" Here "Refuse again before the time is over:":
        "axesctl panic-off --for 2h", "axesctl panic-off --end";
    "axesctl-backup" Here "A copy of the database, now:": "axesctl backup";
    "axesctl-whitelist" Here "The office is never locked out, for a month:":
        "axesctl whitelist add 192.0.2.0/24 --comment office --for 30d",
        "axesctl whitelist list";
    "axesctl-whitelist-add" Here "A network and the members of a group:":
        "axesctl whitelist add 192.0.2.0/24 @adm --comment \"office and administrators\"";
    "axesctl-whitelist-remove" Here "Count and refuse a network again:":
        "axesctl whitelist add 192.0.2.0/24", "axesctl whitelist remove 192.0.2.0/24";
    "axesctl-whitelist-list" Here "Who is on the whitelist, by whom and until when:":
        "axesctl whitelist list";
    "axesctl-blacklist" Here "Keep a network out for two hours:":
        "axesctl blacklist add 198.51.100.0/24 --for 2h",
        "axesctl blacklist list";
    "axesctl-blacklist-add" Here "A user, an address and everything in a file:":
        "axesctl blacklist add guest 198.51.100.7 --from-file networks.txt";
    "axesctl-blacklist-remove" Here "Let a network in again:":
        "axesctl blacklist add 198.51.100.0/24", "axesctl blacklist remove 198.51.100.0/24";
    "axesctl-blacklist-list" Here "Who is on the blacklist, by whom and until when:":
        "axesctl blacklist list";
    "axesctl-selftest" Installed "Do module, socket and daemon work together?":
        "axesctl selftest";
    "axesctl-pam" Installed "What would be written, and which services are protected so far?":
        "axesctl pam enable --dry-run sshd sudo",
        "axesctl pam status";
    "axesctl-pam-enable" Installed "What would be written to protect sshd by itself?":
        "axesctl pam enable --dry-run sshd";
    "axesctl-pam-enable" Installed "The same, refusing everybody while axesd is down:":
        "axesctl pam enable --dry-run --module \"pam_axes.so failmode=secure\" sshd";
    "axesctl-pam-disable" Refused
        "Where pam-auth-update writes the files, this says what to run instead:":
        "axesctl pam disable --dry-run";
    "axesctl-pam-status" Installed "Are these two protected?":
        "axesctl pam status sshd sudo";
    "axesd" Here "Is the configuration good?": "axesd --check-config";
    "axesd" Installed "Put a change of it in force, and see what was said about it:":
        "systemctl reload axesd", "journalctl --identifier=axesd --lines=5";
}

/// The section of a page; a page without examples has none, which a test does not let pass.
pub(crate) fn of(page: &str) -> String {
    let mut text = String::new();
    for example in ALL.iter().filter(|example| example.page == page) {
        let title = if text.is_empty() { ".Sh EXAMPLES\n" } else { ".Pp\n" };
        let lines: String =
            example.lines.iter().map(|line| format!("# {}\n", literal(line))).collect();
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "{title}{}\n.\\\" {}\n.Bd -literal -offset indent\n{lines}.Ed\n",
            example.says,
            example.runs.mark()
        );
    }
    text
}

/// A line to be typed: its hyphens and quotes are what they look like.
fn literal(line: &str) -> String {
    line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq")
}

impl Runs {
    /// The remark before the example, by which a test knows what to do with it.
    const fn mark(&self) -> &'static str {
        match self {
            Self::Here => "sh",
            Self::No => "sh 1",
            Self::Installed => "installed",
            Self::Refused => "installed 1",
        }
    }
}
