//! Why `axesctl` could not do what it was asked, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use axes_proto::client::ClientError;
use axes_proto::frame::{FrameError, VERSION};
use axes_proto::text::{Comment, Sentence};
use nix::errno::Errno;

use crate::config::ConfigError;
use crate::ctl::check::CheckError;
use crate::ctl::pam::{FileError, Refusal};
use crate::ctl::selftest::SelftestError;
use crate::ctl::{FAILED, REFUSED, WRONG_USAGE};
use crate::replay::ReplayError;

/// Why there is no answer to show.
#[derive(Debug, thiserror::Error)]
pub(super) enum CtlError {
    #[error(
        "axesd is not running: nobody listens on {0}; \
         start it with `systemctl start axesd`, or name its socket with --socket"
    )]
    NotRunning(PathBuf),
    #[error(
        "you are not in group axes, so {0} is closed to you: \
         use sudo, or `sudo adduser $USER axes` and log in again"
    )]
    NotAllowed(PathBuf),
    #[error("axesd did not answer in time: see `journalctl -u axesd`, or restart it")]
    TimedOut,
    #[error("the answer of axesd is not complete: see `journalctl -u axesd`, or restart it")]
    Incomplete,
    #[error(
        "axesd speaks protocol version {0} and axesctl version {VERSION}: \
         finish the update with `systemctl restart axesd`"
    )]
    Version(u8),
    #[error("axesd refused: {0}")]
    Refused(Sentence),
    #[error("cannot ask axesd on {0}: {1}")]
    Other(PathBuf, #[source] ClientError),
    #[error("cannot write the answer: {0}")]
    Output(#[source] io::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot read {path}: {1}", path = .0.display())]
    Events(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error(transparent)]
    Selftest(#[from] SelftestError),
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("nobody is here to ask: `--yes` writes without asking, `--dry-run` writes nothing")]
    NobodyToAsk,
    #[error("{0}; everything was put back as it was")]
    PutBack(Box<CtlError>),
    #[error("cannot read the answer: {0}")]
    Input(#[source] io::Error),
    #[error("a comment is one line of 1 to {max} bytes that can be printed", max = Comment::MAX)]
    Comment,
    #[error("{0}")]
    Unusable(String),
    #[error("{path}:{1}: {2}", path = .0.display())]
    Line(PathBuf, usize, String),
    #[error("{path} holds more than a list may: {most}", path = .0.display(), most = .1)]
    TooLong(PathBuf, String),
    #[error("{2}; {0} of {1} entries were changed before that")]
    Partly(usize, usize, Box<CtlError>),
}

impl CtlError {
    /// The exit status: what was given is wrong, or something else is.
    pub(super) const fn status(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Events(..) | Self::Replay(_) => WRONG_USAGE,
            Self::NobodyToAsk | Self::Refusal(Refusal::NoService(_)) => WRONG_USAGE,
            // There is something to be done first, and the sentence says what.
            Self::Refusal(_) => REFUSED,
            Self::Comment | Self::Unusable(_) | Self::Line(..) | Self::TooLong(..) => WRONG_USAGE,
            _ => FAILED,
        }
    }

    /// What a failed exchange on this socket means to an administrator.
    pub(super) fn asking(socket: &Path, error: ClientError) -> Self {
        match error {
            ClientError::Connect(Errno::ENOENT | Errno::ECONNREFUSED) => {
                Self::NotRunning(socket.into())
            }
            ClientError::Connect(Errno::EACCES | Errno::EPERM) => Self::NotAllowed(socket.into()),
            ClientError::TimedOut => Self::TimedOut,
            ClientError::Closed => Self::Incomplete,
            ClientError::Frame(FrameError::Version(version)) => Self::Version(version),
            other => Self::Other(socket.into(), other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_says_what_to_do() {
        use ClientError::{Closed, Connect, Frame, TimedOut};
        let socket = "/run/axes/control.sock";
        for (error, remedy) in [
            (Connect(Errno::ENOENT), "systemctl start axesd"),
            (Connect(Errno::ECONNREFUSED), "systemctl start axesd"),
            (Connect(Errno::EACCES), "adduser $USER axes"),
            (TimedOut, "journalctl -u axesd"),
            (Closed, "journalctl -u axesd"),
            (Frame(FrameError::Version(2)), "systemctl restart axesd"),
            (Connect(Errno::ENAMETOOLONG), socket),
        ] {
            let told = CtlError::asking(Path::new(socket), error).to_string();
            assert!(told.contains(remedy), "{told}");
        }
    }
}
