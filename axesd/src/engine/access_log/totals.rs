//! How many attempts ended in which way.

use axes_policy::attempt::Outcome;

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

impl Totals {
    pub(super) const fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.success += 1,
            Outcome::Failure => self.failure += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Abandoned => self.abandoned += 1,
            Outcome::Error => self.error += 1,
        }
    }
}
