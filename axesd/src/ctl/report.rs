//! A complete answer of the daemon, ready to be shown.

use axes_proto::control::{Attempt, Counter, Outcome, Reset, Status, Subject, Which};
use axes_proto::pam;

/// What was asked for, and what came back.
#[derive(Debug, PartialEq)]
pub(super) enum Report {
    /// The daemon at a glance.
    Status(Status),
    /// Counters, locked ones first.
    List(Which, Vec<Counter>),
    /// Counters, locked ones first, and attempts, the newest last.
    Show(Subject, Vec<Counter>, Vec<Attempt>),
    /// What a reset did, and the counters it lowered as they were before.
    Reset(Reset, Vec<Counter>),
}

impl Report {
    /// Somebody or something was named, and nothing is known of it.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Status(_) | Self::List(..) => false,
            Self::Show(_, counters, attempts) => counters.is_empty() && attempts.is_empty(),
            Self::Reset(reset, counters) => reset.failures == 0 && counters.is_empty(),
        }
    }
}

/// The word for an outcome, in tables and in JSON.
pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Reported(pam::Outcome::Success) => "success",
        Outcome::Reported(pam::Outcome::Failure) => "failure",
        Outcome::Reported(pam::Outcome::Abandoned) => "abandoned",
        Outcome::Reported(pam::Outcome::Error) => "error",
        Outcome::Refused => "refused",
    }
}
