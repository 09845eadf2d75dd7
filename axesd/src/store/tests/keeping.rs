use std::os::unix::fs::PermissionsExt as _;

use super::support::*;
use crate::store::database::Database;
use crate::store::record::checksum;
use crate::store::{Change, Kept, StoreError, identity, nowhere};

#[test]
fn what_was_committed_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    assert_eq!(store.load().unwrap(), Kept::default());
    let mut changes = put(1..500);
    changes.extend((1..300).map(|number| Change::PutAttempt(number, attempt(number))));
    store.commit(&changes).unwrap();
    drop(store);
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, failures(1..500));
    let attempts: Vec<_> = (1..300).map(|number| (number, attempt(number))).collect();
    assert_eq!((kept.attempts, kept.notice), (attempts, None));
}

#[test]
fn the_last_change_of_a_record_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    let changed = every_failure().pop().unwrap();
    let id = changed.id;
    store.commit(&[Change::PutFailure(failure(id))]).unwrap();
    store.commit(&[Change::PutFailure(changed.clone())]).unwrap();
    store.commit(&put(1..3)).unwrap();
    let attempts = [1, 2].map(|number| Change::PutAttempt(number, attempt(number)));
    store.commit(&attempts).unwrap();
    let forgotten = [Change::ForgetFailure(1), Change::ForgetAttempt(2)];
    store.commit(&forgotten).unwrap();
    drop(store);
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, [failure(2), changed]);
    assert_eq!(kept.attempts, [(1, attempt(1))]);
}

#[test]
fn a_second_daemon_is_refused_while_the_first_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = opened(folder.path());
    let refused = refusal(folder.path());
    assert!(matches!(refused, StoreError::InUse(path) if path == folder.path()));
    drop(first);
    opened(folder.path());
}

#[test]
fn a_store_of_a_newer_release_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    opened(folder.path()).commit(&put(1..9)).unwrap();
    let file = folder.path().join("identity");
    let whole = std::fs::read(&file).unwrap();
    let mut newer = vec![2];
    newer.extend(checksum(2, identity::KEY, &[&whole[5..]]).to_be_bytes());
    newer.extend(&whole[5..]);
    std::fs::write(&file, newer).unwrap();
    let before = everything_in(folder.path());
    let refused = refusal(folder.path());
    assert!(matches!(refused, StoreError::Newer { found: 2, known: 1, .. }));
    assert_eq!(everything_in(folder.path()), before);
}

#[test]
fn a_record_of_a_newer_release_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    store.commit(&put(1..9)).unwrap();
    settle(&mut *store);
    drop(store);
    let key = [&[b'F'][..], &9_u64.to_be_bytes()].concat();
    let mut newer = vec![2];
    newer.extend(checksum(2, &key, &[b"unknown"]).to_be_bytes());
    newer.extend(b"unknown");
    let mut database = Database::open(&folder.path().join("sled")).unwrap();
    let identity = database.identity().unwrap();
    database.write([(&key, &Some(newer))].into_iter(), identity).unwrap();
    drop(database);
    // What a start leaves that goes well.
    refusal(folder.path());
    let before = everything_in(folder.path());
    let refused = refusal(folder.path());
    assert!(matches!(refused, StoreError::Newer { found: 2, known: 1, .. }), "{refused}");
    assert_eq!(everything_in(folder.path()), before);
}

#[test]
fn nobody_else_may_look_into_the_folders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("var/axes");
    opened(&path).dump().unwrap();
    for part in [".", "sled", "dumps"] {
        let mode = path.join(part).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{part}");
    }
}

#[test]
fn three_dumps_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    for id in 1..7 {
        store.commit(&put(id..id + 1)).unwrap();
        store.dump().unwrap();
    }
    let dumps = std::fs::read_dir(folder.path().join("dumps")).unwrap();
    assert_eq!(dumps.count(), 3);
}

#[test]
fn memory_and_dummy_keep_nothing_and_touch_nothing() {
    for name in ["memory", "dummy"] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = nowhere(name);
        store.commit(&put(1..3)).unwrap();
        store.dump().unwrap();
        assert_eq!(store.name(), name);
        assert_eq!(store.load().unwrap(), Kept::default());
        assert!(everything_in(folder.path()).is_empty());
    }
}
