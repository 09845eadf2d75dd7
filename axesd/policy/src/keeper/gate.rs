//! The gate: an answered prompt takes a place on each of its counters, or waits for one.

use crate::effect::{AttemptId, Effect, Refusal};
use crate::flight::{Case, InFlight, Stage};
use crate::keeper::{Gate, Keeper, Place};
use crate::name::Named;
use crate::seats::{Seats, Ticket};
use crate::time::Timestamp;

impl Keeper {
    /// Holds a place on each counter for an attempt at its prompt, where all have one.
    pub fn hold(&mut self, id: AttemptId) -> Place {
        let Some(attempt) = self.flights.get(id) else { return Place::Wanted };
        let case = attempt.case.clone();
        if self.full(&case).is_some() {
            return Place::Wanted;
        }
        self.seats.take(&case.keys);
        self.seats.lend(&case.keys, id);
        self.flights.enter(id, Stage::Holding);
        Place::Held
    }

    /// A prompt was answered: may the answer be verified?
    pub fn answered(&mut self, now: Timestamp, id: AttemptId) -> (Gate, Vec<Effect>) {
        let mut effects = self.advance(now);
        self.tickets += 1;
        let ticket = Ticket(self.tickets, id);
        let until = self.now.after(self.judge.settings.gate_wait);
        let gate = match self.flights.get(id).map(|attempt| &attempt.stage) {
            // The places of this attempt are taken already.
            Some(
                Stage::Verifying { .. }
                | Stage::Elsewhere { .. }
                | Stage::Lapsed
                | Stage::Unjudged { .. },
            ) => Gate::Open,
            Some(Stage::Holding) => {
                self.use_place(id);
                Gate::Open
            }
            Some(Stage::Prompting) => {
                let (gate, called_back) = self.approach(ticket, until);
                effects.extend(called_back);
                gate
            }
            Some(Stage::Waiting { .. }) => Gate::Wait,
            None => Gate::Closed(Refusal::Busy),
        };
        if matches!(gate, Gate::Closed(_)) {
            self.flights.remove(id);
        }
        (gate, effects)
    }

    /// Takes a place on each counter, or stands in the line of the first that has none.
    fn approach(&mut self, ticket: Ticket, until: Timestamp) -> (Gate, Vec<Effect>) {
        let Ticket(_, id) = ticket;
        let closed = |refusal| (Gate::Closed(refusal), Vec::new());
        let Some(attempt) = self.flights.get(id) else { return closed(Refusal::Busy) };
        // The lists may have changed since admission.
        let refusal = self.judge.banned(&attempt.visitor).or_else(|| self.refusal(&attempt.case));
        if let Some(refusal) = refusal {
            return closed(refusal);
        }
        let Some(full) = self.full(&attempt.case) else {
            self.seat(id);
            return (Gate::Open, Vec::new());
        };
        self.seats.wait(full.name, ticket);
        self.flights.enter(id, Stage::Waiting { ticket, line: full.name, until });
        (Gate::Wait, self.call_back(&[full]))
    }

    /// The first counter without a place for an attempt that needs one.
    fn full(&self, case: &Case) -> Option<Named> {
        let full = case.keys.iter().find(|key| self.free_places(key) == 0);
        full.filter(|_| case.is_enforced()).cloned()
    }

    /// Asks for the places that are lent.
    pub(super) fn call_back(&mut self, keys: &[Named]) -> Vec<Effect> {
        let lent = keys.iter().flat_map(|key| self.seats.call_back(key.name));
        lent.map(Effect::CallBack).collect()
    }

    fn use_place(&mut self, id: AttemptId) {
        if let Some(attempt) = self.flights.get(id) {
            self.seats.end_loan(&attempt.case.keys, id);
            self.verify(id);
        }
    }

    pub(super) fn free_places(&self, key: &Named) -> u32 {
        let Some(rule) = self.judge.settings.counter(key.counter) else {
            return u32::MAX;
        };
        let used = self.ledger.count(key.name).saturating_add(self.seats.taken(key.name));
        rule.limit.get().saturating_sub(used)
    }

    pub(super) fn seat(&mut self, id: AttemptId) {
        if let Some(attempt) = self.flights.get(id) {
            self.seats.take(&attempt.case.keys);
            self.verify(id);
        }
    }

    fn verify(&mut self, id: AttemptId) {
        let until = self.now.after(self.judge.settings.place_lease);
        self.flights.enter(id, Stage::Verifying { until });
    }

