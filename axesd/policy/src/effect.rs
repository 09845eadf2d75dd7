//! What is to be done about a decision, and what there is to say of it.

use std::fmt;
use std::sync::Arc;

use crate::attempt::Failure;
use crate::client::Word;
use crate::key::CounterKey;
use crate::lists::Entry;
use crate::note::{Note, NoteKey};
use crate::panic_off::PanicOff;
use crate::subject::Subject;
use crate::time::Timestamp;

/// Names an attempt while it is in flight; chosen by the caller, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(pub u64);

/// Something for the caller to carry out, in the order given.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Keep this failure; replaces an older state of the same one.
    Keep(Failure),
    /// No counter holds the failure with this number any more.
    Forget(u64),
    /// Keep this; replaces what stands under the same key.
    Remember(Note),
    /// What stands under this key is not needed any more.
    Drop(NoteKey),
    /// An entry of a list ended by itself.
    Ended(Entry),
    /// The time in which nobody was refused ended by itself.
    PanicOver(PanicOff),
    /// A counter reached its limit.
    Locked(CounterState),
    /// A counter that was locked is not any more.
    Unlocked(CounterState, Release),
    /// For the first time the oldest failures go because there is no room for more.
    Crowded,
    /// The attempt waited at the gate and may now be verified.
    Admit(AttemptId),
    /// Somebody answered who needs the place that this attempt holds at its prompt:
    /// [`Keeper::hang_up`](crate::keeper::Keeper::hang_up) gives it back,
    /// [`Keeper::answered`](crate::keeper::Keeper::answered) says that it is in use already.
    CallBack(AttemptId),
    /// The attempt waited at the gate in vain.
    TurnAway(AttemptId, Refusal),
    /// The attempt held its place for too long and was counted as a failure.
    Lapsed(AttemptId),
}

/// Why a lockout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The cool-off is over.
    CoolOff,
    /// The user logged in.
    Success,
    /// The administrator said so.
    Reset,
    /// There was no room for so many.
    Crowded,
}

/// Why an attempt does not reach the password.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// A counter is at its limit; a rule says so where one applies.
    Locked(Box<CounterState>, Option<Arc<str>>),
    /// This entry of the blacklist.
    Blacklisted(Subject),
    /// The address is not in the whitelist, and nobody else may log in.
    NotWhitelisted,
    /// No place at the gate became free in time.
    Busy,
    /// Its outcome could not be kept (`on_store_error`).
    Unkept,
}

/// A counter as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct CounterState {
    /// Its name.
    pub key: CounterKey,
    /// What the administrator calls counters of its kind.
    pub name: Option<Arc<str>>,
    /// Failures counted.
    pub failures: u32,
    /// Failures at which it locks.
    pub limit: u32,
    /// First failure counted.
    pub first: Timestamp,
    /// Last failure counted.
    pub last: Timestamp,
    /// When it reached its limit; `None` when it has not.
    pub locked: Option<Timestamp>,
    /// When it forgets; `None` for never.
    pub until: Option<Timestamp>,
    /// Which cool-off of a list applies, from 1.
    pub level: u8,
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CoolOff => "cool-off is over",
            Self::Success => "user logged in",
            Self::Reset => "reset by the administrator",
            Self::Crowded => "no room for so many lockouts ([store] max_memory)",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(counter, None) => write!(formatter, "locked: {counter}"),
            Self::Locked(counter, Some(rule)) => {
                write!(formatter, "locked by rule {}: {counter}", Word(rule))
            }
            Self::Blacklisted(subject) => write!(formatter, "blacklisted: {subject}"),
            Self::NotWhitelisted => formatter.write_str("not in ip_whitelist (only_whitelist)"),
            Self::Busy => formatter.write_str("too many logins at once"),
            Self::Unkept => formatter.write_str("attempts are not on disk (on_store_error)"),
        }
    }
}

impl fmt::Display for CounterState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}/{})", self.key, self.failures, self.limit)?;
        self.name.as_deref().map_or(Ok(()), |name| write!(formatter, " in {}", Word(name)))
    }
}

impl Refusal {
    /// The sentence that is recorded with the attempt.
    #[must_use]
    pub fn reason(&self) -> Arc<str> {
        self.to_string().into()
    }
}
