//! Counters, attempts and entries of lists in columns.

use anstyle::{AnsiColor, Style};
use axes_proto::Text;
use axes_proto::control::{Attempt, Counter, Entry, Lane, Outcome, Source};
use axes_proto::pam;
use comfy_table::{ColumnConstraint, Table, Width, presets};
use jiff::{Timestamp, Zoned};

use super::exchange::outcome_word;
use super::time;

/// What needs attention.
pub(super) const ALERT: Style = AnsiColor::Red.on_default();
/// What is as it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Of a column but the last: a hostile name does not push everybody else off the screen.
const WIDEST: u16 = 42;
const HEADER: Style = Style::new().bold();
pub(super) const PLAIN: Style = Style::new();

/// The colour of a line, and what stands below each title.
pub(super) type Row<const COLUMNS: usize> = (Style, [(&'static str, Option<String>); COLUMNS]);

/// The columns of an attempt, and how wide they are where the rows to come are not known.
const ATTEMPT: [(&str, u16); 8] = [
    ("WHEN", 19),
    ("USER", 12),
    ("ADDRESS", 15),
    ("SERVICE", 8),
    ("TTY", 6),
    ("RUSER", 8),
    ("OUTCOME", 9),
    ("REASON", 0),
];

/// A line for each counter; `*` where it does not look at an attribute.
pub(super) fn counter_table(counters: &[Counter], now: Timestamp) -> String {
    let rows: Vec<_> = counters.iter().map(|counter| counter_row(counter, now)).collect();
    table(&rows, "*")
}

/// A line for each attempt, in local time.
pub(super) fn attempt_table(attempts: &[Attempt], now: &Zoned) -> String {
    let rows: Vec<_> = attempts.iter().map(|attempt| attempt_row(attempt, now)).collect();
    table(&rows, "-")
}

/// What stands above the lines of attempts.
pub(super) fn attempt_header() -> String {
    attempt_columns(HEADER, ATTEMPT.map(|(title, _)| title.to_owned()))
}

/// An attempt in columns that depend on no other attempt.
pub(super) fn attempt_line(attempt: &Attempt, now: &Zoned) -> String {
    let (style, cells) = attempt_row(attempt, now);
    attempt_columns(style, cells.map(|(_, cell)| cell.unwrap_or_else(|| "-".to_owned())))
}

/// A line for each entry of a list.
pub(super) fn entry_table(entries: &[Entry], now: Timestamp) -> String {
    let rows: Vec<_> = entries.iter().map(|entry| entry_row(entry, now)).collect();
    table(&rows, "-")
}

/// Failures and the limit, as `5/5`.
pub(super) fn fraction(counter: &Counter) -> String {
    format!("{}/{}", counter.failures, counter.limit)
}

fn counter_row(counter: &Counter, now: Timestamp) -> Row<9> {
    let (style, state, since_ms) = match (counter.locked_ms, counter.level) {
        (Some(locked_ms), 0 | 1) => (ALERT, "locked".to_owned(), locked_ms),
        (Some(locked_ms), level) => (ALERT, format!("locked, level {level}"), locked_ms),
        (None, _) => (PLAIN, "counting".to_owned(), counter.first_ms),
    };
    let cells = [
        ("USER", counter.username.as_ref().map(Text::to_string)),
        ("ADDRESS", counter.address.as_ref().map(Text::to_string)),
        ("SERVICE", counter.service.as_ref().map(Text::to_string)),
        ("TTY", counter.tty.as_ref().map(Text::to_string)),
        ("COUNTER", kind(counter)),
        ("FAILURES", Some(fraction(counter))),
        ("STATE", Some(state)),
        ("SINCE", Some(time::ago(since_ms, now))),
        ("UNTIL", Some(until(counter))),
    ];
    (style, cells)
}

/// What tells a counter from others that look at the same.
fn kind(counter: &Counter) -> Option<String> {
    let familiar = (counter.lane == Lane::Familiar).then(|| "familiar".to_owned());
    match counter.name.as_ref().map(Text::to_string) {
        Some(name) => {
            Some([Some(name), familiar].into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
        None => familiar,
    }
}

fn until(counter: &Counter) -> String {
    match counter.left_ms {
        // Rounded up: nobody is told to come back too early.
        Some(left) => format!("in {}", time::span(left.div_ceil(1000))),
        None => "until reset".to_owned(),
    }
}

fn entry_row(entry: &Entry, now: Timestamp) -> Row<5> {
    let (source, since, until) = match entry.source {
        Source::Configuration => ("configuration", None, None),
        Source::RunTime { since_ms, left_ms } => {
            // Rounded up, as the ends of lockouts.
            let end = |left: u64| format!("in {}", time::span(left.div_ceil(1000)));
            let until = left_ms.map_or_else(|| "until removed".to_owned(), end);
            ("run time", Some(time::ago(since_ms, now)), Some(until))
        }
    };
    let cells = [
        ("SUBJECT", Some(entry.subject.to_string())),
        ("SOURCE", Some(source.to_owned())),
        ("SINCE", since),
        ("UNTIL", until),
        ("COMMENT", entry.comment.as_ref().map(Text::to_string)),
    ];
    (PLAIN, cells)
}

fn attempt_row(attempt: &Attempt, now: &Zoned) -> Row<8> {
    let style = match attempt.outcome {
        Outcome::Reported(pam::Outcome::Success) => GOOD,
        Outcome::Reported(pam::Outcome::Failure) | Outcome::Refused => ALERT,
        Outcome::Reported(pam::Outcome::Abandoned | pam::Outcome::Error) => PLAIN,
    };
    let cells = [
        Some(time::local(attempt.at_ms, now)),
        Some(attempt.username.to_string()),
        Some(attempt.address.to_string()),
        Some(attempt.service.to_string()),
        attempt.tty.as_ref().map(Text::to_string),
        attempt.ruser.as_ref().map(Text::to_string),
        Some(outcome_word(attempt.outcome).to_owned()),
        attempt.reason.as_ref().map(Text::to_string),
    ];
    let mut titles = ATTEMPT.into_iter().map(|(title, _)| title);
    let cells = cells.map(|cell| (titles.next().unwrap_or_default(), cell));
    (style, cells)
}

fn attempt_columns(style: Style, cells: [String; 8]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).add_row(cells);
    for (column, (_, width)) in table.column_iter_mut().zip(ATTEMPT) {
        column.set_padding((0, 2));
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width + 2)));
    }
    table.lines().map(|line| format!("{style}{}{style:#}\n", line.trim_end())).collect()
}

/// `blank` stands where a row has nothing in a column; columns that no row uses are left out.
pub(super) fn table<const COLUMNS: usize>(rows: &[Row<COLUMNS>], blank: &str) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(rows.first().into_iter().flat_map(|(_, cells)| cells).map(|(title, _)| title));
    for (_, cells) in rows {
        let mut row =
            comfy_table::Row::from(cells.iter().map(|(_, cell)| cell.as_deref().unwrap_or(blank)));
        // What is longer than its column is cut: --json has all of it.
        table.add_row(row.max_height(1).clone());
    }
    table.set_truncation_indicator("…");
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        let unused =
            |(_, cells): &Row<COLUMNS>| cells.get(index).is_none_or(|cell| cell.1.is_none());
        if rows.iter().all(unused) {
            column.set_constraint(ColumnConstraint::Hidden);
        } else if index + 1 < COLUMNS {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(WIDEST)));
        }
    }
    // Coloured only when they are laid out: the codes would be measured as text.
    let styles = std::iter::once(HEADER).chain(rows.iter().map(|(style, _)| *style));
    let lines = table.lines().zip(styles);
    lines.map(|(line, style)| format!("{style}{}{style:#}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use axes_proto::text::{Label, Name};
    use jiff::tz::TimeZone;

    use super::*;
    use crate::ctl::samples;

    #[test]
    fn single_lines_line_up_and_a_long_value_pushes_what_follows() {
        let now = time::moment(samples::NOW_MS).to_zoned(TimeZone::UTC);
        let plain = |line: String| anstream::adapter::strip_str(&line).to_string();
        let mut long = samples::attempt();
        long.username = Name::from_typed("名前名前名前名前");
        long.tty = Some(Label::from_typed("pts/3"));
        let lines = plain(attempt_header())
            + &plain(attempt_line(&samples::attempt(), &now))
            + &plain(attempt_line(&long, &now));
        assert_eq!(
            lines,
            "WHEN                 USER          ADDRESS          SERVICE   TTY     RUSER     OUTCOME    REASON\n\
             2025-11-23 09:28:20  alice         192.0.2.7        sshd      -       -         refused    locked\n\
             2025-11-23 09:28:20  名前名前名前名前  192.0.2.7        sshd      pts/3   -         refused    locked\n"
        );
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_and_the_last_column_is_not() {
        let mut attempt = samples::attempt();
        attempt.username = Name::from_typed(&"x".repeat(250));
        attempt.reason = Some(axes_proto::text::Sentence::from_typed(&"y".repeat(250)));
        let now = time::moment(samples::NOW_MS).to_zoned(TimeZone::UTC);
        let shown = attempt_table(&[attempt, samples::attempt()], &now);
        assert!(shown.contains(&format!("{}…", "x".repeat(39))), "{shown}");
        assert!(!shown.contains(&"x".repeat(41)) && shown.contains(&"y".repeat(250)), "{shown}");
        assert_eq!(shown.lines().count(), 3, "{shown}");
    }

    #[test]
    fn counters_over_the_same_attributes_are_told_apart() {
        let slow = Counter {
            name: Some(Label::from_typed("slow")),
            lane: Lane::Familiar,
            level: 2,
            ..samples::counter()
        };
        let now = time::moment(samples::NOW_MS);
        let shown = counter_table(&[slow, samples::counter()], now);
        assert!(shown.contains("slow, familiar") && shown.contains("locked, level 2"), "{shown}");
        assert!(!counter_table(&[samples::counter()], now).contains("COUNTER"));
    }

    #[test]
    fn columns_line_up_below_wide_names_and_empty_ones_are_left_out() {
        let long = "x".repeat(300);
        let row = |style, name: &str, last: Option<&str>| -> Row<3> {
            let last = last.map(str::to_owned);
            (style, [("N", Some(name.to_owned())), ("NOBODY", None), ("B", last)])
        };
        let rows = [row(PLAIN, "名前", Some(&long)), row(ALERT, "", None)];
        let header = format!("{HEADER}N     B{HEADER:#}");
        let expected = format!("{header}\n名前  {long}\n{ALERT}      *{ALERT:#}\n");
        assert_eq!(table(&rows, "*"), expected);
    }
}
