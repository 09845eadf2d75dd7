//! What an administrator changes: resets, and entries of the lists.

use std::collections::BTreeSet;

use crate::effect::{Effect, Release};
use crate::filter::{Filter, ResetResult};
use crate::keeper::Keeper;
use crate::lists::{Entry, Full, ListName};
use crate::name::Named;
use crate::note::{Note, NoteKey};
use crate::subject::Subject;
use crate::time::Timestamp;

/// Entries that end in one call; those that are left end in the calls that follow.
const AT_ONCE: usize = 1000;

impl Keeper {
    /// Forgets the failures that a filter covers.
    pub fn reset(&mut self, now: Timestamp, filter: &Filter) -> (ResetResult, Vec<Effect>) {
        let mut effects = self.advance(now);
        let covered = || self.ledger.covered(filter);
        let clients: BTreeSet<_> = covered().map(|(_, failure)| failure.client.row()).collect();
        let matching: Vec<_> =
            covered().map(|(slot, failure)| (slot, self.judge.keys_of(&failure))).collect();
        let touched: BTreeSet<_> = matching.iter().flat_map(|(_, keys)| keys.iter()).collect();
        let touched: Vec<Named> = touched.into_iter().cloned().collect();
        let mut counters: Vec<_> =
            touched.iter().filter_map(|key| self.ledger.state(key)).collect();
        for (slot, keys) in &matching {
            effects.extend(self.ledger.remove(*slot, keys, Release::Reset));
        }
        effects.extend(self.ledger.refresh(&touched, self.now));
        effects.extend(self.ledger.forget_levels(filter));
        counters.retain(|before| {
            self.ledger.count(self.judge.namer.name(&before.key)) < before.failures
        });
        let ended = counters.iter().filter(|before| {
            before.locked.is_some() && !self.ledger.is_locked(self.judge.namer.name(&before.key))
        });
        let unlocked = ended.count();
        effects.extend(self.admit_waiting(&touched));
        let (failures, clients) = (matching.len(), clients.len());
        (ResetResult { failures, clients, counters, unlocked }, effects)
    }

    /// Adds entries to the lists, each in place of one that names the same, which comes back.
    ///
    /// # Errors
    ///
    /// [`Full`], when there would be too many; then nothing is changed.
    pub fn put_entries(
        &mut self,
        now: Timestamp,
        entries: Vec<Entry>,
    ) -> Result<(Vec<Option<Entry>>, Vec<Effect>), Full> {
        let before = self.judge.entries.put(entries.clone())?;
        let mut effects: Vec<_> =
            entries.into_iter().map(|entry| Effect::Remember(Note::Entry(entry))).collect();
        effects.extend(self.advance(now));
        effects.extend(self.reseat());
        Ok((before, effects))
    }

    /// Takes entries out of a list; those come back that were there.
    pub fn remove_entries(
        &mut self,
        now: Timestamp,
        list: ListName,
        subjects: &[Subject],
    ) -> (Vec<Option<Entry>>, Vec<Effect>) {
        let mut effects = self.advance(now);
        let removed: Vec<_> =
            subjects.iter().map(|subject| self.judge.entries.remove(list, subject)).collect();
        let gone = removed.iter().flatten();
        effects.extend(gone.map(|it| Effect::Drop(NoteKey::Entry(list, it.subject.clone()))));
        effects.extend(self.reseat());
        (removed, effects)
    }

    /// Takes out entries that have ended by now. However many end at once, whoever wants to log
    /// in waits for some of them only.
    pub(super) fn end_entries(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let ended = std::iter::from_fn(|| self.judge.entries.pop_ended(self.now));
        for entry in ended.take(AT_ONCE) {
            effects.push(Effect::Drop(NoteKey::Entry(entry.list, entry.subject.clone())));
            effects.push(Effect::Ended(entry));
        }
        if !effects.is_empty() {
            effects.extend(self.reseat());
        }
        effects
    }
}
