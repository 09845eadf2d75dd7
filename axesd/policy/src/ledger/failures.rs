//! The failures that some counter holds, and which of them goes when there are too many.

use std::collections::{BTreeMap, VecDeque};

use slab::Slab;

use crate::attempt::Failure;
use crate::client::{Address, Client};
use crate::effect::Effect;
use crate::filter::Filter;
use crate::key::Tag;
use crate::ledger::held::{Held, Shared};

/// What one failure takes at most beside its names: a third of it here, the rest in the memory of
/// the database, most of that only while everything is read, at a start and for a dump.
const FAILURE: usize = 760;
/// What it adds for each of its counters.
const COUNTER: usize = 180;
/// Of everything that is held, so manieth at least is not locked.
const LEFT_FOR_NEWCOMERS: usize = 8;
/// How often a name is there: here, in the database, and in what allocators round up.
const COPIES: usize = 4;

/// Where a failure stands as long as some counter holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u32);

/// All failures that are held.
#[derive(Debug, Default)]
pub(super) struct Failures {
    held: Slab<Held>,
    shared: Shared,
    bytes: usize,
    /// Those that may go, oldest first.
    idle: VecDeque<Place>,
    /// Those on which a lockout rested when it was their turn to go.
    resting: BTreeMap<u64, Slot>,
    /// The number of the one among these that is looked at next.
    look_at: u64,
}

/// Where a failure stood; by now it may be another one.
#[derive(Clone, Copy, Debug)]
struct Place {
    id: u64,
    slot: Slot,
}

impl Slot {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Failures {
    /// For at least so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.held.reserve(more);
    }

    pub(super) fn get(&self, slot: Slot) -> Option<Failure> {
        self.held.get(slot.index()).map(Held::failure)
    }

    /// Those that a filter covers, in no order.
    pub(super) fn covered(&self, filter: &Filter) -> impl Iterator<Item = (Slot, Failure)> {
        let covered = self.held.iter().filter(|(_, held)| held.is_covered(filter));
        covered.map(|(index, held)| (slot(index), held.failure()))
    }

    /// Whether there is one of a user.
    pub(super) fn any_of(&self, user: &str) -> bool {
        self.held.iter().any(|(_, held)| *held.user == *user)
    }

    /// An estimate of the memory that they and their counters take, rather too high.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a failure that no counter holds yet, and so many may.
    pub(super) fn insert(&mut self, failure: Failure, counters: usize) -> Slot {
        let id = failure.id;
        let bytes = u32::try_from(size(&failure.client, counters)).unwrap_or(u32::MAX);
        let slot = slot(self.held.insert(Held::new(failure, bytes, &mut self.shared)));
        self.bytes += size_of_entry(bytes);
        self.tidy();
        self.idle.push_back(Place { id, slot });
        slot
    }

    /// One counter more holds it.
    pub(super) fn hold(&mut self, slot: Slot) {
        if let Some(held) = self.held.get_mut(slot.index()) {
            held.counters = held.counters.saturating_add(1);
        }
    }

    /// A counter of this tag lets it go; it goes with the last one.
    pub(super) fn release(&mut self, slot: Slot, tag: Tag) -> Option<Effect> {
        let held = self.held.get_mut(slot.index())?;
        held.counters = held.counters.saturating_sub(1);
        if held.counters == 0 {
            return self.remove(slot).map(|held| Effect::Forget(held.id));
        }
        held.let_go(tag);
        Some(Effect::Keep(held.failure()))
    }

    /// A counter of this tag does not take it.
    pub(super) fn let_go(&mut self, slot: Slot, tag: Tag) {
        if let Some(held) = self.held.get_mut(slot.index()) {
            held.let_go(tag);
        }
    }

    /// A counter of this tag was locked already when it came.
    pub(super) fn came_past(&mut self, slot: Slot, tag: Tag) {
        if let Some(held) = self.held.get_mut(slot.index()) {
            held.came_past(tag);
        }
    }

