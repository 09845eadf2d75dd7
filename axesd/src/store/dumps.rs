//! Copies of everything in one file each, from which a damaged database is restored.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::database::Record;
use super::identity::Identity;
use super::record::{Fault, seal, unseal};
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

#[derive(Serialize, Deserialize)]
struct DumpV1<'a> {
    identity: Identity,
    #[serde(borrow)]
    records: Vec<(&'a [u8], &'a [u8])>,
}

/// Everything in a database, to be written at leisure.
pub struct Snapshot {
    /// Of the whole store.
    pub(super) store: PathBuf,
    /// The database as it was when reading began.
    pub(super) identity: Identity,
    /// Its records, as far as they were read.
    pub(super) records: Vec<Record>,
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
    /// Writes a dump and removes the oldest.
    pub(super) fn write(self) -> Result<Dumped, StoreError> {
        let Self { store, identity, records } = self;
        let folder = store.join(FOLDER);
        files::make_folder(&folder)?;
        // A day of kills must not fill the disk.
        files::remove_drafts(&folder)?;
        // Twenty digits hold any generation, so that the names sort.
        let path = folder.join(format!("{PREFIX}{:020}", identity.generation));
        let sealed = bytes(identity, &records);
        files::replace(&path, &sealed)?;
        files::prune(&folder, PREFIX)?;
        identity.write(&store)?;
        Ok(Dumped { path, records: records.len(), bytes: sealed.len() })
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

/// A whole dump.
pub(super) fn bytes(identity: Identity, records: &[Record]) -> Vec<u8> {
    let records = records.iter().map(|(key, value)| (&**key, &**value));
    seal(KEY, &DumpV1 { identity, records: records.collect() })
}

/// What [`bytes`] made, and what its records say.
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
