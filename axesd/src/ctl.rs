//! `axesctl`: asks the daemon on its control socket and shows what it answers, checks the host,
//! edits the files of PAM, or replays events without it.

mod arguments;
mod check;
mod complete;
mod error;
mod exchange;
mod follow;
mod json;
mod lists;
mod pam;
mod panic_off;
mod replay;
#[cfg(test)]
mod samples;
mod selftest;
mod tables;
mod text;
mod time;
mod when;
mod why;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anstream::AutoStream;
use axes_proto::control::Request;
use clap::{CommandFactory as _, Parser as _};
use jiff::Zoned;

use arguments::{Arguments, Task};
use error::CtlError;
use exchange::Report;
use follow::{Follower, Form};
use lists::Progress;

use crate::printable::printable;

/// How long the daemon may keep silent while it is asked something.
const PATIENCE: Duration = Duration::from_secs(5);
/// And while it writes a copy of a large database to a slow disk.
const COPYING: Duration = Duration::from_secs(120);

// Exit statuses, as the help text lists them.
const DONE: u8 = 0;
const NOTHING_MATCHED: u8 = 1;
const FOUND: u8 = 1;
const REFUSED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const FAILED: u8 = 3;

/// Runs `axesctl` with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(words) = complete::asked(std::env::args_os()) {
        return complete::answer(words, &mut io::stdout().lock()).into();
    }
    let status = match Arguments::try_parse() {
        Ok(arguments) => served(arguments),
        Err(error) => not_understood(&error),
    };
    status.into()
}

/// What can be typed, for manuals.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

fn served(arguments: Arguments) -> u8 {
    let json = arguments.json;
    let mut output = AutoStream::new(io::stdout().lock(), arguments.colour());
    run(arguments, &mut output).unwrap_or_else(|error| {
        let line = if json { json::error(&error).to_string() } else { format!("axesctl: {error}") };
        complain(&line);
        error.status()
    })
}

/// The help text too arrives here, as an "error" that belongs on standard output.
fn not_understood(error: &clap::Error) -> u8 {
    let json = std::env::args_os().any(|word| word == "--json");
    if json && error.use_stderr() {
        complain(&json::error(error).to_string());
    } else {
        // Nothing is left to be done where even this cannot be written.
        error.print().unwrap_or_default();
    }
    if error.use_stderr() { WRONG_USAGE } else { DONE }
}

fn run(arguments: Arguments, output: &mut impl Write) -> Result<u8, CtlError> {
    let control_socket = arguments.unusual_socket();
    let form = if arguments.json { Form::Json } else { Form::Text };
    match arguments.command.task() {
        Task::Ask(request) => {
            let patience = if request == Request::Backup { COPYING } else { PATIENCE };
            let report = exchange::ask(&arguments.socket, request, patience)?;
            show(&report, form, output)
        }
        Task::Amend(amendment) => {
            let amended = lists::amend(&arguments.socket, amendment, Progress::new(form))?;
            show(&Report::Amended(amended), form, output)
        }
        Task::Why { client, pam_socket } => {
            let report = why::ask(&arguments.socket, pam_socket, client, PATIENCE)?;
            let status = show(&report, form, output)?;
            Ok(if report.refuses() { REFUSED } else { status })
        }
        Task::Follow(filter) => {
            let connection = exchange::put(&arguments.socket, &Request::Log(filter), PATIENCE)?;
            let mut follower = Follower { connection, socket: &arguments.socket, form, output };
            follower.run(PATIENCE).map(|()| DONE)
        }
        Task::Replay { config, events } => replay::events(config.as_deref(), &events, output),
        Task::Compare(trial) => replay::log(&trial, &arguments.socket, form, output),
        Task::Check { root, config } => {
            let report = check::run(&check::Scope { root, config, control_socket })?;
            let object = || format!("{}\n", check::json(&report));
            print(&if form == Form::Json { object() } else { check::text(&report) }, output)?;
            Ok(if report.is_good() { DONE } else { FOUND })
        }
        Task::Pam(change) => pam::change(&change, &arguments.socket, form, output),
        Task::PamStatus(services) => pam::status(&services, form, output),
        Task::Selftest(module) => {
            let checks = selftest::run(&arguments.socket, &module)?;
            let object =
                || format!("{}\n", serde_json::json!({ "checks": selftest::json(&checks) }));
            print(&if form == Form::Json { object() } else { selftest::text(&checks) }, output)?;
            Ok(if checks.iter().all(|check| check.good) { DONE } else { FOUND })
        }
        Task::SelftestLogin(login) => Ok(login.run()),
        Task::SelftestJudge => Ok(selftest::judge_answer(io::stdin())),
        Task::Explain(rule) => {
            let object = || format!("{}\n", check::explanation_json(rule));
            print(&if form == Form::Json { object() } else { check::explanation(rule) }, output)?;
            Ok(DONE)
        }
    }
}