    /// Its place, if some counter holds it; else it is gone.
    pub(super) fn settle(&mut self, slot: Slot) -> Option<Slot> {
        if self.held.get(slot.index())?.counters == 0 {
            self.remove(slot);
            return None;
        }
        Some(slot)
    }

    /// In the order of their numbers.
    pub(super) fn into_vec(self) -> Vec<Failure> {
        let mut failures: Vec<_> = self.held.into_iter().map(|(_, held)| held.failure()).collect();
        failures.sort_unstable_by_key(|failure| failure.id);
        failures
    }

    fn remove(&mut self, slot: Slot) -> Option<Held> {
        let held = self.held.try_remove(slot.index())?;
        self.bytes = self.bytes.saturating_sub(size_of_entry(held.bytes));
        self.resting.remove(&held.id);
        Some(held)
    }

    /// Those whose marks changed since they were added, once.
    pub(super) fn take_marked(&mut self) -> Vec<Failure> {
        let marked = self.held.iter_mut().map(|(_, held)| held);
        let marked =
            marked.filter_map(|held| std::mem::take(&mut held.marked).then(|| held.failure()));
        marked.collect()
    }

    /// The oldest on which no lockout rests, where few have to be looked at to find it.
    ///
    /// Lockouts leave room for those who are counted next: where nearly all is locked, the oldest
    /// of all goes.
    pub(super) fn next_to_go(
        &mut self,
        most: usize,
        is_resting: impl Fn(&Failure) -> bool,
    ) -> Option<Slot> {
        if let Some((slot, failure)) = self.next_resting()
            && !is_resting(&failure)
        {
            return Some(slot);
        }
        for _ in 0..most {
            let idle = self.held.len() - self.resting.len();
            if idle <= self.held.len() / LEFT_FOR_NEWCOMERS {
                return self.resting.first_key_value().map(|(_, slot)| *slot);
            }
            let (place, failure) = self.pop_idle()?;
            if !is_resting(&failure) {
                return Some(place.slot);
            }
            self.resting.insert(place.id, place.slot);
        }
        None
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, usize, usize) {
        (self.held.len(), self.idle.len() + self.resting.len(), self.shared.len())
    }

    /// One after the other, for a lockout may be over.
    fn next_resting(&mut self) -> Option<(Slot, Failure)> {
        let next = self.resting.range(self.look_at..).next();
        let (id, slot) =
            next.or_else(|| self.resting.first_key_value()).map(|it| (*it.0, *it.1))?;
        self.look_at = id + 1;
        self.get(slot).map(|failure| (slot, failure))
    }

    /// The oldest of the others that is still there.
    fn pop_idle(&mut self) -> Option<(Place, Failure)> {
        let place = loop {
            let place = self.idle.pop_front()?;
            if is_there(&self.held, place) {
                break place;
            }
        };
        self.get(place.slot).map(|failure| (place, failure))
    }

    /// Forgets places of failures that are gone before they are more than the others.
    fn tidy(&mut self) {
        if self.idle.len() > 2 * self.held.len() + 1000 {
            let held = &self.held;
            self.idle.retain(|place| is_there(held, *place));
        }
        self.shared.tidy(self.held.len());
    }
}

fn is_there(held: &Slab<Held>, place: Place) -> bool {
    held.get(place.slot.index()).is_some_and(|held| held.id == place.id)
}

fn slot(index: usize) -> Slot {
    // Bounded by the memory there is for them, far below this.
    Slot(u32::try_from(index).unwrap_or(u32::MAX))
}

fn size_of_entry(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

pub(super) fn size(client: &Client, counters: usize) -> usize {
    let optional = |text: &Option<_>| text.as_deref().map_or(0, str::len);
    let address = match &client.address {
        Address::Name(name) => name.len(),
        Address::Ip(_) | Address::Local => 0,
    };
    let names = client.user.len()
        + client.service.len()
        + optional(&client.tty)
        + optional(&client.ruser)
        + address;
    FAILURE + COUNTER * counters + COPIES * names
}
