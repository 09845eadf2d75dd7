//! The failures that count, and the counters that are views of them.

mod counter;
mod counters;
mod failures;
mod held;
mod levels;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::attempt::{Failure, Lane, Reporter};
use crate::effect::{CounterState, Effect, Release};
use crate::filter::Filter;
use crate::judge::Judge;
use crate::key::{CounterKey, Tag};
use crate::ledger::counter::{Counter, Entry};
use crate::ledger::counters::Counters;
use crate::ledger::failures::Failures;
pub(crate) use crate::ledger::failures::Slot;
use crate::ledger::levels::Levels;
use crate::name::{Name, Named};
use crate::note::LevelKey;
use crate::settings::{CounterRule, Prefixes};
use crate::time::Timestamp;

/// Counters that change by themselves at once; some milliseconds.
const AT_ONCE: usize = 1_000;
/// How many of the oldest are looked at for one that no lockout rests on.
const LOOKED_AT: usize = 1_000;

/// Every failure that some counter holds.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    failures: Failures,
    counters: Counters,
    levels: Levels,
    prefixes: Prefixes,
    next_id: u64,
    crowded_out: u64,
}

/// Which failures of a counter to drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drop {
    All,
    ReportedByOwner,
}

impl Ledger {
    /// Failures that a counter holds now.
    pub(crate) fn count(&self, name: Name) -> u32 {
        self.counters.get(name).map_or(0, Counter::count)
    }

    /// Whether a counter is at its limit.
    pub(crate) fn is_locked(&self, name: Name) -> bool {
        self.counters.get(name).is_some_and(|counter| counter.locked().is_some())
    }

    /// A counter that holds a failure.
    pub(crate) fn state(&self, key: &Named) -> Option<CounterState> {
        self.counters.get(key.name).map(|counter| counter.state(key.key.clone()))
    }

    /// Every counter.
    pub(crate) fn states(&self) -> impl Iterator<Item = CounterState> {
        self.counters.iter().filter_map(|counter| Some(counter.state(self.key(counter)?)))
    }

    /// How many counters there are, and how many of them are locked.
    pub(crate) fn tally(&self) -> (usize, usize) {
        let locked = self.counters.iter().filter(|counter| counter.locked().is_some());
        (self.counters.len(), locked.count())
    }

    /// Failures held that a filter covers, in no order.
    pub(crate) fn covered(&self, filter: &Filter) -> impl Iterator<Item = (Slot, Failure)> {
        self.failures.covered(filter)
    }

    /// Whether a failure of a user is held.
    pub(crate) fn holds(&self, user: &str) -> bool {
        self.failures.any_of(user)
    }

    /// Failures that went for want of room.
    pub(crate) const fn crowded_out(&self) -> u64 {
        self.crowded_out
    }

    /// The number for the next failure.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Counts a failure in the counters of these names that did not let it go already.
    pub(crate) fn add(&mut self, judge: &Judge, failure: Failure, keys: &[Named]) -> Vec<Effect> {
        let (kept, mut effects) = self.count_in(judge, failure, keys);
        if let Some(failure) = kept.and_then(|slot| self.failures.get(slot)) {
            effects.insert(0, Effect::Keep(failure));
        }
        effects.extend(self.make_room(judge, LOOKED_AT));
        effects
    }

    /// Counts failures again that are kept as they are, given in the order of their numbers.
    ///
    /// Says what is to be kept otherwise, or not any more, and what is to be remembered of
    /// lockouts that ended meanwhile. The rest is over and nobody's business.
    pub(crate) fn replay(
        &mut self,
        judge: &Judge,
        failures: Vec<Failure>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let lasting = |effect: &Effect| {
            matches!(
                effect,
                Effect::Remember(_)
                    | Effect::Drop(_)
                    | Effect::Forget(_)
                    | Effect::Crowded
                    | Effect::Unlocked(_, Release::Crowded)
            )
        };
        let mut effects = Vec::new();
        let counters = failures.first().map_or(0, |failure| judge.keys_of(failure).len());
        self.counters.reserve(failures.len() * counters);
        self.failures.reserve(failures.len());
        for mut failure in failures {
            failure.at = failure.at.min(now);
            let (id, keys) = (failure.id, judge.keys_of(&failure));
            let (kept, counted) = self.count_in(judge, failure, &keys);
            effects.extend(kept.is_none().then_some(Effect::Forget(id)));
            effects.extend(counted.into_iter().filter(lasting));
        }
        effects.extend(self.make_room(judge, usize::MAX).into_iter().filter(lasting));
        while self.next_expiry().is_some_and(|at| at <= now) {
            effects.extend(self.expire(now).0.into_iter().filter(lasting));
        }
        effects.extend(self.failures.take_marked().into_iter().map(Effect::Keep));
        effects
    }

