//! What an administrator changes: resets, and entries of the lists.

use std::collections::BTreeSet;

use crate::effect::Effect;
use crate::filter::{Filter, ResetResult};
use crate::keeper::Keeper;
use crate::key::CounterKey;
use crate::lists::{Entry, Full, ListName};
use crate::note::{Note, NoteKey};
use crate::subject::Subject;
use crate::time::Timestamp;

impl Keeper {
    /// Forgets the failures that a filter covers.
    pub fn reset(&mut self, now: Timestamp, filter: &Filter) -> (ResetResult, Vec<Effect>) {
        let mut effects = self.advance(now);
        let covered = || self.ledger.failures().filter(|failure| filter.covers(&failure.client));
        let clients: BTreeSet<_> = covered().map(|failure| failure.client.row()).collect();
        let matching: Vec<_> =
            covered().map(|failure| (failure.id, self.judge.keys_of(failure))).collect();
        let touched: BTreeSet<_> = matching.iter().flat_map(|(_, keys)| keys.iter()).collect();
        let touched: Vec<CounterKey> = touched.into_iter().cloned().collect();
        let mut counters: Vec<_> =
            touched.iter().filter_map(|key| self.ledger.state(key)).collect();
        for (id, keys) in &matching {
            effects.extend(self.ledger.remove(*id, keys));
        }
        effects.extend(self.ledger.forget_levels(filter));
        counters.retain(|before| self.ledger.count(&before.key) < before.failures);
        let ended = counters
            .iter()
            .filter(|before| before.locked.is_some() && !self.ledger.is_locked(&before.key));
        let unlocked = ended.count();
        effects.extend(self.admit_waiting(&touched));
        let (failures, clients) = (matching.len(), clients.len());
        (ResetResult { failures, clients, counters, unlocked }, effects)
    }

    /// Adds an entry to a list, in place of one that names the same.
    ///
    /// # Errors
    ///
    /// [`Full`], when there are too many.
    pub fn put_entry(&mut self, now: Timestamp, entry: Entry) -> Result<Vec<Effect>, Full> {
        let mut effects = self.advance(now);
        self.judge.entries.put(entry.clone())?;
        effects.push(Effect::Remember(Note::Entry(entry)));
        effects.extend(self.reseat());
        Ok(effects)
    }

    /// Takes an entry out of a list, if it is there.
    pub fn remove_entry(
        &mut self,
        now: Timestamp,
        list: ListName,
        subject: &Subject,
    ) -> (Option<Entry>, Vec<Effect>) {
        let mut effects = self.advance(now);
        let removed = self.judge.entries.remove(list, subject);
        if removed.is_some() {
            effects.push(Effect::Drop(NoteKey::Entry(list, subject.clone())));
            effects.extend(self.reseat());
        }
        (removed, effects)
    }

    /// Takes out the entries that have ended by now.
    pub(super) fn end_entries(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(entry) = self.judge.entries.pop_ended(self.now) {
            effects.push(Effect::Drop(NoteKey::Entry(entry.list, entry.subject.clone())));
            effects.push(Effect::Ended(entry));
        }
        if !effects.is_empty() {
            effects.extend(self.reseat());
        }
        effects
    }
}
