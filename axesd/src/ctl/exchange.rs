//! One question to the daemon, and everything that it answers.

use std::path::Path;
use std::time::Duration;

use axes_proto::client::{Connection, Patience};
use axes_proto::control::{
    Attempt, Backup, Counter, Entry, ListName, Outcome, Reply, Request, Reset, Status, Subject,
    Which,
};
use axes_proto::pam;
use axes_proto::text::Sentence;

use super::error::CtlError;
use super::lists::Amended;
use super::panic_off::Switched;
use super::why::Why;

/// What was asked for, and what came back: counters with the locked ones first, attempts with
/// the newest last.
#[derive(Debug, PartialEq)]
pub(super) enum Report {
    Status(Status),
    List(Which, Vec<Counter>),
    Show(Subject, Vec<Counter>, Vec<Attempt>),
    /// The counters are as they were before.
    Reset(Reset, Vec<Counter>),
    /// Perhaps with what else is to be done.
    Reloaded(Option<Sentence>),
    Log(Vec<Attempt>),
    LogsReset(u64),
    Why(Box<Why>),
    Entries(ListName, Vec<Entry>),
    Amended(Amended),
    PanicOff(Switched),
    Backup(Backup),
}

/// Asks, and reads up to the end of the answer; no single wait takes longer than `patience`.
pub(super) fn ask(socket: &Path, request: Request, patience: Duration) -> Result<Report, CtlError> {
    let failed = |error| CtlError::asking(socket, error);
    let connection = put(socket, &request, patience)?;
    let (mut status, mut counters, mut attempts, mut done) = (None, vec![], vec![], None);
    let (mut reloaded, mut removed, mut explained) = (None, None, None);
    let (mut entries, mut switched, mut copied) = (vec![], None, None);
    loop {
        match connection.receive(&mut Patience::of(patience)).map_err(failed)? {
            Reply::Status(told) => status = Some(told),
            Reply::Counter(counter) => counters.push(counter),
            Reply::Attempt(attempt) => attempts.push(attempt),
            Reply::Reset(reset) => done = Some(reset),
            Reply::Reloaded(rest) => reloaded = Some(rest),
            Reply::LogsReset(entries) => removed = Some(entries),
            Reply::Why(explanation) => explained = Some(*explanation),
            Reply::Entry(entry) => entries.push(entry),
            Reply::PanicOff { before, now } => switched = Some((before, now)),
            Reply::Backup(backup) => copied = Some(backup),
            Reply::Missed(_) | Reply::Remark(..) | Reply::Unusable(..) => {
                return Err(CtlError::Incomplete);
            }
            Reply::Failed(sentence) => return Err(CtlError::Refused(sentence)),
            Reply::End => break,
        }
    }
    // Both orders are promised to scripts, so they are not left to the daemon.
    counters.sort_by_key(|counter: &Counter| counter.locked_ms.is_none());
    attempts.sort_by_key(|attempt: &Attempt| attempt.at_ms);
    Ok(match request {
        Request::Status => Report::Status(status.ok_or(CtlError::Incomplete)?),
        Request::List(which) => Report::List(which, counters),
        Request::Show(subject) => Report::Show(subject, counters, attempts),
        Request::Reset(_) => Report::Reset(done.ok_or(CtlError::Incomplete)?, counters),
        Request::Reload => reloaded.map(Report::Reloaded).ok_or(CtlError::Incomplete)?,
        Request::Log(_) => Report::Log(attempts),
        Request::Entries(list) => Report::Entries(list, entries),
        // Several make one change: see `lists`.
        Request::Change(_) => return Err(CtlError::Incomplete),
        Request::PanicOff(switch) => {
            let (before, now) = switched.ok_or(CtlError::Incomplete)?;
            Report::PanicOff(Switched { switch, before, now })
        }
        Request::Backup => copied.map(Report::Backup).ok_or(CtlError::Incomplete)?,
        Request::ResetLogs(_) => removed.map(Report::LogsReset).ok_or(CtlError::Incomplete)?,
        Request::Why(_) => {
            let explanation = explained.ok_or(CtlError::Incomplete)?;
            Report::Why(Box::new(Why { explanation, counters, attempts }))
        }
    })
}

