//! `axesctl replay`: events from a file, or the access log under other settings.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use axes_policy::attempt::{self, Outcome};
use axes_policy::client::{Address, Client};
use axes_policy::settings::Settings;
use axes_policy::time::Timestamp;
use axes_proto::control::{self, Attempt, LogFilter, Reading, Request};
use axes_proto::pam;
use serde_json::{Value, json};

use super::error::CtlError;
use super::exchange::{self, Report};
use super::tables::{self, ALERT, PLAIN, Row};
use super::{DONE, NOTHING_MATCHED, PATIENCE, print, written};
use crate::config;
use crate::replay::{self, Comparison, Fate, Line, ReplayError};

/// The settings of this host.
const CONFIG: &str = "/etc/axes/axes.toml";

const REFUSED: &str = "\
Nobody knows the passwords of attempts that were refused: they are taken for wrong ones. Resets
and lists made at run time are left out.
";

/// What is compared with what.
#[derive(Debug)]
pub(super) struct Trial {
    /// The settings to try.
    pub(super) proposed: PathBuf,
    /// The settings of today; those of this host where none are named.
    pub(super) present: Option<PathBuf>,
    /// Milliseconds since 1970 from which attempts are looked at.
    pub(super) since_ms: Option<u64>,
}

/// Plays events from a file.
pub(super) fn events(
    settings: Option<&Path>,
    events: &Path,
    output: &mut impl Write,
) -> Result<u8, CtlError> {
    let settings = settings_of(settings)?;
    let cannot_read = |error| CtlError::Events(events.to_owned(), error);
    let input: Box<dyn io::Read> = match events.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(events).map_err(cannot_read)?),
    };
    let mut output = BufWriter::new(output);
    match replay::run(settings, BufReader::new(input), &mut output) {
        Ok(()) => written(output.flush()).map(|()| DONE),
        Err(ReplayError::Write(error)) => written(Err(error)).map(|()| DONE),
        Err(error) => {
            written(output.flush())?;
            Err(error.into())
        }
    }
}

/// Plays the access log of the daemon through two policies.
pub(super) fn log(
    trial: &Trial,
    socket: &Path,
    form: super::Form,
    output: &mut impl Write,
) -> Result<u8, CtlError> {
    let present = settings_of(trial.present.as_deref())?;
    let proposed = settings_of(Some(&trial.proposed))?;
    let filter = LogFilter {
        client: control::Filter::default(),
        outcomes: Vec::new(),
        since_ms: trial.since_ms,
        until_ms: None,
        newest: None,
        reading: Reading::Once,
    };
    let Report::Log(attempts) = exchange::ask(socket, Request::Log(filter), PATIENCE)? else {
        return Err(CtlError::Incomplete);
    };
    let attempts: Vec<_> = attempts.iter().map(recorded).collect();
    let comparison = replay::compare(present, proposed, &attempts);
    let shown = match form {
        super::Form::Json => format!("{}\n", object(&comparison)),
        super::Form::Text => text(&comparison),
    };
    print(&shown, output)?;
    Ok(if comparison.attempts == 0 { NOTHING_MATCHED } else { DONE })
}

/// A file on its own, or everything that is in force on this host.
fn settings_of(file: Option<&Path>) -> Result<Settings, CtlError> {
    let config = match file {
        Some(file) => config::draft(file)?,
        None => config::load(Path::new(CONFIG))?,
    };
    Ok(config.settings)
}

fn recorded(attempt: &Attempt) -> attempt::Attempt {
    let address = attempt.address.as_str();
    let client = Client {
        user: attempt.username.as_str().into(),
        address: if address == "local" { Address::Local } else { Address::parse(address) },
        service: attempt.service.as_str().into(),
        tty: attempt.tty.as_ref().map(|tty| tty.as_str().into()),
        ruser: attempt.ruser.as_ref().map(|ruser| ruser.as_str().into()),
    };
    let outcome = match attempt.outcome {
        control::Outcome::Reported(pam::Outcome::Success) => Outcome::Success,
        control::Outcome::Reported(pam::Outcome::Failure) => Outcome::Failure,
        control::Outcome::Reported(pam::Outcome::Abandoned) => Outcome::Abandoned,
        control::Outcome::Reported(pam::Outcome::Error) => Outcome::Error,
        // No counter refused it, so nothing says that it was a guess.
        control::Outcome::Refused if is_listed(attempt) => Outcome::Abandoned,
        control::Outcome::Refused => Outcome::Refused,
    };
    attempt::Attempt { at: Timestamp::from_millis(attempt.at_ms), client, outcome, reason: None }
}

