//! What there is to see.

use std::time::Duration;

use axes_policy::effect::CounterState;

use crate::engine::{Clock, Enforcement, Engine, Services};

impl Engine {
    /// Every counter that holds a failure.
    #[must_use]
    pub fn counters(&self) -> Vec<CounterState> {
        self.catch_up();
        self.state.borrow().keeper.counters().collect()
    }

    /// How many counters hold a failure, and how many of them are locked.
    #[must_use]
    pub fn tally(&self) -> (usize, usize) {
        self.catch_up();
        self.state.borrow().keeper.tally()
    }

    /// Failures that were forgotten because there was no room for more.
    #[must_use]
    pub fn crowded_out(&self) -> u64 {
        self.state.borrow().keeper.crowded_out()
    }

    /// Attempts in flight, and how many of them wait at the gate.
    #[must_use]
    pub fn in_flight(&self) -> (usize, usize) {
        let state = self.state.borrow();
        (state.keeper.in_flight(), state.keeper.waiting())
    }

    /// Attempts whose password is being verified, and verdicts that are not on disk yet.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        let state = self.state.borrow();
        state.keeper.verifying() + state.unacknowledged
    }

    /// Whether lockouts refuse anybody where no rule says otherwise, and in which services.
    #[must_use]
    pub fn enforcement(&self) -> (Enforcement, Services) {
        let state = self.state.borrow();
        let settings = state.keeper.settings();
        (settings.base.enforcement, settings.services.clone())
    }

    /// The longest wait at the gate.
    #[must_use]
    pub fn gate_wait(&self) -> Duration {
        self.state.borrow().keeper.settings().gate_wait
    }

    /// The time by which the engine measures.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }
}
