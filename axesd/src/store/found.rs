//! What is found in the folder at the start: whole, damaged, or nothing yet.

use std::path::Path;

use super::database::Database;
use super::identity::Identity;
use super::journal::{self, Commit};
use super::rescue::{self, FOLDER};
use super::told::{Told, Word};
use super::{Kept, StoreError, dumps, files};

const REWRITTEN: &str = "the file `identity` was damaged and is written anew; nothing was lost";

const ASIDE: &str = "journal.damaged-";

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
        let word = Told::last(path);
        let claim = raised(path, claim, word);
        if !folder.is_dir() {
            let was_there = claim != Claim::Missing || word.is_some();
            if was_there || dumps::last_generation(path)?.is_some() {
                return Err(StoreError::damaged(&folder, "it is missing"));
            }
            rescue::create(path)?;
        }
        let mut database = Database::open(&folder)?;
        let identity = match claim {
            Claim::Known(claim) => database.continues(claim)?,
            Claim::Damaged | Claim::Missing => database.identity()?,
        };
        let late = Late::of(path, identity, word)?;
        late.write(&mut database)?;
        let mut found = Self::read(database)?;
        if late.has_gaps() {
            found.kept.notice = Some(late.set_aside(path));
            // Only now: a start that was interrupted must find the gaps again.
            found.raise(late.after)?;
        }
        if claim == Claim::Damaged {
            found.kept.notice.get_or_insert_with(|| REWRITTEN.to_owned());
        }
        Ok(found)
    }

    fn raise(&mut self, identity: Identity) -> Result<(), StoreError> {
        self.identity = identity;
        self.database.write([].into_iter(), identity)
    }

    fn restored(path: &Path, place: &Path, damage: &str) -> Result<Self, StoreError> {
        let notice = rescue::restore(path, place, damage)?;
        let mut found = Self::read(Database::open(&path.join(FOLDER))?)?;
        found.kept.notice = Some(notice);
        Ok(found)
    }

    fn read(mut database: Database) -> Result<Self, StoreError> {
        let identity = database.identity()?;
        let [mut kept, others] = database.read(Kept::add)?;
        kept.extend(others);
        Ok(Self { database, identity, kept })
    }
}

/// What the journal holds that the database does not have.
pub(super) struct Late {
    commits: Vec<Commit>,
    /// Up to where none is missing.
    reached: Identity,
    /// Of the last one that was acknowledged, as far as that is known.
    after: Identity,
}

impl Late {
    pub(super) fn of(
        path: &Path,
        before: Identity,
        word: Option<Word>,
    ) -> Result<Self, StoreError> {
        let commits = journal::later(path, Some(before))?;
        let reached = journal::reach(before, &commits);
        let acknowledged = word.map(|word| word.acknowledged);
        let known = commits.iter().map(|commit| commit.identity).chain(acknowledged);
        let after =
            known.fold(reached, |last, known| if known.continues(last) { known } else { last });
        Ok(Self { commits, reached, after })
    }

    fn has_gaps(&self) -> bool {
        self.reached != self.after
    }

    pub(super) fn write(&self, database: &mut Database) -> Result<(), StoreError> {
        if self.commits.is_empty() {
            return Ok(());
        }
        database.write(journal::merged(&self.commits).iter(), self.reached)
    }

    /// Keeps a journal with gaps, where it can be kept, and says so.
    fn set_aside(&self, path: &Path) -> String {
        let journal = path.join(journal::FILE);
        let aside = files::set_aside(&journal, self.after.generation).ok().flatten();
        let _ = files::prune(path, ASIDE);
        let kept = files::kept_as(aside);
        let (journal, left) = (journal.display(), self.commits.len());
        format!("{journal}: commits are missing in it{kept}; {left} others are restored")
    }
}

/// The claim, raised to what the database is known to have had last. Written down before sled opens
/// one that lacks it, since a start may be interrupted.
fn raised(path: &Path, claim: Claim, word: Option<Word>) -> Claim {
    let Claim::Known(earlier) = claim else { return claim };
    let written = word.map(|word| Identity { generation: word.written, ..word.acknowledged });
    let written = written.filter(|written| written.continues(earlier)).unwrap_or(earlier);
    if written != earlier {
        // A full disk takes it only once it is over.
        let _ = written.write(path);
    }
    Claim::Known(written)
}
