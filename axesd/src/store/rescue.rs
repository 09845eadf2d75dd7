//! Makes databases: the first one, and the one in place of a damaged one.

use std::fs;
use std::path::{Path, PathBuf};

use super::database::{Database, Record};
use super::dumps::{self, Dump};
use super::identity::Identity;
use super::journal::{self, Commit, Entries};
use super::told::Told;
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
    let left = Left::find(store)?;
    let (begun, identity) = (left.told(), left.successor(store)?);
    let aside = build(store, identity, &left.entries())?;
    let kept = files::kept_as(aside);
    Ok(format!("{}: {damage}{kept}; {begun}", place.display()))
}

/// What is left of a database.
struct Left {
    /// The newest dump, or the database itself where more of it can be read.
    dump: Option<Dump>,
    /// What the journal holds of later ones.
    commits: Vec<Commit>,
    /// What the file beside it says.
    claim: Option<Identity>,
    /// Of the last commit that was acknowledged, where that is still known.
    acknowledged: Option<Identity>,
}

impl Left {
    fn find(store: &Path) -> Result<Self, StoreError> {
        let claim = Identity::read(store).ok().flatten();
        let acknowledged = Told::last(store).map(|word| word.acknowledged);
        let acknowledged = acknowledged.filter(|it| claim.is_none_or(|claim| it.continues(claim)));
        let dump = dumps::newest(store)?;
        let least = dump.as_ref().map_or(0, |dump| dump.identity.generation);
        let dump = salvaged(store, claim).filter(|it| it.identity.generation > least).or(dump);
        let nothing = claim.or(acknowledged).map(|it| Identity { generation: 0, ..it });
        let commits = journal::later(store, dump.as_ref().map(|dump| dump.identity).or(nothing))?;
        Ok(Self { dump, commits, claim, acknowledged })
    }

    fn told(&self) -> String {
        let commits = self.commits.len();
        let begun = match &self.dump {
            Some(Dump { path, records, .. }) => format!(
                "restored {} records from {} and {commits} later commits from its journal",
                records.len(),
                path.display()
            ),
            None if commits == 0 => return "started empty, for there is no readable dump".into(),
            None => format!("restored {commits} commits from its journal"),
        };
        if self.is_all() { begun } else { format!("{begun}; anything else is lost") }
    }

    /// Whether this is known to be everything that was acknowledged.
    fn is_all(&self) -> bool {
        let Some((dump, acknowledged)) = self.dump.as_ref().zip(self.acknowledged) else {
            return false;
        };
        let reached = journal::reach(dump.identity, &self.commits);
        let last = self.commits.last().map_or(dump.identity, |commit| commit.identity);
        reached == last && reached.continues(acknowledged)
    }

    /// For a database that comes after all that can still be told of.
    fn successor(&self, store: &Path) -> Result<Identity, StoreError> {
        let dump = self.dump.as_ref().map(|dump| dump.identity);
        let last = self.commits.last().map(|commit| commit.identity);
        let mut known = [self.acknowledged, self.claim, dump, last].into_iter().flatten();
        let newest = known.clone().map(|known| known.generation).max();
        let newest = newest.max(dumps::last_generation(store)?).unwrap_or(0);
        let base = known.next().map_or_else(Identity::random, Ok)?;
        Ok(Identity { generation: newest, ..base }.next())
    }

    fn entries(self) -> Entries {
        let records = self.dump.into_iter().flat_map(|dump| dump.records);
        let records = records.map(|(key, value)| (key.to_vec(), Some(value.to_vec())));
        records.chain(journal::merged(&self.commits)).collect()
    }
}

/// What can be read of the database, up to what it lost.
fn salvaged(store: &Path, claim: Option<Identity>) -> Option<Dump> {
    let path = store.join(FOLDER);
    let mut database = path.is_dir().then(|| Database::open(&path).ok())??;
    let identity = database.identity().ok()?;
    claim.is_none_or(|claim| claim.uuid == identity.uuid).then_some(())?;
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
    database.fill(entries.iter(), identity)?;
    drop(database);
    let aside = files::set_aside(&place, identity.generation)?;
    fs::rename(&draft, &place).map_err(StoreError::io(&place))?;
    files::sync(store)?;
    // The database is in its place: what a full disk refuses here must not stop the start.
    let _ = identity.write(store);
    let _ = files::prune(store, ASIDE);
    Ok(aside)
}
