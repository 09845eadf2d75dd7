//! The durable store: a sled database that is never believed blindly.
//!
//! ```text
//! sled/       the database                      (database.rs)
//! journal     what it does not have yet         (journal.rs)
//! identity    which database that is            (identity.rs)
//! told        what was acknowledged last        (told.rs)
//! dumps/      copies to restore it from         (dumps.rs, rescue.rs)
//! ballast     space to open it on a full disk   (ballast.rs)
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::Flock;

use super::database::Database;
use super::found::Found;
use super::identity::Identity;
use super::journal::{Commit, Entries, Journal};
use super::record::entry;
use super::rescue::FOLDER;
use super::told::{Told, Word};
use super::{Change, Kept, Reading, Snapshot, Store, StoreError, ballast, dumps, files};

/// Changes that wait for a disk that takes no writes; more push out history, oldest first, then
/// failures, oldest first.
const MAX_PENDING: usize = 100_000;
/// Records that a commit waits for while a dump is read; some milliseconds.
const SLICE: usize = 1000;
const REOPEN_EVERY: Duration = Duration::from_secs(1);

/// The store in a folder that this process holds alone.
pub(super) struct Sled {
    path: PathBuf,
    _claim: Flock<File>,
    /// `None` after an error, until it could be opened again.
    database: Option<Database>,
    /// As of the last durable change.
    identity: Identity,
    /// As of the last one that the database has.
    written: Identity,
    journal: Journal,
    told: Told,
    /// What is not durable yet; a later change replaces an earlier one.
    pending: Entries,
    trouble: Option<(Instant, String)>,
    /// Until it is loaded.
    kept: Kept,
}

impl Sled {
    /// Opens what is there, restores what is damaged, begins where nothing is.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        files::make_folder(path)?;
        let claim = files::claim(path)?;
        ballast::make_room(path);
        let found = Found::whole_or_restored(path)?;
        ballast::lay(path);
        // Under the format of this release: an older one sees at once that it is not for it. A
        // full disk takes it another time.
        let _ = found.identity.write(path);
        let mut store = Self {
            path: path.to_owned(),
            _claim: claim,
            database: Some(found.database),
            identity: found.identity,
            written: found.identity,
            journal: Journal::begun(path),
            told: Told::open(path),
            pending: Entries::new(),
            trouble: None,
            kept: found.kept,
        };
        store.tell();
        Ok(store)
    }

    fn commit_part(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.remember(changes);
        if self.pending.is_empty() {
            return Ok(());
        }
        let is_noted = self.note_pending();
        if is_noted { Ok(()) } else { self.settle() }
    }

    fn remember(&mut self, changes: &[Change]) {
        self.pending.extend(changes.iter().map(entry));
        while self.pending.len() > MAX_PENDING {
            self.pending.pop_first();
        }
    }

    /// Writes to the journal, if that takes it.
    fn note_pending(&mut self) -> bool {
        let identity = self.identity.next();
        let entries = std::mem::take(&mut self.pending);
        if let Err(entries) = self.journal.append(Commit { identity, entries }) {
            self.pending = entries;
            return false;
        }
        self.identity = identity;
        self.tell();
        true
    }

    /// So much is durable now.
    fn tell(&mut self) {
        let written = self.written.generation;
        self.told.note(Word { acknowledged: self.identity, written });
    }

    /// Gives the database what it does not have.
    fn settle(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() && self.written == self.identity {
            return Ok(());
        }
        self.pause()?;
        self.write_all()
            .inspect_err(|error| self.trouble = Some((Instant::now(), error.to_string())))
    }

    fn write_all(&mut self) -> Result<(), StoreError> {
        let mut database = match self.database.take() {
            Some(database) => database,
            None => self.reopen()?,
        };
        let mut identity = self.identity;
        if !self.pending.is_empty() {
            // A write may get to the disk even where it fails: what journal and database have under
            // one identity must be the same. The next one is what the journal may have tried.
            identity = identity.next().next();
            self.journal.close();
        }
        let changes: BTreeMap<_, _> = self.journal.entries().iter().chain(&self.pending).collect();
        database.write(changes.into_iter(), identity)?;
        self.database = Some(database);
        (self.identity, self.written) = (identity, identity);
        self.tell();
        self.pending.clear();
        self.journal.begin_again();
        self.trouble = None;
        ballast::lay(&self.path);
        Ok(())
    }

    fn reopen(&mut self) -> Result<Database, StoreError> {
        ballast::make_room(&self.path);
        let database = Database::open(&self.path.join(FOLDER))?;
        database.continues(self.written)?;
        Ok(database)
    }

    /// Quickly, while there is no sense in trying.
    fn pause(&self) -> Result<(), StoreError> {
        match &self.trouble {
            Some((since, _)) if since.elapsed() < REOPEN_EVERY => Err(self.down()),
            _ => Ok(()),
        }
    }

    fn down(&self) -> StoreError {
        let why = self.trouble.as_ref().map(|(_, why)| why.clone());
        StoreError::Down(why.unwrap_or_default())
    }
}

