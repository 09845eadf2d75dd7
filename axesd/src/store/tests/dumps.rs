//! When dumps are written, by the committer, and that nobody waits for them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use super::support::*;
use crate::store::Committer;

const HOUR: Duration = Duration::from_secs(3600);

fn committer(folder: &Path) -> (Committer, JoinHandle<()>) {
    Committer::start(opened(folder), |alarm| panic!("{alarm:?}")).unwrap()
}

fn dumps(folder: &Path) -> Vec<PathBuf> {
    let dumps = fs::read_dir(folder.join("dumps")).into_iter().flatten();
    let mut dumps: Vec<_> = dumps.map(|dump| dump.unwrap().path()).collect();
    dumps.retain(|dump| dump.extension().is_none());
    dumps.sort();
    dumps
}

/// Dates the newest dump and starts as after `kill -9`; whether another one is written at once.
fn dumps_at_the_start(folder: &Path, change: impl Fn(SystemTime) -> SystemTime) -> bool {
    let newest = dumps(folder).pop().unwrap();
    let file = File::options().write(true).open(&newest).unwrap();
    let dated = change(file.metadata().unwrap().modified().unwrap());
    file.set_modified(dated).unwrap();
    let mut store = opened(folder);
    store.load().unwrap();
    store.commit(&put(1..2)).unwrap();
    let (committer, thread) = Committer::start(store, |alarm| panic!("{alarm:?}")).unwrap();
    let begun = Instant::now();
    while dumps(folder).pop().unwrap() == newest && begun.elapsed() < Duration::from_millis(500) {
        thread::sleep(Duration::from_millis(5));
    }
    let written = dumps(folder).pop().unwrap() != newest;
    committer.close();
    thread.join().unwrap();
    written
}

#[test]
fn however_often_the_daemon_is_killed_no_dump_gets_older_than_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let (first, thread) = committer(folder.path());
    drop(first);
    thread.join().unwrap();
    assert_eq!(dumps(folder.path()).len(), 1, "the first one at once");
    assert!(!dumps_at_the_start(folder.path(), |now| now - 23 * HOUR));
    assert!(dumps_at_the_start(folder.path(), |now| now - 25 * HOUR));
    assert!(dumps_at_the_start(folder.path(), |now| now + HOUR), "the clock was set back");
}

#[test]
fn what_a_kill_left_of_a_dump_is_not_believed_and_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    store.commit(&put(1..9)).unwrap();
    let whole = store.dump().unwrap().unwrap().path;
    drop(store);
    let half = whole.with_file_name("dump-99999999999999999999.new");
    fs::write(&half, &fs::read(&whole).unwrap()[..100]).unwrap();
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    assert_eq!(loaded(folder.path()).failures, failures(1..9));
    opened(folder.path()).dump().unwrap();
    assert!(!half.exists());
}

#[test]
fn a_dump_that_is_asked_for_says_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (committer, thread) = committer(folder.path());
    committer.commit(put(1..100)).blocking_recv().unwrap().unwrap();
    let dumped = committer.dump().blocking_recv().unwrap().unwrap().unwrap();
    assert_eq!(dumped.records, 99);
    assert_eq!(dumped.path.metadata().unwrap().len(), dumped.bytes as u64);
    committer.close();
    thread.join().unwrap();
}

#[test]
fn commits_go_on_while_a_dump_is_written_and_whoever_asks_for_another_one_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    store.commit(&put(0..20_000)).unwrap();
    store.dump().unwrap();
    let (committer, thread) = Committer::start(store, |alarm| panic!("{alarm:?}")).unwrap();
    let mut first = committer.dump();
    committer.commit(put(20_000..20_001)).blocking_recv().unwrap().unwrap();
    assert!(first.try_recv().is_err(), "the commit did not wait for it");
    let second = committer.dump();
    assert!(first.blocking_recv().unwrap().unwrap().unwrap().records >= 20_000);
    assert_eq!(second.blocking_recv().unwrap().unwrap().unwrap().records, 20_001);
    committer.close();
    thread.join().unwrap();
}
