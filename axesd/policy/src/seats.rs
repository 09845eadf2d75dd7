//! Places at the gate: who is being verified, and who waits for a place.
//!
//! A counter with two failures of five left has three places. Whoever finds one of its counters
//! without a free place stands in the line of that counter, in the order of arrival. A place can
//! be lent to somebody who has not answered yet; it is called back when another one needs it.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use crate::effect::AttemptId;
use crate::name::{Name, Named};

/// The order in which attempts came to the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub(crate) u64, pub(crate) AttemptId);

/// Places and lines of the counters that somebody uses now.
#[derive(Debug, Default)]
pub(crate) struct Seats(BTreeMap<Name, Seat>);

#[derive(Debug, Default)]
struct Seat {
    /// Lent ones among them.
    taken: u32,
    line: BTreeSet<Ticket>,
    lent: SmallVec<[AttemptId; 2]>,
}

impl Seats {
    /// Places taken on a counter.
    pub(crate) fn taken(&self, name: Name) -> u32 {
        self.0.get(&name).map_or(0, |seat| seat.taken)
    }

    /// Takes a place on each counter; the caller has seen that there is one.
    pub(crate) fn take(&mut self, keys: &[Named]) {
        for key in keys {
            self.0.entry(key.name).or_default().taken += 1;
        }
    }

    /// Gives the places back.
    pub(crate) fn give_back(&mut self, keys: &[Named]) {
        for key in keys {
            self.change(key.name, |seat| seat.taken = seat.taken.saturating_sub(1));
        }
    }

    /// Marks the places that an attempt took as lent.
    pub(crate) fn lend(&mut self, keys: &[Named], id: AttemptId) {
        for key in keys {
            self.change(key.name, |seat| seat.lent.push(id));
        }
    }

    /// They are lent no longer: in use, or about to be given back.
    pub(crate) fn end_loan(&mut self, keys: &[Named], id: AttemptId) {
        for key in keys {
            self.change(key.name, |seat| seat.lent.retain(|it| *it != id));
        }
    }

    /// Those to whom places of a counter are lent; named once.
    pub(crate) fn call_back(&mut self, name: Name) -> SmallVec<[AttemptId; 2]> {
        self.0.get_mut(&name).map(|seat| std::mem::take(&mut seat.lent)).unwrap_or_default()
    }

    /// Stands in the line of a counter.
    pub(crate) fn wait(&mut self, name: Name, ticket: Ticket) {
        self.0.entry(name).or_default().line.insert(ticket);
    }

    /// Leaves the line.
    pub(crate) fn leave(&mut self, name: Name, ticket: Ticket) {
        self.change(name, |seat| {
            seat.line.remove(&ticket);
        });
    }

    /// Who is next in the line of a counter.
    pub(crate) fn first(&self, name: Name) -> Option<Ticket> {
        self.0.get(&name).and_then(|seat| seat.line.first().copied())
    }

    fn change(&mut self, name: Name, change: impl FnOnce(&mut Seat)) {
        if let Some(seat) = self.0.get_mut(&name) {
            change(seat);
            if seat.taken == 0 && seat.line.is_empty() {
                self.0.remove(&name);
            }
        }
    }
}
