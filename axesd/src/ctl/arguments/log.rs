//! What can be typed after `axesctl log` and `axesctl reset-logs`.

use axes_proto::control::{Filter, LogFilter, LogScope, Outcome, Reading};
use axes_proto::pam;
use axes_proto::text::{Host, Label, Name};
use clap::{ArgGroup, Args, ValueEnum};
use jiff::{Timestamp, Zoned};

use super::{Request, Task, typed};
use crate::ctl::when;

/// Lines that are shown before the first new one, as `tail -f` does.
const LAST: u64 = 10;

const MOMENTS: &str = "\
WHEN is a time back (`2h`, `7d`, `1h 30m`), a date (`2026-11-23`, its first moment), a date and time
of this time zone (`2026-11-23 14:00`), or RFC 3339 (`2026-11-23T14:00:00Z`).";

/// Show the attempts that are recorded, oldest first: who tried what, when, and how it ended.
#[derive(Debug, Args)]
#[command(after_help = MOMENTS)]
pub(in crate::ctl) struct LogArguments {
    /// Attempts to log in as this user.
    #[arg(long, value_name = "NAME", value_parser = typed::<256>)]
    user: Option<Name>,
    /// Attempts from this address, network or host name; `local` is this machine.
    #[arg(long, value_name = "ADDR", value_parser = typed::<256>)]
    address: Option<Host>,
    /// Attempts through this PAM service.
    #[arg(long, value_name = "NAME", value_parser = typed::<64>)]
    service: Option<Label>,
    /// Attempts that ended like this; may be given several times.
    #[arg(long, value_name = "OUTCOME")]
    outcome: Vec<Ending>,
    /// Attempts that ended at this time or later.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Timestamp>,
    /// Attempts that ended at this time or earlier.
    #[arg(long, value_name = "WHEN", value_parser = moment, conflicts_with = "follow")]
    until: Option<Timestamp>,
    /// Of those that match only so many, the newest.
    #[arg(short = 'n', long = "lines", value_name = "COUNT")]
    newest: Option<u64>,
    /// Go on, with a line for each attempt as it happens, until ^C. Begins with the last 10,
    /// unless -n or --since says otherwise. With --json, each line is an object.
    #[arg(short, long)]
    follow: bool,
}

/// Remove old entries from the access log.
///
/// What is counted and locked does not depend on the log: see `reset` for that.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true))]
pub(in crate::ctl) struct ResetLogsArguments {
    /// Entries older than this: `30d`, `12h`.
    #[arg(group = "which", long, value_name = "TIME", value_parser = age_ms)]
    age: Option<u64>,
    /// Every entry.
    #[arg(group = "which", long)]
    all: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ending {
    /// Logged in.
    Success,
    /// The answer was wrong.
    Failure,
    /// Not let through to the password.
    Refused,
    /// Nobody answered the prompt.
    Abandoned,
    /// What checks passwords was out of order.
    Error,
}

impl LogArguments {
    /// What the daemon is asked.
    pub(super) fn task(self) -> Task {
        let follow_from = (self.follow && self.since.is_none()).then_some(LAST);
        let endings = Ending::value_variants().iter().filter(|it| self.outcome.contains(it));
        let filter = LogFilter {
            client: Filter { user: self.user, address: self.address, service: self.service },
            outcomes: endings.map(|ending| ending.outcome()).collect(),
            since_ms: self.since.map(milliseconds),
            until_ms: self.until.map(milliseconds),
            newest: self.newest.or(follow_from),
            reading: if self.follow { Reading::Follow } else { Reading::Once },
        };
        match filter.reading {
            Reading::Once => Task::Ask(Request::Log(filter)),
            Reading::Follow => Task::Follow(filter),
        }
    }
}

impl ResetLogsArguments {
    /// What the daemon is asked.
    pub(super) fn request(self) -> Request {
        Request::ResetLogs(match self.age {
            Some(age_ms) => LogScope::OlderThan(age_ms),
            // The parser lets nobody through who gave neither.
            None => LogScope::All,
        })
    }
}

impl Ending {
    const fn outcome(self) -> Outcome {
        match self {
            Self::Success => Outcome::Reported(pam::Outcome::Success),
            Self::Failure => Outcome::Reported(pam::Outcome::Failure),
            Self::Refused => Outcome::Refused,
            Self::Abandoned => Outcome::Reported(pam::Outcome::Abandoned),
            Self::Error => Outcome::Reported(pam::Outcome::Error),
        }
    }
}

pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    when::moment(text, &Zoned::now())
}

