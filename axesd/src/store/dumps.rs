//! Copies of everything in one file each, from which a damaged database is restored.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::database::Record;
use super::identity::Identity;
use super::record::{Fault, head, unseal};
use super::{Kept, StoreError, files};

const FOLDER: &str = "dumps";
const PREFIX: &str = "dump-";
/// Bound into the checksum.
const KEY: &[u8] = b"dump";

/// A dump that was read back.
pub(super) struct Dump {
    /// Where it stands.
    pub(super) path: PathBuf,
    /// Of the database that it is a copy of.
    pub(super) identity: Identity,
    /// All its records.
    pub(super) records: Vec<Record>,
}

#[derive(Deserialize)]
struct DumpV1<'a> {
    identity: Identity,
    #[serde(borrow)]
    records: Vec<(&'a [u8], &'a [u8])>,
}

/// Everything in a database, to be written at leisure; as it stands in a dump, for there may be
/// much of it.
pub struct Snapshot {
    /// Of the whole store.
    store: PathBuf,
    /// The database as it was when reading began.
    identity: Identity,
    /// How many records were read.
    records: usize,
    /// These records.
    body: Vec<u8>,
    /// The key of the last one.
    last: Vec<u8>,
}

/// A dump that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dumped {
    /// Its file.
    pub path: PathBuf,
    /// How many it holds.
    pub records: usize,
    /// The length of the file.
    pub bytes: usize,
}

impl Snapshot {
    /// Nothing was read yet.
    pub(super) fn new(store: &Path, identity: Identity) -> Self {
        let store = store.to_owned();
        Self { store, identity, records: 0, body: Vec::new(), last: Vec::new() }
    }

    /// The key after which reading goes on.
    pub(super) fn last(&self) -> &[u8] {
        &self.last
    }

    /// Adds what was read.
    pub(super) fn extend(&mut self, records: Vec<Record>) {
        for (key, value) in records {
            // As in `seal`, this does not fail.
            let record = postcard::to_allocvec(&(&*key, &*value)).unwrap_or_default();
            self.body.extend_from_slice(&record);
            self.records += 1;
            self.last = key.to_vec();
        }
    }

    /// Writes a dump and removes the oldest.
    pub(super) fn write(self) -> Result<Dumped, StoreError> {
        let folder = self.store.join(FOLDER);
        files::make_folder(&folder)?;
        // A day of kills must not fill the disk.
        files::remove_drafts(&folder)?;
        // Twenty digits hold any generation, so that the names sort.
        let path = folder.join(format!("{PREFIX}{:020}", self.identity.generation));
        let (head, body) = self.sealed();
        files::replace(&path, &[&head, body])?;
        files::prune(&folder, PREFIX)?;
        self.identity.write(&self.store)?;
        Ok(Dumped { path, records: self.records, bytes: head.len() + body.len() })
    }

    /// A whole dump in two pieces, as [`DumpV1`] is read.
    pub(super) fn sealed(&self) -> (Vec<u8>, &[u8]) {
        let start = postcard::to_allocvec(&(self.identity, self.records)).unwrap_or_default();
        let head = head(KEY, &[&start, &self.body]);
        ([&head[..], &start].concat(), &self.body)
    }
}

/// How long ago the newest dump was written; for ever without one, or where the clock was set
/// back since.
pub(super) fn age(store: &Path) -> Duration {
    let newest = files::list(&store.join(FOLDER), PREFIX).ok().and_then(|mut dumps| dumps.pop());
    let written = newest.and_then(|newest| newest.metadata().ok()?.modified().ok());
    written.and_then(|written| written.elapsed().ok()).unwrap_or(Duration::MAX)
}

/// The newest dump that is whole.
pub(super) fn newest(store: &Path) -> Result<Option<Dump>, StoreError> {
    for path in files::list(&store.join(FOLDER), PREFIX)?.into_iter().rev() {
        match read(path) {
            Ok(dump) => return Ok(Some(dump)),
            Err(StoreError::Damaged { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(None)
}

/// The generation of the newest dump, damaged ones included: newer ones must sort after it.
pub(super) fn last_generation(store: &Path) -> Result<Option<u64>, StoreError> {
    let paths = files::list(&store.join(FOLDER), PREFIX)?;
    let names = paths.iter().filter_map(|path| path.file_name()?.to_str());
    Ok(names.filter_map(|name| name.strip_prefix(PREFIX)?.parse().ok()).max())
}

/// What stands in a dump, and what its records say.
pub(super) fn parse(bytes: &[u8]) -> Result<(Identity, Vec<Record>, Kept), Fault> {
    let dump: DumpV1 = unseal(KEY, bytes)?;
    let mut kept = Kept::default();
    for (key, value) in &dump.records {
        kept.add(key, value)?;
    }
    let records = dump.records.into_iter();
    let records = records.map(|(key, value)| (key.into(), value.into())).collect();
    Ok((dump.identity, records, kept))
}

fn read(path: PathBuf) -> Result<Dump, StoreError> {
    let bytes = files::read(&path)?.unwrap_or_default();
    let (identity, records, _) = parse(&bytes).map_err(|fault| fault.at(&path))?;
    Ok(Dump { path, identity, records })
}
