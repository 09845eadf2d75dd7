//! `kill -9` under load, on this test binary itself.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::support::*;
use crate::store::Committer;

const FOLDER: &str = "AXES_TEST_CRASH_FOLDER";
const CHILD: &str = "store::tests::crash::child_that_commits_until_it_is_killed";

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 1..=5 {
        acknowledged = acknowledged.max(killed_after(folder.path(), round * 60));
        let kept = loaded(folder.path());
        assert_eq!(kept.notice, None);
        let last = kept.failures.last().unwrap().id;
        assert!(last >= acknowledged, "{last} of {acknowledged} are left");
        assert_eq!(kept.failures, failures(1..last + 1));
    }
    assert!(acknowledged > 100, "only {acknowledged} were written at all");
}

/// The last acknowledged number of a child that was killed after so many milliseconds of work.
fn killed_after(folder: &Path, milliseconds: u64) -> u64 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([CHILD, "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.find_map(|line| number(&line.unwrap())).unwrap();
    std::thread::sleep(Duration::from_millis(milliseconds));
    child.kill().unwrap();
    child.wait().unwrap();
    let rest = lines.filter_map(|line| number(&line.ok()?));
    rest.last().unwrap_or(first)
}

fn number(line: &str) -> Option<u64> {
    line.strip_prefix("durable ")?.parse().ok()
}

#[test]
#[ignore = "runs in a process of its own, until that is killed"]
fn child_that_commits_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let mut store = opened(Path::new(&folder));
    let kept = store.load().unwrap();
    let first = kept.failures.last().map_or(1, |failure| failure.id + 1);
    let (committer, _thread) = Committer::start(store, |alarm| panic!("{alarm:?}")).unwrap();
    for id in (first..).step_by(3) {
        let durable = committer.commit(put(id..id + 3));
        durable.blocking_recv().unwrap().unwrap();
        println!("durable {}", id + 2);
    }
}
