//! Which entries somebody wants to see.

use axes_policy::attempt::{Attempt, Outcome};
use axes_policy::filter::Filter;
use axes_policy::time::Timestamp;

/// What an entry must have; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Who tried.
    pub client: Filter,
    /// How it ended, one of these; without any, however it ended.
    pub outcomes: Vec<Outcome>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
}

impl LogFilter {
    /// Whether an entry has all that is asked for.
    #[must_use]
    pub fn covers(&self, attempt: &Attempt) -> bool {
        self.since.is_none_or(|since| attempt.at >= since)
            && self.until.is_none_or(|until| attempt.at <= until)
            && (self.outcomes.is_empty() || self.outcomes.contains(&attempt.outcome))
            && self.client.covers(&attempt.client)
    }
}

impl From<Filter> for LogFilter {
    fn from(client: Filter) -> Self {
        Self { client, ..Self::default() }
    }
}
