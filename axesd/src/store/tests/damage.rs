use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::support::*;
use crate::store::Kept;

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
fn what_sled_drops_after_a_bit_that_flipped_is_told_and_the_rest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = opened(folder.path());
    store.dump().unwrap();
    for id in 0..200 {
        store.commit(&put(id..id + 1)).unwrap();
    }
    drop(store);
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
            // What was written last of all nobody tells of.
            assert!(count >= 199, "{count} are left, and nothing is said, at {place}");
        }
        left = left.max(count.min(198));
        assert_eq!(loaded(copied.path()).notice, None);
    }
    assert!(told > 20 && left > 100, "{told} told, {left} left at the most");
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
    let kept = loaded(folder.path());
    assert_eq!(kept.failures, []);
    assert!(kept.notice.unwrap().contains("started empty"));
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
