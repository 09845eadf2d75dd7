//! The gatekeeper: takes what happens to attempts, says what is allowed and what is to be done.

mod gate;

use std::collections::BTreeSet;

use crate::attempt::{Failure, Forgiven, Outcome, Reporter};
use crate::client::Client;
use crate::effect::{AttemptId, CounterState, Effect, Refusal};
use crate::filter::{Filter, ResetResult};
use crate::flight::{Flights, InFlight, Stage};
use crate::judge::{Standing, banned, keys_of};
use crate::key::CounterKey;
use crate::ledger::{Drop, Ledger};
use crate::seats::Seats;
use crate::settings::{Enforcement, RefusedTries, Settings};
use crate::time::Timestamp;

/// All counters and all attempts in flight, under one set of settings.
///
/// Time never runs back in here: a moment before the latest one seen counts as that one, so a
/// clock that steps back neither locks nor unlocks anybody.
#[derive(Debug)]
pub struct Keeper {
    settings: Settings,
    now: Timestamp,
    ledger: Ledger,
    seats: Seats,
    flights: Flights,
    tickets: u64,
}

/// What admission says.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Admission {
    /// Go on to the prompt.
    Admitted,
    /// Not now.
    Refused(Refusal),
}

/// What the gate says to an answered prompt.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Gate {
    /// The answer may be verified.
    Open,
    /// An [`Effect::Admit`] or [`Effect::TurnAway`] follows.
    Wait,
    /// The answer must not reach the password module.
    Closed(Refusal),
}

impl Keeper {
    /// A gatekeeper that remembers these failures, given in the order of their numbers.
    ///
    /// A failure that lies ahead of `now` was recorded by a clock that has been set back since;
    /// it counts as one of now.
    #[must_use]
    pub fn new(settings: Settings, now: Timestamp, failures: Vec<Failure>) -> (Self, Vec<Effect>) {
        let mut keeper = Self {
            settings,
            now,
            ledger: Ledger::default(),
            seats: Seats::default(),
            flights: Flights::default(),
            tickets: 0,
        };
        let effects = keeper.replay(failures);
        (keeper, effects)
    }

    /// Somebody wants to log in.
    pub fn begin(
        &mut self,
        now: Timestamp,
        id: AttemptId,
        client: Client,
        reporter: Reporter,
    ) -> (Admission, Vec<Effect>) {
        let mut effects = self.advance(now);
        let keys = match Standing::of(&self.settings, &client, reporter) {
            Standing::Banned(refusal) => return (Admission::Refused(refusal), effects),
            standing => standing.keys(),
        };
        let attempt = InFlight { client, reporter, keys, stage: Stage::Prompting };
        if let Some(refusal) = self.lockout(&attempt.keys) {
            if self.settings.refused_tries == RefusedTries::Counted {
                effects.extend(self.count(&attempt));
            }
            return (Admission::Refused(refusal), effects);
        }
        self.flights.insert(id, attempt);
        (Admission::Admitted, effects)
    }

    /// An answer was verified while nobody could ask: takes the places without a question.
    pub fn verified(&mut self, now: Timestamp, id: AttemptId, client: Client) -> Vec<Effect> {
        let effects = self.advance(now);
        let reporter = Reporter::Root;
        let keys = Standing::of(&self.settings, &client, reporter).keys();
        let stage = Stage::Prompting;
        self.flights.insert(id, InFlight { client, reporter, keys, stage });
        self.seat(id);
        effects
    }

    /// The attempt ended.
    pub fn verdict(&mut self, now: Timestamp, id: AttemptId, outcome: Outcome) -> Vec<Effect> {
        let mut effects = self.advance(now);
        let stage = self.flights.get(id).map(|attempt| &attempt.stage);
        if let (Outcome::Error, Some(Stage::Verifying { until })) = (outcome, stage) {
            let until = *until;
            self.flights.enter(id, Stage::Unjudged { until });
            return effects;
        }
        let Some(attempt) = self.unseat(id) else { return effects };
        match (outcome, &attempt.stage) {
            (Outcome::Failure, Stage::Lapsed | Stage::Unjudged { .. }) => {}
            // Admission was its gate: what it would refuse by now is not counted either.
            (Outcome::Failure, Stage::Prompting) if self.lockout(&attempt.keys).is_some() => {}
            (Outcome::Failure, _) => effects.extend(self.count(&attempt)),
            (Outcome::Success, _) => effects.extend(self.forgive(&attempt)),
            _ => {}
        }
        effects.extend(self.admit_waiting(&attempt.keys));
        effects
    }

    /// Whoever reported the attempt is gone. Says how it ended; `None` when that was known.
    ///
    /// Before the gate that is a prompt nobody answered; after it a password was verified by a
    /// process that died, which counts.
    pub fn hang_up(&mut self, now: Timestamp, id: AttemptId) -> (Option<Outcome>, Vec<Effect>) {
        let outcome = self.flights.get(id).and_then(|attempt| match attempt.stage {
            Stage::Prompting | Stage::Waiting { .. } => Some(Outcome::Abandoned),
            Stage::Verifying { .. } => Some(Outcome::Failure),
            Stage::Lapsed | Stage::Unjudged { .. } => None,
        });
        let effects = self.verdict(now, id, outcome.unwrap_or(Outcome::Abandoned));
        (outcome, effects)
    }

