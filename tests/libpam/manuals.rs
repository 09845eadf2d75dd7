//! What the manual pages tell people to type works, and nothing is missing in them.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use axes_e2e::application::{AUTH_ERR, AUTHINFO_UNAVAIL, MAXTRIES, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG, built, write_program};
use axes_e2e::manuals::{Example, Page, examples, pages};

use crate::documents::{complaint, lively};

const OPTIONS: &str = include_str!("../../pam_axes/src/options.rs");
const SETTINGS: &str = include_str!("../../packaging/axes.toml");

/// All pages of the package.
fn all() -> Vec<Page> {
    let folder = tempfile::tempdir().expect("a folder");
    pages(folder.path()).expect("pages")
}

fn page(name: &str) -> String {
    let mut pages = all().into_iter();
    pages.find(|page| page.name == name).unwrap_or_else(|| panic!("no page {name}")).text
}

/// The examples of one kind.
pub(crate) fn of_kind(kind: &str) -> Vec<Example> {
    let all = all();
    let examples = all.iter().flat_map(|page| examples(&page.name, &page.text));
    let examples: Vec<_> = examples.filter(|example| example.kind == kind).collect();
    assert!(!examples.is_empty(), "no {kind}");
    examples
}

/// Runs a line as a shell does, with the programs of this host before all others.
fn typed(host: &Host, line: &str) -> Output {
    let path = format!("{}:/usr/bin:/bin", host.path("bin").display());
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).env("PATH", path).current_dir(host.path(""));
    shell.output().expect("sh")
}

/// The real programs; a private host has its sockets and its configuration elsewhere.
fn install(host: &Host) {
    fs::create_dir(host.path("bin")).expect("a folder");
    let (socket, config) = (host.path("control.sock"), host.path("axes.toml"));
    let [socket, config] = [socket, config].map(|it| it.display().to_string());
    let against = format!("case $* in *--from-log*) set -- \"$@\" --against {config};; esac\n");
    for (name, before, words) in [
        ("axesctl", against.as_str(), format!("--socket {socket}")),
        ("axesd", "", format!("--config {config}")),
    ] {
        let program = built(name).display().to_string();
        let text = format!("#!/bin/sh\n{before}exec {program} {words} \"$@\"\n");
        write_program(&host.path("bin").join(name), &text);
    }
}

#[test]
fn every_command_works() {
    for example in of_kind("sh") {
        let host = lively();
        install(&host);
        let commands = example.commands();
        for (number, command) in commands.iter().enumerate() {
            let last = number + 1 == commands.len() && !example.word.is_empty();
            let wanted = if last { example.word.parse().expect("a status") } else { 0 };
            let output = typed(&host, command);
            assert_eq!(
                output.status.code(),
                Some(wanted),
                "{}: {command}: {output:?}",
                example.page
            );
            assert!(!output.stdout.is_empty(), "{}: {command}", example.page);
        }
    }
}

#[test]
fn every_configuration_is_accepted() {
    let host = Host::without_daemon("");
    for example in of_kind("toml") {
        assert_eq!(complaint(&host, &example.text), None, "{example:?}");
    }
}

/// The stack as it is printed, but for what takes the accounts of a real host.
fn stack(host: &Host, lines: &str) -> String {
    let program = host.path("check-password").display().to_string();
    let check = format!("pam_exec.so expose_authtok quiet {program}");
    let permit = "pam_permit.so";
    let line = |line: &str| {
        let line = line.replace("pam_axes.so", &host.module_line());
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            // pam_exec says "system error" where pam_unix says "wrong".
            ["auth", "required", "pam_unix.so", ..] => host.password_lines(),
            ["auth", ..] => {
                line.replace("pam_unix.so", &check).replace("pam_sss.so", &check) + "\n"
            }
            _ => line.replace("pam_unix.so", permit).replace("pam_sss.so", permit) + "\n",
        }
    };
    lines.lines().map(line).collect()
}

#[test]
fn every_stack_counts_refuses_and_lets_in() {
    for example in of_kind("pam") {
        let mut host = Host::start("failure_limit = 2");
        host.write_stack("manual", &stack(&host, &example.text));
        let session = |host: &Host| host.session_of("manual", "alice").from("192.0.2.7");
        let mut first = session(&host);
        assert_eq!(first.try_password(RIGHT), SUCCESS, "{example:?}");
        assert_eq!(first.account(), SUCCESS, "{example:?}");
        for _ in 0..2 {
            assert_eq!(session(&host).try_password(WRONG), AUTH_ERR, "{example:?}");
        }
        let verified = host.verified();
        let mut refused = session(&host);
        let code = if example.word == "silent" { AUTH_ERR } else { MAXTRIES };
        assert_eq!(refused.try_password(RIGHT), code, "{example:?}");
        assert_eq!(refused.person().messages.is_empty(), example.word == "silent", "{example:?}");
        assert_eq!(host.verified(), verified, "{example:?}");
        assert_eq!(host.outcomes("alice"), ["success", "failure", "failure", "refused"]);
        host.kill_daemon(libc::SIGKILL);
        let alone = if example.word == "secure" { AUTHINFO_UNAVAIL } else { SUCCESS };
        assert_eq!(session(&host).try_password(RIGHT), alone, "{example:?}");
        assert_eq!(session(&host).account(), alone, "with a key: {example:?}");
    }
}

