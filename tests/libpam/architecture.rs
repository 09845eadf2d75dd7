//! What the page on the architecture says is how it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use axes_e2e::application::{AUTH_ERR, SUCCESS};
use axes_e2e::host::{Host, RIGHT, WRONG};

use crate::documents::ROOT;

const PAGE: &str = include_str!("../../packaging/doc/architecture.md");
const PACKAGES: [&str; 3] = ["axes-application", "axes-policy", "axes-proto"];

/// Rows of the table whose head begins with this, as cells.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let (_, table) = PAGE.split_once(head).expect("a table");
    let lines = table.lines().skip(2).map_while(|line| line.strip_prefix("| "));
    let rows: Vec<Vec<_>> =
        lines.map(|line| line.trim_end_matches('|').split(" | ").collect()).collect();
    assert!(rows.len() > 4, "{head}: {rows:?}");
    rows
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The files of a room: `store.rs` and all in `store/`.
fn files(room: &str) -> Vec<PathBuf> {
    let source = Path::new(ROOT).join("axesd/src");
    let mut files = vec![source.join(format!("{room}.rs"))];
    let mut folders = vec![source.join(room)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(folder).into_iter().flatten();
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Rooms and packages that the code of a room names.
fn named_by<'a>(room: &str, rooms: &'a BTreeSet<String>) -> BTreeSet<&'a str> {
    let code: String =
        files(room).iter().map(|file| fs::read_to_string(file).expect("code")).collect();
    let is_named = |name: &&str| {
        let name = name.replace('-', "_");
        let path = if name.starts_with("axes_") { name } else { format!("crate::{name}") };
        code.match_indices(&path).any(|(at, _)| {
            let after = code[at + path.len()..].chars().next();
            after.is_some_and(|it| it != '_' && !it.is_alphanumeric())
        })
    };
    let names = rooms.iter().map(String::as_str).chain(PACKAGES);
    names.filter(|name| *name != room).filter(is_named).collect()
}

#[test]
fn each_room_names_just_those_that_the_page_says() {
    let library = fs::read_to_string(format!("{ROOT}/axesd/src/lib.rs")).expect("lib.rs");
    let modules = library.lines().filter_map(|line| line.strip_suffix(';'));
    let rooms: BTreeSet<_> = modules
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
        .map(str::to_owned)
        .collect();
    let table: BTreeMap<_, BTreeSet<_>> = rows("| room of")
        .iter()
        .map(|row| (quoted(row[0]).next().expect("a room"), row[1].trim().split(", ").collect()))
        .collect();
    // `daemon` puts them together; `printable` names nothing.
    let all =
        rooms.iter().map(String::as_str).filter(|room| !["daemon", "printable"].contains(room));
    let found: BTreeMap<_, _> = all.map(|room| (room, named_by(room, &rooms))).collect();
    assert_eq!(found, table);
    assert!(named_by("printable", &rooms).is_empty());
}

#[test]
fn every_file_of_the_state_folder_is_explained() {
    let host = Host::start("store_username = \"hash\"");
    assert_eq!(host.login("alice", "192.0.2.7", WRONG), AUTH_ERR);
    assert_eq!(host.login("alice", "192.0.2.7", RIGHT), SUCCESS);
    assert!(host.axesctl(&["backup"]).status.success());
    let entries = fs::read_dir(host.path("state")).expect("a folder");
    let there: BTreeSet<_> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let told = rows("| path |").into_iter().flat_map(|row| quoted(row[0]).collect::<Vec<_>>());
    let told = told.filter(|path| !path.starts_with("/etc") && !path.starts_with("/run"));
    let told: BTreeSet<_> = told
        .map(|path| path.trim_start_matches("/var/lib/axes/").trim_end_matches('/').to_owned())
        .collect();
    assert_eq!(there, told);
}

#[test]
fn every_message_of_the_protocol_is_drawn() {
    let protocol = include_str!("../../axesd/proto/src/pam.rs");
    for kind in ["pub enum Request {", "pub enum Reply {"] {
        let (_, variants) = protocol.split_once(kind).expect("a kind");
        let (variants, _) = variants.split_once("\n}").expect("an end");
        let names = variants.lines().filter_map(|line| line.strip_prefix("    "));
        let names = names.filter(|line| line.starts_with(|it: char| it.is_ascii_uppercase()));
        let names: Vec<_> = names.filter_map(|line| line.split(['(', ',', ' ']).next()).collect();
        assert!(names.len() > 3, "{names:?}");
        for name in names {
            assert!(PAGE.contains(name), "{name}");
        }
    }
}

#[test]
fn every_page_that_is_installed_beside_it_is_named_by_the_manual() {
    let manual = include_str!("../../packaging/man/axes.7");
    let pages = fs::read_dir(format!("{ROOT}/packaging/doc")).expect("a folder");
    let names = pages.map(|page| page.expect("a page").file_name().to_string_lossy().into_owned());
    let names: Vec<_> = names.filter(|name| name.ends_with(".md")).collect();
    assert!(names.len() > 1, "{names:?}");
    for name in names {
        assert!(manual.contains(&format!("\n.It Pa /usr/share/doc/axes/{name}\n")), "{name}");
    }
}
