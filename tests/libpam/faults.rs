//! A panic in every place of the module that libpam calls: it ends as `failmode=` says, and the
//! program goes on. The module is one that panics where `fault=PLACE` on its line says so.
//!
//! | where | what comes of it |
//! |---|---|
//! | the entry points for auth and account | the fail mode |
//! | the gate (the conversation) | the fail mode; what it lets through is counted by its verdict |
//! | the verdict (`PAM_FAIL_DELAY`) | the stack has decided: the module hangs up, which counts the answer, a right one too |
//! | the end of the handle (cleanup) | nothing is left to decide; the line in the log |
//!
//! The other four entry points are those of pam-bindings: nothing of the module runs in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use axes_e2e::application::{AUTH_ERR, AUTHINFO_UNAVAIL, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, built, module, wait_until};
use serde_json::{Value, json};

use crate::neighbours::compiled;

const FROM: &str = "192.0.2.7";
const TRACE: &str = "fault injection: ";
const SAFE: &str =
    "not protected: pam_axes panicked; failmode=safe lets the rest of the stack decide";
const SECURE: &str = "refused: pam_axes panicked; failmode=secure";

/// Every place where the module can be asked to panic while the fail mode has a say; what a right
/// and a wrong password come to then, and how many failures are counted of both.
const DECIDED_BY_FAILMODE: [(&str, Ends, Ends); 8] = [
    ("options", let_in(0), refused(AUTHINFO_UNAVAIL, 0)),
    ("authenticate", let_in(0), refused(AUTHINFO_UNAVAIL, 0)),
    ("admitted", let_in(0), refused(AUTHINFO_UNAVAIL, 0)),
    ("watched", let_in(1), refused(AUTHINFO_UNAVAIL, 0)),
    ("gate", let_in(1), refused(AUTH_ERR, 0)),
    ("asking", let_in(1), refused(AUTH_ERR, 0)),
    // axesd let them through, and does not hear that the module did not.
    ("answered", let_in(1), refused(AUTH_ERR, 2)),
    ("account", let_in(1), Ends { account: AUTHINFO_UNAVAIL, ..let_in(1) }),
];

/// Where the stack has decided already.
const AFTER_THE_VERDICT: [(&str, Ends); 3] =
    [("verdict", let_in(2)), ("report", let_in(2)), ("cleanup", let_in(1))];

/// What a right password and then a wrong one come to.
#[derive(Clone, Copy)]
struct Ends {
    right: i32,
    account: i32,
    wrong: i32,
    counted: u64,
}

const fn let_in(counted: u64) -> Ends {
    Ends { right: SUCCESS, account: SUCCESS, wrong: AUTH_ERR, counted }
}

const fn refused(code: i32, counted: u64) -> Ends {
    Ends { right: code, account: SUCCESS, wrong: code, counted }
}

/// The module that panics on request; fails where it is missing, or older than what it is made of.
fn faulty_module() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fault-injection/debug");
    let advice = "run `make faulty`, which builds the module that panics on request";
    let modified = |path: &Path| fs::metadata(path).and_then(|found| found.modified());
    let made_of = fs::read_to_string(folder.join("libpam_axes.d")).expect(advice);
    let module = folder.join("libpam_axes.so");
    let built = modified(&module).expect(advice);
    let (_, sources) = made_of.split_once(": ").expect("what the module is made of");
    for source in sources.split_whitespace() {
        let is_older = modified(Path::new(source)).is_ok_and(|time| time <= built);
        assert!(is_older, "{source} changed since; {advice}");
    }
    module
}

/// A host whose service `login` has this module on every line, with these options.
fn host(settings: &str, options: &str) -> Host {
    let host = Host::start(settings);
    let axes =
        format!("{} socket={} {options}", faulty_module().display(), host.socket().display());
    let password = host.password_lines();
    let mut lines = format!("auth requisite {axes}\n{password}");
    for kind in ["account", "session", "password"] {
        lines += &format!("{kind} requisite {axes}\n{kind} required pam_permit.so\n");
    }
    host.write_stack("login", &lines);
    host
}

/// What a program printed, and what it sent to syslog.
struct Said {
    printed: Vec<Value>,
    log: Vec<String>,
}

/// Logins in one process, which has to live through all of them and to say nothing else.
fn logins(host: &Host, passwords: &[&str]) -> Said {
    let kept = host.path("syslog");
    let mut command = Command::new(built("axes-logins"));
    command.arg(host.path("pam.d")).args(["login", "alice", FROM]).args(passwords);
    command.env("LD_PRELOAD", compiled(host, "keeps_syslog")).env("KEPT_SYSLOG", &kept);
    let output = command.env("RUST_BACKTRACE", "1").output().expect("axes-logins");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let printed: Vec<Value> = printed.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(printed.len(), passwords.len(), "{printed:?}");
    let leaves_nothing =
        |it: &Value| it["modules"][1] == json!([]) && it["panics"] == json!([1, 1]);
    assert!(printed.iter().all(leaves_nothing), "{printed:?}");
    let printed = printed.into_iter().map(|mut it| it["ends"].take()).collect();
    let log = fs::read_to_string(kept).unwrap_or_default();
    // libpam and pam_exec have lines of their own.
    let log = log.lines().filter(|line| line.contains("pam_axes"));
    Said { printed, log: log.map(str::to_owned).collect() }
}

/// How often each line about a panic is there; fails where a line is nothing that is known.
fn panics(log: &[String], place: &str) -> BTreeMap<&'static str, usize> {
    let mut lines = BTreeMap::new();
    for line in log {
        let is_panic = line.starts_with("<2> pam_axes: panicked at ")
            && line.ends_with(&format!(": {TRACE}{place}"));
        let kinds = [SAFE, SECURE].into_iter().filter(|kind| line.ends_with(kind));
        let kind = kinds.chain(is_panic.then_some("panic")).next();
        *lines.entry(kind.unwrap_or_else(|| panic!("{line}"))).or_default() += 1;
    }
    lines
}