    /// Drops failures from one counter, which forgives them.
    pub(crate) fn forgive(&mut self, key: &Named, drop: Drop) -> Vec<Effect> {
        self.drop_entries(key, Release::Success, |it| drop.covers(it))
    }

    /// Drops one failure from all counters of these names.
    pub(crate) fn remove(&mut self, slot: Slot, keys: &[Named], release: Release) -> Vec<Effect> {
        let Some(id) = self.failures.get(slot).map(|failure| failure.id) else {
            return Vec::new();
        };
        let mut effects = Vec::new();
        for key in keys {
            effects.extend(self.drop_entries(key, release, |entry| entry.slot == slot));
        }
        if effects.contains(&Effect::Forget(id)) {
            effects.retain(|effect| !matches!(effect, Effect::Keep(failure) if failure.id == id));
        }
        effects
    }

    /// Drops counters whose cool-off is over, and failures out of their window; the names of
    /// counters that hold less come back beside the effects. Not all at once: logins come between.
    pub(crate) fn expire(&mut self, now: Timestamp) -> (Vec<Effect>, Vec<Named>) {
        let (mut effects, mut lowered) = (self.levels.expire(now), Vec::new());
        for _ in 0..AT_ONCE {
            let Some(name) = self.counters.pop_due(now) else { break };
            let is_due = self.counters.get(name).is_some_and(|it| it.is_due(now));
            let due = self.counters.get(name).filter(|_| is_due);
            if let Some(key) = due.and_then(|it| self.key(it)) {
                let key = Named { key, name };
                effects.extend(self.cool_off(&key, now));
                lowered.push(key);
            }
            self.counters.schedule(name);
        }
        (effects, lowered)
    }

    /// Ends what is over in these counters, whoever else has to wait for that.
    pub(crate) fn refresh(&mut self, keys: &[Named], now: Timestamp) -> Vec<Effect> {
        keys.iter().flat_map(|key| self.age(key, now)).collect()
    }

