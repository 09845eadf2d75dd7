//! Users and addresses as they are now.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axes_proto::client::{ClientError, Connection, Patience};
use axes_proto::control::{Counter, Entry, ListName, Reply, Request, Source, Which};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

/// For all of the answer; somebody waits behind the TAB.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);
/// More are no help.
pub(super) const MOST: usize = 200;
/// A flood of locked names is not read to its end.
const MOST_READ: usize = 20_000;

/// What the daemon is asked for.
#[derive(Clone, Copy)]
pub(super) enum Live {
    /// Locked users.
    Users,
    /// Locked addresses and networks.
    Addresses,
    /// Locked addresses alone: from a network nobody logs in.
    Hosts,
    /// Locked users and addresses.
    Both,
    /// Whom entries of a list name that were made at run time.
    Entries(ListName),
}

impl Live {
    pub(super) fn completer(self, socket: PathBuf) -> ArgValueCompleter {
        ArgValueCompleter::new(move |current: &OsStr| self.candidates(&socket, current))
    }

    /// Nothing where the daemon cannot be asked: nobody wants to read of that behind a TAB.
    fn candidates(self, socket: &Path, current: &OsStr) -> Vec<CompletionCandidate> {
        let begun = current.to_str().unwrap_or_default();
        let mut found = BTreeSet::new();
        let _ = self.read(socket, |name| {
            if name.starts_with(begun) && is_plain_name(&name) {
                found.insert(name);
            }
            found.len() < MOST
        });
        let candidate = |name| CompletionCandidate::new(name).help(Some(self.what().into()));
        found.into_iter().map(candidate).collect()
    }

    /// Reads names until there is no more, or nobody wants more.
    fn read(
        self,
        socket: &Path,
        mut wants_more: impl FnMut(String) -> bool,
    ) -> Result<(), ClientError> {
        let mut patience = Patience::of(PATIENCE);
        let connection = Connection::open(socket, &mut patience)?;
        connection.send(&self.request(), &mut patience)?;
        for _ in 0..MOST_READ {
            let names = match connection.receive(&mut patience)? {
                Reply::Counter(counter) => self.of_counter(&counter),
                Reply::Entry(entry) => of_entry(&entry).into_iter().collect(),
                _ => return Ok(()),
            };
            if !names.into_iter().all(&mut wants_more) {
                break;
            }
        }
        Ok(())
    }

    const fn request(self) -> Request {
        match self {
            Self::Users | Self::Addresses | Self::Hosts | Self::Both => {
                Request::List(Which::Locked)
            }
            Self::Entries(list) => Request::Entries(list),
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Users => "locked user",
            Self::Addresses | Self::Hosts => "locked address",
            Self::Both => "locked",
            Self::Entries(_) => "entry made at run time",
        }
    }

    fn of_counter(self, counter: &Counter) -> Vec<String> {
        let user = counter.username.as_ref().map(ToString::to_string);
        let address = counter.address.as_ref().map(ToString::to_string);
        match self {
            Self::Users => user.into_iter().collect(),
            Self::Addresses => address.into_iter().collect(),
            Self::Hosts => address.into_iter().filter(|it| !it.contains('/')).collect(),
            Self::Both => user.into_iter().chain(address).collect(),
            Self::Entries(_) => Vec::new(),
        }
    }
}

/// What the configuration lists cannot be removed.
fn of_entry(entry: &Entry) -> Option<String> {
    matches!(entry.source, Source::RunTime { .. }).then(|| entry.subject.to_string())
}

/// Understood by every shell as a letter of a word.
pub(super) fn is_plain(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._@:/-".contains(byte)
}

/// A name that begins like an option would be read as one.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-') && name.as_bytes().iter().all(is_plain)
}
