//! What is found in the folder at the start: whole, damaged, or nothing yet.

use std::path::Path;

use super::database::Database;
use super::identity::Identity;
use super::journal::{self, Journal};
use super::rescue::{self, FOLDER};
use super::told::Told;
use super::{Kept, StoreError, dumps};

const REWRITTEN: &str = "the file `identity` was damaged and is written anew; nothing was lost";

/// A database that was read to its end.
pub(super) struct Found {
    pub(super) database: Database,
    pub(super) identity: Identity,
    pub(super) kept: Kept,
}

/// What the file beside the database says.
#[derive(PartialEq)]
enum Claim {
    Missing,
    Damaged,
    Known(Identity),
}

impl Found {
    /// Reads what is there, restores what is damaged, begins where nothing is.
    pub(super) fn whole_or_restored(path: &Path) -> Result<Self, StoreError> {
        match Self::whole(path) {
            Err(StoreError::Damaged { path: place, what }) => Self::restored(path, &place, &what),
            other => other,
        }
    }

    fn whole(path: &Path) -> Result<Self, StoreError> {
        let claim = match Identity::read(path) {
            // A database that vouches for itself is worth more than this file.
            Err(StoreError::Damaged { .. }) => Claim::Damaged,
            other => other?.map_or(Claim::Missing, Claim::Known),
        };
        let folder = path.join(FOLDER);
        let claim = raised(path, claim);
        if !folder.is_dir() {
            if claim != Claim::Missing || dumps::last_generation(path)?.is_some() {
                return Err(StoreError::damaged(&folder, "it is missing"));
            }
            rescue::create(path)?;
        }
        let mut found = Self::caught_up(path)?;
        match claim {
            Claim::Known(claim) => return found.database.continues(claim).map(|_| found),
            Claim::Damaged => found.kept.notice = Some(REWRITTEN.to_owned()),
            Claim::Missing => {}
        }
        found.identity.write(path)?;
        Ok(found)
    }

    fn restored(path: &Path, place: &Path, damage: &str) -> Result<Self, StoreError> {
        let notice = rescue::restore(path, place, damage)?;
        let mut found = Self::caught_up(path)?;
        found.kept.notice = Some(notice);
        Ok(found)
    }

    /// With what stands in the journal alone.
    fn caught_up(path: &Path) -> Result<Self, StoreError> {
        let mut database = Database::open(&path.join(FOLDER))?;
        let mut identity = database.identity()?;
        let commits = Journal::after(path, identity)?;
        if let Some(last) = commits.last() {
            identity = last.identity;
            database.write(journal::merged(commits).iter(), identity)?;
        }
        let [mut kept, others] = database.read(Kept::add)?;
        kept.extend(others);
        Ok(Self { database, identity, kept })
    }
}

/// With what was acknowledged last; noted before sled opens a database that lacks it, and may be
/// interrupted.
fn raised(path: &Path, claim: Claim) -> Claim {
    let Claim::Known(earlier) = claim else { return claim };
    let told = Told::last(path).filter(|told| told.continues(earlier)).unwrap_or(earlier);
    if told != earlier {
        // A full disk takes it only once it is over.
        let _ = told.write(path);
    }
    Claim::Known(told)
}
