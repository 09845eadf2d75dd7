//! Attempts: what is recorded of each, and the failures among them that count.

use std::sync::Arc;

use crate::client::Client;
use crate::key::Tag;
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
    /// What single counters did with it.
    pub marks: Marks,
}

/// What single counters did with a failure, so that it counts the same after a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Option<Box<Tags>>);

/// Most failures have none, and take no memory for that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tags {
    gone: Vec<Tag>,
    past: Vec<Tag>,
}

impl Marks {
    /// As they were stored: counters that let it go, and those that were locked before it.
    #[must_use]
    pub fn new(gone: Vec<Tag>, past: Vec<Tag>) -> Self {
        let some = !gone.is_empty() || !past.is_empty();
        Self(some.then(|| Box::new(Tags { gone, past })))
    }

    /// Counters that let the failure go, or never took it.
    #[must_use]
    pub fn gone(&self) -> &[Tag] {
        self.0.as_ref().map_or(&[], |tags| &tags.gone)
    }

    /// Counters that were locked already when it came.
    #[must_use]
    pub fn past(&self) -> &[Tag] {
        self.0.as_ref().map_or(&[], |tags| &tags.past)
    }

    /// Whether that is new.
    pub(crate) fn let_go(&mut self, tag: Tag) -> bool {
        let new = !self.gone().contains(&tag);
        if new {
            self.0.get_or_insert_default().gone.push(tag);
        }
        new
    }

    /// Whether that is new.
    pub(crate) fn came_past(&mut self, tag: Tag) -> bool {
        let new = !self.past().contains(&tag);
        if new {
            self.0.get_or_insert_default().past.push(tag);
        }
        new
    }
}
