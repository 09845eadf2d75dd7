//! Whitelist and blacklist: changed at run time, read in slices.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axes_policy::effect::{CounterState, Effect};
use axes_policy::keeper::Keeper;
use axes_policy::lists::{Entry, Full, List, ListName};
use axes_policy::subject::Subject;

use crate::engine::{Engine, Timestamp, sentence};
use crate::store::Committed;

/// Entries that a reader takes before it is the turn of others.
const SLICE: usize = 256;
/// Lockouts that are told of one change.
const TOLD: usize = 100;
/// Entries that are named in the log when many end at once.
const NAMED: usize = 20;

/// Entries to be added.
#[derive(Clone, Debug)]
pub struct Addition {
    /// To which list.
    pub list: ListName,
    /// Whom they name.
    pub subjects: Vec<Subject>,
    /// Why.
    pub comment: Option<Arc<str>>,
    /// How long they hold; `None` for ever.
    pub time: Option<Duration>,
}

/// What a change of a list did.
#[derive(Debug)]
pub struct ListChange {
    /// For each subject.
    pub outcomes: Vec<ListOutcome>,
    /// Some of the lockouts that cease to refuse anybody by this, or begin to again.
    pub lockouts: Vec<CounterState>,
    /// Why it is in force, but not on disk.
    pub committed: Committed,
}

/// What became of a subject.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ListOutcome {
    /// The entry that was added or removed.
    pub entry: Option<Entry>,
    /// What else there is to say.
    pub remarks: Vec<Remark>,
}

/// What there is to say of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Added in place of an entry that was there.
    Replaced,
    /// Not removed: it is not there.
    Missing,
    /// The configuration names it, whether or not it was made at run time too.
    Configured,
    /// Added to the whitelist, but the blacklist names it too.
    Blacklisted,
}

impl Engine {
    /// Adds entries to a list. Returns when that is on disk, or cannot be.
    ///
    /// # Errors
    ///
    /// [`Full`], and nothing is changed.
    pub async fn add_entries(&self, addition: Addition) -> Result<ListChange, Full> {
        let Addition { list, subjects, comment, time } = addition;
        let since = self.clock.now();
        let until = time.map(|time| since.after(time));
        let entry = |subject: &Subject| {
            let (subject, comment) = (subject.clone(), comment.clone());
            Entry { list, subject, comment, since, until }
        };
        let entries: Vec<_> = subjects.iter().map(entry).collect();
        // Asked before: the lockouts that only these entries suspend.
        let lockouts = lockouts(&self.state.borrow().keeper, list, &subjects);
        let (before, effects) =
            self.state.borrow_mut().keeper.put_entries(since, entries.clone())?;
        let outcomes = entries.into_iter().zip(before);
        let outcomes = outcomes.map(|(entry, before)| self.added(entry, before)).collect();
        self.mind_deadline();
        Ok(ListChange { outcomes, lockouts, committed: self.keep(effects).await })
    }

    /// Removes entries from a list. Returns when that is on disk, or cannot be.
    pub async fn remove_entries(&self, list: ListName, subjects: &[Subject]) -> ListChange {
        let now = self.clock.now();
        let (removed, effects) = self.state.borrow_mut().keeper.remove_entries(now, list, subjects);
        let gone: Vec<_> = removed.iter().flatten().map(|entry| entry.subject.clone()).collect();
        // Asked afterwards: the lockouts that nothing suspends any more.
        let lockouts = lockouts(&self.state.borrow().keeper, list, &gone);
        let outcomes = subjects.iter().zip(removed);
        let outcomes =
            outcomes.map(|(subject, entry)| self.removed(list, subject, entry)).collect();
        ListChange { outcomes, lockouts, committed: self.keep(effects).await }
    }

    /// Entries of a list that were made at run time, in order, from the first that comes after
    /// one; none when there are no more.
    #[must_use]
    pub fn entries(&self, list: ListName, after: Option<&Subject>) -> Vec<Entry> {
        self.catch_up();
        let state = self.state.borrow();
        state.keeper.entries(list, after).take(SLICE).cloned().collect()
    }

    /// Whether a list has this very entry, made at run time.
    #[must_use]
    pub fn has_entry(&self, list: ListName, subject: &Subject) -> bool {
        self.state.borrow().keeper.has_entry(list, subject)
    }

    /// The entries of a list in the configuration. All at once: a file has no room for many.
    #[must_use]
    pub fn configured(&self, list: ListName) -> BTreeSet<Subject> {
        self.state.borrow().keeper.configured(list).subjects()
    }

