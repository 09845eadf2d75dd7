//! Attempts: what is recorded of each, and the failures among them that count.

use std::sync::Arc;

use crate::attribute::AttributeSet;
use crate::client::Client;
use crate::time::Timestamp;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The user is who they say.
    Success,
    /// The answer was wrong.
    Failure,
    /// It never reached the password.
    Refused,
    /// The prompt was cancelled, timed out or hung up on.
    Abandoned,
    /// A backend was down; nobody judged the answer.
    Error,
}

/// Who vouches for what was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reporter {
    /// A process of root: may report anybody.
    Root,
    /// A process of the user himself, such as a screen locker.
    Owner,
}

/// Which counters of a user an attempt falls into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Those that all addresses share.
    #[default]
    Stranger,
    /// Those of an address from which the user logged in not long ago.
    Familiar,
}

/// One try to authenticate, as it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it ended.
    pub at: Timestamp,
    /// Who tried.
    pub client: Client,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where something decided.
    pub reason: Option<Arc<str>>,
}

/// A failure that counts. Counters are views of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Rises by one with each failure; its key in the store.
    pub id: u64,
    /// When it was counted.
    pub at: Timestamp,
    /// Who tried.
    pub client: Client,
    /// Who reported it.
    pub reporter: Reporter,
    /// Whether its address was familiar then.
    pub lane: Lane,
    /// The kinds of counter in which a later success forgave it.
    pub forgiven: Forgiven,
}

/// A set of attribute sets: the kinds of counter that no longer hold a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgiven(u16);

impl Forgiven {
    /// As it is stored.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// As it was stored.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Whether counters over these attributes forgave the failure.
    #[must_use]
    pub fn contains(self, attributes: AttributeSet) -> bool {
        self.0 & bit(attributes) != 0
    }

    /// Adds counters over these attributes.
    pub fn insert(&mut self, attributes: AttributeSet) {
        self.0 |= bit(attributes);
    }
}

/// There are four attributes, so sixteen sets of them.
fn bit(attributes: AttributeSet) -> u16 {
    1 << attributes.bits()
}
