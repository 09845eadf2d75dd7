//! The gatekeeper: takes what happens to attempts, says what is allowed and what is to be done.

mod changes;
mod gate;
mod memory;
mod panic_off;
mod queries;
mod storage;

use std::sync::Arc;

use crate::attempt::{Failure, Marks, Outcome, Reporter};
use crate::client::Visitor;
use crate::effect::{AttemptId, Effect, Refusal};
use crate::familiar::Familiar;
use crate::flight::{Case, Flights, InFlight, Stage};
use crate::judge::{Judge, Standing};
use crate::key::Origin;
use crate::ledger::{Drop, Ledger};
use crate::name::Named;
use crate::seats::Seats;
use crate::settings::{Profile, RefusedTries};
use crate::time::Timestamp;

pub use queries::Explanation;

/// All counters and all attempts in flight, under one set of settings.
///
/// Time never runs back in here: a moment before the latest one seen counts as that one, so a
/// clock that steps back neither locks nor unlocks anybody.
#[derive(Debug)]
pub struct Keeper {
    judge: Judge,
    now: Timestamp,
    ledger: Ledger,
    familiar: Familiar,
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

/// Whether an answer has to ask at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Place {
    /// No: a place is held for it, until an [`Effect::CallBack`].
    Held,
    /// Yes.
    Wanted,
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
    /// Somebody wants to log in.
    pub fn begin(
        &mut self,
        now: Timestamp,
        id: AttemptId,
        visitor: Visitor,
    ) -> (Admission, Vec<Effect>) {
        let mut effects = self.advance(now);
        effects.extend(self.meet(&visitor));
        let case = match self.case(&visitor) {
            Ok(case) => case,
            Err(refusal) => return (Admission::Refused(refusal), effects),
        };
        effects.extend(self.ledger.refresh(&case.keys, self.now));
        if let Some(refusal) = self.refusal(&case) {
            let locked = matches!(refusal, Refusal::Locked(..));
            if locked && case.profile.as_ref().is_some_and(counts_refused) {
                effects.extend(self.count(&visitor, &case));
            }
            return (Admission::Refused(refusal), effects);
        }
        self.flights.insert(id, InFlight { visitor, case, stage: Stage::Prompting });
        (Admission::Admitted, effects)
    }

    /// An answer was verified while nobody could ask: takes the places without a question, or
    /// has them already by [`Keeper::withdraw`].
    pub fn verified(&mut self, now: Timestamp, id: AttemptId, visitor: Visitor) -> Vec<Effect> {
        let mut effects = self.advance(now);
        effects.extend(self.meet(&visitor));
        if let Some(lost) = self.flights.elsewhere(&visitor) {
            self.unseat(lost);
        }
        let case = self.case(&visitor).unwrap_or_else(|_| Case::exempt());
        // It may have taken what is lent to others.
        effects.extend(self.call_back(&case.keys));
        self.flights.insert(id, InFlight { visitor, case, stage: Stage::Prompting });
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
        let InFlight { visitor, case, stage } = &attempt;
        match (outcome, stage) {
            (Outcome::Failure, Stage::Lapsed | Stage::Unjudged { .. }) => {}
            // Admission was its gate: what it would refuse by now is not counted either.
            (Outcome::Failure, Stage::Prompting) if self.lockout(case).is_some() => {}
            (Outcome::Failure, _) => effects.extend(self.count(visitor, case)),
            (Outcome::Success, _) => effects.extend(self.succeed(visitor, case)),
            _ => {}
        }
        effects.extend(self.admit_waiting(&case.keys));
        // A login forgives the counters of strangers as well.
        effects.extend(self.admit_waiting(&self.beside(visitor, case)));
        effects
    }

    /// Whoever reported the attempt is gone. Says how it ended; `None` when that was known.
    ///
    /// Before the gate that is a prompt nobody answered; after it a password was verified by a
    /// process that died, which counts.
    pub fn hang_up(&mut self, now: Timestamp, id: AttemptId) -> (Option<Outcome>, Vec<Effect>) {
        let outcome = self.flights.get(id).and_then(|attempt| match attempt.stage {
            Stage::Prompting | Stage::Holding | Stage::Waiting { .. } => Some(Outcome::Abandoned),
            Stage::Verifying { .. } => Some(Outcome::Failure),
            Stage::Elsewhere { .. } | Stage::Lapsed | Stage::Unjudged { .. } => None,
        });
        let effects = self.verdict(now, id, outcome.unwrap_or(Outcome::Abandoned));
        (outcome, effects)
    }

    /// The connection of an attempt was ended here. At its prompt it begins again; past the gate it
    /// keeps its places until [`Keeper::verified`] brings the verdict.
    pub fn withdraw(&mut self, now: Timestamp, id: AttemptId) -> Vec<Effect> {
        if let Some(Stage::Verifying { until }) = self.flights.get(id).map(|it| &it.stage) {
            let until = *until;
            self.flights.enter(id, Stage::Elsewhere { until });
            return self.advance(now);
        }
        self.hang_up(now, id).1
    }

