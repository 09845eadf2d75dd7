//! Makes databases: the first one, and the one in place of a damaged one.

use std::fs;
use std::path::{Path, PathBuf};

use super::database::{Database, Record};
use super::dumps::{self, Dump};
use super::identity::Identity;
use super::journal::{self, Commit, Entries};
use super::{Kept, StoreError, files};

/// Name of the database folder.
pub(super) const FOLDER: &str = "sled";

const DRAFT: &str = "sled.new";
const ASIDE: &str = "sled.damaged-";

/// Makes the first database, empty.
pub(super) fn create(store: &Path) -> Result<(), StoreError> {
    build(store, Identity::random()?, &Entries::new())?;
    Ok(())
}

/// Keeps what is damaged aside and goes on from what is left; says what was done.
pub(super) fn restore(store: &Path, place: &Path, damage: &str) -> Result<String, StoreError> {
    let claim = Identity::read(store).ok().flatten();
    let left = Left::find(store, claim)?;
    let (begun, identity) = (left.told(claim), left.successor(store, claim)?);
    let aside = build(store, identity, &left.entries())?;
    let kept = aside.map_or_else(String::new, |aside| format!("; kept as {}", aside.display()));
    Ok(format!("{}: {damage}{kept}; {begun}", place.display()))
}

/// What is left of a database.
struct Left {
    /// The newest dump, or the database itself where more of it can be read.
    dump: Option<Dump>,
    /// What the journal holds of later ones.
    commits: Vec<Commit>,
}

impl Left {
    fn find(store: &Path, claim: Option<Identity>) -> Result<Self, StoreError> {
        let dump = dumps::newest(store)?;
        let least = dump.as_ref().map_or(0, |dump| dump.identity.generation);
        let dump = salvaged(store).filter(|found| found.identity.generation > least).or(dump);
        let nothing = claim.map(|claim| Identity { generation: 0, ..claim });
        let commits = journal::later(store, dump.as_ref().map(|dump| dump.identity).or(nothing))?;
        Ok(Self { dump, commits })
    }

    fn told(&self, claim: Option<Identity>) -> String {
        let commits = self.commits.len();
        let begun = match &self.dump {
            Some(Dump { path, records, .. }) => {
                let restored =
                    format!("restored {} records from {}", records.len(), path.display());
                format!("{restored} and {commits} later commits from the journal")
            }
            None if commits == 0 => return "started empty, for there is no readable dump".into(),
            None => format!("restored {commits} commits from the journal"),
        };
        match claim {
            Some(claim) if self.reached().is_some_and(|reached| reached.continues(claim)) => begun,
            _ => format!("{begun}, the rest is lost"),
        }
    }

    /// Up to where nothing is missing.
    fn reached(&self) -> Option<Identity> {
        let first = self.commits.first().map(|commit| commit.identity);
        let first = first.map(|first| Identity { generation: 0, ..first });
        let begin = self.dump.as_ref().map(|dump| dump.identity).or(first)?;
        let identities = self.commits.iter().map(|commit| commit.identity);
        Some(identities.fold(
            begin,
            |reached, next| {
                if next == reached.next() { next } else { reached }
            },
        ))
    }

    /// For a database that comes after all that can still be told of.
    fn successor(&self, store: &Path, claim: Option<Identity>) -> Result<Identity, StoreError> {
        let dump = self.dump.as_ref().map(|dump| dump.identity);
        let last = self.commits.last().map(|commit| commit.identity);
        let mut identity = match claim.or(dump).or(last) {
            Some(identity) => identity,
            None => Identity::random()?,
        };
        let last_dump = dumps::last_generation(store)?.unwrap_or(0);
        let last = last.map_or(0, |last| last.generation);
        identity.generation = identity.generation.max(last_dump).max(last);
        Ok(identity.next())
    }

    fn entries(self) -> Entries {
        let records = self.dump.into_iter().flat_map(|dump| dump.records);
        let records = records.map(|(key, value)| (key.to_vec(), Some(value.to_vec())));
        records.chain(journal::merged(self.commits)).collect()
    }
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

/// Builds a database beside the old one and puts it in its place, which a crash cannot halve.
///
/// On a full disk this fails before it has touched the old one.
fn build(
    store: &Path,
    identity: Identity,
    entries: &Entries,
) -> Result<Option<PathBuf>, StoreError> {
    let (place, draft) = (store.join(FOLDER), store.join(DRAFT));
    files::remove_folder(&draft)?;
    let mut database = Database::open(&draft)?;
    database.write(entries.iter(), identity)?;
    drop(database);
    let aside = files::set_aside(&place, identity.generation)?;
    fs::rename(&draft, &place).map_err(StoreError::io(&place))?;
    files::sync(store)?;
    identity.write(store)?;
    files::prune(store, ASIDE)?;
    Ok(aside)
}
