//! What there is to ask without changing anything.

use std::sync::Arc;

use crate::Exemption;
use crate::attempt::{Lane, Reporter};
use crate::client::{Client, Visitor};
use crate::effect::{CounterState, Refusal};
use crate::judge::{Judge, Standing};
use crate::keeper::Keeper;
use crate::key::{CounterKey, Origin};
use crate::lists::{Entry, List, ListName};
use crate::name::Named;
use crate::settings::{Enforcement, Profile, Settings};
use crate::subject::Subject;

/// Whether a client would be let in, and what that depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Why it would be refused.
    pub refusal: Option<Refusal>,
    /// Why nothing is counted or refused.
    pub exemption: Option<Exemption>,
    /// The rule by which it is judged; `None` for the settings that apply to everybody.
    pub rule: Option<Arc<str>>,
    /// Whether lockouts refuse it.
    pub enforcement: Enforcement,
    /// Whether its address is familiar.
    pub lane: Lane,
    /// The counters it falls into that hold a failure.
    pub counters: Vec<CounterState>,
    /// Every counter it falls into, and the failures that one takes before it locks.
    pub room: Vec<(CounterKey, u32)>,
}

impl Keeper {
    /// Why a client would be refused now; nothing happens by asking.
    #[must_use]
    pub fn would_refuse(&self, visitor: &Visitor) -> Option<Refusal> {
        self.case(visitor).map_or_else(Some, |case| self.refusal(&case))
    }

    /// Whether a client would be let in now, and why.
    #[must_use]
    pub fn explain(&self, visitor: &Visitor) -> Explanation {
        let profile = self.judge.profile(visitor);
        let exemption = match self.judge.standing(visitor) {
            Standing::Exempt(exemption) => Some(exemption),
            Standing::Banned(_) | Standing::Judged(_) => None,
        };
        let case = self.case(visitor);
        let judged = case.as_ref().ok().and_then(|case| case.profile.as_ref());
        let enforcement = judged.unwrap_or(profile).enforcement;
        Explanation {
            refusal: case.map_or_else(Some, |case| self.refusal(&case)),
            exemption,
            rule: profile.rule.clone(),
            enforcement,
            lane: self.familiar.lane(&visitor.stored.user, self.origin(visitor)),
            counters: self.counters_of(visitor),
            room: self.room(visitor),
        }
    }

    /// Whether a failure of a client counts in this counter.
    #[must_use]
    pub fn falls_into(&self, client: &Client, key: &CounterKey) -> bool {
        let Judge { settings, accounts, .. } = &self.judge;
        let account = accounts.get(&client.user).map(|account| &**account);
        let lane = self.familiar.lane(&client.user, Origin::of(client, settings.prefixes));
        let profile = settings.profile(client, account);
        let own = self.judge.keys(profile, client, Reporter::Root, lane);
        let beside = self.judge.keys_beside(profile, client, Reporter::Root, lane);
        own.iter().chain(&beside).any(|named| named.key == *key)
    }

    /// The counters of a client that hold a failure, whether or not anything exempts it.
    #[must_use]
    pub fn counters_of(&self, visitor: &Visitor) -> Vec<CounterState> {
        self.keys_of(visitor).iter().filter_map(|key| self.ledger.state(key)).collect()
    }

    /// The limits of the counters that a client falls into.
    #[must_use]
    pub fn smallest_limit(&self, visitor: &Visitor) -> Option<u32> {
        let settings = &self.judge.settings;
        let profile = self.judge.profile(visitor);
        let counters = profile.counters.iter().filter_map(|id| settings.counter(*id));
        counters.map(|counter| counter.limit.get()).min()
    }

    /// Why the account may not be used by a client that did not authenticate through PAM.
    #[must_use]
    pub fn account(&self, visitor: &Visitor) -> Option<Refusal> {
        self.judge.banned(visitor)
    }

    /// Every counter that holds a failure.
    pub fn counters(&self) -> impl Iterator<Item = CounterState> {
        self.ledger.states()
    }

