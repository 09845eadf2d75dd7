//! One counter: the failures that it holds, and when it forgets them.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::attempt::{Lane, Reporter};
use crate::effect::CounterState;
use crate::key::CounterKey;
use crate::ledger::failures::Slot;
use crate::name::{Name, Named};
use crate::settings::{CounterId, CounterRule};
use crate::time::Timestamp;

/// There are many of these: what its key says is told again by any of its failures.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) name: Name,
    pub(super) rule: Arc<CounterRule>,
    /// The moment of its entry among the expiries; the end of time where it has none.
    pub(super) looked_at: Timestamp,
    /// In the order of time; never empty. At most one more than the limit.
    pub(super) failures: SmallVec<[Entry; 1]>,
    /// Failures past the limit that are only counted.
    pub(super) surplus: u32,
    pub(super) id: CounterId,
    /// Whose counter it is, where familiar addresses have their own.
    pub(super) lane: Lane,
    /// Which of the cool-offs applies, from 0.
    pub(super) level: u8,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) slot: Slot,
    pub(super) reporter: Reporter,
}

impl Counter {
    pub(super) fn new(rule: Arc<CounterRule>, key: &Named, level: u8) -> Self {
        Self {
            name: key.name,
            rule,
            looked_at: Timestamp::END,
            failures: SmallVec::new(),
            surplus: 0,
            id: key.counter,
            lane: if key.is_familiar() { Lane::Familiar } else { Lane::Stranger },
            level,
        }
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.failures.len()).unwrap_or(u32::MAX).saturating_add(self.surplus)
    }

    /// When it reached its limit.
    pub(super) fn locked(&self) -> Option<Timestamp> {
        self.failures.get(self.limit() - 1).map(|entry| entry.at)
    }

    /// At least 1.
    pub(super) fn limit(&self) -> usize {
        usize::try_from(self.rule.limit.get()).unwrap_or(usize::MAX - 1)
    }

    /// When it changes if nothing happens: all of it is forgotten, or its oldest failure.
    pub(super) fn next_change(&self) -> Option<Timestamp> {
        match (self.rule.window, self.failures.first()) {
            (Some(window), Some(first)) if self.locked().is_none() => Some(first.at.after(window)),
            _ => self.until(),
        }
    }

    /// Whether it changed by itself, though nobody looked.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.next_change().is_some_and(|next| next <= now)
    }

    /// Which failures go when it changes by itself.
    pub(super) fn outdated(&self, now: Timestamp) -> impl Fn(&Entry) -> bool + use<> {
        let window = self.rule.window.filter(|_| self.locked().is_none());
        move |entry| window.is_none_or(|window| entry.at.after(window) <= now)
    }

    /// Drops those failures, and what the counter would have forgotten long ago without them.
    pub(super) fn remove(&mut self, goes: impl Fn(&Entry) -> bool) -> Vec<Slot> {
        let mut gone = Vec::new();
        self.failures.retain(|entry| {
            let stays = !goes(entry);
            if !stays {
                gone.push(entry.slot);
            }
            stays
        });
        if !gone.is_empty() {
            self.surplus = 0;
            gone.extend(self.remove_stale());
        }
        gone
    }

    fn remove_stale(&mut self) -> Vec<Slot> {
        let cooloff = self.rule.cooloff.at(self.level).filter(|_| self.rule.window.is_none());
        let Some(cooloff) = cooloff.filter(|_| self.locked().is_none()) else { return Vec::new() };
        let pairs = self.failures.iter().zip(self.failures.iter().skip(1));
        let quiet = |(earlier, later): &(&Entry, &Entry)| earlier.at.after(cooloff) <= later.at;
        let stale = pairs.enumerate().rfind(|(_, pair)| quiet(pair));
        let stale = stale.map_or(0, |(index, _)| index + 1);
        self.failures.drain(..stale).map(|entry| entry.slot).collect()
    }

    /// When the lockout that it is in ends.
    pub(super) fn ended_lockout(&self) -> Option<Timestamp> {
        self.locked().and_then(|_| self.until())
    }

    pub(super) fn state(&self, key: CounterKey) -> CounterState {
        CounterState {
            key,
            name: self.rule.name.clone(),
            failures: self.count(),
            limit: self.rule.limit.get(),
            first: self.failures.first().map_or_else(Timestamp::default, |entry| entry.at),
            last: self.last(),
            locked: self.locked(),
            until: self.until(),
            level: self.level.saturating_add(1),
        }
    }

    fn last(&self) -> Timestamp {
        self.failures.last().map_or_else(Timestamp::default, |entry| entry.at)
    }

    /// When all of it is forgotten: a period after the last counted failure, as in django-axes,
    /// or when that one leaves the window.
    fn until(&self) -> Option<Timestamp> {
        let open = self.rule.window.filter(|_| self.locked().is_none());
        open.or_else(|| self.rule.cooloff.at(self.level)).map(|time| self.last().after(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_holds_one_failure_takes_64_bytes() {
        // As a slab has them.
        enum Place {
            _Free(usize),
            _Taken(Counter),
        }
        assert_eq!(size_of::<Place>(), 64);
    }
}