    /// Why a client would be refused now; nothing happens by asking.
    #[must_use]
    pub fn would_refuse(&self, client: &Client, reporter: Reporter) -> Option<Refusal> {
        match Standing::of(&self.settings, client, reporter) {
            Standing::Banned(refusal) => Some(refusal),
            standing => self.lockout(&standing.keys()),
        }
    }

    /// The counters of a client that hold a failure.
    #[must_use]
    pub fn counters_of(&self, client: &Client) -> Vec<CounterState> {
        let keys = keys_of(&self.settings, client);
        let states = keys.iter().filter_map(|key| self.ledger.state(key));
        states.collect()
    }

    /// Why the account may not be used by a client that did not authenticate through PAM.
    #[must_use]
    pub fn account(&self, client: &Client) -> Option<Refusal> {
        banned(&self.settings, client)
    }

    /// Ends what is over: waiting, places held, cool-offs.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = self.now.max(now);
        let (mut effects, expired) = self.ledger.expire(self.now);
        effects.extend(self.admit_waiting(&expired));
        while let Some(id) = self.flights.pop_due(self.now) {
            effects.extend(self.lapse(id));
        }
        effects
    }

    /// When [`Keeper::advance`] has something to do at the earliest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        [self.flights.next_deadline(), self.ledger.next_expiry()].into_iter().flatten().min()
    }

    /// Forgets the failures that a filter covers.
    pub fn reset(&mut self, now: Timestamp, filter: &Filter) -> (ResetResult, Vec<Effect>) {
        let mut effects = self.advance(now);
        let covered = || self.ledger.failures().filter(|failure| filter.covers(&failure.client));
        let clients: BTreeSet<_> = covered().map(|failure| failure.client.row()).collect();
        let matching: Vec<_> = covered()
            .map(|failure| (failure.id, keys_of(&self.settings, &failure.client)))
            .collect();
        let touched: BTreeSet<_> = matching.iter().flat_map(|(_, keys)| keys.iter()).collect();
        let touched: Vec<CounterKey> = touched.into_iter().cloned().collect();
        let mut counters: Vec<_> =
            touched.iter().filter_map(|key| self.ledger.state(key)).collect();
        for (id, keys) in &matching {
            effects.extend(self.ledger.remove(*id, keys));
        }
        counters.retain(|before| self.ledger.count(&before.key) < before.failures);
        let ended = counters
            .iter()
            .filter(|before| before.locked.is_some() && !self.ledger.is_locked(&before.key));
        let unlocked = ended.count();
        effects.extend(self.admit_waiting(&touched));
        let (failures, clients) = (matching.len(), clients.len());
        (ResetResult { failures, clients, counters, unlocked }, effects)
    }

    /// Judges history, and whoever is in flight, by other settings.
    pub fn reconfigure(&mut self, now: Timestamp, settings: Settings) -> Vec<Effect> {
        let mut effects = self.advance(now);
        self.settings = settings;
        let failures = self.ledger.failures().cloned().collect();
        effects.extend(self.replay(failures));
        effects.extend(self.reseat());
        effects
    }

    /// Every counter that holds a failure.
    pub fn counters(&self) -> impl Iterator<Item = CounterState> {
        self.ledger.states()
    }

    /// The settings in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
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
        self.seats.taken(key)
    }

    /// Counts a history again; names the failures that no counter holds any more.
    fn replay(&mut self, failures: Vec<Failure>) -> Vec<Effect> {
        let mut ledger = Ledger::default();
        let mut known = BTreeSet::new();
        for mut failure in failures {
            known.insert(failure.id);
            failure.at = failure.at.min(self.now);
            // Effects of what is long over are nobody's business.
            let _ = ledger.expire(failure.at);
            let keys = keys_of(&self.settings, &failure.client);
            let _ = ledger.add(&self.settings, failure, &keys);
        }
        let _ = ledger.expire(self.now);
        for failure in ledger.failures() {
            known.remove(&failure.id);
        }
        self.ledger = ledger;
        known.into_iter().map(Effect::Forget).collect()
    }

    /// The lockout among these counters that ends last.
    fn lockout(&self, keys: &[CounterKey]) -> Option<Refusal> {
        if self.settings.enforcement == Enforcement::Monitor {
            return None;
        }
        let locked = keys.iter().filter(|key| self.ledger.is_locked(key));
        let locked = locked.filter_map(|key| self.ledger.state(key));
        let longest = locked.max_by_key(|state| (state.until.is_none(), state.until));
        longest.map(Refusal::Locked)
    }

    fn count(&mut self, attempt: &InFlight) -> Vec<Effect> {
        let failure = Failure {
            id: self.ledger.next_id(),
            at: self.now,
            client: attempt.client.clone(),
            reporter: attempt.reporter,
            forgiven: Forgiven::default(),
        };
        self.ledger.add(&self.settings, failure, &attempt.keys)
    }

    /// Never an address-only counter: whoever has one valid account could guess for ever.
    fn forgive(&mut self, attempt: &InFlight) -> Vec<Effect> {
        if !self.settings.reset_on_success {
            return Vec::new();
        }
        let drop = match attempt.reporter {
            Reporter::Root => Drop::All,
            Reporter::Owner => Drop::ReportedByOwner,
        };
        let named = attempt.keys.iter().filter(|key| key.names_user());
        named.flat_map(|key| self.ledger.forgive(key, drop)).collect()
    }
}