fn check(place: &str, failmode: &str, ends: Ends) -> BTreeMap<&'static str, usize> {
    let host = host("failure_limit = 100", &format!("failmode={failmode} fault={place}"));
    let said = logins(&host, &[RIGHT, WRONG]);
    let right = match ends.right {
        SUCCESS => json!({
            "authenticate": [SUCCESS], "account": ends.account, "credentials": SUCCESS,
            "session": [SUCCESS, SUCCESS], "password": SUCCESS,
        }),
        code => json!({ "authenticate": [code] }),
    };
    let wrong = json!({ "authenticate": [ends.wrong] });
    assert_eq!(said.printed, [right, wrong], "{place} {failmode}");
    let verified = if ends.right == SUCCESS { 2 } else { 0 };
    assert_eq!(host.verified(), verified, "{place} {failmode}");
    // Those who hung up are counted when the daemon gets to it; nobody may be left in flight.
    wait_until(&format!("{place} {failmode}: both are over"), || {
        host.ask(&["status"])["in_flight"] == 0
    });
    assert_eq!(host.failures("alice"), ends.counted, "{place} {failmode}");
    panics(&said.log, place)
}

#[test]
fn before_the_verdict_a_panic_ends_as_the_fail_mode() {
    for (place, safe, secure) in DECIDED_BY_FAILMODE {
        // The account phase is a call of its own, and comes only after a success.
        let times = |ends: Ends| match place {
            "options" if ends.right == SUCCESS => 3,
            "account" => 1,
            _ => 2,
        };
        for (failmode, ends, line) in [("safe", safe, SAFE), ("secure", secure, SECURE)] {
            let expected = BTreeMap::from([("panic", times(ends)), (line, times(ends))]);
            assert_eq!(check(place, failmode, ends), expected, "{place} {failmode}");
        }
    }
}

#[test]
fn after_the_verdict_a_panic_changes_nothing_for_whoever_logs_in() {
    for (place, ends) in AFTER_THE_VERDICT {
        for failmode in ["safe", "secure"] {
            let lines = check(place, failmode, ends);
            assert_eq!(lines, BTreeMap::from([("panic", 2)]), "{place} {failmode}");
        }
    }
}

#[test]
fn no_panic_behind_the_admission_lets_anybody_guess_uncounted() {
    let behind = ["watched", "gate", "asking", "answered", "verdict", "report", "cleanup"];
    for place in behind {
        let of_one_handle = [[WRONG; 4].join(",")];
        let of_four = [WRONG; 4].map(str::to_owned);
        for tries in [of_one_handle.as_slice(), of_four.as_slice()] {
            let host = host("failure_limit = 2", &format!("fault={place}"));
            let tries: Vec<_> = tries.iter().map(String::as_str).collect();
            let printed = logins(&host, &tries).printed;
            let codes: Vec<_> =
                printed.iter().flat_map(|it| it["authenticate"].as_array().unwrap()).collect();
            assert_eq!(codes, [AUTH_ERR, AUTH_ERR, MAXTRIES, MAXTRIES], "{place} {tries:?}");
            assert_eq!((host.verified(), host.failures("alice")), (2, 2), "{place} {tries:?}");
        }
    }
}

#[test]
fn a_panic_in_a_line_of_the_classic_layout_ends_as_the_fail_mode() {
    for (faulty, failmode, right) in [
        ("preauth", "safe", SUCCESS),
        ("preauth", "secure", AUTHINFO_UNAVAIL),
        ("authsucc", "safe", SUCCESS),
        ("authsucc", "secure", AUTHINFO_UNAVAIL),
        ("authfail", "safe", SUCCESS),
        ("authfail", "secure", SUCCESS),
    ] {
        let host = Host::start("failure_limit = 100");
        let axes = |part| {
            let fault = if part == faulty { "fault=authenticate" } else { "" };
            let (module, socket) = (faulty_module(), host.socket());
            let (module, socket) = (module.display(), socket.display());
            format!("{module} {part} socket={socket} failmode={failmode} {fault}")
        };
        let program = host.path("check-password");
        let lines = format!(
            "auth requisite {}\n\
             auth [success=1 default=ignore] pam_exec.so expose_authtok quiet {}\n\
             auth [default=die] {}\nauth required {}\nauth required pam_permit.so\n\
             account required pam_permit.so\nsession required pam_permit.so\n\
             password required pam_permit.so\n",
            axes("preauth"),
            program.display(),
            axes("authfail"),
            axes("authsucc"),
        );
        host.write_stack("login", &lines);
        let printed = logins(&host, &[RIGHT, WRONG]).printed;
        assert_eq!(printed[0]["authenticate"], json!([right]), "{faulty} {failmode}");
        assert_ne!(printed[1]["authenticate"], json!([SUCCESS]), "{faulty} {failmode}");
    }
}

#[test]
fn the_module_that_is_installed_knows_nothing_of_this() {
    let speaks_of_it = |module: &Path| {
        let bytes = fs::read(module).expect("a module");
        bytes.windows(TRACE.len() - 2).any(|it| it == &TRACE.as_bytes()[..TRACE.len() - 2])
    };
    assert!(speaks_of_it(&faulty_module()));
    assert!(!speaks_of_it(&module()));
    let host = Host::start("");
    host.write_service("login", "failmode=secure fault=authenticate");
    assert_eq!(host.login("alice", FROM, RIGHT), SUCCESS);
}
