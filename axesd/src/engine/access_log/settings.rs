//! What is recorded, and how much of it is kept.

use std::num::NonZeroUsize;
use std::time::Duration;

use axes_policy::attempt::{Attempt, Outcome};
use axes_policy::client::Address;
use axes_policy::time::Timestamp;

/// What an entry takes besides its texts: itself, the heads of its allocations, its place in the
/// log and among the failures of its user. Measured on entries of as many users.
const FIXED: usize = 320;

/// What is recorded, and how much of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Which attempts become entries.
    pub recorded: Recorded,
    /// Failures that are kept of one user; `None` for as many as there are.
    pub failures_per_user: Option<NonZeroUsize>,
    /// Entries that are kept.
    pub entries: usize,
    /// What they may take together, by [`size`].
    pub bytes: usize,
    /// How long an entry is kept; `None` for ever.
    pub age: Option<Duration>,
}

/// Which attempts become entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Every one.
    Everything,
    /// All that did not succeed.
    AllButSuccesses,
    /// None.
    Nothing,
}

impl Recorded {
    pub(super) fn covers(self, outcome: Outcome) -> bool {
        match self {
            Self::Everything => true,
            Self::AllButSuccesses => outcome != Outcome::Success,
            Self::Nothing => false,
        }
    }
}

impl LogSettings {
    pub(super) fn is_old(&self, attempt: &Attempt, now: Timestamp) -> bool {
        self.age.is_some_and(|age| now.since(attempt.at) > age)
    }
}

/// An estimate of what an entry takes, in memory; it takes less on disk.
pub(super) fn size(attempt: &Attempt) -> usize {
    let client = &attempt.client;
    let name = match &client.address {
        Address::Name(name) => name.len(),
        Address::Local | Address::Ip(_) => 0,
    };
    let optional = [client.tty.as_deref(), client.ruser.as_deref(), attempt.reason.as_deref()];
    let optional: usize = optional.into_iter().flatten().map(str::len).sum();
    FIXED + client.user.len() + name + client.service.len() + optional
}
