//! A login in a process of its own: modules may crash, hang, or print what they like.

use std::fmt;
use std::io::{self, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use axes_application as application;
use nix::sys::signal::SigSet;

use super::SelftestError;

/// What the private service lets in.
pub(super) const RIGHT: &str = "right";
/// What no service lets in.
pub(super) const WRONG: &str = "wrong";

/// Modules may ask a directory server that does not answer.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(5);
/// A lost terminal, ^C, and `kill`: somebody wants it to end.
const INTERRUPTS: [i32; 3] = [1, 2, 15];
/// Above every code of libpam: a question was answered.
const ANSWERED: u8 = 0x40;

/// Who logs in where, with what.
#[derive(Clone, Copy, Debug)]
pub(in crate::ctl) struct Login<'a> {
    /// Of the service's file; `None` for the folders of the host.
    pub(in crate::ctl) folder: Option<&'a Path>,
    pub(in crate::ctl) service: &'a str,
    pub(in crate::ctl) user: &'a str,
    pub(in crate::ctl) answer: &'a str,
}

/// What is seen of it in front of the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Seen {
    /// The code of libpam, and whether something was asked before.
    Ended {
        code: i32,
        asked: bool,
    },
    /// A module ended the process with a signal.
    Crashed(i32),
    TimedOut,
}

impl<'a> Login<'a> {
    /// Somebody of whom axesd is not asked.
    pub(in crate::ctl) const fn of_a_stranger(service: &'a str) -> Self {
        Self { folder: None, service, user: "axes-selftest", answer: WRONG }
    }
}

impl Seen {
    pub(in crate::ctl) const fn let_in(self) -> bool {
        matches!(self, Self::Ended { code: application::SUCCESS, .. })
    }

    pub(in crate::ctl) const fn was_asked(self) -> bool {
        matches!(self, Self::Ended { asked: true, .. })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unasked = |asked| if asked { "" } else { " without a question" };
        match *self {
            Self::Ended { code: application::SUCCESS, asked } => {
                write!(formatter, "let in{}", unasked(asked))
            }
            Self::Ended { code, asked } => {
                let why = application::describe(code);
                write!(formatter, "refused{} ({why})", unasked(asked))
            }
            Self::Crashed(signal) => write!(formatter, "a module crashed (signal {signal})"),
            Self::TimedOut => write!(formatter, "no answer in {} s", PATIENCE.as_secs()),
        }
    }
}

/// Starts this program once more to log in.
pub(in crate::ctl) fn try_login(login: &Login<'_>) -> Result<Seen, SelftestError> {
    let program = std::env::current_exe().map_err(SelftestError::Start)?;
    let mut command = Command::new(program);
    command.args(["selftest-login", "--service", login.service, "--user", login.user]);
    command.args(["--answer", login.answer]);
    if let Some(folder) = login.folder {
        command.arg("--folder").arg(folder);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().map_err(SelftestError::Start)?;
    match wait(child, PATIENCE).map_err(SelftestError::Start)? {
        Seen::Crashed(signal) if INTERRUPTS.contains(&signal) => Err(SelftestError::Interrupted),
        seen => Ok(seen),
    }
}

/// In that process: the status to end with.
pub(in crate::ctl) fn log_in(login: &Login<'_>) -> u8 {
    // Whoever started this holds them back for himself.
    let _ = SigSet::all().thread_unblock();
    let &Login { folder, service, user, answer } = login;
    let login = application::Login { folder, service, user, answer };
    let ended = application::log_in(&login);
    let asked = if ended.answered > 0 { ANSWERED } else { 0 };
    u8::try_from(ended.code).unwrap_or(u8::MAX) | asked
}

/// Below that process: pam_exec hands over the answer, with a NUL behind it. The status says
/// whether it is right.
pub(in crate::ctl) fn judge_answer(input: impl io::Read) -> u8 {
    let mut answer = Vec::new();
    let read = input.take(64).read_to_end(&mut answer);
    let answer = answer.split(|byte| *byte == 0).next().unwrap_or_default();
    u8::from(read.is_err() || answer != RIGHT.as_bytes())
}

fn wait(mut child: Child, patience: Duration) -> io::Result<Seen> {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if let Some(status) = child.try_wait()? {
            return Ok(seen(status));
        }
        thread::sleep(PAUSE);
    }
    child.kill()?;
    child.wait()?;
    Ok(Seen::TimedOut)
}

fn seen(status: ExitStatus) -> Seen {
    match (status.code(), status.signal()) {
        (Some(status), _) => {
            let answered = i32::from(ANSWERED);
            Seen::Ended { code: status & !answered, asked: status & answered != 0 }
        }
        (None, signal) => Seen::Crashed(signal.unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(script: &str) -> Seen {
        let child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        wait(child, Duration::from_millis(500)).unwrap()
    }

    #[test]
    fn a_process_that_ends_crashes_or_hangs_is_told() {
        assert_eq!(ended("exit 71"), Seen::Ended { code: 7, asked: true });
        assert_eq!(ended("exit 0"), Seen::Ended { code: 0, asked: false });
        assert_eq!(ended("kill -SEGV $$"), Seen::Crashed(11));
        assert_eq!(ended("exec sleep 60"), Seen::TimedOut);
    }

    #[test]
    fn only_the_right_answer_is_right_with_or_without_its_end() {
        assert_eq!(judge_answer("right\0".as_bytes()), 0);
        assert_eq!(judge_answer("right".as_bytes()), 0);
        for wrong in ["wrong\0", "", "\0right", "right ", &"right".repeat(100)] {
            assert_eq!(judge_answer(wrong.as_bytes()), 1, "{wrong}");
        }
    }

    #[test]
    fn what_was_seen_is_told_in_words() {
        let refused = Seen::Ended { code: 7, asked: true };
        assert_eq!(refused.to_string(), "refused (Authentication failure)");
        let unasked = Seen::Ended { code: 0, asked: false };
        assert_eq!(unasked.to_string(), "let in without a question");
        assert!(unasked.let_in() && !unasked.was_asked());
    }
}
