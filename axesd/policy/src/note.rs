//! What outlives the daemon besides failures and attempts.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::account::Account;
use crate::key::{CounterKey, Origin};
use crate::lists::{Entry, ListName};
use crate::panic_off::PanicOff;
use crate::subject::Subject;
use crate::time::Timestamp;

/// Something to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A user logged in from there.
    Familiar {
        /// Who.
        user: SmolStr,
        /// From where.
        origin: Origin,
        /// When last, or up to a hundredth of `familiar_for` later.
        at: Timestamp,
    },
    /// A lockout of this counter ended.
    Level {
        /// Which counter.
        key: LevelKey,
        /// Its level, from 0.
        level: u8,
        /// When it ended.
        ended: Timestamp,
    },
    /// What is known of an account.
    Account(Arc<Account>),
    /// An entry of a list made at run time.
    Entry(Entry),
    /// Nobody is refused for some time.
    PanicOff(PanicOff),
}

/// Names a [`Note`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NoteKey {
    /// By user and origin.
    Familiar(SmolStr, Origin),
    /// By counter.
    Level(LevelKey),
    /// By name.
    Account(Arc<str>),
    /// By list and subject.
    Entry(ListName, Subject),
    /// There is one.
    PanicOff,
}

/// Names a counter across changes of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LevelKey {
    /// What the administrator calls counters of its kind.
    pub name: Option<Arc<str>>,
    /// The counter; its number of then says nothing.
    pub counter: CounterKey,
}

impl Note {
    /// What it stands under.
    #[must_use]
    pub fn key(&self) -> NoteKey {
        match self {
            Self::Familiar { user, origin, .. } => NoteKey::Familiar(user.clone(), origin.clone()),
            Self::Level { key, .. } => NoteKey::Level(key.clone()),
            Self::Account(account) => NoteKey::Account(account.name.clone()),
            Self::Entry(entry) => NoteKey::Entry(entry.list, entry.subject.clone()),
            Self::PanicOff(_) => NoteKey::PanicOff,
        }
    }
}
