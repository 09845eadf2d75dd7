//! A full disk, on a small one of our own.

use std::env;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::support::*;
use crate::store::{Store, StoreError};

const FOLDER: &str = "AXES_TEST_FULL_FOLDER";
const CHILD: &str = "store::tests::full::child_that_fills_its_disk";
const MOUNT: &str = "mount -t tmpfs -o size=8m tmpfs \"$AXES_TEST_FULL_FOLDER\" && exec \"$@\"";

#[test]
fn a_full_disk_is_survived_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh"])
        .arg(env::current_exe().unwrap())
        .args([CHILD, "--exact", "--ignored"])
        .env(FOLDER, folder.path())
        .status()
        .expect("unshare of util-linux is needed to mount a small disk");
    assert!(status.success(), "needs user namespaces, or see above");
}

#[test]
#[ignore = "fills a disk that the test above mounts for it"]
fn child_that_fills_its_disk() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let (folder, ballast) = (Path::new(&folder), Path::new(&folder).join("ballast"));
    let mut store = opened(folder);
    assert!(ballast.exists());
    let filler = folder.join("filler");
    while fill(&filler) {}

    let first_failed = commit_until_it_fails(&mut *store, 1);
    assert!(matches!(store.commit(&[]).unwrap_err(), StoreError::Down(_)));
    wait_for_the_next_try();
    store.commit(&[]).expect("the ballast makes room");
    assert!(!ballast.exists());

    let last_failed = commit_until_it_fails(&mut *store, first_failed + 50);
    wait_for_the_next_try();
    let begun = Instant::now();
    store.commit(&[]).unwrap_err();
    assert!(begun.elapsed() < Duration::from_millis(500));

    fs::remove_file(filler).unwrap();
    wait_for_the_next_try();
    store.commit(&[]).expect("there is room again");
    assert!(ballast.exists());
    drop(store);
    let kept = loaded(folder);
    assert_eq!(kept.failures, failures(1..last_failed + 50));
    assert_eq!(kept.notice, None);
}

/// The first number of the fifty that were refused.
fn commit_until_it_fails(store: &mut dyn Store, first: u64) -> u64 {
    (first..100_000)
        .step_by(50)
        .find(|id| store.commit(&put(*id..id + 50)).is_err())
        .expect("the disk is full")
}

fn fill(filler: &Path) -> bool {
    let file = File::options().append(true).create(true).open(filler);
    file.unwrap().write_all(&[1; 4096]).is_ok()
}

fn wait_for_the_next_try() {
    std::thread::sleep(Duration::from_millis(1100));
}
