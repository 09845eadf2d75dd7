//! A damaged database, and one of a newer release, as the administrator sees them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use axes_e2e::application::{AUTH_ERR, MAXTRIES};
use axes_e2e::host::{Host, RIGHT, WRONG, wait_until};

const AWAY: &str = "192.0.2.7";
const DAMAGED: &str = "axes.W023";

/// Places of what is found damaged.
fn damaged(host: &Host) -> Vec<Option<String>> {
    let config = host.path("axes.toml").display().to_string();
    let found = host.ask(&["check", "--config", &config]);
    let findings = found["findings"].as_array().unwrap().iter();
    let findings = findings.filter(|finding| finding["id"] == DAMAGED);
    findings.map(|finding| finding["where"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_damaged_database_is_told_until_it_is_removed_and_axesd_restarted() {
    let mut host = Host::start("failure_limit = 1");
    assert_eq!(host.login("alice", AWAY, WRONG), AUTH_ERR);
    assert_eq!(damaged(&host), []);
    assert!(host.axesctl(&["backup"]).status.success());
    host.kill_daemon(libc::SIGKILL);
    fs::write(host.path("state/sled/db"), [7; 10_000]).unwrap();
    host.start_daemon();
    assert_eq!(host.login("alice", AWAY, RIGHT), MAXTRIES, "restored");
    let notice = host.ask(&["status"])["store_notice"].as_str().unwrap().to_owned();
    assert!(host.log().contains(&notice), "{}", host.log());
    let output = host.axesctl(&["status"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("Notice:"), "{output:?}");
    let (_, aside) = notice.split_once("kept as ").unwrap();
    let (aside, _) = aside.split_once(';').unwrap();
    let place = Some(aside.to_owned());
    assert_eq!(damaged(&host), [None, place.clone()]);
    host.kill_daemon(libc::SIGTERM);
    host.start_daemon();
    assert_eq!(damaged(&host), [place]);
    fs::remove_dir_all(aside).unwrap();
    assert_eq!(damaged(&host), []);
}

#[test]
fn a_database_of_a_newer_release_ends_the_start_and_stays_as_it_is_byte_by_byte() {
    let mut host = Host::start("failure_limit = 1");
    assert_eq!(host.login("alice", AWAY, WRONG), AUTH_ERR);
    host.kill_daemon(libc::SIGTERM);
    let identity = host.path("state/identity");
    fs::write(&identity, newer(&fs::read(&identity).unwrap())).unwrap();
    let before = everything_in(&host.path("state"));
    host.launch(host.daemon_command());
    let mut ended = None;
    wait_until("axesd ends", || {
        ended = host.daemon_ended();
        ended.is_some()
    });
    assert_eq!(ended.unwrap().code(), Some(1));
    assert!(host.log().contains("was written by a newer axesd (format 2;"), "{}", host.log());
    assert!(everything_in(&host.path("state")) == before, "something was changed");
}

/// The same payload under the next version: its checksum goes over version, key and payload.
fn newer(identity: &[u8]) -> Vec<u8> {
    let payload = &identity[5..];
    let sum = crc32(&[&[2], &b"meta"[..], payload].concat());
    [&[2], &sum.to_be_bytes()[..], payload].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    let fold = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    };
    !bytes.iter().fold(u32::MAX, fold)
}

fn everything_in(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| match path.is_dir() {
        true => everything_in(&path),
        false => BTreeMap::from([(path.clone(), fs::read(path).unwrap())]),
    };
    entries.flat_map(below).collect()
}
