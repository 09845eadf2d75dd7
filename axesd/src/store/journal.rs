//! The latest changes, durable before the database has them: one write, synced where it is made.
//!
//! ```text
//! u32 big endian   length of what follows
//! ...              the changes of one commit, sealed as records are (record.rs)
//! ```
//!
//! sled takes several threads and two waits for the disk to make one change durable. So a change
//! is acknowledged once it stands here, and goes into the database with many others: when there is
//! no more room, before a dump, and at the next start. Then the journal begins again; what still
//! stands in it is older than the database, and says so.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::record::{Fault, seal, unseal};
use super::{StoreError, files};

pub(super) const FILE: &str = "journal";
/// Bound into the checksum.
const KEY: &[u8] = b"journal";
/// A thousand failures or so, which the database takes in some milliseconds.
const SIZE: usize = 256 << 10;
/// Of the length.
const HEAD: usize = 4;

/// What is changed, by key; no value removes the key.
pub(super) type Entries = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The file, and what was written to it since it began.
pub(super) struct Journal {
    store: PathBuf,
    /// `None` where it cannot be written to, until it begins again.
    file: Option<File>,
    /// Where the next commit goes.
    end: usize,
    entries: Entries,
}

/// One commit, as it stands in the file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Commit {
    /// Of the database that has it.
    pub(super) identity: Identity,
    pub(super) entries: Entries,
}

impl Journal {
    /// Nothing is in it that the database does not have.
    pub(super) fn begun(store: &Path) -> Self {
        let mut journal =
            Self { store: store.to_owned(), file: None, end: 0, entries: Entries::new() };
        journal.begin_again();
        // What could not be read this time must not be found another time.
        let erase = |file: &File| file.write_all_at(&vec![0; SIZE], 0);
        journal.file.take_if(|file| erase(file).is_err());
        journal
    }

    /// The database has everything.
    pub(super) fn begin_again(&mut self) {
        // Without a journal the database is written to at once.
        self.file = opened(&self.store).ok();
        self.end = 0;
        self.entries.clear();
    }

    /// Takes nothing until it begins again.
    pub(super) fn close(&mut self) {
        self.file = None;
    }

    /// What the database does not have yet.
    pub(super) const fn entries(&self) -> &Entries {
        &self.entries
    }

    /// Makes a commit durable; gives it back where there is no room for it, or no journal.
    pub(super) fn append(&mut self, commit: Commit) -> Result<(), Entries> {
        match self.write(&commit) {
            Some(()) => {
                self.entries.extend(commit.entries);
                Ok(())
            }
            None => Err(commit.entries),
        }
    }

    fn write(&mut self, commit: &Commit) -> Option<()> {
        let file = self.file.as_ref()?;
        let bytes = framed(commit)?;
        let end = self.end.checked_add(bytes.len()).filter(|end| *end <= SIZE)?;
        if file.write_all_at(&bytes, self.end as u64).is_err() {
            self.close();
            return None;
        }
        self.end = end;
        Some(())
    }
}

/// The commits in the file of a store that come after this identity; without one, all there are.
///
/// # Errors
///
/// [`StoreError::Newer`] and [`StoreError::Io`].
pub(super) fn later(store: &Path, than: Option<Identity>) -> Result<Vec<Commit>, StoreError> {
    let mut commits = read(store)?;
    commits.retain(|Commit { identity, .. }| {
        than.is_none_or(|than| identity.continues(than) && *identity != than)
    });
    // Those of before it began again stand behind newer ones.
    commits.sort_by_key(|commit| commit.identity.generation);
    Ok(commits)
}

/// How far commits go on from an identity, up to the first gap.
pub(super) fn reach(from: Identity, commits: &[Commit]) -> Identity {
    commits.iter().fold(from, |reached, commit| {
        if commit.identity == reached.next() { commit.identity } else { reached }
    })
}

/// All changes of some commits, the last of each key.
pub(super) fn merged(commits: &[Commit]) -> Entries {
    commits.iter().flat_map(|commit| commit.entries.clone()).collect()
}

/// Every commit in the file that is whole.
fn read(store: &Path) -> Result<Vec<Commit>, StoreError> {
    let path = store.join(FILE);
    let file = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.map_err(StoreError::io(&path))?,
    };
    let mut bytes = Vec::new();
    // What a bad disk does not give is as good as damaged.
    let _ = file.take(SIZE as u64).read_to_end(&mut bytes);
    parse(&bytes).map_err(|fault| fault.at(&path))
}

