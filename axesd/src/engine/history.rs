//! The newest attempts, whatever their outcome.

use std::collections::VecDeque;

use axes_policy::attempt::{Attempt, Outcome};
use axes_policy::filter::Filter;

use crate::store::Change;

/// Attempts that are remembered; older ones go.
const MOST: usize = 10_000;

/// The newest attempts, and how many there were of each outcome since the start.
#[derive(Debug, Default)]
pub struct History {
    attempts: VecDeque<(u64, Attempt)>,
    next: u64,
    totals: Totals,
}

/// Attempts by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Logged in.
    pub success: u64,
    /// Wrong answer.
    pub failure: u64,
    /// Not let through.
    pub refused: u64,
    /// Nobody answered.
    pub abandoned: u64,
    /// A backend was down.
    pub error: u64,
}

impl History {
    /// A history that goes on from these attempts, given in the order of their numbers.
    #[must_use]
    pub fn new(attempts: Vec<(u64, Attempt)>) -> Self {
        let next = attempts.last().map_or(0, |(number, _)| number + 1);
        Self { attempts: attempts.into(), next, totals: Totals::default() }
    }

    /// Adds an attempt; what is to be stored of that.
    pub fn record(&mut self, attempt: Attempt) -> Vec<Change> {
        self.totals.count(attempt.outcome);
        let mut changes = vec![Change::PutAttempt(self.next, attempt.clone())];
        self.attempts.push_back((self.next, attempt));
        self.next += 1;
        while self.attempts.len() > MOST {
            let oldest = self.attempts.pop_front();
            changes.extend(oldest.map(|(number, _)| Change::ForgetAttempt(number)));
        }
        changes
    }

    /// At most this many attempts of the clients that a filter covers, oldest first.
    #[must_use]
    pub fn newest(&self, filter: &Filter, most: usize) -> Vec<Attempt> {
        let matching = self.attempts.iter().rev().filter(|(_, it)| filter.covers(&it.client));
        let mut newest: Vec<_> = matching.take(most).map(|(_, attempt)| attempt.clone()).collect();
        newest.reverse();
        newest
    }

    /// Attempts by outcome since the start.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.totals
    }
}

impl Totals {
    const fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.success += 1,
            Outcome::Failure => self.failure += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Abandoned => self.abandoned += 1,
            Outcome::Error => self.error += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use axes_policy::client::{Address, Client};
    use axes_policy::time::Timestamp;

    use super::*;

    fn attempt(user: &str) -> Attempt {
        let client = Client {
            user: user.into(),
            address: Address::Local,
            service: "sudo".into(),
            tty: None,
            ruser: None,
        };
        Attempt { at: Timestamp::default(), client, outcome: Outcome::Failure, reason: None }
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let mut history = History::default();
        let changes: Vec<_> = (0..=MOST).flat_map(|_| history.record(attempt("a"))).collect();
        assert_eq!(changes.len(), MOST + 2);
        assert!(matches!(changes.last(), Some(Change::ForgetAttempt(0))));
        assert_eq!(history.newest(&Filter::default(), usize::MAX).len(), MOST);
    }

    #[test]
    fn numbers_go_on_after_a_restart() {
        let mut history = History::new(vec![(41, attempt("a"))]);
        let changes = history.record(attempt("b"));
        assert!(matches!(changes.as_slice(), [Change::PutAttempt(42, _)]));
    }

    #[test]
    fn the_newest_of_a_user_come_oldest_first() {
        let mut history = History::default();
        for user in ["a", "b", "a", "a"] {
            history.record(attempt(user));
        }
        let filter = Filter { user: Some("a".into()), ..Filter::default() };
        assert_eq!(history.newest(&filter, 2).len(), 2);
        assert_eq!(history.newest(&filter, 9).len(), 3);
    }
}
