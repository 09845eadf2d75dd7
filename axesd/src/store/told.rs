//! What was acknowledged last, and what of it the database has, in a file that is written with every
//! commit and never synced.
//!
//! It says nothing that is not on disk, and is no promise itself: after a power cut it may say
//! less. But after a kill, and where bits flipped or a file was cut, it shows what is missing.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::files;
use super::identity::Identity;
use super::record::{seal, unseal};

const FILE: &str = "told";
/// Bound into the checksum.
const KEY: &[u8] = b"told";

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Word {
    /// Of the last commit that was acknowledged.
    pub(super) acknowledged: Identity,
    /// The generation that the database had reached.
    pub(super) written: u64,
}

/// The file, as long as it can be written to.
pub(super) struct Told(Option<File>);

impl Told {
    /// Opens the file; without one the database tells of itself alone.
    pub(super) fn open(store: &Path) -> Self {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        Self(options.open(store.join(FILE)).ok())
    }

    /// From now on this much is acknowledged.
    pub(super) fn note(&mut self, word: Word) {
        let bytes = seal(KEY, &word);
        let length = bytes.len() as u64;
        // In place, so that it needs no space.
        self.0.take_if(|file| {
            file.write_all_at(&bytes, 0).and_then(|()| file.set_len(length)).is_err()
        });
    }

    /// What the file says, where it is whole.
    pub(super) fn last(store: &Path) -> Option<Word> {
        let bytes = files::read(&store.join(FILE)).ok()??;
        unseal(KEY, &bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts_and_what_is_damaged_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Told::last(folder.path()), None);
        let id = Identity::random().unwrap();
        let mut told = Told::open(folder.path());
        for generation in [70_000, 3, 300] {
            let word = Word { acknowledged: Identity { generation, ..id }, written: 2 };
            told.note(word);
            assert_eq!(Told::last(folder.path()), Some(word));
        }
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[7] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(Told::last(folder.path()), None);
    }
}