#[test]
fn every_option_of_the_module_is_explained() {
    let page = page("pam_axes.8");
    let (code, _) = OPTIONS.split_once("mod tests").expect("tests");
    let keys = code.split("Some((\"").skip(1).filter_map(|rest| rest.split('"').next());
    let arm =
        |line: &'static str| line.trim().strip_prefix('"')?.split_once("\" =>").map(|it| it.0);
    let words: BTreeSet<_> = keys.chain(code.lines().filter_map(arm)).collect();
    assert!(words.len() > 12, "{words:?}");
    for word in words.into_iter().filter(|word| *word != "fault") {
        assert!(
            page.contains(&format!("Cm {word}")) || page.contains(&format!("| {word}")),
            "{word}"
        );
    }
}

#[test]
fn what_is_said_of_the_log_is_what_is_logged() {
    let page = page("pam_axes.8");
    let sources = [OPTIONS, include_str!("../../pam_axes/src/authenticate.rs")].concat();
    let (_, list) = page.split_once(".Bl -diag\n").expect("a list");
    let (list, _) = list.split_once(".El\n").expect("an end");
    let lines = list.lines().filter_map(|line| line.strip_prefix(".It \"")?.strip_suffix('"'));
    let parts: Vec<_> = lines.flat_map(|line| line.split("...")).collect();
    assert!(parts.len() > 6, "{parts:?}");
    for part in parts {
        assert!(sources.contains(part), "{part:?}");
    }
}

/// Keys of axes.toml as it is shipped, each with its default.
fn shipped() -> Vec<(String, String)> {
    let (settings, _) = SETTINGS.split_once("# --- Counters").expect("counters");
    let keys = settings.lines().filter_map(|line| line.strip_prefix('#')?.split_once(" = "));
    let keys = keys.filter(|(key, _)| !key.contains(' '));
    keys.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[test]
fn every_setting_is_explained_with_its_default() {
    let page = page("axes.toml.5").replace("\\(dq", "\"");
    let (_, settings) = page.split_once(".Sh SETTINGS").expect("settings");
    let (settings, _) = settings.split_once(".Sh COUNTERS").expect("counters");
    let explained = settings.split("\n.It Ic ").skip(1).map(|item| {
        let (key, rest) = item.split_once(" No = ").unwrap_or_else(|| panic!("{item}: no type"));
        let (meaning, default) =
            rest.split_once("Default:\n.Li ").unwrap_or_else(|| panic!("{key}: no default"));
        assert!(meaning.lines().count() > 1, "{key} has no meaning");
        let default = default.lines().next().unwrap_or_default();
        (key.to_owned(), default.trim_end_matches([' ', '.', ',']).to_owned())
    });
    // It is in force only where somebody writes it.
    let explained = explained.filter(|(key, _)| key != "lockout_parameters");
    assert_eq!(explained.collect::<Vec<_>>(), shipped());
    assert!(shipped().len() > 40);
}

#[test]
fn every_key_of_counters_and_rules_is_explained() {
    let tables = include_str!("../../axesd/src/config/tables.rs");
    let page = page("axes.toml.5");
    let (_, page) = page.split_once(".Sh COUNTERS").expect("counters");
    let (counters, rules) = page.split_once(".Sh RULES").expect("rules");
    for (part, table) in [(counters, "struct CounterTable {"), (rules, "struct RawRule {")] {
        let (_, fields) = tables.split_once(table).expect("a table");
        let (fields, _) = fields.split_once("\n}").expect("an end");
        let keys = fields.lines().filter_map(|line| line.trim().split(": ").next());
        let keys: Vec<_> = keys.map(|key| key.trim_start_matches("pub(super) ")).collect();
        assert!(keys.len() > 5, "{keys:?}");
        let items: String =
            part.lines().filter(|line| line.contains("It ") || line.contains("Ic ")).collect();
        for key in keys.into_iter().filter(|key| !key.is_empty()) {
            assert!(items.contains(key), "{table} {key}");
        }
    }
}

#[test]
fn every_page_has_an_example_and_names_only_pages_that_are_there() {
    let pages = all();
    let names: BTreeSet<_> = pages.iter().map(|page| page.name.as_str()).collect();
    assert!(names.contains("axesctl-whitelist-add.1") && names.len() > 20, "{names:?}");
    for page in &pages {
        assert!(!examples(&page.name, &page.text).is_empty(), "{} has no example", page.name);
        let linked = page.text.lines().filter_map(|line| line.split_once("Xr ")).map(|it| it.1);
        for link in linked.filter(|it| it.contains("axes")) {
            let words: Vec<_> = link.split(' ').take(2).collect();
            assert!(names.contains(words.join(".").as_str()), "{}: {link}", page.name);
        }
    }
}

#[test]
fn mandoc_has_nothing_to_say() {
    let folder = tempfile::tempdir().expect("a folder");
    pages(folder.path()).expect("pages");
    let by_hand = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/man");
    for folder in [folder.path().display().to_string(), by_hand.to_owned()] {
        let mut lint = Command::new("sh");
        let output =
            lint.args(["-c", "mandoc -T lint -W style \"$0\"/*", &folder]).output().expect("sh");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // Whether pages of others are installed on this machine is not the matter.
        let left: Vec<_> = said.lines().filter(|line| !line.contains("not found: Xr")).collect();
        assert!(left.is_empty(), "{left:#?}");
        assert!(output.status.code().is_some_and(|code| code < 127), "{output:?}");
    }
}
