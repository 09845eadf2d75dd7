//! Which columns counters and attempts are shown in.

use anstyle::{AnsiColor, Style};
use axes_proto::control::{Attempt, Counter, Outcome};
use axes_proto::pam;
use jiff::{Timestamp, Zoned};

use super::report::outcome_word;
use super::table::{Cell, Table};
use super::time;

/// What needs attention.
pub(super) const ALERT: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();

/// A line for each counter; `*` where it does not look at an attribute.
pub(super) fn counter_table(counters: &[Counter], now: Timestamp) -> String {
    Table::new(counters, "*")
        .column("USER", |counter| counter.username.as_ref().map(Cell::plain))
        .column("ADDRESS", |counter| counter.address.as_ref().map(Cell::plain))
        .column("SERVICE", |counter| counter.service.as_ref().map(Cell::plain))
        .column("TTY", |counter| counter.tty.as_ref().map(Cell::plain))
        .column("FAILURES", |counter| Some(Cell::plain(fraction(counter))))
        .column("STATE", |counter| Some(state(counter)))
        .column("SINCE", |counter| Some(Cell::plain(since(counter, now))))
        .column("UNTIL", |counter| Some(Cell::plain(until(counter))))
        .render()
}

/// A line for each attempt, in local time.
pub(super) fn attempt_table(attempts: &[Attempt], now: &Zoned) -> String {
    Table::new(attempts, "-")
        .column("WHEN", |attempt| Some(Cell::plain(time::local(attempt.at_ms, now))))
        .column("USER", |attempt| Some(Cell::plain(&attempt.username)))
        .column("ADDRESS", |attempt| Some(Cell::plain(&attempt.address)))
        .column("SERVICE", |attempt| Some(Cell::plain(&attempt.service)))
        .column("TTY", |attempt| attempt.tty.as_ref().map(Cell::plain))
        .column("OUTCOME", |attempt| Some(outcome(attempt.outcome)))
        .column("REASON", |attempt| attempt.reason.as_ref().map(Cell::plain))
        .render()
}

/// Failures and the limit, as `5/5`.
pub(super) fn fraction(counter: &Counter) -> String {
    format!("{}/{}", counter.failures, counter.limit)
}

fn state(counter: &Counter) -> Cell {
    match counter.locked_ms {
        Some(_) => Cell::new("locked", ALERT),
        None => Cell::plain("counting"),
    }
}

fn since(counter: &Counter, now: Timestamp) -> String {
    time::ago(counter.locked_ms.unwrap_or(counter.first_ms), now)
}

fn until(counter: &Counter) -> String {
    match counter.left_ms {
        // Rounded up: nobody is told to come back too early.
        Some(left) => format!("in {}", time::span(left.div_ceil(1000))),
        None => "until reset".to_owned(),
    }
}

fn outcome(outcome: Outcome) -> Cell {
    let style = match outcome {
        Outcome::Reported(pam::Outcome::Success) => GOOD,
        Outcome::Reported(pam::Outcome::Failure) | Outcome::Refused => ALERT,
        Outcome::Reported(pam::Outcome::Abandoned | pam::Outcome::Error) => Style::new(),
    };
    Cell::new(outcome_word(outcome), style)
}
