//! Which database this is, and how far it got: told twice, in it and beside it.
//!
//! sled opens empty, or at an earlier state, without an error when its files were cut or deleted,
//! or when a single bit of them flipped: all that was written after that is gone, as if it never
//! was. The small file beside it knows better, and so do the bytes that sled does not read any
//! more: each batch says what had been acknowledged before it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::record::{seal, unseal};
use super::{StoreError, files};

/// Its key in the database; no record has a key of this length.
pub(super) const KEY: &[u8] = b"meta";

/// The key of what had been acknowledged.
pub(super) const TOLD: &[u8] = b"told";

const FILE: &str = "identity";
/// Read at once while bytes are searched.
const CHUNK: usize = 1 << 20;
/// Before the uuid: version and sum. From the uuid on: at most ten bytes of generation follow.
const HEAD: usize = 5;
const LONGEST: usize = 16 + 10;

/// Told in every batch, and in the file with every dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// Chosen at random when the first database was made.
    pub(super) uuid: [u8; 16],
    /// Rises with every batch.
    pub(super) generation: u64,
}

impl Identity {
    /// A database that never was.
    pub(super) fn random() -> Result<Self, StoreError> {
        let mut uuid = [0; 16];
        getrandom::fill(&mut uuid)
            .map_err(|error| StoreError::io(Path::new("getrandom"))(error.into()))?;
        Ok(Self { uuid, generation: 0 })
    }

    /// After the next batch.
    pub(super) const fn next(self) -> Self {
        Self { uuid: self.uuid, generation: self.generation.saturating_add(1) }
    }

    /// Whether this is the same database at the same point or later.
    pub(super) fn continues(self, earlier: Self) -> bool {
        self.uuid == earlier.uuid && self.generation >= earlier.generation
    }

    /// The latest that was acknowledged of this very database, as the bytes of a file say.
    pub(super) fn last_told(self, path: &Path) -> Result<Self, StoreError> {
        let mut file = File::open(path).map_err(StoreError::io(path))?;
        let finder = memmem::Finder::new(&self.uuid);
        let (mut latest, mut bytes) = (self, Vec::new());
        loop {
            let read = file.by_ref().take(CHUNK as u64).read_to_end(&mut bytes);
            if read.map_err(StoreError::io(path))? == 0 {
                return Ok(latest);
            }
            for place in finder.find_iter(&bytes) {
                latest.generation = latest.generation.max(told_at(&bytes, place).unwrap_or(0));
            }
            // One may begin in this chunk and end in the next.
            let rest = bytes.len().saturating_sub(HEAD + LONGEST);
            bytes.drain(..rest);
        }
    }

    /// What the file says.
    pub(super) fn read(store: &Path) -> Result<Option<Self>, StoreError> {
        let path = store.join(FILE);
        match files::read(&path)? {
            Some(bytes) => unseal(KEY, &bytes).map(Some).map_err(|fault| fault.at(&path)),
            None => Ok(None),
        }
    }

    /// Replaces the file.
    pub(super) fn write(self, store: &Path) -> Result<(), StoreError> {
        files::replace(&store.join(FILE), &seal(KEY, &self))
    }
}

/// The generation in what was sealed under [`TOLD`] around this place of a uuid.
fn told_at(bytes: &[u8], uuid: usize) -> Option<u64> {
    let bytes = bytes.get(uuid.checked_sub(HEAD)?..)?;
    // Where a number ends, its bytes say; whether it was one, the sum says.
    (HEAD + 17..=HEAD + LONGEST).find_map(|end| {
        let told: Identity = unseal(TOLD, bytes.get(..end)?).ok()?;
        Some(told.generation)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_last_is_found_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let id = Identity::random().unwrap();
        let told = |generation| seal(TOLD, &Identity { generation, ..id });
        for place in [0, 5, CHUNK - 30, CHUNK - 10, CHUNK, 3 * CHUNK] {
            let mut bytes = vec![7; place];
            bytes.extend(told(300));
            bytes.extend(told(70_000));
            bytes.extend(told(2));
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(id.last_told(&path).unwrap().generation, 70_000, "{place}");
        }
    }

    #[test]
    fn what_is_damaged_of_another_database_or_something_else_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let id = Identity { generation: 4, ..Identity::random().unwrap() };
        let later = Identity { generation: 9, ..id };
        let mut damaged = seal(TOLD, &later);
        *damaged.last_mut().unwrap() ^= 1;
        let other = Identity { generation: 9, ..Identity::random().unwrap() };
        for bytes in [damaged, seal(KEY, &later), seal(TOLD, &other), id.uuid.to_vec(), vec![]] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(id.last_told(&path).unwrap(), id);
        }
    }
}
