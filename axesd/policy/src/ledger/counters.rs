//! Counters by name, and when each of them changes by itself.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashbrown::HashTable;
use slab::Slab;

use crate::ledger::counter::Counter;
use crate::name::Name;
use crate::time::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Counters {
    /// The places of counters, each found by the name that the counter itself bears.
    places: HashTable<Place>,
    /// Beside the table, of which up to half is empty.
    held: Slab<Counter>,
    /// One entry for each counter, which says so of itself; the others are nobody's any more. A
    /// failure that came later moves it when it is reached.
    expiries: BinaryHeap<Reverse<(Timestamp, Place)>>,
}

/// Where a counter stands until it holds nothing; then another one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place(u32);

impl Counters {
    /// For at least so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        let Self { places, held, expiries } = self;
        places.reserve(more, |place| hash(held, *place));
        held.reserve(more);
        expiries.reserve(more);
    }

    pub(super) fn get(&self, name: Name) -> Option<&Counter> {
        self.held.get(self.place(name)?.index())
    }

    pub(super) fn get_mut(&mut self, name: Name) -> Option<&mut Counter> {
        self.held.get_mut(self.place(name)?.index())
    }

    /// Adds one whose name is not there yet.
    pub(super) fn insert(&mut self, counter: Counter) {
        let hash_of_it = counter.name.hash();
        // Bounded by the memory there is for them, far below this.
        let place = Place(u32::try_from(self.held.insert(counter)).unwrap_or(u32::MAX));
        let Self { places, held, .. } = self;
        places.insert_unique(hash_of_it, place, |place| hash(held, *place));
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
        while self.next_look().is_some_and(|at| at <= now) {
            let Reverse((at, place)) = self.expiries.pop()?;
            let counter = self.held.get_mut(place.index());
            if let Some(counter) = counter.filter(|it| it.looked_at == at) {
                counter.looked_at = Timestamp::END;
                return Some(counter.name);
            }
        }
        None
    }

    /// Looks at a counter again when it changes by itself; forgets one that holds nothing.
    pub(super) fn schedule(&mut self, name: Name) {
        let Some(place) = self.place(name) else { return };
        let Some(counter) = self.held.get_mut(place.index()) else { return };
        if counter.failures.is_empty() {
            self.remove(name, place);
            self.tidy();
            return;
        }
        let Some(next) = counter.next_change().filter(|next| *next < counter.looked_at) else {
            return;
        };
        counter.looked_at = next;
        self.expiries.push(Reverse((next, place)));
        self.tidy();
    }

    fn place(&self, name: Name) -> Option<Place> {
        let bears = |place: &Place| self.held.get(place.index()).is_some_and(|it| it.name == name);
        self.places.find(name.hash(), bears).copied()
    }

    fn remove(&mut self, name: Name, place: Place) {
        if let Ok(entry) = self.places.find_entry(name.hash(), |it| *it == place) {
            entry.remove();
        }
        self.held.try_remove(place.index());
    }

    /// Forgets entries that are nobody's: the first ones, and all before they are more than the
    /// others.
    fn tidy(&mut self) {
        let Self { held, expiries, .. } = self;
        let is_due = |Reverse((at, place)): &Reverse<(Timestamp, Place)>| {
            held.get(place.index()).is_some_and(|counter| counter.looked_at == *at)
        };
        while expiries.peek().is_some_and(|first| !is_due(first)) {
            expiries.pop();
        }
        if expiries.len() > 2 * held.len() + 1000 {
            let mut due = std::mem::take(expiries).into_vec();
            due.retain(is_due);
            // One that stands where another stood may have found an entry for the same moment.
            due.sort_unstable();
            due.dedup();
            *expiries = due.into();
        }
    }

    #[cfg(test)]
    pub(super) fn due(&self) -> usize {
        self.expiries.len()
    }
}

impl Place {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

fn hash(held: &Slab<Counter>, place: Place) -> u64 {
    held.get(place.index()).map_or(0, |counter| counter.name.hash())
}
