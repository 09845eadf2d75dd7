//! Names that nobody would choose but to do harm, through libpam into all that is shown.
//!
//! There is none with a zero byte: what PAM hands around ends there. On the socket there can be.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use axes_e2e::application::{AUTH_ERR, MAXTRIES, SUCCESS, Session};
use axes_e2e::host::{Host, RIGHT, WRONG, built, wait_until};
use serde_json::Value;

use crate::log_follow::Follower;

const FROM: &str = "192.0.2.7";
/// One failure locks whoever looks the same, and nobody else.
const SETTINGS: &str = "failure_limit = 1\n\
    lockout_parameters = [[\"username\", \"ip_address\", \"service\", \"tty\"]]\n\
    cooloff_message = \"{user} is locked until {until}\"";
/// Colours that axesctl itself uses, none of which stands in a name below.
const STYLES: [&str; 5] = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"];

/// What somebody calls himself, and what of it is shown.
const NAMES: [(&[u8], &str); 13] = [
    (b"evil\nroot", "evil%0Aroot"),
    (b"evil\r\n\tx", "evil%0D%0A%09x"),
    (b"\x1b[5mblink\x1b[2j", "%1B[5mblink%1B[2j"),
    (b"\x1b]0;title\x07\x1b\\", "%1B]0;title%07%1B\\"),
    (b"\x1bp+q544e\x1b\\", "%1Bp+q544e%1B\\"),
    (b"\xff\xfe\xc0\xaf\xed\xa0\x80", "%FF%FE%C0%AF%ED%A0%80"),
    (b"\xc2\x9b5m\xc2\x85", "%C2%9B5m%C2%85"),
    (b"\x9b5m\x90x\x9c", "%9B5m%90x%9C"),
    ("a\u{202e}toor\u{2066}\u{200b}".as_bytes(), "a%E2%80%AEtoor%E2%81%A6%E2%80%8B"),
    (b"%s%n%x%1$s%99999d", "%25s%25n%25x%251$s%2599999d"),
    (b"$(id>pwned)`id>pwned`';id>pwned", "$(id>pwned)`id>pwned`';id>pwned"),
    (b"x\" address=local user=\"root", "x\" address=local user=\"root"),
    (b"--all", "--all"),
];

/// Where an application puts it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Item {
    User,
    Rhost,
    Service,
    Tty,
    Ruser,
}

const ITEMS: [Item; 5] = [Item::User, Item::Rhost, Item::Service, Item::Tty, Item::Ruser];

impl Item {
    fn session(self, host: &Host, name: &[u8]) -> Session {
        let login = || host.session("alice");
        match self {
            Self::User => login().named(name).from(FROM),
            Self::Rhost => login().from(name),
            // `other` is the service of whoever has no file of its own.
            Self::Service => Session::start(&host.path("pam.d"), name, Some("alice")).from(FROM),
            Self::Tty => login().at(name).from(FROM),
            Self::Ruser => login().asked_by(name),
        }
    }

    /// The name where it belongs, and something usual everywhere else.
    fn or<'a>(self, place: Self, name: &'a str, usual: &'a str) -> &'a str {
        if self == place { name } else { usual }
    }

    /// As `--json` calls it, and as it stands there.
    fn member(self, shown: &str) -> (&'static str, String) {
        match self {
            Self::User => ("username", shown.to_owned()),
            Self::Rhost => ("address", shown.to_lowercase()),
            Self::Service => ("service", shown.to_owned()),
            Self::Tty => ("tty", shown.to_owned()),
            Self::Ruser => ("ruser", shown.to_owned()),
        }
    }
}

/// Fails once and is locked out then; what the person at the prompt is told is harmless too.
fn fail_and_be_refused(host: &Host, item: Item, name: &[u8]) {
    let shown = name.escape_ascii();
    assert_eq!(item.session(host, name).try_password(WRONG), AUTH_ERR, "{item:?} {shown}");
    let mut session = item.session(host, name);
    assert_eq!(session.try_password(RIGHT), MAXTRIES, "{item:?} {shown}");
    let [message] = &session.person().messages[..] else { panic!("no message") };
    assert!(message.contains(" is locked until "), "{message:?}");
    assert_harmless(message);
}

fn host() -> Host {
    let host = Host::without_daemon(SETTINGS);
    host.write_service("other", "");
    host
}

/// Every name in these places; each is in the log twice.
fn crowd(host: &Host, items: &[Item]) {
    for item in items {
        for (name, _) in NAMES {
            fail_and_be_refused(host, *item, name);
        }
    }
}

