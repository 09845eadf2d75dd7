//! One counter: the failures that it holds, and when it forgets them.

use std::sync::Arc;

use crate::attempt::Reporter;
use crate::effect::CounterState;
use crate::key::{CounterKey, Tag};
use crate::settings::CounterRule;
use crate::time::Timestamp;

#[derive(Debug)]
pub(super) struct Counter {
    pub(super) rule: Arc<CounterRule>,
    /// Which of the cool-offs applies, from 0.
    pub(super) level: u8,
    /// Its entry among the expiries.
    pub(super) looked_at: Option<Timestamp>,
    /// In the order of time; never empty. At most one more than the limit.
    pub(super) failures: Vec<Entry>,
    /// Failures past the limit that are only counted.
    pub(super) surplus: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) at: Timestamp,
    pub(super) reporter: Reporter,
}

impl Counter {
    pub(super) fn new(rule: Arc<CounterRule>, level: u8) -> Self {
        Self { rule, level, looked_at: None, failures: Vec::new(), surplus: 0 }
    }

    pub(super) fn tag(&self, key: &CounterKey) -> Tag {
        key.tag(self.rule.name.as_deref())
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

    /// Which failures go when it changes by itself.
    pub(super) fn outdated(&self, now: Timestamp) -> impl Fn(&Entry) -> bool + use<> {
        let window = self.rule.window.filter(|_| self.locked().is_none());
        move |entry| window.is_none_or(|window| entry.at.after(window) <= now)
    }

    /// Drops what the counter would have forgotten long ago without failures that are gone now.
    pub(super) fn drop_stale(&mut self) -> Vec<u64> {
        let cooloff = self.rule.cooloff.at(self.level).filter(|_| self.rule.window.is_none());
        let Some(cooloff) = cooloff.filter(|_| self.locked().is_none()) else { return Vec::new() };
        let pairs = self.failures.iter().zip(self.failures.iter().skip(1));
        let quiet = |(earlier, later): &(&Entry, &Entry)| earlier.at.after(cooloff) <= later.at;
        let stale = pairs.enumerate().rfind(|(_, pair)| quiet(pair));
        let stale = stale.map_or(0, |(index, _)| index + 1);
        self.failures.drain(..stale).map(|entry| entry.id).collect()
    }

    /// When the lockout that it is in ends.
    pub(super) fn ended_lockout(&self) -> Option<Timestamp> {
        self.locked().and_then(|_| self.until())
    }

    pub(super) fn state(&self, key: &CounterKey) -> CounterState {
        CounterState {
            key: key.clone(),
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
