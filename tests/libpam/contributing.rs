//! What CONTRIBUTING.md tells people to run and to look at is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::documents::{ROOT, commands, lines_of};

const PAGE: &str = include_str!("../../CONTRIBUTING.md");
const README: &str = include_str!("../../README.md");

/// What a program prints that is started in the repository.
fn printed(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(ROOT).output().expect(program);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn targets() -> Vec<String> {
    let help = printed("make", &["--silent", "help"]);
    help.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_make_target_is_listed_by_make_help() {
    let targets = targets();
    let named = [README, PAGE].map(|page| commands(page, "make")).concat();
    assert!(named.len() > 8, "{named:?}");
    for command in named {
        assert!(targets.contains(&command[1]), "{command:?} of {targets:?}");
    }
    let (_, table) = PAGE.split_once("| target |").expect("a table");
    let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("| "));
    let cells: Vec<_> = rows.filter_map(|row| row.split('|').next()).collect();
    assert!(cells.len() > 2, "{cells:?}");
    for target in cells.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
        assert!(targets.iter().any(|it| it == target), "{target} of {targets:?}");
    }
}

#[test]
fn nothing_is_to_be_typed_that_is_not_tried() {
    for line in lines_of(PAGE, "sh") {
        let program = line.split_whitespace().next().expect("a program");
        assert!(["make", "cargo"].contains(&program), "{line}: who tries that?");
    }
}

/// The value of an option.
fn option<'a>(command: &'a [String], name: &str) -> Option<&'a str> {
    let place = command.iter().position(|word| word == name)?;
    command.get(place + 1).map(String::as_str)
}

/// Where a test of a package begins.
fn source(packages: &[Value], package: &str, test: &str) -> PathBuf {
    let package = packages.iter().find(|it| it["name"] == package).expect("a package");
    let tests = package["targets"].as_array().expect("targets");
    let found = tests.iter().find(|it| it["name"] == test && it["kind"][0] == "test");
    found.expect("a test")["src_path"].as_str().expect("a path").into()
}

#[test]
fn every_cargo_command_names_a_package_a_test_and_a_part_of_it_that_exist() {
    let metadata = printed("cargo", &["metadata", "--no-deps", "--offline", "--format-version=1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    for command in commands(PAGE, "cargo") {
        if command[1] == "build" {
            assert_eq!(command[2..], ["--workspace"]);
            continue;
        }
        assert_eq!(command[1], "test", "{command:?}");
        let package = option(&command, "--package").expect("a package");
        assert!(packages.iter().any(|it| it["name"] == package), "{command:?}");
        if let Some(test) = option(&command, "--test") {
            let part = command.last().expect("a word");
            let file = source(packages, package, test).with_file_name(format!("{part}.rs"));
            assert!(file.exists(), "{command:?}: {}", file.display());
        }
    }
}

/// All Rust code below a folder.
fn code(folder: &Path) -> String {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let text = |path: PathBuf| {
        if path.is_dir() {
            code(&path)
        } else if path.extension().is_some_and(|it| it == "rs") {
            fs::read_to_string(path).expect("code")
        } else {
            String::new()
        }
    };
    entries.map(text).collect()
}

#[test]
fn every_test_that_is_said_to_force_something_exists() {
    let code: String = ["tests", "axesd"].map(|it| code(&Path::new(ROOT).join(it))).concat();
    let is_test = |word: &&str| {
        word.matches('_').count() > 3 && word.chars().all(|it| it == '_' || it.is_ascii_lowercase())
    };
    let named: Vec<_> = PAGE.split('`').filter(is_test).collect();
    assert!(named.len() > 5, "{named:?}");
    for name in named {
        assert!(code.contains(&format!("#[test]\nfn {name}()")), "{name}");
    }
}
