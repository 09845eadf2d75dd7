//! Makes databases: the first one, and the one in place of a damaged one.

use std::fs;
use std::path::{Path, PathBuf};

use super::database::{Database, Record};
use super::dumps::{self, Dump};
use super::identity::Identity;
use super::{Kept, StoreError, files};

/// Name of the database folder.
pub(super) const FOLDER: &str = "sled";

const DRAFT: &str = "sled.new";
const ASIDE: &str = "sled.damaged-";

/// Makes the first database, empty.
pub(super) fn create(store: &Path) -> Result<(), StoreError> {
    build(store, Identity::random()?, &[])?;
    Ok(())
}

/// Keeps what is damaged aside and goes on from the newest dump, or from the database itself where
/// more of it can be read; says what was done.
pub(super) fn restore(store: &Path, place: &Path, damage: &str) -> Result<String, StoreError> {
    let dump = dumps::newest(store)?;
    let least = dump.as_ref().map_or(0, |dump| dump.identity.generation);
    let dump = salvaged(store).filter(|found| found.identity.generation > least).or(dump);
    let identity = successor(store, dump.as_ref())?;
    let records = dump.as_ref().map_or(&[][..], |dump| &dump.records);
    let aside = build(store, identity, records)?;
    let kept = aside.map_or_else(String::new, |aside| format!("; kept as {}", aside.display()));
    let begun = match &dump {
        Some(dump) => format!(
            "restored {} records from {}, what came later is lost",
            dump.records.len(),
            dump.path.display()
        ),
        None => "started empty, for there is no readable dump".to_owned(),
    };
    Ok(format!("{}: {damage}{kept}; {begun}", place.display()))
}

/// What can be read of the database, up to what it lost.
fn salvaged(store: &Path) -> Option<Dump> {
    let claim = Identity::read(store).ok()??;
    let path = store.join(FOLDER);
    let mut database = path.is_dir().then(|| Database::open(&path).ok())??;
    let identity = database.identity().ok().filter(|found| found.uuid == claim.uuid)?;
    let add = |(kept, records): &mut (Kept, Vec<Record>), key: &[u8], value: &[u8]| {
        records.push((key.into(), value.into()));
        kept.add(key, value)
    };
    let records = database.read(add).ok()?.into_iter().flat_map(|(_, records)| records);
    Some(Dump { path, identity, records: records.collect() })
}

/// For a database that comes after all that can still be told of.
fn successor(store: &Path, dump: Option<&Dump>) -> Result<Identity, StoreError> {
    let claim = Identity::read(store).ok().flatten();
    let mut identity = match claim.or(dump.map(|dump| dump.identity)) {
        Some(identity) => identity,
        None => Identity::random()?,
    };
    let last_dump = dumps::last_generation(store)?.unwrap_or(0);
    identity.generation = identity.generation.max(last_dump);
    Ok(identity)
}

/// Builds a database beside the old one and puts it in its place, which a crash cannot halve.
///
/// On a full disk this fails before it has touched the old one.
fn build(
    store: &Path,
    identity: Identity,
    records: &[Record],
) -> Result<Option<PathBuf>, StoreError> {
    let (place, draft) = (store.join(FOLDER), store.join(DRAFT));
    files::remove_folder(&draft)?;
    let mut database = Database::open(&draft)?;
    let entries = records.iter().map(|(key, value)| (&**key, Some(&**value)));
    let identity = database.write(entries, identity)?;
    drop(database);
    let aside = files::set_aside(&place, identity.generation)?;
    fs::rename(&draft, &place).map_err(StoreError::io(&place))?;
    files::sync(store)?;
    identity.write(store)?;
    files::prune(store, ASIDE)?;
    Ok(aside)
}