    /// Ends what is over: waiting, places held, cool-offs, entries of lists, panic-off.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = self.now.max(now);
        let mut effects = self.end_panic_off();
        effects.extend(self.end_entries());
        effects.extend(self.familiar.expire(self.now));
        let (forgotten, lowered) = self.ledger.expire(self.now);
        effects.extend(forgotten);
        // Whoever waited for too long does not get what becomes free now.
        while let Some(id) = self.flights.pop_due(self.now) {
            effects.extend(self.lapse(id));
        }
        effects.extend(self.admit_waiting(&lowered));
        effects
    }

    /// When [`Keeper::advance`] has something to do at the earliest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let deadlines = [
            self.flights.next_deadline(),
            self.ledger.next_expiry(),
            self.familiar.next_end(),
            self.judge.entries.next_end(),
            self.judge.panic.next_end(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// By what a visitor is judged, unless the lists refuse him.
    fn case(&self, visitor: &Visitor) -> Result<Case, Refusal> {
        match self.judge.standing(visitor) {
            Standing::Banned(refusal) => Err(refusal),
            Standing::Exempt(_) => Ok(Case::exempt()),
            Standing::Judged(profile) => {
                let lane = self.familiar.lane(&visitor.stored.user, self.origin(visitor));
                let keys = self.judge.keys(&profile, &visitor.stored, visitor.reporter, lane);
                Ok(Case { profile: Some(profile), lane, keys: keys.into() })
            }
        }
    }

    /// The lockout that refuses an attempt, of several the one that ends last.
    fn lockout(&self, case: &Case) -> Option<Refusal> {
        let profile = case.profile.as_ref().filter(|_| case.is_enforced())?;
        let locked = case.keys.iter().filter(|key| self.ledger.is_locked(key.name));
        let locked = locked.filter_map(|key| self.ledger.state(key));
        let longest = locked.max_by_key(|state| (state.until.is_none(), state.until));
        longest.map(|counter| Refusal::Locked(Box::new(counter), profile.rule.clone()))
    }

    /// A familiar address adds to the counters of strangers as well: never past their limit, nor
    /// on a place that a stranger holds.
    fn count(&mut self, visitor: &Visitor, case: &Case) -> Vec<Effect> {
        let mut marks = Marks::default();
        let (beside, full): (Vec<_>, Vec<_>) =
            self.beside(visitor, case).into_iter().partition(|key| self.free_places(key) > 0);
        for key in full {
            if let Some(rule) = self.judge.settings.counter(key.counter) {
                marks.let_go(rule.tag(&key));
            }
        }
        let keys = [&case.keys[..], &beside].concat();
        let failure = Failure {
            id: self.ledger.next_id(),
            at: self.now,
            client: visitor.stored.clone(),
            reporter: visitor.reporter,
            lane: case.lane,
            marks,
        };
        self.ledger.add(&self.judge, failure, &keys)
    }

    fn beside(&self, visitor: &Visitor, case: &Case) -> Vec<Named> {
        let Some(profile) = &case.profile else { return Vec::new() };
        self.judge.keys_beside(profile, &visitor.stored, visitor.reporter, case.lane)
    }

    fn succeed(&mut self, visitor: &Visitor, case: &Case) -> Vec<Effect> {
        let mut effects = self.forgive(visitor, case);
        // What a user says of himself makes no address familiar.
        if let (Some(time), Reporter::Root) = (self.judge.settings.familiar_for, visitor.reporter) {
            let user = visitor.stored.user.clone();
            effects.extend(self.familiar.greet(self.now, user, self.origin(visitor), time));
        }
        effects
    }

    /// Never an address-only counter: whoever has one valid account could guess for ever.
    fn forgive(&mut self, visitor: &Visitor, case: &Case) -> Vec<Effect> {
        let Some(profile) = case.profile.as_ref().filter(|profile| profile.reset_on_success) else {
            return Vec::new();
        };
        let drop = match visitor.reporter {
            Reporter::Root => Drop::All,
            Reporter::Owner => Drop::ReportedByOwner,
        };
        let mut keys = self.keys_in_all_lanes(visitor, profile);
        keys.retain(|key| key.names_user());
        let mut effects: Vec<_> =
            keys.iter().flat_map(|key| self.ledger.forgive(key, drop)).collect();
        effects.extend(self.ledger.refresh(&keys, self.now));
        effects
    }

    fn origin(&self, visitor: &Visitor) -> Origin {
        Origin::of(&visitor.stored, self.judge.settings.prefixes)
    }
}

fn counts_refused(profile: &Arc<Profile>) -> bool {
    profile.refused_tries == RefusedTries::Counted
}
