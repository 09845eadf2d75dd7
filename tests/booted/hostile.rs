//! Names that nobody would choose but to do harm, and what the journal holds of them.

use std::sync::Arc;

use axes_e2e::guest::GuestError;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::doors::{CLIENT, got_in};
use crate::host::{Host, WRONG};
use crate::lab::{Lab, Outcome};

/// What somebody calls himself, and what of it is shown.
const NAMES: [(&str, &str); 7] = [
    ("evil\nroot", "evil%0Aroot"),
    ("\u{1b}[5mblink\r", "%1B[5mblink%0D"),
    ("\u{1b}]0;title\u{7}", "%1B]0;title%07"),
    ("\u{9b}5mc1", "%C2%9B5mc1"),
    ("a\u{202e}toor", "a%E2%80%AEtoor"),
    ("%s%n%99999d", "%25s%25n%2599999d"),
    ("x user=root address=127.0.0.1", "x user=root address=127.0.0.1"),
];

/// Of the ssh client.
const CONFIG: &str = "/root/hostile.conf";

pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("hostile_names_of_ssh_are_harmless_in_the_journal", of_ssh),
        lab.trial("hostile_names_that_other_programs_pass_on_are_harmless_there_too", of_others),
    ]
}

fn of_ssh(host: &Host) -> Outcome {
    // No configuration of the client can name the first.
    let names = &NAMES[1..];
    let end = last_line(host)?;
    for (name, shown) in names {
        // The client believes a strange name only where it stands in a file.
        host.guest.write(CONFIG, &format!("User \"{name}\"\n"))?;
        for method in ["password", "keyboard-interactive", "password", "password"] {
            let words = ["ssh-with", method, CLIENT, "", CONFIG];
            assert!(!got_in(host.guest.run_with_input(&words, &format!("{WRONG}\n"))?));
        }
        assert_eq!(host.outcomes(shown)?, ["failure", "failure", "failure", "refused"], "{shown}");
    }
    check_journal(host, &end, names)
}

/// Any program may set these, and there are names that ssh cannot send.
fn of_others(host: &Host) -> Outcome {
    let end = last_line(host)?;
    host.configure("failure_limit = 1\nlockout_parameters = [[\"username\", \"ip_address\"]]\n")?;
    for (name, shown) in NAMES {
        let [rhost, tty, ruser] = ["rhost", "tty", "ruser"].map(|item| format!("{item}={name}"));
        let login = ["pamtester", "-I", &rhost, "-I", &tty, "-I", &ruser, "locker", name];
        for _ in 0..2 {
            let words = [&login[..], &["authenticate"]].concat();
            let done = host.guest.run_with_input(&words, &format!("{WRONG}\n"))?;
            assert_ne!(done.code, Some(0), "{done:?}");
        }
        let attempts = host.attempts(shown)?;
        let tried = attempts.iter().filter(|attempt| attempt["ruser"] == shown);
        let outcomes: Vec<_> = tried.map(|attempt| &attempt["outcome"]).collect();
        assert_eq!(outcomes, ["failure", "refused"], "{shown}");
    }
    // Not UTF-8: what journald would keep as an array of numbers.
    host.guest.sh(&format!(
        "echo {WRONG} | pamtester locker \"$(printf 'x\\377\\233')\" authenticate || true"
    ))?;
    assert_eq!(host.outcomes("x%FF%9B")?, ["failure"]);
    check_journal(host, &end, &NAMES)
}

/// What axesd and the module logged since then has each name in it, and nothing raw.
fn check_journal(host: &Host, end: &str, names: &[(&str, &str)]) -> Outcome {
    let cat = journal(host, end, "--identifier=axesd --output=cat")?;
    assert_harmless(&cat);
    for (_, shown) in names {
        let told = |verb: &str| cat.lines().any(|it| it.starts_with(verb) && it.contains(shown));
        assert!(told("locked ") && told("refused "), "{shown}: {cat}");
    }
    let mut ours = 0;
    for line in journal(host, end, "--output=json")?.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let message = entry["MESSAGE"].as_str();
        let of_module = message.is_some_and(|message| message.contains("pam_axes("));
        if entry["SYSLOG_IDENTIFIER"] == "axesd" || of_module {
            // An array of numbers is what journald makes of bytes that cannot be printed.
            assert_harmless(message.unwrap_or_else(|| panic!("not printable: {entry}")));
            ours += 1;
        }
    }
    assert!(ours > cat.lines().count(), "the module logged nothing: {ours}");
    Ok(())
}

/// The last line of axesd so far. After a line of somebody else, journalctl would leave one of
/// axesd out when it is asked for those of axesd.
fn last_line(host: &Host) -> Result<String, GuestError> {
    let shown = host.guest.sh(
        "journalctl --sync; journalctl --identifier=axesd --lines=1 --output=cat --show-cursor",
    )?;
    let cursor = shown.lines().find_map(|line| line.strip_prefix("-- cursor: "));
    Ok(cursor.unwrap_or_default().to_owned())
}

fn journal(host: &Host, end: &str, how: &str) -> Result<String, GuestError> {
    host.guest
        .sh(&format!("journalctl --sync; journalctl --quiet --all --after-cursor='{end}' {how}"))
}

/// Nothing moves a cursor, ends a line, turns what follows, or is not UTF-8.
fn assert_harmless(text: &str) {
    let is_bad = |it: char| it.is_control() || "\u{202e}\u{fffd}".contains(it);
    let bad = text.split('\n').find(|line| line.contains(is_bad));
    assert_eq!(bad, None, "in {text:?}");
}
