//! What axesd says of the logins of a made-up user.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axes_proto::control::{
    Attempt, Counter, Enforcement, Filter, Request, Scope, Status, Subject, Totals,
};
use axes_proto::pam;
use axes_proto::text::{Label, Name};

use super::attempt::{Login, WRONG};
use crate::ctl::error::CtlError;
use crate::ctl::exchange::{self, Report, outcome_word};

const PATIENCE: Duration = Duration::from_secs(5);

/// A user whom nobody has, and what is known of him.
#[derive(Debug)]
pub(in crate::ctl) struct Witness {
    socket: PathBuf,
    service: String,
    user: String,
    /// How many of his attempts the log holds, and how all attempts ended so far.
    known: (usize, Totals),
}

impl Witness {
    /// Makes up a user. Nobody could have filled his counters: his name was not known.
    pub(in crate::ctl) fn call(socket: &Path, service: &str) -> Result<Self, CtlError> {
        let number = getrandom::u32().unwrap_or(std::process::id());
        let user = format!("axes-selftest-{number:08x}");
        let (socket, service) = (socket.to_owned(), service.to_owned());
        let known = (0, totals(&socket)?);
        Ok(Self { socket, service, user, known })
    }

    /// A login of his, with a wrong answer.
    pub(in crate::ctl) fn login(&self) -> Login<'_> {
        Login { folder: None, service: &self.service, user: &self.user, answer: WRONG }
    }

    /// How his attempts ended since this was asked last, in words: `failure`, or
    /// `refused (locked)`, or `nothing`.
    pub(in crate::ctl) fn told(&mut self) -> Result<String, CtlError> {
        let (_, attempts) = self.shown()?;
        let now = (attempts.len(), totals(&self.socket)?);
        let before = std::mem::replace(&mut self.known, now);
        let recorded: Vec<_> = attempts.iter().skip(before.0).map(words).collect();
        if recorded.is_empty() {
            // The access log may be off; others may log in at the same time.
            return Ok(grown(&before.1, &now.1).unwrap_or("nothing").to_owned());
        }
        Ok(recorded.join(", "))
    }

    /// Whether lockouts refuse anybody.
    pub(in crate::ctl) fn enforcement(&self) -> Result<Enforcement, CtlError> {
        status(&self.socket).map(|status| status.enforcement)
    }

    /// Failures that count against him.
    pub(in crate::ctl) fn counted(&self) -> Result<u32, CtlError> {
        let (counters, _) = self.shown()?;
        Ok(counters.iter().map(|counter| counter.failures).max().unwrap_or(0))
    }

    /// Lets him try again where he is locked out by now.
    pub(in crate::ctl) fn lift_lockout(&self) -> Result<(), CtlError> {
        let client = pam::Client {
            user: self.name(),
            remote: None,
            service: Label::from_typed(&self.service),
            tty: None,
            ruser: None,
        };
        let report = exchange::ask(&self.socket, Request::Why(client), PATIENCE)?;
        if report.refuses() { self.forget() } else { Ok(()) }
    }

    /// Resets all that is counted against him, and nobody else.
    fn forget(&self) -> Result<(), CtlError> {
        let filter = Filter { user: Some(self.name()), address: None, service: None };
        exchange::ask(&self.socket, Request::Reset(Scope::Matching(filter)), PATIENCE).map(drop)
    }

    fn shown(&self) -> Result<(Vec<Counter>, Vec<Attempt>), CtlError> {
        let request = Request::Show(Subject::User(self.name()));
        match exchange::ask(&self.socket, request, PATIENCE)? {
            Report::Show(_, counters, attempts) => Ok((counters, attempts)),
            _ => Err(CtlError::Incomplete),
        }
    }

    fn name(&self) -> Name {
        Name::from_typed(&self.user)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // Where axesd does not answer any more that is told already.
        let _ = self.forget();
    }
}

fn totals(socket: &Path) -> Result<Totals, CtlError> {
    status(socket).map(|status| status.totals)
}

fn status(socket: &Path) -> Result<Status, CtlError> {
    match exchange::ask(socket, Request::Status, PATIENCE)? {
        Report::Status(status) => Ok(status),
        _ => Err(CtlError::Incomplete),
    }
}

fn words(attempt: &Attempt) -> String {
    let outcome = outcome_word(attempt.outcome);
    match &attempt.reason {
        Some(reason) => format!("{outcome} ({reason})"),
        None => outcome.to_owned(),
    }
}

fn grown(before: &Totals, now: &Totals) -> Option<&'static str> {
    let pairs = [
        ("failure", before.failure, now.failure),
        ("success", before.success, now.success),
        ("refused", before.refused, now.refused),
        ("error", before.error, now.error),
        ("abandoned", before.abandoned, now.abandoned),
    ];
    pairs.into_iter().find(|(_, before, now)| now > before).map(|(word, ..)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_access_log_the_totals_tell() {
        let before = Totals::default();
        assert_eq!(grown(&before, &before), None);
        assert_eq!(grown(&before, &Totals { success: 1, ..before }), Some("success"));
        assert_eq!(grown(&before, &Totals { failure: 2, ..before }), Some("failure"));
    }
}