/// Whether a list refused it, or there was no room.
fn is_listed(attempt: &Attempt) -> bool {
    attempt.reason.as_ref().is_none_or(|reason| !reason.as_str().starts_with("locked"))
}

fn text(comparison: &Comparison) -> String {
    let attempts = comparison.attempts;
    if attempts == 0 {
        return "No attempt is recorded of that time.\n".to_owned();
    }
    let rows: Vec<_> = comparison.lines.iter().map(row).collect();
    let clients = match rows.as_slice() {
        [] => "For every client it would have been the same.\n".to_owned(),
        rows => format!("{}\n", tables::table(rows, "-")),
    };
    let Comparison { present, proposed, .. } = comparison;
    format!(
        "{clients}{attempts} attempts. Refused under the present settings: {}, with a right password \
         {}.\nUnder the proposed ones: {}, with a right password {}.\n{REFUSED}",
        present.refused(),
        present.owners_refused,
        proposed.refused(),
        proposed.owners_refused,
    )
}

/// In the colour of an alert where somebody with the right password would be kept out anew.
fn row(line: &Line) -> Row<7> {
    let worse = line.proposed.owners_refused > line.present.owners_refused;
    let number = |number: u64| (number > 0).then(|| number.to_string());
    let cells = [
        ("USER", Some(line.user.to_string())),
        ("ADDRESS", Some(line.address.to_string())),
        ("ATTEMPTS", Some(line.attempts.to_string())),
        ("REFUSED NOW", number(line.present.refused())),
        ("PROPOSED", number(line.proposed.refused())),
        ("RIGHT PASSWORD REFUSED NOW", number(line.present.owners_refused)),
        ("RIGHT, PROPOSED", number(line.proposed.owners_refused)),
    ];
    (if worse { ALERT } else { PLAIN }, cells)
}

fn object(comparison: &Comparison) -> Value {
    let fate = |fate: Fate| {
        json!({
            "locked_out": fate.locked_out, "banned": fate.banned,
            "right_password_refused": fate.owners_refused,
        })
    };
    let line = |line: &Line| {
        json!({
            "username": &*line.user, "address": line.address.to_string(),
            "attempts": line.attempts,
            "present": fate(line.present), "proposed": fate(line.proposed),
        })
    };
    let clients: Vec<_> = comparison.lines.iter().map(line).collect();
    json!({
        "attempts": comparison.attempts,
        "present": fate(comparison.present), "proposed": fate(comparison.proposed),
        "clients": clients,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison() -> Comparison {
        let line = |user: &str, address: &str, proposed: Fate| Line {
            user: user.into(),
            address: Address::parse(address),
            attempts: 7,
            present: Fate { locked_out: 1, ..Fate::default() },
            proposed,
        };
        let owner = Fate { locked_out: 3, banned: 0, owners_refused: 1 };
        let lines = vec![line("alice", "192.0.2.7", owner), line("bob", "", Fate::default())];
        let present = Fate { locked_out: 2, ..Fate::default() };
        Comparison { attempts: 20, present, proposed: owner, lines }
    }

    #[test]
    fn both_policies_stand_side_by_side() {
        let plain = anstream::adapter::strip_str(&text(&comparison())).to_string();
        let lines: Vec<_> = plain.lines().collect();
        assert!(
            lines[0].starts_with("USER   ADDRESS    ATTEMPTS  REFUSED NOW  PROPOSED"),
            "{plain}"
        );
        let words: Vec<_> = lines[1].split_whitespace().collect();
        assert_eq!(words, ["alice", "192.0.2.7", "7", "1", "3", "1"], "{plain}");
        assert!(plain.contains("present settings: 2, with a right password 0"), "{plain}");
        assert!(plain.contains("proposed ones: 3, with a right password 1"), "{plain}");
        assert_eq!(object(&comparison())["clients"][0]["proposed"]["locked_out"], 3);
    }

    #[test]
    fn nothing_to_tell_is_told() {
        assert!(text(&Comparison::default()).starts_with("No attempt"));
        let quiet = Comparison { attempts: 3, ..Comparison::default() };
        assert!(text(&quiet).contains("it would have been the same"));
    }
}