/// Of a crowd in every place.
const ATTEMPTS: usize = 2 * ITEMS.len() * NAMES.len();

/// Nothing moves a cursor, ends a line, hides, or turns what follows.
fn assert_harmless(text: &str) {
    let is_bad = |character: char| {
        character.is_control()
            || ('\u{200b}'..='\u{200f}').contains(&character)
            || ('\u{2028}'..='\u{202e}').contains(&character)
            || ('\u{2060}'..='\u{206f}').contains(&character)
    };
    let bad = text.split('\n').find(|line| line.contains(is_bad));
    assert_eq!(bad, None, "in {text:?}");
}

/// What axesctl prints on a terminal, without its own colours, line by line.
fn lines(host: &Host, words: &[&str]) -> Vec<String> {
    let output = host.axesctl(&[&["--color", "always"], words].concat());
    assert!(matches!(output.status.code(), Some(0 | 1)), "{words:?}: {output:?}");
    assert_eq!(output.stderr, b"", "{words:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let plain = STYLES.iter().fold(text, |text, style| text.replace(style, ""));
    assert_harmless(&plain);
    plain.lines().map(str::to_owned).collect()
}

/// The same as JSON, in which nothing has to be escaped.
fn json(host: &Host, words: &[&str]) -> Value {
    let output = host.axesctl(&[&["--json"], words].concat());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_harmless(&text);
    assert_eq!(text.matches('\n').count(), 1, "one object in one line: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error}: {text}"))
}

fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[test]
fn hostile_names_are_counted_and_never_shown_raw() {
    let mut host = host();
    host.start_daemon();
    crowd(&host, &ITEMS);
    let (log, list) = (json(&host, &["log"]), json(&host, &["list"]));
    assert_eq!(array(&log, "attempts").len(), ATTEMPTS);
    for item in ITEMS {
        for (_, shown) in NAMES {
            let (member, value) = item.member(shown);
            let outcomes: Vec<_> = array(&log, "attempts")
                .iter()
                .filter(|attempt| attempt[member] == value)
                .map(|attempt| attempt["outcome"].as_str().expect("an outcome"))
                .collect();
            assert_eq!(outcomes, ["failure", "refused"], "{member} {value}");
        }
    }
    assert_eq!(array(&list, "counters").len(), ITEMS.len() * NAMES.len());
    // The names made no line, and took none away.
    assert_eq!(lines(&host, &["log"]).len(), 1 + ATTEMPTS);
    assert_eq!(lines(&host, &["list"]).len(), 1 + ITEMS.len() * NAMES.len());
    assert_eq!(lines(&host, &["list", "--locked"]).len(), 1 + ITEMS.len() * NAMES.len());
    let (new, present) = (host.path("new.toml"), host.path("axes.toml"));
    fs::write(&new, "failure_limit = 2").expect("settings");
    let (new, present) = (new.to_str().expect("UTF-8"), present.to_str().expect("UTF-8"));
    let words = ["replay", "--config", new, "--from-log", "--against", present];
    lines(&host, &words);
    json(&host, &words);
}

#[test]
fn a_follower_of_the_log_sees_a_line_for_each_hostile_name() {
    let mut host = host();
    host.start_daemon();
    let text = Follower::start(&host, &["--color", "always"]);
    let objects = Follower::start(&host, &["--json"]);
    let header = text.line();
    crowd(&host, &[Item::User, Item::Ruser]);
    for number in 0..4 * NAMES.len() {
        let line = STYLES.iter().fold(text.line(), |line, style| line.replace(style, ""));
        assert_harmless(&line);
        assert!(line.starts_with("20") && header.contains("WHEN"), "{number}: {line}");
        let object = objects.line();
        assert_harmless(&object);
        let object: Value = serde_json::from_str(&object).expect("JSON");
        assert!(object["outcome"].is_string(), "{object}");
    }
}

