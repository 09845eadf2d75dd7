//! What outlives the daemon: failures that count, the access log, and notes.
//!
//! [`sled()`] or [`nowhere`] opens it; a [`Committer`] then makes all writes from a thread of its
//! own and tells whoever waits once they are durable.

mod ballast;
mod committer;
mod copies;
mod database;
mod dumps;
mod error;
mod files;
mod found;
mod identity;
mod inbox;
mod journal;
mod mirror;
mod note;
#[doc(hidden)]
pub mod raw;
mod record;
mod rescue;
mod secret;
mod sled;
mod sum;
#[cfg(test)]
mod tests;
mod told;

use std::path::Path;
use std::time::Duration;

use axes_policy::attempt::{Attempt, Failure};
use axes_policy::note::{Note, NoteKey};

pub use committer::{Alarm, Committed, Committer};
pub use copies::{Dumping, Reading};
pub use dumps::{Dumped, Snapshot};
pub use error::StoreError;
pub use secret::{Secret, passing_secret, secret};

/// A place that keeps what [`Change`]s say.
pub trait Store: Send {
    /// All that is kept; called once, at the start.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] that reading can meet.
    fn load(&mut self) -> Result<Kept, StoreError>;

    /// Durable when this returns `Ok`.
    ///
    /// What could not be written is remembered and goes first into the next commit; an empty
    /// slice of changes is a try to write it.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] that writing can meet.
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// A dump in which nothing stands yet; `None` where nothing is kept.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] that reading can meet.
    fn snapshot(&mut self) -> Result<Option<Snapshot>, StoreError>;

    /// Reads some more records into a dump; takes some milliseconds at the most.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] that reading can meet.
    fn read_on(&mut self, _: &mut Snapshot) -> Result<Reading, StoreError> {
        Ok(Reading::Whole)
    }

    /// Writes a copy of everything beside the database, from which a damaged one is restored.
    ///
    /// # Errors
    ///
    /// Any [`StoreError`] that reading or writing can meet.
    fn dump(&mut self) -> Result<Option<Dumped>, StoreError> {
        let Some(mut snapshot) = self.snapshot()? else { return Ok(None) };
        while self.read_on(&mut snapshot)? == Reading::More {}
        snapshot.write().map(Some)
    }

    /// How long ago that was; for ever where there is no dump but should be one.
    fn dump_age(&self) -> Duration;

    /// As `handler` names it in the configuration.
    fn name(&self) -> &'static str;
}

/// What a store kept while the daemon was away.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// By rising number.
    pub failures: Vec<Failure>,
    /// By rising number, which is the order in which they ended.
    pub attempts: Vec<(u64, Attempt)>,
    /// In no order.
    pub notes: Vec<Note>,
    /// What the administrator should know, such as a restored dump.
    pub notice: Option<String>,
}

/// One change of what is kept. Changes can be repeated without harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Keeps a failure in place of an older state of it.
    PutFailure(Failure),
    /// No counter holds this failure any more.
    ForgetFailure(u64),
    /// Keeps a note in place of an older one of the same key.
    Remember(Note),
    /// The note of this key is not needed any more.
    Drop(NoteKey),
    /// Keeps an attempt under this number.
    PutAttempt(u64, Attempt),
    /// The attempt left the access log.
    ForgetAttempt(u64),
}

/// An embedded database in a folder.
///
/// # Errors
///
/// A [`StoreError`] when the folder is in use, of a newer version or out of reach. Damage is no
/// error: what can be restored is, and [`Kept::notice`] says so.
pub fn sled(path: &Path) -> Result<Box<dyn Store>, StoreError> {
    Ok(Box::new(sled::Sled::open(path)?))
}

/// A store that keeps nothing, under the name that the configuration gives it.
#[must_use]
pub fn nowhere(name: &'static str) -> Box<dyn Store> {
    Box::new(Nowhere(name))
}

struct Nowhere(&'static str);

impl Store for Nowhere {
    fn load(&mut self) -> Result<Kept, StoreError> {
        Ok(Kept::default())
    }

    fn commit(&mut self, _: &[Change]) -> Result<(), StoreError> {
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Option<Snapshot>, StoreError> {
        Ok(None)
    }

    fn dump_age(&self) -> Duration {
        Duration::ZERO
    }

    fn name(&self) -> &'static str {
        self.0
    }
}