/// Goes past what is damaged, as long as there is a length to go by.
pub(super) fn parse(mut bytes: &[u8]) -> Result<Vec<Commit>, Fault> {
    let mut commits = Vec::new();
    while let Some((sealed, rest)) = split(bytes) {
        match unseal(KEY, sealed) {
            Ok(commit) => commits.push(commit),
            Err(Fault::Damaged) => {}
            Err(newer @ Fault::Newer(_)) => return Err(newer),
        }
        bytes = rest;
    }
    Ok(commits)
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<HEAD>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length).filter(|(sealed, _)| !sealed.is_empty())
}

pub(super) fn framed(commit: &Commit) -> Option<Vec<u8>> {
    let sealed = seal(KEY, commit);
    let length = u32::try_from(sealed.len()).ok()?;
    Some([&length.to_be_bytes(), &*sealed].concat())
}

/// The file, of which all space is there: a commit that needs none is through sooner, and goes
/// onto a full disk.
fn opened(store: &Path) -> Result<File, StoreError> {
    let path = store.join(FILE);
    if path.metadata().ok().is_none_or(|metadata| metadata.len() != SIZE as u64) {
        files::replace(&path, &[&vec![0; SIZE]])?;
    }
    let mut options = OpenOptions::new();
    // Each write comes back when it is on the disk.
    options
        .write(true)
        .custom_flags(OFlag::O_DSYNC.bits())
        .open(&path)
        .map_err(StoreError::io(&path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::store::record::{checksum, entry};
    use crate::store::tests::support::put;

    struct Desk {
        folder: TempDir,
        journal: Journal,
        /// Of what was written last.
        identity: Identity,
    }

    impl Desk {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let journal = Journal::begun(folder.path());
            Self { folder, journal, identity: Identity::random().unwrap() }
        }

        /// The next commit.
        fn next(&mut self) -> Commit {
            self.identity = self.identity.next();
            let id = self.identity.generation;
            commit(self.identity, id..id + 1)
        }

        fn append(&mut self, count: usize) {
            for _ in 0..count {
                let commit = self.next();
                self.journal.append(commit).unwrap();
            }
        }

        fn at(&self, generation: u64) -> Identity {
            Identity { generation, ..self.identity }
        }

        fn commits(&self, than: Option<Identity>) -> Vec<Commit> {
            later(self.folder.path(), than).unwrap()
        }

        fn after(&self, generation: u64) -> Vec<u64> {
            generations(&self.commits(Some(self.at(generation))))
        }

        fn all(&self) -> Vec<u64> {
            generations(&self.commits(None))
        }

        fn change(&self, change: impl FnOnce(&mut Vec<u8>)) {
            let path = self.folder.path().join(FILE);
            let mut bytes = fs::read(&path).unwrap();
            change(&mut bytes);
            fs::write(path, bytes).unwrap();
        }
    }

    fn commit(identity: Identity, ids: std::ops::Range<u64>) -> Commit {
        Commit { identity, entries: put(ids).iter().map(entry).collect() }
    }

    fn generations(commits: &[Commit]) -> Vec<u64> {
        commits.iter().map(|commit| commit.identity.generation).collect()
    }

    #[test]
    fn what_was_written_is_found_after_what_the_database_has() {
        let mut desk = Desk::new();
        desk.append(5);
        assert_eq!(desk.after(0), [1, 2, 3, 4, 5]);
        assert_eq!(desk.after(3), [4, 5]);
        assert_eq!(desk.after(5), [0; 0]);
        let found = desk.commits(Some(desk.at(0)));
        assert_eq!(found[2], commit(desk.at(3), 3..4));
        assert_eq!(reach(desk.at(0), &found), desk.at(5));
        assert_eq!(desk.journal.entries().clone(), merged(&found));
        assert_eq!(desk.commits(Some(Identity::random().unwrap())), []);
    }

    #[test]
    fn the_last_change_of_a_key_counts() {
        let identity = Identity::random().unwrap();
        let (put, removed) = (commit(identity, 1..3), commit(identity.next(), 1..2));
        let key = removed.entries.keys().next().unwrap().clone();
        let removed = Commit { entries: [(key.clone(), None)].into(), ..removed };
        let merged = merged(&[put, removed]);
        assert_eq!((merged.len(), &merged[&key]), (2, &None));
    }

    #[test]
    fn there_is_room_for_hundreds_and_then_for_none_until_it_begins_again() {
        let mut desk = Desk::new();
        let full = (1..)
            .find(|_| {
                let commit = desk.next();
                desk.journal.append(commit).is_err()
            })
            .unwrap();
        assert!((500..5000).contains(&full), "{full}");
        let refused = commit(desk.identity.next(), 1..100);
        assert_eq!(desk.journal.append(commit(refused.identity, 1..100)), Err(refused.entries));
        assert_eq!(fs::metadata(desk.folder.path().join(FILE)).unwrap().len(), SIZE as u64);
        desk.journal.begin_again();
        assert!(desk.journal.entries().is_empty());
        let first = desk.identity.generation;
        desk.append(2);
        assert_eq!(desk.after(first), [first + 1, first + 2]);
    }

    #[test]
    fn what_stands_behind_a_new_beginning_is_older() {
        let mut desk = Desk::new();
        desk.append(4);
        desk.journal.begin_again();
        desk.append(2);
        assert_eq!(desk.all(), [3, 4, 5, 6]);
        assert_eq!(desk.after(4), [5, 6]);
    }

    #[test]
    fn a_start_leaves_nothing_that_could_be_found_another_time() {
        let mut desk = Desk::new();
        desk.append(4);
        desk.journal = Journal::begun(desk.folder.path());
        assert_eq!(desk.all(), [0; 0]);
        desk.append(1);
        assert_eq!(desk.all(), [5]);
    }

    #[test]
    fn a_closed_one_takes_nothing_until_it_begins_again() {
        let mut desk = Desk::new();
        desk.journal.close();
        let commit = desk.next();
        assert!(desk.journal.append(commit).is_err());
        desk.journal.begin_again();
        desk.append(1);
        assert_eq!(desk.all(), [2]);
    }

    #[test]
    fn a_commit_that_is_missing_is_noticed_and_the_others_are_left() {
        let mut desk = Desk::new();
        desk.append(4);
        let length = framed(&commit(desk.at(1), 1..2)).unwrap().len();
        desk.change(|bytes| bytes[length + 20] ^= 1);
        assert_eq!(desk.all(), [1, 3, 4]);
        let reached = |from| reach(desk.at(from), &desk.commits(Some(desk.at(from)))).generation;
        assert_eq!((reached(0), reached(1), reached(2)), (1, 1, 4));
    }

    #[test]
    fn bits_that_flip_and_cuts_make_nothing_up() {
        let mut desk = Desk::new();
        desk.append(3);
        let written = later(desk.folder.path(), None).unwrap();
        let bytes: Vec<_> = written.iter().flat_map(|commit| framed(commit).unwrap()).collect();
        let check = |bytes: &[u8]| {
            let found = parse(bytes).unwrap();
            assert!(found.len() < 3 && found.iter().all(|commit| written.contains(commit)));
            found.len()
        };
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1 << bit;
                let left = check(&damaged);
                let is_length = place % (bytes.len() / 3) < HEAD;
                assert!(left == 2 || is_length, "{left} are left after {place}");
            }
            check(&bytes[..place]);
        }
    }

    #[test]
    fn a_longer_file_is_read_as_far_as_a_journal_goes() {
        let mut desk = Desk::new();
        desk.append(1);
        let next = framed(&desk.next()).unwrap();
        desk.change(|bytes| bytes.extend(next));
        assert_eq!(desk.all(), [1]);
        desk.journal.begin_again();
        assert_eq!(fs::metadata(desk.folder.path().join(FILE)).unwrap().len(), SIZE as u64);
    }

    #[test]
    fn a_commit_of_a_newer_release_is_no_damage() {
        let payload = b"unknown";
        let head = [&[9][..], &checksum(9, KEY, &[payload]).to_be_bytes()].concat();
        let bytes = [&[0, 0, 0, 12][..], &head, payload].concat();
        assert_eq!(parse(&bytes), Err(Fault::Newer(9)));
    }

    #[test]
    fn without_a_file_nothing_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FILE)).unwrap();
        let mut journal = Journal::begun(folder.path());
        let commit = commit(Identity::random().unwrap(), 1..2);
        let entries = commit.entries.clone();
        assert_eq!(journal.append(commit), Err(entries));
        assert_eq!(later(folder.path(), None).unwrap(), []);
    }
}