#[test]
fn whoever_is_asked_about_by_a_hostile_name_is_found_and_shown_harmlessly() {
    let mut host = host();
    host.start_daemon();
    for (name, shown) in NAMES {
        fail_and_be_refused(&host, Item::User, name);
        fail_and_be_refused(&host, Item::Rhost, name);
        let user = format!("--user={shown}");
        let address = format!("--address={shown}");
        for words in [["show", &user], ["show", &address]] {
            assert_eq!(array(&json(&host, &words), "attempts").len(), 2, "{words:?}");
            lines(&host, &words);
        }
        let why = ["why", "--from", FROM, "--service", "login", "--", shown];
        assert_eq!(json(&host, &why)["username"], shown);
        assert!(lines(&host, &why)[0].starts_with(&format!("{shown} from {FROM}")), "{shown}");
        let reset = lines(&host, &["reset", &user]);
        assert!(reset[0].starts_with(&format!("unlocked {shown} from {FROM}")), "{reset:?}");
        assert_eq!(json(&host, &["reset", &address])["failures"], 1);
        // In the spelling of whoever pastes it from elsewhere too.
        if let Ok(raw) = str::from_utf8(name).map(|raw| format!("--user={raw}")) {
            let expected = if name.contains(&b'%') { 0 } else { 2 };
            let found = json(&host, &["show", &raw]);
            assert_eq!(array(&found, "attempts").len(), expected, "{raw:?}");
            lines(&host, &["show", &raw]);
        }
    }
}

#[test]
fn commands_that_lift_the_lockout_of_a_hostile_name_do_that_and_nothing_else() {
    let mut host = host();
    host.start_daemon();
    let here = host.path("here");
    fs::create_dir(&here).expect("a folder");
    for item in [Item::User, Item::Rhost, Item::Service] {
        for (name, shown) in NAMES {
            fail_and_be_refused(&host, item, name);
            let from = format!("--from={}", item.or(Item::Rhost, shown, FROM));
            let service = format!("--service={}", item.or(Item::Service, shown, "login"));
            let why = ["why", &from, &service, "--", item.or(Item::User, shown, "alice")];
            let answer = json(&host, &why);
            let [command] = array(&answer, "lift") else { panic!("one command: {answer}") };
            run(&host, &here, command.as_str().expect("a command"));
            assert_eq!(item.session(&host, name).try_password(RIGHT), SUCCESS, "{command}");
        }
    }
    assert_eq!(fs::read_dir(&here).expect("a folder").count(), 0, "a name was run as a command");
}

/// Pastes a command into a shell, in which `axesctl` is the one of this host.
fn run(host: &Host, here: &Path, command: &str) {
    let line = command.replacen("axesctl ", "\"$0\" --socket \"$1\" ", 1);
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(line).arg(built("axesctl")).arg(host.path("control.sock"));
    let done = shell.current_dir(here).output().expect("sh");
    assert!(done.status.success(), "{command}: {done:?}");
}

#[test]
fn hostile_names_make_no_line_of_syslog_and_none_of_another_kind() {
    let mut host = host();
    let syslog = UnixDatagram::bind(host.path("none")).expect("a socket");
    syslog.set_read_timeout(Some(Duration::from_secs(10))).expect("a deadline");
    host.start_daemon();
    for item in ITEMS {
        for (name, shown) in NAMES {
            fail_and_be_refused(&host, item, name);
            let told = [told(&syslog, "locked "), told(&syslog, "refused ")];
            let value = item.member(shown).1;
            let quoted = value.replace('"', "\\\"");
            for line in told {
                assert!(
                    line.contains(&value) || line.contains(&quoted),
                    "{value} is not in {line}"
                );
            }
        }
    }
    host.kill_daemon(libc::SIGTERM);
    host.start_daemon();
    assert_eq!(json(&host, &["log"])["attempts"].as_array().map(Vec::len), Some(ATTEMPTS));
    // And where there is no syslog.
    drop(syslog);
    fs::remove_file(host.path("none")).expect("no socket");
    fail_and_be_refused(&host, Item::User, b"\x1b[5m\nlast");
    wait_until("it is logged", || host.log().contains("refused user=\"%1B[5m%0Alast\""));
    assert_harmless(&host.log());
}

/// The next line that begins like this; all before it are harmless too.
fn told(syslog: &UnixDatagram, begin: &str) -> String {
    loop {
        let mut bytes = [0; 8192];
        let length = syslog.recv(&mut bytes).expect("a line in time");
        let line = String::from_utf8(bytes[..length].to_vec()).expect("UTF-8");
        assert!(!line.contains('\n'), "{line:?}");
        assert_harmless(&line);
        assert!(line.starts_with('<') && line.matches(" axesd[").count() == 1, "{line}");
        if line.split_once("]: ").is_some_and(|(_, text)| text.starts_with(begin)) {
            return line;
        }
    }
}

