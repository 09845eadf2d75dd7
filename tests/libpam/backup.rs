//! Copies of the database: made by command, and put back by hand.

use std::fs;
use std::path::PathBuf;

use axes_e2e::application::AUTH_ERR;
use axes_e2e::host::{Host, WRONG};

const AWAY: &str = "192.0.2.7";

fn fail(host: &Host) {
    assert_eq!(host.login("alice", AWAY, WRONG), AUTH_ERR);
}

/// The file that `axesctl backup` wrote.
fn back_up(host: &Host) -> PathBuf {
    let written = host.ask(&["backup"]);
    let path = PathBuf::from(written["path"].as_str().unwrap());
    assert_eq!(written["bytes"].as_u64().unwrap(), path.metadata().unwrap().len());
    assert!(written["records"].as_u64().unwrap() > 0, "{written}");
    path
}

#[test]
fn a_backup_says_where_it_is() {
    let host = Host::start("");
    fail(&host);
    let path = back_up(&host);
    assert!(path.starts_with(host.path("state/dumps")), "{path:?}");
    fail(&host);
    let output = host.axesctl(&["backup"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("/state/dumps/dump-") && said.contains(" records, "), "{said}");
}

#[test]
fn where_nothing_is_kept_there_is_nothing_to_back_up() {
    let mut host = Host::without_daemon("");
    host.configure_store("handler = \"memory\"");
    host.start_daemon();
    let output = host.axesctl(&["backup"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3));
    assert!(said.contains("the store memory keeps nothing on disk"), "{said}");
    assert!(said.contains("handler = \"sled\""), "{said}");
}

#[test]
fn an_older_copy_is_put_back_by_hand_as_the_readme_says() {
    let mut host = Host::start("failure_limit = 9");
    fail(&host);
    let wanted = back_up(&host);
    fail(&host);
    let newer = back_up(&host);
    host.kill_daemon(libc::SIGTERM);
    for moved in ["sled", "journal"] {
        fs::rename(host.path("state").join(moved), host.path(moved)).unwrap();
    }
    for copy in fs::read_dir(host.path("state/dumps")).unwrap() {
        let copy = copy.unwrap().path();
        if copy > wanted {
            fs::remove_file(copy).unwrap();
        }
    }
    assert!(!newer.exists());
    host.start_daemon();
    assert_eq!(host.failures("alice"), 1);
    let notice = host.ask(&["status"])["store_notice"].as_str().unwrap().to_owned();
    assert!(notice.contains(&wanted.display().to_string()), "{notice}");
    host.kill_daemon(libc::SIGTERM);
    host.start_daemon();
    assert_eq!(host.failures("alice"), 1);
    assert!(host.ask(&["status"])["store_notice"].is_null());
}
