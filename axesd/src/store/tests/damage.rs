use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use axes_policy::attempt::Failure;

use super::support::*;
use crate::store::database::Database;
use crate::store::found::Late;
use crate::store::record::entry;
use crate::store::told::Told;
use crate::store::{Change, Kept};

/// A database of 200 failures, one after the other, with a dump of before them and no journal.
fn dumped_while_empty() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    store.dump().unwrap();
    for id in 0..200 {
        store.commit(&put(id..id + 1)).unwrap();
        settle(&mut *store);
    }
    remove(&folder.path().join("journal"));
    folder
}

/// A store with a dump of all that it holds.
fn whole() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    for id in 1..40 {
        store.commit(&put(id * 10..id * 10 + 10)).unwrap();
    }
    store.dump().unwrap();
    folder
}

/// Opens a damaged copy, which must hold everything, however it came by it.
fn survives(original: &Path, damage: impl FnOnce(&Path)) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    copy(original, folder.path());
    damage(folder.path());
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, failures(10..400), "{:?}", kept.notice);
    let again = loaded(folder.path());
    assert_eq!((again.failures, again.notice), (failures(10..400), None));
    kept
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_lost_database_is_restored_from_the_newest_dump() {
    let original = whole();
    for lost in ["sled", "sled/db"] {
        let kept = survives(original.path(), |copy| remove(&copy.join(lost)));
        let notice = kept.notice.unwrap();
        assert!(notice.contains("restored 390 records"), "{notice}");
    }
}

#[test]
fn a_cut_database_is_restored_from_the_newest_dump() {
    let original = whole();
    for cut in [0, 1, 100, 10_000, 30_000] {
        let kept = survives(original.path(), |copy| {
            let file = OpenOptions::new().write(true).open(copy.join("sled/db"));
            file.unwrap().set_len(cut).unwrap();
        });
        let notice = kept.notice.unwrap_or_else(|| panic!("silent at {cut}"));
        assert!(notice.contains("kept as"), "{notice}");
    }
}

#[test]
fn bytes_that_flip_in_any_file_lose_nothing() {
    let original = whole();
    for file in files_in(original.path()) {
        let length = original.path().join(&file).metadata().unwrap().len();
        let used = usize::try_from(length).unwrap().min(60_000);
        for place in (0..used).step_by(used / 12 + 1) {
            survives(original.path(), |copy| flip(&copy.join(&file), place));
        }
    }
}

#[test]
fn what_a_cut_takes_away_is_told_and_the_rest_is_kept() {
    let folder = dumped_while_empty();
    for cut in (0..80_000).step_by(7_001) {
        let copied = tempfile::tempdir().unwrap();
        copy(folder.path(), copied.path());
        let file = OpenOptions::new().write(true).open(copied.path().join("sled/db"));
        file.unwrap().set_len(cut).unwrap();
        let kept = loaded(copied.path());
        let count = kept.failures.len() as u64;
        assert_eq!(kept.failures, failures(0..count), "at {cut}");
        assert!(kept.notice.is_some() || count == 200, "nothing is said, at {cut}");
    }
}

#[test]
fn records_that_are_missing_in_the_middle_or_as_they_once_were_are_noticed() {
    let original = whole();
    let key = |id: u64| [&[b'F'][..], &id.to_be_bytes()].concat();
    let changes: [&dyn Fn(&::sled::Db); 3] = [
        &|db| drop(db.remove(key(200)).unwrap().unwrap()),
        &|db| {
            // Whole, but not what was there.
            let (key, value) = entry(&Change::PutFailure(Failure { id: 200, ..failure(7) }));
            db.insert(key, value.unwrap()).unwrap();
        },
        &|db| drop(db.remove("sums").unwrap().unwrap()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let copied = tempfile::tempdir().unwrap();
        copy(original.path(), copied.path());
        let db = ::sled::open(copied.path().join("sled")).unwrap();
        change(&db);
        db.flush().unwrap();
        drop(db);
        let kept = loaded(copied.path());
        assert_eq!(kept.failures, failures(10..400));
        // A database of before there were sums is believed as it is.
        assert_eq!(kept.notice.is_some(), number < 2, "{:?}", kept.notice);
    }
}

#[test]
fn noise_where_segments_meet_is_never_silent() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    for id in 0..4000 {
        store.commit(&put(id..id + 1)).unwrap();
        settle(&mut *store);
        if id == 3000 {
            store.dump().unwrap();
        }
    }
    drop(store);
    remove(&folder.path().join("journal"));
    let length = fs::metadata(folder.path().join("sled/db")).unwrap().len();
    let segments = usize::try_from(length).unwrap() / (512 * 1024);
    assert!(segments >= 2, "{length}");
    for segment in 0..segments {
        let copied = tempfile::tempdir().unwrap();
        copy(folder.path(), copied.path());
        let path = copied.path().join("sled/db");
        let mut bytes = fs::read(&path).unwrap();
        bytes[segment * 512 * 1024..][..100].fill(0x5a);
        fs::write(&path, bytes).unwrap();
        let kept = loaded(copied.path());
        let count = kept.failures.len() as u64;
        assert!(count >= 3001, "{count} are left after segment {segment}: {:?}", kept.notice);
        assert!(count == 4000 || kept.notice.is_some(), "{count} after segment {segment}");
    }
}