#[test]
fn names_of_64_kib_are_cut_and_counted() {
    let mut host = host();
    host.configure(&format!("{SETTINGS}\ngate_wait = \"100ms\""));
    host.start_daemon();
    let long = vec![b'a'; 65_536];
    // Each byte is written as three.
    let worse = vec![b'\n'; 65_536];
    for item in ITEMS {
        for (name, letter) in [(&long, "a"), (&worse, "%0A")] {
            assert_ne!(item.session(&host, name).try_password(WRONG), SUCCESS);
            assert_ne!(item.session(&host, name).try_password(RIGHT), SUCCESS);
            let most = if matches!(item, Item::Service | Item::Tty) { 64 } else { 256 };
            let (member, shown) = item.member(&letter.repeat(most / letter.len()));
            let log = json(&host, &["log", "-n", "2"]);
            let [first, second] = array(&log, "attempts") else { panic!("two: {log}") };
            assert_eq!((&first[member], &second[member]), (&shown.clone().into(), &shown.into()));
            // libpam cannot audit an address or a terminal of this length, and then says, to root,
            // that the system failed. That is not counted, but keeps its place at the gate.
            let first = first["outcome"].as_str().expect("an outcome");
            let audited = matches!(item, Item::Rhost | Item::Tty);
            assert!(first == "failure" || audited && first == "error", "{item:?}: {first}");
            assert_eq!(second["outcome"], "refused", "{item:?}");
        }
    }
    assert_eq!(lines(&host, &["log"]).len(), 1 + 4 * ITEMS.len());
    assert_harmless(&host.log());
    assert!(host.log().lines().all(|line| line.len() <= 2000), "a line has a bound");
}

#[test]
fn whoever_speaks_the_protocol_himself_gets_no_raw_name_in() {
    let mut host = host();
    host.start_daemon();
    let answered = |name: &str| {
        let length = u8::try_from(name.len()).expect("a short name");
        // Begin, the name, no address, the service, no terminal, nobody who asks, prompting.
        let message = [&[0, length], name.as_bytes(), &[0, 4], b"sshd", &[0, 0, 0]].concat();
        let body = u16::try_from(2 + message.len()).expect("a short message");
        let frame = [&body.to_be_bytes()[..], &[1, 1], &message].concat();
        let mut stream = UnixStream::connect(host.socket()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a deadline");
        stream.write_all(&frame).expect("written");
        stream.shutdown(Shutdown::Write).expect("the end");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an end");
        answer
    };
    assert_ne!(answered("alice"), b"", "a name is answered");
    for name in ["a\0b", "a\nb", "\u{1b}[5m", "\u{9b}", "\u{202e}"] {
        assert_eq!(answered(name), b"", "{name:?}");
    }
    let log = json(&host, &["log"]);
    let [alice] = array(&log, "attempts") else { panic!("one: {log}") };
    assert_eq!((&alice["username"], &alice["outcome"]), (&"alice".into(), &"abandoned".into()));
    assert_harmless(&host.log());
}

#[test]
fn what_is_wrong_in_a_hostile_file_is_quoted_harmlessly() {
    let mut host = host();
    host.start_daemon();
    let file = |name: &str, text: &str| {
        fs::write(host.path(name), text).expect("a file");
        host.path(name).display().to_string()
    };
    let key = file("key.toml", "\"\u{202e}\\u001b[5m\\n\" = 1\n");
    let value = file("value.toml", "\nfailure_limit = \"\\u001b]0;x\\u0007\\u009b5m\"\n");
    let event = file("event", "{\"event\": \"\\u001b[5m\\u202e\"}\n");
    let outcome = file("outcome", "{\"event\": \"attempt\", \"outcome\": \"\\u001b[5m\\n\"}\n");
    let subjects = file("subjects", "192.0.2.7\n-\u{1b}[5m\u{202e}\n");
    let plain = file("plain.toml", "");
    for (words, place) in [
        (["replay", "--config", &key, &event], "key.toml:1: "),
        (["replay", "--config", &value, &event], "value.toml:2: "),
        (["replay", "--config", &plain, &event], "line 1: "),
        (["replay", "--config", &plain, &outcome], "line 1: "),
        (["blacklist", "add", "--from-file", &subjects], "subjects:2: "),
    ] {
        for words in [&["--color", "always"][..], &["--json"]].map(|it| [it, &words[..]].concat()) {
            let output = host.axesctl(&words);
            assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
            let told = String::from_utf8(output.stderr).expect("UTF-8");
            assert_harmless(&told);
            assert!(told.contains(place), "{told}");
            assert_eq!(told.matches('\n').count(), 1, "{told}");
        }
    }
    let daemon = Command::new(built("axesd")).args(["--check-config", "--config", &value]).output();
    let told = String::from_utf8(daemon.expect("axesd").stderr).expect("UTF-8");
    assert_harmless(&told);
    assert!(told.contains("value.toml:2: "), "{told}");
}
