//! Whether a client would be let in, and what lifts it where not.

mod json;
mod lift;
mod reason;
mod text;

use std::path::{Path, PathBuf};
use std::time::Duration;

use axes_proto::control::{Attempt, Counter, Explanation, Request, Verdict};
use axes_proto::pam;

use super::error::CtlError;
use super::exchange::{self, Report};

/// The socket for modules, beside the control socket.
const PAM_SOCKET: &str = "axesd.sock";

/// What the daemon says of a client.
#[derive(Debug, PartialEq)]
pub(super) struct Why {
    pub(super) explanation: Explanation,
    /// Those of the client, locked ones first.
    pub(super) counters: Vec<Counter>,
    /// The newest failures in the counter that refuses it, or is nearest to its limit.
    pub(super) attempts: Vec<Attempt>,
}

/// Asks on the control socket; whoever may not open that, on the one that is open to everybody.
pub(super) fn ask(
    control: &Path,
    pam_socket: Option<PathBuf>,
    client: pam::Client,
    patience: Duration,
) -> Result<Report, CtlError> {
    match exchange::ask(control, Request::Why(client.clone()), patience) {
        Err(CtlError::NotAllowed(_)) => {
            let socket = pam_socket.unwrap_or_else(|| control.with_file_name(PAM_SOCKET));
            exchange::ask(&socket, Request::Why(client), patience)
        }
        answer => answer,
    }
}

impl Why {
    /// Whether it would be let in.
    pub(super) const fn admits(&self) -> bool {
        matches!(self.explanation.verdict, Verdict::Admitted | Verdict::Exempt(_))
    }

    /// How long it would be refused, in milliseconds, where that ends by itself.
    const fn left_ms(&self) -> Option<u64> {
        match &self.explanation.verdict {
            Verdict::Locked(counter, _) => counter.left_ms,
            Verdict::Blacklisted(listed) => listed.left_ms,
            Verdict::Admitted | Verdict::Exempt(_) | Verdict::NotWhitelisted | Verdict::Unkept => {
                None
            }
        }
    }
}
