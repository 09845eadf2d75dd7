//! One open sled database: the only file that calls into sled.
//!
//! sled 0.34 panics on most kinds of damage, and its `flush` hands bytes to the kernel without
//! an fsync. So every call is guarded, and every write ends in a sync of our own.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::iter::Peekable;
use std::ops::Bound;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use sled::{Batch, Config, Db, IVec};

use super::identity::{self, Identity};
use super::record::{FAILURE, Fault, halfway, seal, unseal};
use super::sum::{self, Sum};
use super::{StoreError, files};

/// A key and its value, or none where it is removed.
type Entry<'a> = (&'a Vec<u8>, &'a Option<Vec<u8>>);

/// Key and value as they stand in the database.
pub(super) type Record = (IVec, IVec);

/// Changes between two syncs. sled overwrites a segment once what replaces it stands elsewhere, but
/// does not sync that: after a power cut there would be neither, if more than a segment were written
/// in between. Besides, it never gives back the memory of large batches.
const BATCH: usize = 48;
const CACHE: u64 = 16 << 20;

/// An open database.
pub(super) struct Database {
    folder: PathBuf,
    /// `None` only while it is dropped.
    db: Option<Db>,
    /// For syncs that sled does not make.
    file: File,
    /// Of all records, as the last batch says; `None` where none says so yet.
    sum: Option<Sum>,
}

impl Database {
    /// Opens the database in a folder, or makes one.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        let file = folder.join("db");
        await_release(&file)?;
        remove_half_written(folder)?;
        let config = Config::new().path(folder).cache_capacity(CACHE).flush_every_ms(None);
        let db = guarded(folder, || config.open())?;
        for path in [&folder.join("conf"), &file, &folder.join("blobs"), folder] {
            files::sync(path)?;
        }
        files::sync(files::parent(folder))?;
        let file = File::open(&file).map_err(StoreError::io(&file))?;
        let mut database = Self { folder: folder.to_owned(), db: Some(db), file, sum: None };
        database.sum = database.told_sum()?;
        Ok(database)
    }

    fn told_sum(&self) -> Result<Option<Sum>, StoreError> {
        let (told, empty) = self.call(|db| Ok((db.get(sum::KEY)?, db.is_empty())))?;
        match told {
            Some(sealed) => {
                unseal(sum::KEY, &sealed).map(Some).map_err(|fault| fault.at(&self.folder))
            }
            None => Ok(empty.then(Sum::default)),
        }
    }

    /// The first records after a key, but for its identity.
    pub(super) fn records_after(&self, key: &[u8], most: usize) -> Result<Vec<Record>, StoreError> {
        self.call(|db| {
            db.range::<&[u8], _>((Bound::Excluded(key), Bound::Unbounded))
                .filter(|record| !matches!(record, Ok((key, _)) if is_own(key)))
                .take(most)
                .collect()
        })
    }

    /// Goes through all its records, those before the middle and the others at the same time, and
    /// checks that they are all, as they were written.
    pub(super) fn read<T: Default + Send>(
        &mut self,
        each: impl Fn(&mut T, &[u8], &[u8]) -> Result<(), Fault> + Sync,
    ) -> Result<[T; 2], StoreError> {
        let middle = self.middle()?;
        let (first, second) = thread::scope(|scope| {
            let second = || self.part((Bound::Included(&*middle), Bound::Unbounded), &each);
            let second = thread::Builder::new().spawn_scoped(scope, second);
            let second = second.map_err(StoreError::io(&self.folder))?;
            let first = self.part((Bound::Unbounded, Bound::Excluded(&*middle)), &each)?;
            let second = second.join().map_err(|_| StoreError::Closed)??;
            Ok::<_, StoreError>((first, second))
        })?;
        let sum = first.1.and(second.1);
        match self.sum.replace(sum) {
            Some(told) if told != sum => {
                Err(StoreError::damaged(&self.folder, "records of it are missing"))
            }
            _ => Ok([first.0, second.0]),
        }
    }

    /// A key that about as many records come before as after.
    fn middle(&self) -> Result<Vec<u8>, StoreError> {
        let ends = self.call(|db| {
            let mut failures = db.scan_prefix([FAILURE]).keys();
            Ok((failures.next().transpose()?, failures.next_back().transpose()?))
        })?;
        Ok(match ends {
            (Some(first), Some(last)) => halfway(&first, &last),
            _ => vec![FAILURE],
        })
    }

    fn part<T: Default>(
        &self,
        range: (Bound<&[u8]>, Bound<&[u8]>),
        each: impl Fn(&mut T, &[u8], &[u8]) -> Result<(), Fault>,
    ) -> Result<(T, Sum), StoreError> {
        let (mut part, mut sum, mut records) = (T::default(), Sum::default(), Ok(()));
        self.call(|db| {
            for record in db.range::<&[u8], _>(range) {
                let (key, value) = record?;
                if !is_own(&key) && records.is_ok() {
                    sum.add(&key, &value);
                    records = each(&mut part, &key, &value);
                }
            }
            Ok(())
        })?;
        records.map_err(|fault| fault.at(&self.folder))?;
        Ok((part, sum))
    }

    /// What it says of itself.
    pub(super) fn identity(&self) -> Result<Identity, StoreError> {
        let Some(sealed) = self.call(|db| db.get(identity::KEY))? else {
            return Err(StoreError::damaged(&self.folder, "it is empty"));
        };
        unseal(identity::KEY, &sealed).map_err(|fault| fault.at(&self.folder))
    }

    /// Its identity, if that comes after an earlier one.
    pub(super) fn continues(&self, earlier: Identity) -> Result<Identity, StoreError> {
        let identity = self.identity()?;
        if identity.continues(earlier) {
            Ok(identity)
        } else {
            let what = "it is another one, or lost what was written last";
            Err(StoreError::damaged(&self.folder, what))
        }
    }

    /// Makes changes durable; the database has this identity then.
    ///
    /// Each batch is atomic and synced, all of them together are not: the identity comes with the
    /// last one.
    pub(super) fn write<'a>(
        &mut self,
        changes: impl DoubleEndedIterator<Item = Entry<'a>>,
        identity: Identity,
    ) -> Result<(), StoreError> {
        // Notes before what they stand for: a crash may come between two batches.
        let mut changes = changes.rev().peekable();
        loop {
            self.write_batch(&mut changes, identity)?;
            self.sync()?;
            if changes.peek().is_none() {
                return Ok(());
            }
        }
    }

    /// The same for a new database, which nobody believes before it is whole.
    pub(super) fn fill<'a>(
        &mut self,
        records: impl Iterator<Item = Entry<'a>>,
        identity: Identity,
    ) -> Result<(), StoreError> {
        let mut records = records.peekable();
        loop {
            self.write_batch(&mut records, identity)?;
            if records.peek().is_none() {
                return self.sync();
            }
        }
    }

    fn write_batch<'a>(
        &mut self,
        changes: &mut Peekable<impl Iterator<Item = Entry<'a>>>,
        identity: Identity,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for (key, value) in changes.by_ref().take(BATCH) {
            let before = self.call(|db| db.get(key))?;
            self.count(key, before.as_deref(), value.as_deref());
            match value {
                Some(value) => batch.insert(&**key, &**value),
                None if before.is_some() => batch.remove(&**key),
                // It came and went in the journal.
                None => {}
            }
        }
        if let Some(sum) = &self.sum {
            batch.insert(sum::KEY, seal(sum::KEY, sum));
        }
        if changes.peek().is_none() {
            batch.insert(identity::KEY, seal(identity::KEY, &identity));
        }
        self.call(|db| db.apply_batch(batch))
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.call(|db| db.flush())?;
        self.file.sync_data().map_err(StoreError::io(&self.folder))
    }

    /// From now on everything is written, and the sync after it fails.
    #[cfg(test)]
    pub(super) fn break_sync(&mut self) {
        self.file = File::open("/dev/null").unwrap();
    }

    /// Keeps the sum.
    fn count(&mut self, key: &[u8], before: Option<&[u8]>, after: Option<&[u8]>) {
        let Some(sum) = &mut self.sum else { return };
        if let Some(before) = before {
            sum.remove(key, before);
        }
        if let Some(after) = after {
            sum.add(key, after);
        }
    }

    fn call<T>(&self, call: impl FnOnce(&Db) -> sled::Result<T>) -> Result<T, StoreError> {
        match &self.db {
            Some(db) => guarded(&self.folder, || call(db)),
            None => Err(StoreError::Closed),
        }
    }
}