    /// How long an entry holds, as the end of a sentence.
    #[must_use]
    pub fn entry_until(&self, until: Option<Timestamp>) -> String {
        sentence::entry_until(until, &self.clock)
    }

    /// Entries that ended by themselves are lines in the log.
    pub(super) fn tell_of_ends(&self, effects: &[Effect]) {
        let ended = effects.iter().filter_map(|effect| match effect {
            Effect::Ended(entry) => Some(entry),
            _ => None,
        });
        for Entry { list, subject, .. } in ended.clone().take(NAMED) {
            self.logger.notice(format!("{subject} is no longer on the {list}: its time is over"));
        }
        let more = ended.skip(NAMED).count();
        if more > 0 {
            self.logger.notice(format!("the time of {more} more entries of lists is over"));
        }
    }

    fn added(&self, entry: Entry, before: Option<Entry>) -> ListOutcome {
        let state = self.state.borrow();
        let mut remarks: Vec<_> = before.map(|_| Remark::Replaced).into_iter().collect();
        if state.keeper.configured(entry.list).names(&entry.subject) {
            remarks.push(Remark::Configured);
        }
        if entry.list == ListName::White && state.keeper.is_blacklisted(&entry.subject) {
            remarks.push(Remark::Blacklisted);
        }
        ListOutcome { entry: Some(entry), remarks }
    }

    fn removed(&self, list: ListName, subject: &Subject, entry: Option<Entry>) -> ListOutcome {
        let configured = self.state.borrow().keeper.configured(list).names(subject);
        let remark = match &entry {
            _ if configured => Some(Remark::Configured),
            Some(_) => None,
            None => Some(Remark::Missing),
        };
        ListOutcome { entry, remarks: remark.into_iter().collect() }
    }
}

/// Only the whitelist suspends lockouts.
fn lockouts(keeper: &Keeper, list: ListName, subjects: &[Subject]) -> Vec<CounterState> {
    match list {
        ListName::White => {
            let subjects: List = subjects.iter().cloned().collect();
            let mut lockouts = keeper.locked_but_for(&subjects);
            lockouts.truncate(TOLD);
            lockouts
        }
        ListName::Black => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axes_policy::settings::Settings;
    use tokio::runtime::Builder;

    use super::*;
    use crate::engine::{LogSettings, Pseudonyms, Recorded};
    use crate::log;
    use crate::store::{Change, Committer, Kept, Snapshot, Store, StoreError};

    /// A store whose disk takes nothing.
    struct Full;

    impl Store for Full {
        fn load(&mut self) -> Result<Kept, StoreError> {
            Ok(Kept::default())
        }

        fn commit(&mut self, _: &[Change]) -> Result<(), StoreError> {
            Err(StoreError::Down("the disk is full".to_owned()))
        }

        fn snapshot(&mut self) -> Result<Option<Snapshot>, StoreError> {
            Ok(None)
        }

        fn dump_age(&self) -> Duration {
            Duration::ZERO
        }

        fn name(&self) -> &'static str {
            "full"
        }
    }

    #[test]
    fn a_change_that_is_not_on_disk_says_so_and_is_in_force() {
        let log = LogSettings {
            recorded: Recorded::Nothing,
            failures_per_user: None,
            entries: 1,
            bytes: 1,
            age: None,
        };
        let (committer, _) = Committer::start(Box::new(Full), |_| {}).unwrap();
        let (pseudonyms, logger) = (Pseudonyms::new([0; 32]), log::start(Path::new("/dev/null")));
        let kept = Kept::default();
        let engine = Engine::new(Settings::default(), log, pseudonyms, kept, committer, logger);
        let alice = Subject::User("alice".into());
        let addition = Addition {
            list: ListName::Black,
            subjects: vec![alice.clone()],
            comment: None,
            time: None,
        };
        let runtime = Builder::new_current_thread().build().unwrap();
        let added = runtime.block_on(engine.add_entries(addition)).unwrap();
        assert!(added.committed.unwrap_err().to_string().contains("the disk is full"));
        assert!(engine.has_entry(ListName::Black, &alice));
        let subjects = [alice.clone()];
        let removed = runtime.block_on(engine.remove_entries(ListName::Black, &subjects));
        assert!(removed.committed.is_err() && !engine.has_entry(ListName::Black, &alice));
    }
}
