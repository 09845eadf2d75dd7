//! The committer, with a store that does as it is told.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::store::inbox::QUEUE;
use crate::store::{Alarm, Change, Committer, Kept, Snapshot, Store, StoreError};

/// Commits when it is told to and how it is told to, and tells how much it was.
struct Puppet {
    strings: Receiver<bool>,
    done: mpsc::Sender<usize>,
}

impl Store for Puppet {
    fn load(&mut self) -> Result<Kept, StoreError> {
        Ok(Kept::default())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.done.send(changes.len()).unwrap();
        match self.strings.recv() {
            Ok(false) => Err(StoreError::io(Path::new("disk"))(ErrorKind::StorageFull.into())),
            _ => Ok(()),
        }
    }

    fn snapshot(&mut self) -> Result<Option<Snapshot>, StoreError> {
        Err(StoreError::Closed)
    }

    fn dump_age(&self) -> Duration {
        Duration::ZERO
    }

    fn name(&self) -> &'static str {
        "puppet"
    }
}

struct Stage {
    committer: Committer,
    thread: JoinHandle<()>,
    strings: mpsc::Sender<bool>,
    done: Receiver<usize>,
    alarms: Receiver<Alarm>,
}

fn stage() -> Stage {
    let ((strings, pulled), (done, seen)) = (mpsc::channel(), mpsc::channel());
    let (alarm, alarms) = mpsc::channel();
    let store = Puppet { strings: pulled, done };
    let on_alarm = move |told| alarm.send(told).unwrap();
    let (committer, thread) = Committer::start(Box::new(store), on_alarm).unwrap();
    Stage { committer, thread, strings, done: seen, alarms }
}

fn one() -> Vec<Change> {
    vec![Change::ForgetFailure(1)]
}

#[test]
fn whoever_waits_at_the_same_time_shares_one_commit() {
    let stage = stage();
    let first = stage.committer.commit(one());
    assert_eq!(stage.done.recv(), Ok(1));
    let others: Vec<_> = (0..500).map(|_| stage.committer.commit(one())).collect();
    stage.strings.send(true).unwrap();
    stage.strings.send(true).unwrap();
    first.blocking_recv().unwrap().unwrap();
    for other in others {
        other.blocking_recv().unwrap().unwrap();
    }
    assert_eq!(stage.done.recv(), Ok(500));
    assert!(stage.done.try_recv().is_err());
}

#[test]
fn what_nobody_waits_for_waits_a_moment_for_others_and_goes_with_whoever_does() {
    let stage = stage();
    drop(stage.strings);
    for _ in 0..3 {
        stage.committer.commit_later(one());
    }
    assert_eq!(stage.done.recv_timeout(Duration::from_secs(10)), Ok(3));
    stage.committer.commit_later(one());
    let awaited = stage.committer.commit(one());
    assert_eq!(stage.done.recv_timeout(Duration::from_secs(10)), Ok(2));
    awaited.blocking_recv().unwrap().unwrap();
}

#[test]
fn a_full_queue_refuses_and_does_not_block() {
    let stage = stage();
    let first = stage.committer.commit(one());
    assert_eq!(stage.done.recv(), Ok(1));
    let waiting: Vec<_> = (0..QUEUE).map(|_| stage.committer.commit(one())).collect();
    let refused = stage.committer.commit(one()).blocking_recv().unwrap();
    assert!(matches!(*refused.unwrap_err(), StoreError::QueueFull));
    drop(stage.strings);
    for durable in [first].into_iter().chain(waiting) {
        durable.blocking_recv().unwrap().unwrap();
    }
}

#[test]
fn an_alarm_is_raised_once_and_cleared_by_a_retry() {
    let stage = stage();
    for _ in 0..2 {
        let failed = stage.committer.commit(one());
        stage.strings.send(false).unwrap();
        let error = failed.blocking_recv().unwrap().unwrap_err();
        assert!(matches!(*error, StoreError::Io { .. }));
    }
    assert!(matches!(stage.alarms.recv(), Ok(Alarm::Raised(_))));
    stage.strings.send(true).unwrap();
    assert_eq!(stage.alarms.recv(), Ok(Alarm::Cleared));
}

#[test]
fn closing_writes_what_waits_and_dumps() {
    let stage = stage();
    let durable = stage.committer.commit(one());
    let other = stage.committer.clone();
    stage.committer.close();
    drop(stage.strings);
    stage.thread.join().unwrap();
    durable.blocking_recv().unwrap().unwrap();
    assert!(matches!(stage.alarms.recv(), Ok(Alarm::DumpFailed(_))));
    let late = other.commit(one()).blocking_recv().unwrap();
    assert!(matches!(*late.unwrap_err(), StoreError::Closed));
}
