//! CHANGELOG.md says which version this is, and everything that names one says the same.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use axes_e2e::host::built;

const CHANGELOG: &str = include_str!("../../CHANGELOG.md");
/// Of the workspace, in Cargo.toml.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Version and date of the releases, newest first, and what is said of each.
fn entries() -> Vec<(&'static str, &'static str, &'static str)> {
    let entry = |text: &'static str| {
        let (title, body) = text.split_once('\n').expect("a title");
        let (version, date) = title.split_once("] - ").expect("a version and a date");
        (version, date, body)
    };
    CHANGELOG
        .split("\n## [")
        .skip(1)
        .filter(|it| !it.starts_with("Unreleased]"))
        .map(entry)
        .collect()
}

fn newest() -> (&'static str, &'static str) {
    let (version, date, _) = entries()[0];
    (version, date)
}

/// What coreutils make of the date.
fn written(date: &str, form: &str) -> String {
    let output = Command::new("date").env("LC_ALL", "C").args(["-u", "-d", date, form]).output();
    text(output.expect("date")).trim().to_owned()
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn changelog_of(package: &str) -> String {
    text(Command::new(built("axes-changelog")).arg(package).output().expect("axes-changelog"))
}

/// What Debian's own reader finds.
fn parsed(changelog: &str, field: &str) -> String {
    let mut command = Command::new("dpkg-parsechangelog");
    command.args(["--all", "-l", "-", "--show-field", field]);
    let mut reader = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    reader.stdin.take().unwrap().write_all(changelog.as_bytes()).unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    text(output).trim().to_owned()
}

#[test]
fn the_newest_entry_is_the_version_of_the_workspace() {
    assert_eq!(newest().0, VERSION, "Cargo.toml and CHANGELOG.md are changed together");
    for program in ["axesctl", "axesd"] {
        let output = Command::new(built(program)).arg("--version").output().expect(program);
        assert_eq!(text(output), format!("{program} {VERSION}\n"));
    }
}

#[test]
fn every_entry_says_something_and_is_younger_than_the_next() {
    let dates: Vec<_> = entries().iter().map(|(_, date, _)| *date).collect();
    assert!(dates.is_sorted_by(|newer, older| newer > older), "{dates:?}");
    for (version, _, body) in entries() {
        assert!(body.contains("\n- "), "{version}");
    }
}

#[test]
fn the_changelog_of_the_deb_has_the_same_version_and_date() {
    let changelog = changelog_of("deb");
    let (version, date) = newest();
    assert_eq!(parsed(&changelog, "Version"), format!("{version}-1"));
    assert_eq!(parsed(&changelog, "Source"), "axes");
    // A weekday that is not the one of the date would have been complained of.
    assert_eq!(parsed(&changelog, "Date"), written(date, "+%a, %d %b %Y 12:00:00 +0000"));
    assert_eq!(changelog.matches("\n -- ").count(), entries().len());
}

#[test]
fn the_changelog_of_the_rpm_has_the_same_version_and_date() {
    let changelog = changelog_of("rpm");
    let (version, date) = newest();
    let (title, _) = changelog.split_once('\n').expect("a title");
    assert!(title.starts_with(&written(date, "+* %a %b %d %Y ")), "{title}");
    assert!(title.ends_with(&format!("> - {version}-1")), "{title}");
    assert_eq!(changelog.matches("* ").count(), entries().len());
}

/// The packages read them where `make manuals` puts them, and bring the page that they refer to.
#[test]
fn the_packages_are_told_where_their_changelogs_are() {
    let makefile = include_str!("../../Makefile");
    let manifest = include_str!("../../axesd/Cargo.toml");
    let spec = include_str!("../../packaging/rpm/axes.spec");
    for (package, recipe, line, page) in [
        (
            "deb",
            manifest,
            "changelog = \"../target/packaging/changelog.deb\"",
            "[\"../CHANGELOG.md\", \"usr/share/doc/axes/changelog\", \"644\"]",
        ),
        (
            "rpm",
            spec,
            "%changelog\n%(cat %{source}/target/packaging/changelog.rpm)",
            "CHANGELOG.md %{buildroot}%{_docdir}/axes/changelog",
        ),
    ] {
        let made = format!("axes-changelog {package} > target/packaging/changelog.{package}\n");
        assert!(makefile.contains(&made), "{package}");
        assert!(recipe.contains(&format!("\n{line}\n")) && recipe.contains(page), "{package}");
        assert!(changelog_of(package).contains(": see /usr/share/doc/axes/changelog"));
    }
}

#[test]
fn the_licence_of_the_deb_is_that_of_the_repository() {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, licence) = include_str!("../../LICENSE").split_once("\n\nPermission").expect("a text");
    let copyright = include_str!("../../packaging/deb/copyright").replace("\n .\n", "\n");
    assert!(plain(&copyright).ends_with(&plain(&format!("Permission{licence}"))));
}

#[test]
fn generated_manuals_have_the_date_and_the_version_of_the_release() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut manuals = Command::new(built("axes-manuals"));
    assert!(manuals.arg(folder.path()).status().expect("axes-manuals").success());
    let (version, date) = newest();
    let date = format!("\n.Dd {}\n", written(date, "+%B %-d, %Y"));
    let pages: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
    assert!(pages.len() > 15, "{pages:?}");
    for page in pages {
        let path = page.expect("a page").path();
        let text = fs::read_to_string(&path).expect("a page");
        let file = path.display();
        assert!(text.contains(&date), "{file}: not {date:?}");
        assert!(text.contains(&format!("\n.Os axes {version}\n")), "{file}");
    }
}