/// Whether this is the key of what the database says of itself.
fn is_own(key: &[u8]) -> bool {
    [identity::KEY, sum::KEY].contains(&key)
}

impl Drop for Database {
    fn drop(&mut self) {
        let db = self.db.take();
        // It is gone, whatever it says about it.
        let _ = guarded(&self.folder, || {
            drop(db);
            Ok(())
        });
    }
}

/// sled's threads hold the file for some milliseconds after a database was dropped.
fn await_release(file: &Path) -> Result<(), StoreError> {
    for _ in 0..200 {
        match files::claim(file) {
            Err(StoreError::InUse(_)) => thread::sleep(Duration::from_millis(10)),
            Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Ok(());
            }
            other => return other.map(drop),
        }
    }
    Err(StoreError::InUse(file.to_owned()))
}

/// sled takes the snapshot that it was writing when it was killed, or when the disk was full, for a
/// whole one, and the database for damaged.
fn remove_half_written(folder: &Path) -> Result<(), StoreError> {
    for path in files::list(folder, "snap.")? {
        if path.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(&path).map_err(StoreError::io(&path))?;
        }
    }
    Ok(())
}

/// Calls into sled; a panic of it is damage, and told as such instead of printed.
fn guarded<T>(folder: &Path, call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    QUIETEN.call_once(quieten);
    QUIET.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    QUIET.set(false);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(told(folder, error)),
        Err(_) => Err(StoreError::damaged(folder, "sled cannot make sense of it")),
    }
}

static QUIETEN: Once = Once::new();

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the hook that is there for the panics of everybody else.
fn quieten() {
    let others = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !QUIET.try_with(Cell::get).unwrap_or(false) {
            others(panic);
        }
    }));
}

/// Tells what the file system refuses for now from what the files do not hold any more.
fn told(folder: &Path, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source) if is_passing(&source) => StoreError::io(folder)(source),
        sled::Error::Corruption { .. } => StoreError::damaged(folder, "checksums do not match"),
        other => StoreError::damaged(folder, other),
    }
}

fn is_passing(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EMFILE | Errno::ENFILE))
        || matches!(
            error.kind(),
            ErrorKind::PermissionDenied
                | ErrorKind::StorageFull
                | ErrorKind::QuotaExceeded
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::OutOfMemory
        )
}
