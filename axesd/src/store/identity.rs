//! Which database this is, and how far it got: told in it and beside it.
//!
//! sled opens empty, or at an earlier state, without an error when its files were cut or deleted,
//! or when a single bit of them flipped: all that was written after that is gone, as if it never
//! was. The small file beside it knows better, and so does the one of `told.rs`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::{seal, unseal};
use super::{StoreError, files};

/// Its key in the database; no record has a key of this length.
pub(super) const KEY: &[u8] = b"meta";

const FILE: &str = "identity";

/// Told with every commit, and in the file with every dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// Chosen at random when the first database was made.
    pub(super) uuid: [u8; 16],
    /// Rises with every commit.
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

    /// After the next commit.
    pub(super) const fn next(self) -> Self {
        Self { uuid: self.uuid, generation: self.generation.saturating_add(1) }
    }

    /// Whether this is the same database at the same point or later.
    pub(super) fn continues(self, earlier: Self) -> bool {
        self.uuid == earlier.uuid && self.generation >= earlier.generation
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
        files::replace(&store.join(FILE), &[&seal(KEY, &self)])
    }
}