impl Store for Sled {
    fn load(&mut self) -> Result<Kept, StoreError> {
        Ok(std::mem::take(&mut self.kept))
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        // No more at once than can be remembered when it fails. What one part could not write
        // the next one tries again, so that the last one knows about all of it.
        let mut parts = changes.chunks(MAX_PENDING / 4);
        let mut written = self.commit_part(parts.next().unwrap_or_default());
        for part in parts {
            written = self.commit_part(part);
        }
        written
    }

    fn snapshot(&mut self) -> Result<Option<Snapshot>, StoreError> {
        self.settle()?;
        Ok(Some(Snapshot::new(&self.path, self.identity)))
    }

    fn read_on(&mut self, snapshot: &mut Snapshot) -> Result<Reading, StoreError> {
        let database = self.database.as_ref().ok_or_else(|| self.down())?;
        let records = database.records_after(snapshot.last(), SLICE)?;
        let more = records.len() == SLICE;
        snapshot.extend(records);
        Ok(if more { Reading::More } else { Reading::Whole })
    }

    fn dump_age(&self) -> Duration {
        dumps::age(&self.path)
    }

    fn name(&self) -> &'static str {
        "sled"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::support::{attempt, failures, put};

    #[test]
    fn more_changes_at_once_than_can_be_remembered_are_all_written() {
        let folder = tempfile::tempdir().unwrap();
        let max = u64::try_from(MAX_PENDING).unwrap();
        let mut store = Sled::open(folder.path()).unwrap();
        store.commit(&put(0..max + 50)).unwrap();
        drop(store);
        let kept = Sled::open(folder.path()).unwrap().load().unwrap();
        assert_eq!(kept.failures.len(), MAX_PENDING + 50);
    }

    fn break_sync(store: &mut Sled) {
        store.database.as_mut().unwrap().break_sync();
    }

    #[test]
    fn what_comes_after_a_sync_that_failed_is_not_taken_for_what_came_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Sled::open(folder.path()).unwrap();
        store.commit(&put(1..2)).unwrap();
        break_sync(&mut store);
        store.settle().unwrap_err();
        store.commit(&put(2..3)).unwrap();
        drop(store);
        let kept = Sled::open(folder.path()).unwrap().load().unwrap();
        assert_eq!((kept.failures, kept.notice), (failures(1..3), None));
    }

    #[test]
    fn what_a_failed_sync_left_behind_is_replaced_by_what_is_acknowledged_later() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Sled::open(folder.path()).unwrap();
        break_sync(&mut store);
        let many = 0..10_000;
        store.commit(&put(many.clone())).unwrap_err();
        let none: Vec<_> = many.map(Change::ForgetFailure).collect();
        if store.commit(&none).is_err() {
            std::thread::sleep(REOPEN_EVERY);
            store.commit(&[]).unwrap();
        }
        drop(store);
        let kept = Sled::open(folder.path()).unwrap().load().unwrap();
        assert_eq!((kept.failures, kept.notice), (vec![], None));
    }

    #[test]
    fn a_disk_that_is_away_for_long_costs_history_before_it_costs_failures() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Sled::open(folder.path()).unwrap();
        let max = u64::try_from(MAX_PENDING).unwrap();
        store.remember(&put(0..max));
        store.remember(&[Change::PutAttempt(1, attempt(1))]);
        store.remember(&put(max..max + 1));
        assert_eq!(store.pending.len(), MAX_PENDING);
        let (first, _) = store.pending.pop_first().unwrap();
        assert_eq!(first, entry(&Change::ForgetFailure(1)).0);
    }
}
