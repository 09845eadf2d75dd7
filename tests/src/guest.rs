//! A booted Debian with systemd, sshd and a network of its own, for one test program.
//!
//! Commands run in it as root. It is gone when the [`Guest`] is dropped, and also when the test
//! program is killed: boot it on a thread that lives as long as it is needed.

mod command;
mod error;
mod machine;
mod tarball;
mod tools;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

pub use command::Done;
pub use error::GuestError;
use machine::Machine;

const BOOT: Duration = Duration::from_secs(120);

/// A Debian release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
    /// Debian 12 with what an .rpm and authselect's profiles meet on Fedora: rpm, SSSD, SELinux's
    /// tools and a policy.
    Rpm,
}

/// A booted Debian.
#[derive(Debug)]
pub struct Guest {
    machine: Machine,
}

impl Guest {
    /// Boots a fresh system and waits until it is up.
    ///
    /// # Errors
    ///
    /// Any [`GuestError`]; those about the machine say what to install.
    pub fn boot(suite: Suite) -> Result<Self, GuestError> {
        tools::check()?;
        let machine = Machine::start(&tarball::cached(suite)?)?;
        let guest = Self { machine };
        guest.wait_until_up()?;
        guest.sh("ip link set lo up")?;
        Ok(guest)
    }

    /// Runs a program whose exit status is a result, not a mistake.
    ///
    /// # Errors
    ///
    /// [`GuestError::Start`] or [`GuestError::Io`].
    pub fn run(&self, words: &[&str]) -> Result<Done, GuestError> {
        self.run_with_input(words, "")
    }

    /// The same with something to read on standard input.
    ///
    /// # Errors
    ///
    /// [`GuestError::Start`] or [`GuestError::Io`].
    pub fn run_with_input(&self, words: &[&str], input: &str) -> Result<Done, GuestError> {
        command::run(self.machine.leader(), words, input)
    }

    /// Runs a shell script that must succeed; returns what it printed.
    ///
    /// # Errors
    ///
    /// [`GuestError::Failed`] when its exit status is not 0, else as [`Guest::run`].
    pub fn sh(&self, script: &str) -> Result<String, GuestError> {
        let done = self.run(&["sh", "-ec", script])?;
        if done.code == Some(0) {
            return Ok(done.out);
        }
        let output = format!("{}{}", done.out, done.err);
        Err(GuestError::Failed { command: script.to_owned(), output })
    }

    /// Copies a file of this machine into the guest.
    ///
    /// # Errors
    ///
    /// [`GuestError::File`].
    pub fn copy_in(&self, from: &Path, to: &str) -> Result<(), GuestError> {
        let copied = fs::copy(from, self.outside(to));
        copied.map(drop).map_err(|error| GuestError::File(from.to_owned(), error))
    }

    /// Writes a file in the guest.
    ///
    /// # Errors
    ///
    /// [`GuestError::File`].
    pub fn write(&self, path: &str, text: &str) -> Result<(), GuestError> {
        fs::write(self.outside(path), text).map_err(|error| GuestError::File(path.into(), error))
    }

    /// Reads a file in the guest.
    ///
    /// # Errors
    ///
    /// [`GuestError::File`].
    pub fn read(&self, path: &str) -> Result<String, GuestError> {
        let read = fs::read_to_string(self.outside(path));
        read.map_err(|error| GuestError::File(path.into(), error))
    }

    /// All that was logged since the guest booted.
    ///
    /// # Errors
    ///
    /// As [`Guest::sh`].
    pub fn journal(&self) -> Result<String, GuestError> {
        self.sh("journalctl --sync; journalctl --no-pager --output=short-precise")
    }

    /// Where the journal ends now, for [`Guest::journal_after`].
    ///
    /// # Errors
    ///
    /// As [`Guest::sh`].
    pub fn journal_end(&self) -> Result<String, GuestError> {
        let shown =
            self.sh("journalctl --sync; journalctl --lines=1 --output=cat --show-cursor")?;
        let cursor = shown.lines().find_map(|line| line.strip_prefix("-- cursor: "));
        Ok(cursor.unwrap_or_default().to_owned())
    }

    /// What was logged since then.
    ///
    /// # Errors
    ///
    /// As [`Guest::sh`].
    pub fn journal_after(&self, end: &str) -> Result<String, GuestError> {
        self.sh(&format!("journalctl --sync; journalctl --quiet --after-cursor='{end}'"))
    }

    fn wait_until_up(&self) -> Result<(), GuestError> {
        let started = Instant::now();
        while started.elapsed() < BOOT {
            let state = self.run(&["systemctl", "is-system-running"])?.out;
            if matches!(state.trim_end(), "running" | "degraded") {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(200));
        }
        Err(GuestError::NotBooted(self.machine.console()))
    }

    /// The path of a guest's file on this machine.
    pub fn outside(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root/{path}", self.machine.leader()))
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::Rpm => "rpm",
        })
    }
}