/// Puts a question to the daemon; the answer is still to be read.
pub(super) fn put(
    socket: &Path,
    request: &Request,
    patience: Duration,
) -> Result<Connection, CtlError> {
    let mut patience = Patience::of(patience);
    let failed = |error| CtlError::asking(socket, error);
    let connection = Connection::open(socket, &mut patience).map_err(failed)?;
    connection.send(request, &mut patience).map_err(failed)?;
    Ok(connection)
}

impl Report {
    /// Somebody would not be let in.
    pub(super) fn refuses(&self) -> bool {
        matches!(self, Self::Why(why) if !why.admits())
    }

    /// Somebody or something was named, and nothing is known of it.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Status(_)
            | Self::List(..)
            | Self::Reloaded(_)
            | Self::Entries(..)
            | Self::Backup(_)
            | Self::Why(_) => false,
            Self::PanicOff(switched) => switched.is_empty(),
            Self::Amended(amended) => amended.entries.is_empty(),
            Self::Show(_, counters, attempts) => counters.is_empty() && attempts.is_empty(),
            Self::Log(attempts) => attempts.is_empty(),
            Self::LogsReset(entries) => *entries == 0,
            Self::Reset(reset, counters) => reset.failures == 0 && counters.is_empty(),
        }
    }
}

/// The word for an outcome, in tables and in JSON.
pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Reported(pam::Outcome::Success) => "success",
        Outcome::Reported(pam::Outcome::Failure) => "failure",
        Outcome::Reported(pam::Outcome::Abandoned) => "abandoned",
        Outcome::Reported(pam::Outcome::Error) => "error",
        Outcome::Refused => "refused",
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use axes_proto::control::Scope;
    use axes_proto::text::{Name, Sentence};

    use super::*;
    use crate::ctl::samples::{Daemon, address_counter, attempt, counter};

    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_secs(5);

    fn asked(daemon: &Daemon, request: Request) -> Result<Report, CtlError> {
        ask(&daemon.socket, request, LONG)
    }

    #[test]
    fn the_daemon_hears_the_request_and_locked_counters_and_old_attempts_come_first() {
        let older = Attempt { at_ms: 1, ..attempt() };
        let [free, locked] = [address_counter(), counter()].map(Reply::Counter);
        let [second, first] = [attempt(), older.clone()].map(Reply::Attempt);
        let daemon = Daemon::answering(&[free, locked, second, first, Reply::End]);
        let alice = Subject::User(Name::from_typed("alice"));
        let report = asked(&daemon, Request::Show(alice.clone())).unwrap();
        let counters = vec![counter(), address_counter()];
        assert_eq!(report, Report::Show(alice.clone(), counters, vec![older, attempt()]));
        assert_eq!(daemon.asked.join().unwrap(), Request::Show(alice));
    }

    #[test]
    fn a_missing_daemon_is_told_from_a_silent_one() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let missing = ask(&socket, Request::Status, LONG);
        assert!(matches!(missing, Err(CtlError::NotRunning(_))));

        let listener = UnixListener::bind(&socket).unwrap();
        let silent = ask(&socket, Request::Status, SHORT);
        assert!(matches!(silent, Err(CtlError::TimedOut)));

        drop(listener);
        let stale = ask(&socket, Request::Status, LONG);
        assert!(matches!(stale, Err(CtlError::NotRunning(_))));
    }

    #[test]
    fn half_an_answer_is_never_shown_as_a_whole_one() {
        let cut = Daemon::answering(&[Reply::Counter(counter())]);
        let listed = asked(&cut, Request::List(Which::All));
        assert!(matches!(listed, Err(CtlError::Incomplete)));

        let empty = Daemon::answering(&[Reply::End]);
        let reset = asked(&empty, Request::Reset(Scope::All));
        assert!(matches!(reset, Err(CtlError::Incomplete)));
    }

    #[test]
    fn a_refusal_and_another_version_are_told() {
        let sentence = Sentence::from_typed("the filter is empty");
        let refusing = Daemon::answering(&[Reply::Failed(sentence.clone())]);
        let refused = asked(&refusing, Request::Status);
        assert!(matches!(refused, Err(CtlError::Refused(told)) if told == sentence));

        let newer = Daemon::sending(vec![0, 3, 2, 4, 4]);
        let version = asked(&newer, Request::Status);
        assert!(matches!(version, Err(CtlError::Version(2))));
    }
}