fn show(report: &Report, form: Form, output: &mut impl Write) -> Result<u8, CtlError> {
    let now = Zoned::now();
    let shown = match form {
        Form::Json => format!("{}\n", json::render(report, now.timestamp())),
        Form::Text => text::render(report, &now),
    };
    print(&shown, output)?;
    Ok(if report.is_empty() { NOTHING_MATCHED } else { DONE })
}

fn print(shown: &str, output: &mut impl Write) -> Result<(), CtlError> {
    let result = output.write_all(shown.as_bytes());
    written(result.and_then(|()| output.flush()))
}

/// A reader that has seen enough, as `head` does, is no failure.
fn written(result: io::Result<()>) -> Result<(), CtlError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(CtlError::Output),
    }
}

fn complain(line: &str) {
    // The exit status still tells when this cannot be written.
    let _ = writeln!(io::stderr(), "{}", printable(line));
}

#[cfg(test)]
mod tests {
    use axes_proto::control::{Reply, Reset};

    use super::*;
    use crate::ctl::samples::{Daemon, counter};

    fn ran(daemon: &Daemon, words: &[&str]) -> (Result<u8, CtlError>, String) {
        let socket = daemon.socket.to_str().unwrap();
        let line = [&["axesctl", "--socket", socket], words].concat();
        let arguments = Arguments::try_parse_from(line).unwrap();
        let mut output = Vec::new();
        let status = run(arguments, &mut output);
        (status, String::from_utf8(output).unwrap())
    }

    #[test]
    fn a_list_is_printed_and_the_status_is_zero() {
        let daemon = Daemon::answering(&[Reply::Counter(counter()), Reply::End]);
        let (status, output) = ran(&daemon, &["list"]);
        assert_eq!(status.unwrap(), DONE);
        assert!(output.contains("alice"), "{output}");
    }

    #[test]
    fn an_empty_list_is_no_failure_but_a_reset_of_nothing_is() {
        let daemon = Daemon::answering(&[Reply::End]);
        assert_eq!(ran(&daemon, &["list", "--locked"]).0.unwrap(), DONE);

        let nothing = Reply::Reset(Reset { failures: 0, unlocked: 0 });
        let daemon = Daemon::answering(&[nothing, Reply::End]);
        let (status, output) = ran(&daemon, &["--json", "reset", "--user", "bob"]);
        assert_eq!(status.unwrap(), NOTHING_MATCHED);
        assert_eq!(output, "{\"counters\":[],\"failures\":0,\"unlocked\":0}\n");
    }

    #[test]
    fn showing_somebody_unknown_has_a_status_of_its_own() {
        let daemon = Daemon::answering(&[Reply::End]);
        let (status, output) = ran(&daemon, &["show", "bob"]);
        assert_eq!(status.unwrap(), NOTHING_MATCHED);
        assert_eq!(output, "Nothing is known of user bob.\n");
    }

    #[test]
    fn a_reader_that_goes_early_is_no_failure_but_a_full_disk_is() {
        let failed = |kind: io::ErrorKind| written(Err(kind.into()));
        assert!(failed(io::ErrorKind::BrokenPipe).is_ok());
        let full = failed(io::ErrorKind::StorageFull);
        assert!(matches!(full, Err(CtlError::Output(_))));
    }
}