    /// How many counters hold a failure, and how many of them are locked.
    #[must_use]
    pub fn tally(&self) -> (usize, usize) {
        self.ledger.tally()
    }

    /// Failures that were forgotten because there was no room for more.
    #[must_use]
    pub const fn crowded_out(&self) -> u64 {
        self.ledger.crowded_out()
    }

    /// The entries of a list that were made at run time by subject, from the first that comes
    /// after one.
    pub fn entries(&self, list: ListName, after: Option<&Subject>) -> impl Iterator<Item = &Entry> {
        self.judge.entries.after(list, after)
    }

    /// A list as the settings have it.
    #[must_use]
    pub const fn configured(&self, list: ListName) -> &List {
        self.judge.configured(list)
    }

    /// Whether a list has this very entry, made at run time.
    #[must_use]
    pub fn has_entry(&self, list: ListName, subject: &Subject) -> bool {
        self.judge.entries.list(list).names(subject)
    }

    /// Whether the blacklist names whoever this subject names, as far as the two can be compared.
    #[must_use]
    pub fn is_blacklisted(&self, subject: &Subject) -> bool {
        self.judge.lists(ListName::Black).into_iter().any(|list| list.includes(subject))
    }

    /// The locked counters whose clients it depends on these entries alone whether they are
    /// refused: they are no longer once the whitelist has them, and are again without them.
    #[must_use]
    pub fn locked_but_for(&self, entries: &List) -> Vec<CounterState> {
        let others = [ListName::White, ListName::Black].map(|name| self.judge.lists(name));
        let decided = |key: &CounterKey| others.iter().flatten().any(|list| list.covers(key));
        let locked = self.ledger.states().filter(|state| state.locked.is_some());
        locked.filter(|state| entries.covers(&state.key) && !decided(&state.key)).collect()
    }

    /// One of them.
    #[must_use]
    pub fn entry(&self, list: ListName, subject: &Subject) -> Option<&Entry> {
        self.judge.entries.get(list, subject)
    }

    /// Whether some rule or list names a group or a range of uids.
    #[must_use]
    pub fn asks_for_accounts(&self) -> bool {
        self.judge.asks_for_accounts()
    }

    /// The settings in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.judge.settings
    }

    /// Attempts that have begun and not ended.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Attempts whose answer is being verified.
    #[must_use]
    pub fn verifying(&self) -> usize {
        self.flights.verifying()
    }

    /// Attempts that wait at the gate.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.flights.waiting().len()
    }

    /// Passwords that are being verified on a counter's places.
    #[must_use]
    pub fn places_taken(&self, key: &CounterKey) -> u32 {
        self.seats.taken(self.judge.namer.name(key))
    }

    fn room(&self, visitor: &Visitor) -> Vec<(CounterKey, u32)> {
        let keys = self.keys_of(visitor);
        let room = |key: &Named| {
            let limit = self.judge.settings.counter(key.counter)?.limit.get();
            Some((key.key.clone(), limit.saturating_sub(self.ledger.count(key.name))))
        };
        keys.iter().filter_map(room).collect()
    }

    /// The counters that a client falls into, whether or not anything exempts it.
    fn keys_of(&self, visitor: &Visitor) -> Vec<Named> {
        let profile = self.judge.profile(visitor);
        let lane = self.familiar.lane(&visitor.stored.user, self.origin(visitor));
        self.judge.keys(profile, &visitor.stored, visitor.reporter, lane)
    }

    /// The counters of a client as a stranger and, where it is one, as a familiar address.
    pub(super) fn keys_in_all_lanes(&self, visitor: &Visitor, profile: &Profile) -> Vec<Named> {
        let keys = |lane| self.judge.keys(profile, &visitor.stored, visitor.reporter, lane);
        let mut all = keys(Lane::Stranger);
        all.extend(keys(Lane::Familiar).into_iter().filter(|key| key.is_familiar()));
        all
    }
}
