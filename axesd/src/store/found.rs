//! What is found in the folder at the start: whole, damaged, or nothing yet.

use std::path::Path;

use super::database::Database;
use super::identity::Identity;
use super::journal::{self, Commit};
use super::rescue::{self, FOLDER};
use super::told::{Told, Word};
use super::{Kept, StoreError, dumps, files};

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
        found.kept.notice = late.told(path)?;
        if claim == Claim::Damaged {
            found.kept.notice.get_or_insert_with(|| REWRITTEN.to_owned());
        }
        Ok(found)
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
struct Late {
    commits: Vec<Commit>,
    /// That the database has without them.
    before: Identity,
    /// That it has with them.
    after: Identity,
    /// Whether some of them are missing.
    has_gaps: bool,
}

impl Late {
    fn of(path: &Path, before: Identity, word: Option<Word>) -> Result<Self, StoreError> {
        let commits = journal::later(path, Some(before))?;
        let reached = journal::reach(before, &commits);
        let acknowledged = word.map(|word| word.acknowledged);
        let known = commits.iter().map(|commit| commit.identity).chain(acknowledged);
        let after =
            known.fold(reached, |last, known| if known.continues(last) { known } else { last });
        Ok(Self { commits, before, after, has_gaps: reached != after })
    }

    fn write(&self, database: &mut Database) -> Result<(), StoreError> {
        if self.after == self.before {
            return Ok(());
        }
        database.write(journal::merged(&self.commits).iter(), self.after)
    }

    /// Keeps a journal with gaps aside.
    fn told(&self, path: &Path) -> Result<Option<String>, StoreError> {
        if !self.has_gaps {
            return Ok(None);
        }
        let journal = path.join(journal::FILE);
        let aside = files::set_aside(&journal, self.after.generation)?;
        let kept = aside.map_or_else(String::new, |aside| format!("; kept as {}", aside.display()));
        let (journal, left) = (journal.display(), self.commits.len());
        Ok(Some(format!("{journal}: commits are missing in it{kept}; {left} others are restored")))
    }
}

/// With what was written to the database last; noted before sled opens one that lacks it, and may
/// be interrupted.
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