#[test]
fn a_snapshot_that_sled_was_writing_when_it_was_killed_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    opened(folder.path()).commit(&put(1..9)).unwrap();
    opened(folder.path()).commit(&put(9..10)).unwrap();
    let half = folder.path().join("sled/snap.00000000000FFB00.generating");
    for bytes in [0, 10, 100] {
        fs::write(&half, vec![0; bytes]).unwrap();
        let kept = loaded(folder.path());
        assert_eq!((kept.failures, kept.notice), (failures(1..10), None));
        assert!(!half.exists());
    }
}

#[test]
fn what_sled_drops_after_a_bit_that_flipped_is_told_and_the_rest_is_kept() {
    let folder = dumped_while_empty();
    let (mut told, mut left) = (0, 0);
    for place in (2_000..80_000).step_by(1_009) {
        let copied = tempfile::tempdir().unwrap();
        copy(folder.path(), copied.path());
        flip(&copied.path().join("sled/db"), place);
        let kept = loaded(copied.path());
        let count = kept.failures.len() as u64;
        assert_eq!(kept.failures, failures(0..count), "at {place}");
        if let Some(notice) = kept.notice {
            assert!(notice.contains(&format!("restored {count} records")), "{notice}");
            assert!(notice.contains("kept as"), "{notice}");
            told += 1;
        } else {
            assert_eq!(count, 200, "nothing is said, at {place}");
        }
        left = left.max(count.min(199));
        assert_eq!(loaded(copied.path()).notice, None);
    }
    assert!(told > 20 && left > 100, "{told} told, {left} left at the most");
}

#[test]
fn hundreds_of_random_damages_end_soon_and_lose_nothing_that_was_copied() {
    let original = whole();
    let files = files_in(original.path());
    let mut seed = 7_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below.max(1)
    };
    for case in 0..300 {
        let file = &files[case % files.len()];
        let copied = tempfile::tempdir().unwrap();
        copy(original.path(), copied.path());
        let path = copied.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
        match case / files.len() % 4 {
            0 => bytes.truncate(random(used)),
            1 => bytes[random(used)] ^= 1 << random(8),
            2 => (0..50).for_each(|_| bytes[random(used)] ^= 1 << random(8)),
            _ => bytes[random(used)..used].fill(0xff),
        }
        fs::write(&path, bytes).unwrap();
        let kept = loaded_in_time(copied.path(), &format!("case {case}: {}", file.display()));
        assert_eq!(kept.failures, failures(10..400), "{case}: {:?}", kept.notice);
    }
}

/// A start on damaged bytes must not take for ever.
fn loaded_in_time(path: &Path, case: &str) -> Kept {
    let (path, (told, heard)) = (path.to_owned(), mpsc::channel());
    thread::spawn(move || told.send(loaded(&path)));
    heard.recv_timeout(Duration::from_secs(30)).expect(case)
}

#[test]
fn each_file_may_be_lost_on_its_own() {
    let original = whole();
    for file in files_in(original.path()) {
        survives(original.path(), |copy| remove(&copy.join(&file)));
    }
}

#[test]
fn a_damaged_dump_gives_way_to_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    for id in 1..3 {
        store.commit(&put(id..id + 1)).unwrap();
        store.dump().unwrap();
    }
    drop(store);
    remove(&folder.path().join("journal"));
    let mut dumps: Vec<_> = files_in(&folder.path().join("dumps"));
    flip(&folder.path().join("dumps").join(dumps.pop().unwrap()), 40);
    remove(&folder.path().join("sled"));
    assert_eq!(loaded(folder.path()).failures, failures(1..2));
    opened(folder.path()).dump().unwrap();
    remove(&folder.path().join("sled"));
    assert_eq!(loaded(folder.path()).failures, failures(1..2));
}

#[test]
fn a_lost_database_without_a_dump_is_never_silently_empty() {
    let folder = tempfile::tempdir().unwrap();
    opened(folder.path()).commit(&put(1..9)).unwrap();
    remove(&folder.path().join("sled"));
    remove(&folder.path().join("journal"));
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, []);
    assert!(kept.notice.unwrap().contains("started empty"));
}