fn age_ms(text: &str) -> Result<u64, String> {
    when::age_ms(text, &Zoned::now())
}

/// Before 1970 nobody logged in here.
pub(super) fn milliseconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_millisecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::ctl::arguments::Arguments;

    fn task(words: &[&str]) -> Result<Task, String> {
        let parsed = Arguments::try_parse_from([&["axesctl"], words].concat());
        parsed.map(|arguments| arguments.command.task()).map_err(|error| error.to_string())
    }

    fn once(words: &[&str]) -> LogFilter {
        match task(&[&["log"], words].concat()).unwrap() {
            Task::Ask(Request::Log(filter)) => filter,
            other => panic!("{other:?}"),
        }
    }

    fn followed(words: &[&str]) -> LogFilter {
        match task(&[&["log", "-f"], words].concat()).unwrap() {
            Task::Follow(filter) => filter,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_daemon_hears_every_filter() {
        let words = "--user alice --address 192.0.2.0/24 --service sshd --outcome refused \
                     --outcome failure --since 2026-11-23T00:00:00Z --until 1970-01-01T00:00:01Z -n 7";
        let filter = once(&words.split_whitespace().collect::<Vec<_>>());
        let client = Filter {
            user: Some(Name::from_typed("alice")),
            address: Some(Host::from_typed("192.0.2.0/24")),
            service: Some(Label::from_typed("sshd")),
        };
        let expected = LogFilter {
            client,
            outcomes: vec![Outcome::Reported(pam::Outcome::Failure), Outcome::Refused],
            since_ms: Some(1_795_392_000_000),
            until_ms: Some(1000),
            newest: Some(7),
            reading: Reading::Once,
        };
        assert_eq!(filter, expected);
    }

    #[test]
    fn following_begins_with_the_last_few_unless_told_otherwise() {
        assert_eq!(once(&[]).newest, None);
        assert_eq!(followed(&[]).newest, Some(LAST));
        assert_eq!(followed(&["-n", "3"]).newest, Some(3));
        assert_eq!(followed(&["--since", "1h"]).newest, None);
    }

    #[test]
    fn nothing_is_removed_by_a_missing_or_empty_argument() {
        for words in [
            &["reset-logs"][..],
            &["reset-logs", "--age"],
            &["reset-logs", "--age", ""],
            &["reset-logs", "--age", "0s"],
            &["reset-logs", "--age", "30"],
            &["reset-logs", "--all", "--age", "30d"],
            &["reset-logs", "--all=yes"],
        ] {
            assert!(task(words).is_err(), "{words:?}");
        }
        let removed = |words: &[&str]| match task(words).unwrap() {
            Task::Ask(Request::ResetLogs(scope)) => scope,
            other => panic!("{other:?}"),
        };
        assert_eq!(removed(&["reset-logs", "--all"]), LogScope::All);
        assert_eq!(removed(&["reset-logs", "--age", "12h"]), LogScope::OlderThan(43_200_000));
    }

    #[test]
    fn wrong_usage_is_refused() {
        for words in [
            &["log", "alice"][..],
            &["log", "--user", ""],
            &["log", "--outcome", "won"],
            &["log", "--since", "yesterday"],
            &["log", "-f", "--until", "1h"],
            &["log", "-n", "-1"],
        ] {
            assert!(task(words).is_err(), "{words:?}");
        }
    }
}
