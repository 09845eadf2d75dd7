//! The failures that count, and the counters that are views of them.

mod counter;
mod levels;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::attempt::{Failure, Lane, Reporter};
use crate::effect::{CounterState, Effect, Release};
use crate::filter::Filter;
use crate::judge::Judge;
use crate::key::{CounterKey, Tag};
use crate::ledger::counter::{Counter, Entry};
use crate::ledger::levels::Levels;
use crate::note::LevelKey;
use crate::settings::CounterRule;
use crate::time::Timestamp;

/// Failures that are remembered at once; one takes some 200 bytes.
const MOST: usize = 1_000_000;
/// Counters that change by themselves at once; some milliseconds.
const AT_ONCE: usize = 1_000;
/// How many of the oldest are looked at for one that no lockout rests on.
const LOOKED_AT: usize = 1_000;

/// Every failure that some counter holds.
#[derive(Debug)]
pub(crate) struct Ledger {
    most: usize,
    failures: BTreeMap<u64, Held>,
    counters: HashMap<CounterKey, Counter>,
    /// One entry for each counter; a failure that came later moves it when it is reached.
    expiries: BTreeSet<(Timestamp, CounterKey)>,
    levels: Levels,
    next_id: u64,
}

#[derive(Debug)]
struct Held {
    failure: Failure,
    /// How many counters hold it.
    counters: usize,
}

/// Which failures of a counter to drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drop {
    All,
    ReportedByOwner,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            most: MOST,
            failures: BTreeMap::new(),
            counters: HashMap::new(),
            expiries: BTreeSet::new(),
            levels: Levels::default(),
            next_id: 0,
        }
    }
}

impl Ledger {
    /// Failures that a counter holds now.
    pub(crate) fn count(&self, key: &CounterKey) -> u32 {
        self.counters.get(key).map_or(0, Counter::count)
    }

    /// Whether a counter is at its limit.
    pub(crate) fn is_locked(&self, key: &CounterKey) -> bool {
        self.counters.get(key).is_some_and(|counter| counter.locked().is_some())
    }

    /// A counter that holds a failure.
    pub(crate) fn state(&self, key: &CounterKey) -> Option<CounterState> {
        self.counters.get(key).map(|counter| counter.state(key))
    }

    /// Every counter.
    pub(crate) fn states(&self) -> impl Iterator<Item = CounterState> {
        self.counters.iter().map(|(key, counter)| counter.state(key))
    }

