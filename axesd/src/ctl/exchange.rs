//! One question to the daemon, and everything that it answers.

use std::path::Path;
use std::time::Duration;

use axes_proto::client::{Connection, Deadline};
use axes_proto::control::{Attempt, Counter, Reply, Request, Reset, Status};

use super::error::CtlError;
use super::report::Report;

/// Asks, and reads up to the end of the answer; all of it within `patience`.
pub(super) fn ask(socket: &Path, request: Request, patience: Duration) -> Result<Report, CtlError> {
    let deadline = Deadline::after(patience);
    let failed = |error| CtlError::asking(socket, error);
    let connection = Connection::open(socket, deadline).map_err(failed)?;
    connection.send(&request, deadline).map_err(failed)?;
    let mut items = Items::default();
    loop {
        match connection.receive(deadline).map_err(failed)? {
            Reply::Status(status) => items.status = Some(status),
            Reply::Counter(counter) => items.counters.push(counter),
            Reply::Attempt(attempt) => items.attempts.push(attempt),
            Reply::Reset(reset) => items.reset = Some(reset),
            Reply::End => return items.report(request),
            Reply::Failed(sentence) => return Err(CtlError::Refused(sentence)),
        }
    }
}

/// What has arrived so far.
#[derive(Default)]
struct Items {
    status: Option<Status>,
    counters: Vec<Counter>,
    attempts: Vec<Attempt>,
    reset: Option<Reset>,
}

impl Items {
    fn report(mut self, request: Request) -> Result<Report, CtlError> {
        // Both orders are promised to scripts, so they are not left to the daemon.
        self.counters.sort_by_key(|counter| counter.locked_ms.is_none());
        self.attempts.sort_by_key(|attempt| attempt.at_ms);
        Ok(match request {
            Request::Status => Report::Status(self.status.ok_or(CtlError::Misplaced)?),
            Request::List(which) => Report::List(which, self.counters),
            Request::Show(subject) => Report::Show(subject, self.counters, self.attempts),
            Request::Reset(_) => {
                Report::Reset(self.reset.ok_or(CtlError::Misplaced)?, self.counters)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use axes_proto::control::{Scope, Subject, Which};
    use axes_proto::text::{Name, Sentence};

    use super::*;
    use crate::ctl::samples::{Daemon, address_counter, attempt, counter};

    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_secs(5);

    fn asked(daemon: &Daemon, request: Request) -> Result<Report, CtlError> {
        ask(&daemon.socket, request, LONG)
    }

    #[test]
    fn the_daemon_hears_the_request_and_locked_counters_come_first() {
        let replies = [address_counter(), counter()].map(Reply::Counter);
        let daemon = Daemon::answering(&[&replies[..], &[Reply::End]].concat());
        let report = asked(&daemon, Request::List(Which::All)).unwrap();
        assert_eq!(report, Report::List(Which::All, vec![counter(), address_counter()]));
        assert_eq!(daemon.asked.join().unwrap(), Request::List(Which::All));
    }

    #[test]
    fn the_newest_attempt_comes_last() {
        let older = Attempt { at_ms: 1, ..attempt() };
        let replies = [attempt(), older.clone()].map(Reply::Attempt);
        let daemon = Daemon::answering(&[&replies[..], &[Reply::End]].concat());
        let alice = Subject::User(Name::from_typed("alice"));
        let report = asked(&daemon, Request::Show(alice.clone())).unwrap();
        assert_eq!(report, Report::Show(alice, vec![], vec![older, attempt()]));
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
        assert!(matches!(listed, Err(CtlError::Closed)));

        let empty = Daemon::answering(&[Reply::End]);
        let reset = asked(&empty, Request::Reset(Scope::All));
        assert!(matches!(reset, Err(CtlError::Misplaced)));
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
