//! Counters by name, and when each of them changes by itself.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use slab::Slab;

use crate::ledger::counter::Counter;
use crate::name::Name;
use crate::time::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Counters {
    by_name: HashMap<Name, u32, BuildHasherDefault<Hashed>>,
    /// Beside the table, of which up to half is empty.
    held: Slab<Counter>,
    /// One entry for each counter, which says so of itself; the others are nobody's any more. A
    /// failure that came later moves it when it is reached.
    expiries: BinaryHeap<Reverse<(Timestamp, Name)>>,
}

/// A [`Name`] is a hash already: its first word is as good as any other hash of it.
#[derive(Debug, Default)]
pub(super) struct Hashed(Option<u64>);

impl Counters {
    /// For at least so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.by_name.reserve(more);
        self.held.reserve(more);
        self.expiries.reserve(more);
    }

    pub(super) fn get(&self, name: Name) -> Option<&Counter> {
        self.held.get(index(*self.by_name.get(&name)?))
    }

    pub(super) fn get_mut(&mut self, name: Name) -> Option<&mut Counter> {
        self.held.get_mut(index(*self.by_name.get(&name)?))
    }

    /// Adds one whose name is not there yet.
    pub(super) fn insert(&mut self, name: Name, counter: Counter) {
        // Bounded by the memory there is for them, far below this.
        let place = u32::try_from(self.held.insert(counter)).unwrap_or(u32::MAX);
        self.by_name.insert(name, place);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Counter> {
        self.held.iter().map(|(_, counter)| counter)
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// When the next counter is to be looked at.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        self.expiries.peek().map(|Reverse((at, _))| *at)
    }

    /// The next counter that is to be looked at by now; it is not looked at again until
    /// [`Counters::schedule`].
    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<Name> {
        self.next_look().filter(|at| *at <= now)?;
        let Reverse((_, name)) = self.expiries.pop()?;
        if let Some(counter) = self.get_mut(name) {
            counter.looked_at = None;
        }
        Some(name)
    }

    /// Looks at a counter again when it changes by itself; forgets one that holds nothing.
    pub(super) fn schedule(&mut self, name: Name) {
        let Some(counter) = self.get_mut(name) else { return };
        if counter.failures.is_empty() {
            self.by_name.remove(&name).map(|place| self.held.try_remove(index(place)));
            self.tidy();
            return;
        }
        let Some(next) = counter.next_change() else { return };
        if counter.looked_at.is_some_and(|at| at <= next) {
            return;
        }
        counter.looked_at = Some(next);
        self.expiries.push(Reverse((next, name)));
        self.tidy();
    }

    /// Forgets entries that are nobody's: the first ones, and all before they are more than the
    /// others.
    fn tidy(&mut self) {
        let mut expiries = std::mem::take(&mut self.expiries);
        let is_due = |Reverse((at, name)): &Reverse<(Timestamp, Name)>| {
            self.get(*name).is_some_and(|counter| counter.looked_at == Some(*at))
        };
        while expiries.peek().is_some_and(|first| !is_due(first)) {
            expiries.pop();
        }
        if expiries.len() > 2 * self.len() + 1000 {
            expiries.retain(is_due);
        }
        self.expiries = expiries;
    }

    #[cfg(test)]
    pub(super) fn due(&self) -> usize {
        self.expiries.len()
    }
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        // Only names are hashed, and they are written as words.
        let word = bytes.first_chunk().map_or(0, |word| u64::from_ne_bytes(*word));
        self.write_u64(word);
    }

    fn write_u64(&mut self, word: u64) {
        self.0.get_or_insert(word);
    }

    fn finish(&self) -> u64 {
        self.0.unwrap_or_default()
    }
}
