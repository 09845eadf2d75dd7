//! The failures that count, and the counters that are views of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::attempt::{Failure, Reporter};
use crate::effect::{CounterState, Effect, Release};
use crate::judge::keys_of;
use crate::key::CounterKey;
use crate::settings::{CounterRule, Settings};
use crate::time::Timestamp;

/// Failures that are remembered at once; one takes some 200 bytes.
const MOST: usize = 1_000_000;
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
    next_id: u64,
}

#[derive(Debug)]
struct Held {
    failure: Failure,
    /// How many counters hold it.
    counters: usize,
}

#[derive(Debug)]
struct Counter {
    rule: CounterRule,
    /// Its entry among the expiries.
    looked_at: Option<Timestamp>,
    /// In the order of time; never empty. At most one more than the limit.
    failures: Vec<Entry>,
    /// Failures past the limit that are only counted.
    surplus: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u64,
    at: Timestamp,
    reporter: Reporter,
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

    /// Counts a failure in the counters of these names that did not forgive it already.
    pub(crate) fn add(
        &mut self,
        settings: &Settings,
        failure: Failure,
        keys: &[CounterKey],
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.next_id = self.next_id.max(failure.id);
        let mut counters = 0;
        for key in keys.iter().filter(|key| !failure.forgiven.contains(key.attributes)) {
            let Some(rule) = settings.rule(key.attributes) else {
                continue;
            };
            counters += 1;
            effects.extend(self.append(key, rule, &failure));
            effects.extend(self.fold_surplus(key));
        }
        if counters > 0 {
            effects.insert(0, Effect::Keep(failure.clone()));
            self.failures.insert(failure.id, Held { failure, counters });
        }
        if self.failures.len() > self.most {
            effects.extend(self.forget_oldest(settings));
        }
        effects
    }

    /// Drops failures from one counter, which forgives them.
    pub(crate) fn forgive(&mut self, key: &CounterKey, drop: Drop) -> Vec<Effect> {
        let dropped = self.remove_entries(key, Release::Success, |entry| drop.covers(entry));
        let mut effects = dropped.effects;
        for id in dropped.ids {
            if let Some(held) = self.failures.get_mut(&id) {
                held.failure.forgiven.insert(key.attributes);
                effects.push(Effect::Keep(held.failure.clone()));
            } else {
                effects.push(Effect::Forget(id));
            }
        }
        effects
    }

    /// Drops one failure from all counters of these names.
    pub(crate) fn remove(&mut self, id: u64, keys: &[CounterKey]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys {
            let dropped = self.remove_entries(key, Release::Reset, |entry| entry.id == id);
            effects.extend(dropped.effects);
        }
        self.failures.remove(&id);
        effects.push(Effect::Forget(id));
        effects
    }

    /// Drops the counters whose cool-off is over; their names come back beside the effects.
    pub(crate) fn expire(&mut self, now: Timestamp) -> (Vec<Effect>, Vec<CounterKey>) {
        let (mut effects, mut expired) = (Vec::new(), Vec::new());
        while self.next_expiry().is_some_and(|at| at <= now) {
            let Some((_, key)) = self.expiries.pop_first() else { break };
            let Some(counter) = self.counters.get_mut(&key) else { continue };
            counter.looked_at = counter.until();
            match counter.looked_at {
                Some(until) if until > now => drop(self.expiries.insert((until, key))),
                _ => {
                    let dropped = self.remove_entries(&key, Release::CoolOff, |_| true);
                    effects.extend(dropped.effects);
                    effects.extend(self.unheld(&dropped.ids));
                    expired.push(key);
                }
            }
        }
        (effects, expired)
    }

    /// When [`Ledger::expire`] has something to do at the earliest.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// Makes room: the oldest failure goes, but not one that a lockout rests on if others do.
    fn forget_oldest(&mut self, settings: &Settings) -> Vec<Effect> {
        let keys = |held: &Held| keys_of(settings, &held.failure.client);
        let mut oldest = self.failures.values().take(LOOKED_AT);
        let idle = oldest.find(|held| !keys(held).iter().any(|key| self.is_locked(key)));
        let Some(held) = idle.or_else(|| self.failures.values().next()) else { return Vec::new() };
        let (id, keys) = (held.failure.id, keys(held));
        self.remove(id, &keys)
    }

    fn append(&mut self, key: &CounterKey, rule: CounterRule, failure: &Failure) -> Option<Effect> {
        let entry = Entry { id: failure.id, at: failure.at, reporter: failure.reporter };
        let counter = self.counters.entry(key.clone()).or_insert_with(|| Counter {
            rule,
            looked_at: None,
            failures: Vec::new(),
            surplus: 0,
        });
        counter.failures.push(entry);
        if counter.looked_at.is_none() {
            counter.looked_at = counter.until();
            self.expiries.extend(counter.looked_at.map(|at| (at, key.clone())));
        }
        let state = counter.state(key);
        (state.failures == state.limit).then_some(Effect::Locked(state))
    }

