//! The access log as it grows, a line for each attempt.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use axes_proto::client::{ClientError, Connection, Patience};
use axes_proto::control::{Attempt, Reply};
use jiff::Zoned;
use serde_json::json;

use super::error::CtlError;
use super::{json, tables};

/// As long as anybody waits for the next login.
const FOR_EVER: Duration = Duration::MAX;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Columns of a fixed width.
    Text,
    /// One object in each line.
    Json,
}

/// Somebody who reads the access log as it grows.
pub(super) struct Follower<'a, W> {
    pub(super) connection: Connection,
    pub(super) socket: &'a Path,
    pub(super) form: Form,
    pub(super) output: &'a mut W,
}

/// Whether anybody still reads what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    There,
    Gone,
}

impl<W: Write> Follower<'_, W> {
    /// Writes what is there, which comes within `patience`, and then what happens, until the
    /// reader has seen enough.
    pub(super) fn run(&mut self, mut patience: Duration) -> Result<(), CtlError> {
        if self.form == Form::Text {
            self.write(&tables::attempt_header())?;
        }
        loop {
            let reader = match self.next(patience)? {
                Reply::Attempt(attempt) => self.write(&self.line(&attempt))?,
                Reply::Missed(entries) => self.write(&self.missed(entries))?,
                Reply::Failed(sentence) => return Err(CtlError::Refused(sentence)),
                Reply::End => {
                    patience = FOR_EVER;
                    Reader::There
                }
                _ => return Err(CtlError::Incomplete),
            };
            if reader == Reader::Gone {
                return Ok(());
            }
        }
    }

    fn next(&self, patience: Duration) -> Result<Reply, CtlError> {
        loop {
            match self.connection.receive(&mut Patience::of(patience)) {
                // No system call waits for ever.
                Err(ClientError::TimedOut) if patience == FOR_EVER => {}
                other => return other.map_err(|error| CtlError::asking(self.socket, error)),
            }
        }
    }

    fn line(&self, attempt: &Attempt) -> String {
        match self.form {
            Form::Text => tables::attempt_line(attempt, &Zoned::now()),
            Form::Json => format!("{}\n", json::attempt_object(attempt)),
        }
    }

    fn missed(&self, entries: u64) -> String {
        match self.form {
            Form::Text => {
                format!("({entries} more left the access log before they could be shown)\n")
            }
            Form::Json => format!("{}\n", json!({ "missed": entries })),
        }
    }

    /// Each line on its own: whoever follows wants to see it now.
    fn write(&mut self, text: &str) -> Result<Reader, CtlError> {
        match self.output.write_all(text.as_bytes()).and_then(|()| self.output.flush()) {
            Ok(()) => Ok(Reader::There),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
            Err(error) => Err(CtlError::Output(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use axes_proto::control::{Filter, LogFilter, Reading, Request};
    use axes_proto::text::Sentence;

    use super::*;
    use crate::ctl::exchange;
    use crate::ctl::samples::{Daemon, attempt};

    const PATIENCE: Duration = Duration::from_secs(5);

    fn followed(replies: &[Reply], form: Form) -> (Result<(), CtlError>, String) {
        let daemon = Daemon::answering(replies);
        let filter = LogFilter {
            client: Filter::default(),
            outcomes: vec![],
            since_ms: None,
            until_ms: None,
            newest: Some(10),
            reading: Reading::Follow,
        };
        let connection = exchange::put(&daemon.socket, &Request::Log(filter), PATIENCE).unwrap();
        let mut output = Vec::new();
        let socket = &daemon.socket;
        let ended = Follower { connection, socket, form, output: &mut output }.run(PATIENCE);
        (ended, anstream::adapter::strip_str(&String::from_utf8(output).unwrap()).to_string())
    }

    #[test]
    fn every_attempt_and_every_gap_is_a_line() {
        let replies =
            [Reply::Attempt(attempt()), Reply::End, Reply::Missed(3), Reply::Attempt(attempt())];
        let (ended, lines) = followed(&replies, Form::Text);
        assert!(matches!(ended, Err(CtlError::Incomplete)), "the daemon has gone");
        let lines: Vec<_> = lines.lines().collect();
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[0].starts_with("WHEN ") && lines[1].ends_with("locked"), "{lines:?}");
        assert_eq!(lines[2], "(3 more left the access log before they could be shown)");
        assert_eq!(lines[0].find("OUTCOME"), lines[3].find("refused"));

        let (_, lines) = followed(&replies, Form::Json);
        let objects: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(objects[0]["outcome"], "refused");
        assert_eq!(objects[1], json!({ "missed": 3 }));
    }

    #[test]
    fn a_refusal_is_told() {
        let refusal = Reply::Failed(Sentence::from_typed("too many"));
        assert!(matches!(followed(&[refusal], Form::Json).0, Err(CtlError::Refused(_))));
    }

    #[test]
    fn a_daemon_that_does_not_begin_to_answer_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let socket = &folder.path().join("s");
        let _listener = std::os::unix::net::UnixListener::bind(socket).unwrap();
        let connection = exchange::put(socket, &Request::Status, PATIENCE).unwrap();
        let output = &mut Vec::new();
        let mut follower = Follower { connection, socket, form: Form::Json, output };
        let ended = follower.run(Duration::from_millis(50));
        assert!(matches!(ended, Err(CtlError::TimedOut)));
    }
}
