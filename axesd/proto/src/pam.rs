//! The conversation between the module and the daemon: one connection for each attempt.
//!
//! ```text
//! Begin ---------> Admitted | Refused     (Proceed where the answer is at hand)
//! Answered ------> Proceed  | Refused     (the gate; may wait as long as Admitted said)
//! Entered                                 (past the gate, on a place that Admitted said is held)
//! Verdict -------> Recorded               (a failure, which is then on disk; else no answer)
//! Account -------> Proceed  | Refused     (on a connection of its own)
//! ```
//!
//! The daemon may end a connection that is at its prompt: when it restarts, to make room, or
//! because another one needs the place that is held. The module sees it when it says `Entered` or
//! `Answered`, and begins again with its answer. So a place belongs to whoever is first: the kernel
//! takes no `Entered` after the daemon stopped listening, and the daemon looks for one before it
//! gives the place to somebody else.
//!
//! A connection that the module ends early ends the attempt: before the gate it was abandoned,
//! after the gate a password was verified and nobody told the result, so it counts as a failure.

use serde::{Deserialize, Serialize};

use crate::frame::Message;
use crate::text::{Host, Label, Name, Sentence};

/// Who is trying to log in, and from where, as PAM tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `PAM_USER` as given; the daemon looks up the account's own spelling.
    pub user: Name,
    /// Remote address or host name; `None` for a local attempt.
    pub remote: Option<Host>,
    /// `PAM_SERVICE`.
    pub service: Label,
    /// `PAM_TTY`.
    pub tty: Option<Label>,
    /// `PAM_RUSER`, the user who asks (su, sudo).
    pub ruser: Option<Name>,
}

/// How far an attempt is when the daemon first hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// A prompt will be shown; the gate is asked when it has been answered.
    Prompting,
    /// The answer is at hand: admission is the gate.
    Answered,
    /// The password was verified while the daemon was away: nothing to ask, a verdict follows.
    Verified,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The user is who they say.
    Success,
    /// The answer was wrong.
    Failure,
    /// The prompt was cancelled, timed out or hung up on.
    Abandoned,
    /// A backend was down; nobody judged the answer.
    Error,
}

/// What the module says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Starts an attempt.
    Begin(Client, Stage),
    /// A prompt was answered: may the answer be verified?
    Answered,
    /// A prompt was answered, and the answer is verified on the place that was held.
    Entered,
    /// The attempt ended.
    Verdict(Outcome),
    /// May this account be used by a client that did not authenticate through PAM?
    Account(Client),
}

/// Whether an answer has to ask at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// No: a place is held for it for as long as the daemon does not end the connection.
    Held,
    /// Yes.
    Wanted,
}

/// What the daemon answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Go on; the gate may take this long to answer.
    Admitted {
        /// At the gate.
        place: Place,
        /// Longest wait at the gate, in milliseconds.
        gate_wait_ms: u32,
    },
    /// The answer may be verified, the account may be used.
    Proceed,
    /// No; the sentence is for the person who tries to log in.
    Refused(Sentence),
    /// The verdict is counted; a failure is on disk.
    Recorded,
    /// The request cannot be served; the connection ends.
    Failed(Sentence),
}

impl Message for Request {
    const KIND: u8 = 1;
}

impl Message for Reply {
    const KIND: u8 = 2;
}
