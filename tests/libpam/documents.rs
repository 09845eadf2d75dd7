//! What the documents tell people to type works.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use axes_e2e::application::{AUTH_ERR, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, built};

const README: &str = include_str!("../../README.md");
const SECURITY: &str = include_str!("../../SECURITY.md");
const MAKEFILE: &str = include_str!("../../Makefile");
/// The page for users of django-axes.
pub(crate) const DJANGO_AXES: &str = include_str!("../../packaging/doc/django-axes.md");

/// Lines of the fenced blocks in a language.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut rest = document;
    while let Some((_, after)) = rest.split_once(&format!("```{language}\n")) {
        let (block, after) = after.split_once("```").expect("an end");
        blocks.push(block.to_owned());
        rest = after;
    }
    let title = document.lines().next();
    assert!(!blocks.is_empty(), "{title:?} has no {language} block");
    blocks
}

fn commands(document: &str, program: &str) -> Vec<Vec<String>> {
    let lines = blocks(document, "sh").join("");
    let words = |line: &str| -> Vec<String> {
        let command = line.split('#').next().unwrap_or_default();
        command.split_whitespace().map(str::to_owned).collect()
    };
    let commands = lines.lines().map(words).filter(|it| it.first().is_some_and(|it| it == program));
    let commands: Vec<_> = commands.collect();
    assert!(!commands.is_empty(), "{:?} does not use {program}", document.lines().next());
    commands
}

/// What `axesd --check-config` complains about.
pub(crate) fn complaint(host: &Host, settings: &str) -> Option<String> {
    let path = host.path("document.toml");
    fs::write(&path, settings).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut check = Command::new(built("axesd"));
    let output = check.arg("--check-config").arg("--config").arg(&path).output().unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A host on which every example has something to show, and finds the files that it names.
pub(crate) fn lively() -> Host {
    let host = Host::start("failure_limit = 1");
    host.write_service("sshd", "");
    fs::write(host.path("new.toml"), "failure_limit = 9\n").unwrap();
    let event = r#"{"at": 0, "event": "check", "user": "alice"}"#;
    fs::write(host.path("events.jsonl"), event).unwrap();
    fs::write(host.path("networks.txt"), "203.0.113.0/24 # scanners\n").unwrap();
    assert!(host.axesctl(&["blacklist", "add", "203.0.113.0/24"]).status.success());
    for (user, address) in [("alice", "192.0.2.7"), ("192.0.2.9", "198.51.100.1")] {
        let mut session = host.session_of("sshd", user).from(address);
        assert_eq!(session.try_password(WRONG), AUTH_ERR);
    }
    assert_eq!(host.login("bob", "192.0.2.8", RIGHT), SUCCESS);
    host
}

#[test]
fn every_file_that_the_page_on_security_names_is_there() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    let folders = ["tests/", "axesd/", "pam_axes/", "packaging/"];
    let words = SECURITY.split('`').filter(|word| folders.iter().any(|it| word.starts_with(it)));
    let missing: Vec<_> =
        words.clone().filter(|path| fs::metadata(format!("{root}{path}")).is_err()).collect();
    assert!(missing.is_empty() && words.count() > 10, "{missing:?}");
}

#[test]
fn every_axesctl_command_works() {
    for command in [README, DJANGO_AXES].map(|it| commands(it, "axesctl")).concat() {
        let host = lively();
        let mut arguments: Vec<&str> = command[1..].iter().map(String::as_str).collect();
        let configuration = host.path("axes.toml").display().to_string();
        if arguments.contains(&"--from-log") {
            // The host has its configuration elsewhere.
            arguments.extend(["--against", &configuration]);
        }
        let output = host.axesctl(&arguments);
        assert!(output.status.success(), "{command:?}: {output:?}");
        assert!(!output.stdout.is_empty(), "{command:?}");
    }
}

#[test]
fn every_make_target_exists() {
    for command in commands(README, "make") {
        assert!(MAKEFILE.contains(&format!("\n{}:", command[1])), "{command:?}");
    }
}

#[test]
fn every_configuration_is_accepted() {
    let host = Host::without_daemon("");
    for text in [README, DJANGO_AXES].map(|it| blocks(it, "toml")).concat() {
        assert_eq!(complaint(&host, &text), None, "{text}");
    }
}

#[test]
fn the_pam_lines_ask_axesd_before_the_password_is_checked() {
    let host = Host::start("failure_limit = 1");
    let axes = host.module_line();
    let [lines] = blocks(README, "pam").try_into().unwrap();
    host.write_stack("readme", &lines.replace("pam_axes.so", &axes));
    let mut session = host.session_of("readme", "nobody").from("192.0.2.7");
    assert_ne!(session.try_password(WRONG), SUCCESS);
    assert_eq!(host.outcomes("nobody"), ["failure"]);
    let mut again = host.session_of("readme", "nobody").from("192.0.2.7");
    assert_ne!(again.try_password(WRONG), SUCCESS);
    assert_eq!(host.outcomes("nobody"), ["failure", "refused"]);
}