    /// Failures held.
    pub(crate) fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.failures.values().map(|held| &held.failure)
    }

    /// The number for the next failure.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Counts a failure in the counters of these names that did not let it go already.
    pub(crate) fn add(
        &mut self,
        judge: &Judge,
        mut failure: Failure,
        keys: &[CounterKey],
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.next_id = self.next_id.max(failure.id);
        let mut counters = 0;
        for key in keys {
            let Some(rule) = judge.settings.counter(key.counter) else { continue };
            let tag = key.tag(rule.name.as_deref());
            if failure.marks.gone().contains(&tag) {
                continue;
            }
            // Ages ago, when history is counted again; what came past the limit kept it locked.
            if !failure.marks.past().contains(&tag) {
                effects.extend(self.age(key, failure.at));
            }
            if self.takes(key, tag, &mut failure) {
                counters += 1;
                effects.extend(self.append(rule, key, &failure));
                effects.extend(self.fold_surplus(key));
            }
        }
        if counters > 0 {
            effects.insert(0, Effect::Keep(failure.clone()));
            self.failures.insert(failure.id, Held { failure, counters });
        }
        if self.failures.len() > self.most {
            effects.extend(self.forget_oldest(judge));
        }
        effects
    }

    /// Drops failures from one counter, which forgives them.
    pub(crate) fn forgive(&mut self, key: &CounterKey, drop: Drop) -> Vec<Effect> {
        self.drop_entries(key, Release::Success, |entry| drop.covers(entry))
    }

    /// Drops one failure from all counters of these names.
    pub(crate) fn remove(&mut self, id: u64, keys: &[CounterKey]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys {
            let tag = self.counters.get(key).map(|counter| counter.tag(key));
            let dropped = self.remove_entries(key, Release::Reset, |entry| entry.id == id);
            effects.extend(dropped.effects);
            let others = dropped.ids.into_iter().filter(|dropped| *dropped != id);
            let stale: Vec<_> = others.zip(tag.into_iter().cycle()).collect();
            effects.extend(stale.into_iter().map(|(id, tag)| self.let_go(id, tag)));
        }
        self.failures.remove(&id);
        effects.push(Effect::Forget(id));
        effects
    }

    /// Drops counters whose cool-off is over, and failures out of their window; the names of
    /// counters that hold less come back beside the effects. Not all at once: logins come between.
    pub(crate) fn expire(&mut self, now: Timestamp) -> (Vec<Effect>, Vec<CounterKey>) {
        let (mut effects, mut lowered) = (self.levels.expire(now), Vec::new());
        for _ in 0..AT_ONCE {
            if self.expiries.first().is_none_or(|(at, _)| *at > now) {
                break;
            }
            let Some((_, key)) = self.expiries.pop_first() else { break };
            let Some(counter) = self.counters.get_mut(&key) else { continue };
            counter.looked_at = None;
            if counter.next_change().is_some_and(|next| next <= now) {
                effects.extend(self.cool_off(&key, now));
                lowered.push(key.clone());
            }
            self.schedule(&key);
        }
        (effects, lowered)
    }

    /// Ends what is over in these counters, whoever else has to wait for that.
    pub(crate) fn refresh(&mut self, keys: &[CounterKey], now: Timestamp) -> Vec<Effect> {
        keys.iter().flat_map(|key| self.age(key, now)).collect()
    }

    /// When [`Ledger::expire`] has something to do at the earliest.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        let counters = self.expiries.first().map(|(at, _)| *at);
        [counters, self.levels.next_end()].into_iter().flatten().min()
    }

    /// Counts from nothing, but knows how many lockouts there were.
    pub(crate) fn afresh(&mut self, judge: &Judge) -> Self {
        Self { levels: self.levels.under(&judge.settings), ..Self::default() }
    }

    /// What was noted before a restart.
    pub(crate) fn recall_level(&mut self, judge: &Judge, key: LevelKey, level: u8, at: Timestamp) {
        self.levels.recall(&judge.settings, key, level, at);
    }

    /// The next lockout of the counters that a filter names is a first one.
    pub(crate) fn forget_levels(&mut self, filter: &Filter) -> Vec<Effect> {
        self.levels.forget(|counter| filter.names(counter))
    }

    /// Whether a counter takes a failure; marks what a restart has to know of that.
    fn takes(&self, key: &CounterKey, tag: Tag, failure: &mut Failure) -> bool {
        // What a familiar address adds to the counter of strangers ends at its limit.
        let beside = failure.lane == Lane::Familiar && key.has_lanes() && !key.is_familiar();
        match (self.is_locked(key), beside) {
            (false, _) => return true,
            (true, true) => failure.marks.let_go(tag),
            (true, false) => failure.marks.came_past(tag),
        }
        !beside
    }

    /// Ends what is over by this moment in one counter.
    fn age(&mut self, key: &CounterKey, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        let due = |it: &Counter| it.next_change().is_some_and(|next| next <= now);
        while self.counters.get(key).is_some_and(due) {
            effects.extend(self.cool_off(key, now));
        }
        effects
    }

    /// The time of a counter is over, or that of its oldest failures.
    fn cool_off(&mut self, key: &CounterKey, now: Timestamp) -> Vec<Effect> {
        let Some(counter) = self.counters.get(key) else { return Vec::new() };
        let goes = counter.outdated(now);
        let mut effects = match counter.ended_lockout() {
            Some(ended) => self.levels.note(&counter.rule, key, counter.level, ended),
            None => Vec::new(),
        };
        effects.extend(self.drop_entries(key, Release::CoolOff, goes));
        effects
    }

    /// Drops failures from one counter; those that others hold remember that.
    fn drop_entries(
        &mut self,
        key: &CounterKey,
        release: Release,
        goes: impl Fn(&Entry) -> bool,
    ) -> Vec<Effect> {
        let Some(tag) = self.counters.get(key).map(|counter| counter.tag(key)) else {
            return Vec::new();
        };
        let dropped = self.remove_entries(key, release, goes);
        let mut effects = dropped.effects;
        effects.extend(dropped.ids.into_iter().map(|id| self.let_go(id, tag)));
        effects
    }

    fn let_go(&mut self, id: u64, tag: Tag) -> Effect {
        match self.failures.get_mut(&id) {
            Some(held) => {
                held.failure.marks.let_go(tag);
                Effect::Keep(held.failure.clone())
            }
            None => Effect::Forget(id),
        }
    }

    /// Looks at a counter again when it changes by itself.
    fn schedule(&mut self, key: &CounterKey) {
        let Some(counter) = self.counters.get_mut(key) else { return };
        let Some(next) = counter.next_change() else { return };
        if counter.looked_at.is_some_and(|at| at <= next) {
            return;
        }
        if let Some(at) = counter.looked_at.replace(next) {
            self.expiries.remove(&(at, key.clone()));
        }
        self.expiries.insert((next, key.clone()));
    }

    /// Makes room: the oldest failure goes, but not one that a lockout rests on if others do.
    fn forget_oldest(&mut self, judge: &Judge) -> Vec<Effect> {
        let keys = |held: &Held| judge.keys_of(&held.failure);
        let mut oldest = self.failures.values().take(LOOKED_AT);
        let idle = oldest.find(|held| !keys(held).iter().any(|key| self.is_locked(key)));
        let Some(held) = idle.or_else(|| self.failures.values().next()) else { return Vec::new() };
        let (id, keys) = (held.failure.id, keys(held));
        self.remove(id, &keys)
    }

    fn append(
        &mut self,
        rule: &Arc<CounterRule>,
        key: &CounterKey,
        failure: &Failure,
    ) -> Option<Effect> {
        let entry = Entry { id: failure.id, at: failure.at, reporter: failure.reporter };
        let level = || self.levels.next(rule, key, failure.at);
        let counter = self.counters.entry(key.clone());
        let counter = counter.or_insert_with(|| Counter::new(rule.clone(), level()));
        counter.failures.push(entry);
        let locked = (counter.count() == rule.limit.get()).then(|| counter.state(key));
        self.schedule(key);
        locked.map(Effect::Locked)
    }

    /// Only the last of the failures past the limit matters: it says when the counter forgets.
    fn fold_surplus(&mut self, key: &CounterKey) -> Option<Effect> {
        let counter = self.counters.get_mut(key)?;
        let limit = counter.limit();
        if counter.failures.len() <= limit + 1 {
            return None;
        }
        counter.surplus = counter.surplus.saturating_add(1);
        let (folded, tag) = (counter.failures.remove(limit).id, counter.tag(key));
        self.release(folded);
        Some(self.let_go(folded, tag))
    }

    fn remove_entries(
        &mut self,
        key: &CounterKey,
        release: Release,
        goes: impl Fn(&Entry) -> bool,
    ) -> Dropped {
        let mut dropped = Dropped::default();
        let Some(counter) = self.counters.get_mut(key) else {
            return dropped;
        };
        let before = counter.state(key);
        dropped.ids =
            counter.failures.extract_if(.., |entry| goes(entry)).map(|entry| entry.id).collect();
        if !dropped.ids.is_empty() {
            counter.surplus = 0;
            dropped.ids.extend(counter.drop_stale());
        }
        if before.locked.is_some() && counter.locked().is_none() {
            dropped.effects.push(Effect::Unlocked(before, release));
        }
        if counter.failures.is_empty() {
            let looked_at = counter.looked_at;
            self.counters.remove(key);
            looked_at.map(|at| self.expiries.remove(&(at, key.clone())));
        } else {
            self.schedule(key);
        }
        for id in &dropped.ids {
            self.release(*id);
        }
        dropped
    }

    /// One counter less holds the failure.
    fn release(&mut self, id: u64) {
        if let Some(held) = self.failures.get_mut(&id) {
            held.counters = held.counters.saturating_sub(1);
            if held.counters == 0 {
                self.failures.remove(&id);
            }
        }
    }
}

#[derive(Default)]
struct Dropped {
    ids: Vec<u64>,
    effects: Vec<Effect>,
}

impl Drop {
    fn covers(self, entry: &Entry) -> bool {
        self == Self::All || entry.reporter == Reporter::Owner
    }
}
