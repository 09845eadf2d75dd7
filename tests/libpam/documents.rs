//! What the documents tell people to type works.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use axes_e2e::application::{AUTH_ERR, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, built};

const README: &str = include_str!("../../README.md");
/// Everything that is not in here is told from this folder.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The pages, and how many files they name at least.
const PAGES: [(&str, usize); 5] = [
    ("README.md", 0),
    ("SECURITY.md", 10),
    ("CONTRIBUTING.md", 20),
    ("packaging/doc/architecture.md", 40),
    ("packaging/doc/django-axes.md", 0),
];
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

/// What stands in those blocks, without remarks.
pub(crate) fn lines_of(document: &str, language: &str) -> Vec<String> {
    let text = blocks(document, language).join("");
    let lines = text.lines().filter_map(|line| line.split('#').next()).map(str::trim);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The command lines of a program, in words.
pub(crate) fn commands(document: &str, program: &str) -> Vec<Vec<String>> {
    let words = |line: &String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines = lines_of(document, "sh");
    let commands: Vec<_> = lines.iter().map(words).filter(|it| it[0] == program).collect();
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
fn every_file_that_a_page_names_is_there() {
    let folders = ["tests/", "axesd/", "pam_axes/", "packaging/"];
    for (page, least) in PAGES {
        let text = fs::read_to_string(format!("{ROOT}/{page}")).expect(page);
        let quoted = text.split('`').filter(|word| folders.iter().any(|it| word.starts_with(it)));
        let missing: Vec<_> =
            quoted.clone().filter(|path| !Path::new(ROOT).join(path).exists()).collect();
        assert!(missing.is_empty(), "{page}: {missing:?}");
        assert!(quoted.clone().count() >= least, "{page}: {}", quoted.count());
    }
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    for (page, _) in PAGES {
        let path = Path::new(ROOT).join(page);
        let text = fs::read_to_string(&path).expect(page);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("https://")) {
            assert!(path.with_file_name(target).exists(), "{page}: {target}");
        }
    }
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