    /// Takes an attempt out of flight, off its places and out of its line.
    pub(super) fn unseat(&mut self, id: AttemptId) -> Option<InFlight> {
        let attempt = self.flights.remove(id)?;
        match &attempt.stage {
            Stage::Waiting { ticket, line, .. } => self.seats.leave(*line, *ticket),
            Stage::Holding => self.seats.end_loan(&attempt.case.keys, id),
            _ => {}
        }
        if attempt.stage.has_places() {
            self.seats.give_back(&attempt.case.keys);
        }
        Some(attempt)
    }

    /// Lets those in line take the places that became free, or turns them away from a lock.
    pub(super) fn admit_waiting(&mut self, keys: &[Named]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys {
            while let Some(ticket) = self.next_in_line(key) {
                self.seats.leave(key.name, ticket);
                effects.extend(self.retry(ticket));
            }
        }
        effects
    }

    /// The first in line, when there is an answer for him.
    fn next_in_line(&self, key: &Named) -> Option<Ticket> {
        let answerable = self.ledger.is_locked(key.name) || self.free_places(key) > 0;
        self.seats.first(key.name).filter(|_| answerable)
    }

    fn retry(&mut self, ticket: Ticket) -> Vec<Effect> {
        let Ticket(_, id) = ticket;
        let Some(Stage::Waiting { until, .. }) = self.flights.get(id).map(|a| a.stage.clone())
        else {
            return Vec::new();
        };
        self.flights.enter(id, Stage::Prompting);
        match self.approach(ticket, until) {
            (Gate::Open, _) => vec![Effect::Admit(id)],
            (Gate::Wait, called_back) => called_back,
            (Gate::Closed(refusal), _) => self.turn_away(id, refusal),
        }
    }

    /// It held no place, so nobody else gets one by this.
    fn turn_away(&mut self, id: AttemptId, refusal: Refusal) -> Vec<Effect> {
        self.unseat(id);
        vec![Effect::TurnAway(id, refusal)]
    }

    /// The time of an attempt at the gate is over.
    pub(super) fn lapse(&mut self, id: AttemptId) -> Vec<Effect> {
        match self.flights.get(id).map(|attempt| &attempt.stage) {
            Some(Stage::Waiting { .. }) => self.turn_away(id, Refusal::Busy),
            Some(Stage::Verifying { .. } | Stage::Elsewhere { .. }) => self.lapse_verification(id),
            Some(Stage::Unjudged { .. }) => {
                let attempt = self.unseat(id);
                attempt.map(|it| self.admit_waiting(&it.case.keys)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// Counts it, and keeps it in flight for a success that comes late; not where that would come by
    /// another connection.
    fn lapse_verification(&mut self, id: AttemptId) -> Vec<Effect> {
        let Some(attempt) = self.unseat(id) else {
            return Vec::new();
        };
        let mut effects = vec![Effect::Lapsed(id)];
        effects.extend(self.count(&attempt.visitor, &attempt.case));
        let keys = attempt.case.keys.clone();
        if matches!(attempt.stage, Stage::Verifying { .. }) {
            self.flights.insert(id, InFlight { stage: Stage::Lapsed, ..attempt });
        }
        effects.extend(self.admit_waiting(&keys));
        effects
    }

    /// Puts everybody where he belongs after the settings changed; those being verified first.
    /// Who holds a place at his prompt has to ask again.
    pub(super) fn reseat(&mut self) -> Vec<Effect> {
        self.seats = Seats::default();
        let mut effects = Vec::new();
        for id in self.flights.ids() {
            let Some(attempt) = self.flights.get(id) else {
                continue;
            };
            // By the account as it is known by now.
            let mut visitor = attempt.visitor.clone();
            if let Some(account) = self.judge.accounts.get(&visitor.stored.user) {
                visitor.account = Some(account.clone());
            }
            let case = self.case(&visitor).unwrap_or_else(|_| Case::exempt());
            if attempt.stage.has_places() {
                self.seats.take(&case.keys);
            }
            if matches!(attempt.stage, Stage::Holding) {
                effects.push(Effect::CallBack(id));
            }
            self.flights.judge(id, case);
        }
        let waiting = self.flights.waiting();
        effects.extend(waiting.into_iter().flat_map(|ticket| self.retry(ticket)));
        effects
    }
}