    /// When [`Ledger::expire`] has something to do at the earliest.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        [self.counters.next_look(), self.levels.next_end()].into_iter().flatten().min()
    }

    /// Counts from nothing, but knows how many lockouts there were; what was counted comes back
    /// in the order of its numbers.
    pub(crate) fn begin_anew(&mut self, judge: &Judge) -> Vec<Failure> {
        let anew = Self {
            levels: self.levels.under(&judge.settings),
            prefixes: judge.settings.prefixes,
            next_id: self.next_id,
            crowded_out: self.crowded_out,
            ..Self::default()
        };
        std::mem::replace(self, anew).failures.into_vec()
    }

    /// What was noted before a restart.
    pub(crate) fn recall_level(&mut self, judge: &Judge, key: LevelKey, level: u8, at: Timestamp) {
        self.levels.recall(&judge.settings, key, level, at);
    }

    /// The next lockout of the counters that a filter names is a first one.
    pub(crate) fn forget_levels(&mut self, filter: &Filter) -> Vec<Effect> {
        self.levels.forget(|counter| filter.names(counter))
    }

    /// The name of a counter in full: all its failures say the same.
    fn key(&self, counter: &Counter) -> Option<CounterKey> {
        let client = self.failures.get(counter.failures.first()?.slot)?.client;
        let attributes = counter.rule.attributes;
        CounterKey::of(&client, counter.id, attributes, self.prefixes, counter.lane)
    }

    /// Where the failure stands, unless no counter took it, and what that did to others.
    fn count_in(
        &mut self,
        judge: &Judge,
        failure: Failure,
        keys: &[Named],
    ) -> (Option<Slot>, Vec<Effect>) {
        self.next_id = self.next_id.max(failure.id);
        let mut effects = Vec::new();
        let Failure { at, reporter, lane, .. } = failure;
        let marks = failure.marks.clone();
        let entry = Entry { at, slot: self.failures.insert(failure, keys.len()), reporter };
        for key in keys {
            let Some(rule) = judge.settings.counter(key.counter) else { continue };
            let tag = rule.tag(key);
            if marks.gone().contains(&tag) {
                continue;
            }
            // Ages ago, when history is counted again; what came past the limit kept it locked.
            if !marks.past().contains(&tag) {
                effects.extend(self.age(key, entry.at));
            }
            if self.takes(key, tag, lane, entry.slot) {
                effects.extend(self.append(rule, key, entry));
                effects.extend(self.fold_surplus(key.name, tag));
            }
        }
        (self.failures.settle(entry.slot), effects)
    }

    /// Whether a counter takes a failure; marks what a restart has to know of that.
    fn takes(&mut self, key: &Named, tag: Tag, lane: Lane, slot: Slot) -> bool {
        // What a familiar address adds to the counter of strangers ends at its limit.
        let beside = lane == Lane::Familiar && key.has_lanes() && !key.is_familiar();
        let is_locked = self.is_locked(key.name);
        match (is_locked, beside) {
            (false, _) => return true,
            (true, true) => self.failures.let_go(slot, tag),
            (true, false) => self.failures.came_past(slot, tag),
        }
        !beside
    }

    /// Ends what is over by this moment in one counter.
    fn age(&mut self, key: &Named, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        while self.counters.get(key.name).is_some_and(|counter| counter.is_due(now)) {
            effects.extend(self.cool_off(key, now));
        }
        effects
    }

    /// The time of a counter is over, or that of its oldest failures.
    fn cool_off(&mut self, key: &Named, now: Timestamp) -> Vec<Effect> {
        let Some(counter) = self.counters.get(key.name) else { return Vec::new() };
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
        key: &Named,
        release: Release,
        goes: impl Fn(&Entry) -> bool,
    ) -> Vec<Effect> {
        let Some(counter) = self.counters.get_mut(key.name) else { return Vec::new() };
        let locked = counter.locked().is_some().then(|| counter.state(key.key.clone()));
        let gone = counter.remove(goes);
        let tag = counter.rule.tag(key);
        let ended = locked.filter(|_| counter.locked().is_none());
        let mut effects: Vec<_> =
            ended.map(|before| Effect::Unlocked(before, release)).into_iter().collect();
        self.counters.schedule(key.name);
        effects.extend(gone.into_iter().filter_map(|slot| self.failures.release(slot, tag)));
        effects
    }

    /// The oldest failures go, those that a lockout rests on only when there are few others; no
    /// more than so many are looked at for each that goes.
    fn make_room(&mut self, judge: &Judge, most: usize) -> Vec<Effect> {
        let mut effects = Vec::new();
        while self.failures.bytes() > judge.settings.room {
            let Self { failures, counters, .. } = self;
            let is_locked =
                |key: &Named| counters.get(key.name).is_some_and(|it| it.locked().is_some());
            let next = failures.next_to_go(most, |it| judge.keys_of(it).iter().any(is_locked));
            let Some((slot, failure)) = next.and_then(|it| Some((it, self.failures.get(it)?)))
            else {
                break;
            };
            let (keys, before) = (judge.keys_of(&failure), self.failures.bytes());
            effects.extend(self.remove(slot, &keys, Release::Crowded));
            // It stands in counters that it would not fall into by now: they let it go in time.
            if self.failures.bytes() == before {
                break;
            }
            effects.extend((self.crowded_out == 0).then_some(Effect::Crowded));
            self.crowded_out += 1;
        }
        effects
    }

    fn append(&mut self, rule: &Arc<CounterRule>, key: &Named, entry: Entry) -> Option<Effect> {
        self.failures.hold(entry.slot);
        if self.counters.get(key.name).is_none() {
            let level = self.levels.next(rule, key, entry.at);
            self.counters.insert(Counter::new(rule.clone(), key, level));
        }
        let counter = self.counters.get_mut(key.name)?;
        counter.failures.push(entry);
        let locked = (counter.count() == rule.limit.get()).then(|| counter.state(key.key.clone()));
        self.counters.schedule(key.name);
        locked.map(Effect::Locked)
    }

    /// Only the last of the failures past the limit matters: it says when the counter forgets.
    fn fold_surplus(&mut self, name: Name, tag: Tag) -> Option<Effect> {
        let counter = self.counters.get_mut(name)?;
        let limit = counter.limit();
        if counter.failures.len() <= limit + 1 {
            return None;
        }
        counter.surplus = counter.surplus.saturating_add(1);
        let folded = counter.failures.remove(limit).slot;
        self.failures.release(folded, tag)
    }
}

impl Drop {
    fn covers(self, entry: &Entry) -> bool {
        self == Self::All || entry.reporter == Reporter::Owner
    }
}
