//! Counters by name, and when each of them changes by itself.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use crate::key::CounterKey;
use crate::ledger::counter::Counter;
use crate::time::Timestamp;

/// Stands for a key in 16 bytes, as nobody outside this process could tell beforehand: of a
/// million counters two have the same one with a probability of 2^-89.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name(u64, u64);

#[derive(Debug, Default)]
pub(super) struct Counters {
    seeds: (RandomState, RandomState),
    /// Boxed, for up to half of the table is empty.
    by_name: HashMap<Name, Box<Counter>>,
    /// One entry for each counter; a failure that came later moves it when it is reached.
    expiries: BTreeSet<(Timestamp, Name)>,
}

impl Counters {
    /// For at least so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.by_name.reserve(more);
    }

    pub(super) fn name(&self, key: &CounterKey) -> Name {
        Name(self.seeds.0.hash_one(key), self.seeds.1.hash_one(key))
    }

    pub(super) fn get(&self, name: Name) -> Option<&Counter> {
        self.by_name.get(&name).map(|counter| &**counter)
    }

    pub(super) fn get_mut(&mut self, name: Name) -> Option<&mut Counter> {
        self.by_name.get_mut(&name).map(|counter| &mut **counter)
    }

    pub(super) fn get_or_insert(
        &mut self,
        name: Name,
        new: impl FnOnce() -> Counter,
    ) -> &mut Counter {
        self.by_name.entry(name).or_insert_with(|| Box::new(new()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Counter> {
        self.by_name.values().map(|counter| &**counter)
    }

    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// When the next counter is to be looked at.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// The next counter that is to be looked at by now; it is not looked at again until
    /// [`Counters::schedule`].
    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<Name> {
        self.next_look().filter(|at| *at <= now)?;
        let (_, name) = self.expiries.pop_first()?;
        if let Some(counter) = self.get_mut(name) {
            counter.looked_at = None;
        }
        Some(name)
    }

    /// Looks at a counter again when it changes by itself; forgets one that holds nothing.
    pub(super) fn schedule(&mut self, name: Name) {
        let Some(counter) = self.by_name.get_mut(&name) else { return };
        if counter.failures.is_empty() {
            let looked_at = counter.looked_at;
            self.by_name.remove(&name);
            looked_at.map(|at| self.expiries.remove(&(at, name)));
            return;
        }
        let Some(next) = counter.next_change() else { return };
        if counter.looked_at.is_some_and(|at| at <= next) {
            return;
        }
        if let Some(at) = counter.looked_at.replace(next) {
            self.expiries.remove(&(at, name));
        }
        self.expiries.insert((next, name));
    }

    #[cfg(test)]
    pub(super) fn due(&self) -> usize {
        self.expiries.len()
    }
}