    /// Only the last of the failures past the limit matters: it says when the counter forgets.
    fn fold_surplus(&mut self, key: &CounterKey) -> Option<Effect> {
        let counter = self.counters.get_mut(key)?;
        let limit = counter.limit();
        if counter.failures.len() <= limit + 1 {
            return None;
        }
        counter.surplus = counter.surplus.saturating_add(1);
        let folded = counter.failures.remove(limit).id;
        self.release(folded);
        (!self.failures.contains_key(&folded)).then_some(Effect::Forget(folded))
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
        }
        if before.locked.is_some() && counter.locked().is_none() {
            dropped.effects.push(Effect::Unlocked(before, release));
        }
        if counter.failures.is_empty() {
            let looked_at = counter.looked_at;
            self.counters.remove(key);
            looked_at.map(|at| self.expiries.remove(&(at, key.clone())));
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

    fn unheld(&self, ids: &[u64]) -> Vec<Effect> {
        let gone = ids.iter().filter(|id| !self.failures.contains_key(id));
        gone.map(|id| Effect::Forget(*id)).collect()
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

impl Counter {
    fn count(&self) -> u32 {
        u32::try_from(self.failures.len()).unwrap_or(u32::MAX).saturating_add(self.surplus)
    }

    /// When it reached its limit.
    fn locked(&self) -> Option<Timestamp> {
        self.failures.get(self.limit() - 1).map(|entry| entry.at)
    }

    /// At least 1.
    fn limit(&self) -> usize {
        usize::try_from(self.rule.limit.get()).unwrap_or(usize::MAX - 1)
    }

    fn last(&self) -> Timestamp {
        self.failures.last().map_or_else(Timestamp::default, |entry| entry.at)
    }

    /// A counter forgets after a period without a counted failure, as in django-axes.
    fn until(&self) -> Option<Timestamp> {
        self.rule.cooloff.map(|cooloff| self.last().after(cooloff))
    }

    fn state(&self, key: &CounterKey) -> CounterState {
        CounterState {
            key: key.clone(),
            failures: self.count(),
            limit: self.rule.limit.get(),
            first: self.failures.first().map_or_else(Timestamp::default, |entry| entry.at),
            last: self.last(),
            locked: self.locked(),
            until: self.until(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::attempt::Forgiven;
    use crate::attribute::{Attribute, AttributeSet};
    use crate::client::{Address, Client};
    use crate::networks::Networks;
    use crate::settings::{Enforcement, Prefixes};

    fn settings() -> Settings {
        let rule = CounterRule {
            attributes: AttributeSet::new(&[Attribute::Username]).unwrap(),
            limit: NonZeroU32::new(2).unwrap(),
            cooloff: None,
        };
        Settings {
            enforcement: Enforcement::On,
            rules: vec![rule],
            reset_on_success: true,
            refused_tries: crate::settings::RefusedTries::Ignored,
            only_whitelist: false,
            even_deny_root: false,
            whitelist: Networks::default(),
            blacklist: Networks::default(),
            prefixes: Prefixes::default(),
            gate_wait: std::time::Duration::ZERO,
            place_lease: std::time::Duration::ZERO,
        }
    }

    fn fail(ledger: &mut Ledger, user: &str) -> Vec<Effect> {
        let settings = settings();
        let client = Client {
            user: user.into(),
            address: Address::Local,
            service: "sudo".into(),
            tty: None,
            ruser: None,
        };
        let failure = Failure {
            id: ledger.next_id(),
            at: Timestamp::default(),
            client: client.clone(),
            reporter: Reporter::Root,
            forgiven: Forgiven::default(),
        };
        let keys = keys_of(&settings, &client);
        ledger.add(&settings, failure, &keys)
    }

    #[test]
    fn the_oldest_failure_goes_when_there_are_too_many_but_lockouts_stay() {
        let mut ledger = Ledger { most: 4, ..Ledger::default() };
        for user in ["locked", "locked", "a", "b"] {
            fail(&mut ledger, user);
        }
        let effects = fail(&mut ledger, "c");
        assert!(effects.contains(&Effect::Forget(3)), "the failure of a: {effects:?}");
        let users = ledger.failures().map(|failure| failure.client.user.to_string());
        assert_eq!(users.collect::<Vec<_>>(), ["locked", "locked", "b", "c"]);
        assert_eq!(ledger.counters.len(), 3);
        assert!(ledger.expiries.is_empty(), "nothing here cools off");
    }

    #[test]
    fn a_newcomer_does_not_push_a_lockout_out() {
        let mut ledger = Ledger { most: 2, ..Ledger::default() };
        fail(&mut ledger, "locked");
        fail(&mut ledger, "locked");
        let effects = fail(&mut ledger, "b");
        // The newcomer is the only one that no lockout rests on.
        assert!(effects.contains(&Effect::Forget(3)), "{effects:?}");
        assert_eq!(ledger.failures().count(), 2);
    }
}