/// A dump of the first ten failures, and three commits of ten in the journal alone.
fn with_a_journal() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    store.commit(&put(0..10)).unwrap();
    store.dump().unwrap();
    for id in 1..4 {
        store.commit(&put(id * 10..id * 10 + 10)).unwrap();
    }
    folder
}

#[test]
fn a_lost_database_is_restored_from_dump_and_journal_and_nothing_is_lost() {
    let folder = with_a_journal();
    remove(&folder.path().join("sled"));
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, failures(0..40));
    let notice = kept.notice.unwrap();
    assert!(notice.contains("restored 10 records from"), "{notice}");
    assert!(notice.ends_with("and 3 later commits from its journal"), "{notice}");
    assert_eq!(loaded(folder.path()).notice, None);

    let folder = with_a_journal();
    remove(&folder.path().join("sled"));
    remove(&folder.path().join("dumps"));
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, failures(10..40));
    let notice = kept.notice.unwrap();
    assert!(
        notice.ends_with("restored 3 commits from its journal; anything else is lost"),
        "{notice}"
    );
}

#[test]
fn a_lost_journal_is_told() {
    let folder = with_a_journal();
    remove(&folder.path().join("journal"));
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, failures(0..10));
    let notice = kept.notice.unwrap();
    assert!(
        notice.ends_with("journal: commits are missing in it; 0 others are restored"),
        "{notice}"
    );
    assert_eq!(loaded(folder.path()).notice, None);
}

#[test]
fn a_damaged_journal_is_kept_aside_and_costs_what_is_damaged() {
    let folder = with_a_journal();
    let journal = folder.path().join("journal");
    let length = u32::from_be_bytes(*fs::read(&journal).unwrap().first_chunk().unwrap());
    flip(&journal, usize::try_from(length).unwrap() + 20);
    let damaged = fs::read(&journal).unwrap();
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, [failures(0..20), failures(30..40)].concat());
    let notice = kept.notice.unwrap();
    let (_, aside) = notice.split_once("kept as ").unwrap();
    let (aside, rest) = aside.split_once("; ").unwrap();
    assert_eq!((fs::read(aside).unwrap(), rest), (damaged, "2 others are restored"));
    assert_eq!(loaded(folder.path()).notice, None);
}

#[test]
fn a_start_that_is_interrupted_leaves_the_gap_to_be_found() {
    let folder = with_a_journal();
    flip(&folder.path().join("journal"), 50);
    let mut database = Database::open(&folder.path().join("sled")).unwrap();
    let identity = database.identity().unwrap();
    let late = Late::of(folder.path(), identity, Told::last(folder.path())).unwrap();
    late.write(&mut database).unwrap();
    drop(database);
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, [failures(0..10), failures(20..40)].concat());
    assert!(kept.notice.unwrap().contains("commits are missing"));
    assert_eq!(loaded(folder.path()).notice, None);
}

#[test]
fn bytes_that_flip_in_a_journal_that_is_needed_are_never_silent() {
    let original = with_a_journal();
    let mut told = 0;
    for place in (0..2_000).step_by(13) {
        let copied = tempfile::tempdir().unwrap();
        copy(original.path(), copied.path());
        flip(&copied.path().join("journal"), place);
        let kept = loaded(copied.path());
        assert!(kept.failures.starts_with(&failures(0..10)));
        assert!(kept.failures.len() == 40 || kept.notice.is_some(), "at {place}");
        told += usize::from(kept.notice.is_some());
    }
    assert!(told > 50, "{told}");
}

#[test]
fn a_database_without_the_files_beside_it_keeps_what_it_has() {
    let folder = with_a_journal();
    for lost in ["identity", "told"] {
        remove(&folder.path().join(lost));
    }
    let kept = loaded(folder.path());
    assert_eq!((kept.failures, kept.notice), (failures(0..40), None));
}

#[test]
fn without_a_journal_everything_goes_to_the_database_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let mut store = opened(folder.path());
    store.commit(&put(0..1)).unwrap();
    remove(&journal);
    fs::create_dir(&journal).unwrap();
    settle(&mut *store);
    store.commit(&put(1..5)).unwrap();
    drop(store);
    let kept = loaded(folder.path());
    assert_eq!((kept.failures, kept.notice), (failures(0..5), None));
}

fn remove(path: &Path) {
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        fs::remove_file(path).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    for file in files_in(from) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from.join(&file), target).unwrap();
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    everything_in(folder).into_keys().collect()
}
