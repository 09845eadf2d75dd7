//! Answers as people read them.

use axes_proto::Text;
use axes_proto::control::{Attempt, Backup, Counter, Enforcement, Reset, Status, Subject, Which};
use jiff::Zoned;

use super::exchange::Report;
use super::tables::{ALERT, attempt_table, counter_table, fraction};
use super::time;
use super::{lists, panic_off};

/// The whole answer. Times of day are those of the time zone of `now`.
pub(super) fn render(report: &Report, now: &Zoned) -> String {
    match report {
        Report::Status(status) => glance(status),
        Report::Show(subject, ..) if report.is_empty() => unknown(subject),
        Report::Show(_, counters, attempts) => history(counters, attempts, now),
        Report::Log(_) if report.is_empty() => "No attempt that matches is recorded.\n".into(),
        Report::Log(attempts) => attempt_table(attempts, now),
        Report::LogsReset(0) => "Nothing matched: no entry of the access log was removed.\n".into(),
        Report::LogsReset(1) => "1 entry of the access log removed.\n".into(),
        Report::LogsReset(entries) => format!("{entries} entries of the access log removed.\n"),
        Report::Reset(..) if report.is_empty() => "Nothing matched: no failure was reset.\n".into(),
        Report::Reset(reset, counters) => lifted(*reset, counters),
        Report::Why(why) => why.text(now),
        Report::Entries(list, entries) => lists::text_entries(*list, entries, now.timestamp()),
        Report::Amended(amended) => lists::text(amended),
        Report::PanicOff(switched) => switched.text(now),
        Report::Backup(backup) => copied(backup),
        Report::Reloaded(None) => "The configuration is in force.\n".into(),
        Report::Reloaded(Some(rest)) => {
            format!("The rest of the configuration is in force; {rest}.\n")
        }
        Report::List(_, counters) if !counters.is_empty() => {
            counter_table(counters, now.timestamp())
        }
        Report::List(Which::Locked, _) => "Nobody is locked out.\n".into(),
        Report::List(Which::All, _) => "No failure is counted against anybody.\n".into(),
    }
}

fn glance(status: &Status) -> String {
    let alarm = match &status.store_alarm {
        Some(alarm) => format!("{ALERT}ALARM: {alarm}{ALERT:#}"),
        None => "no alarm".to_owned(),
    };
    let notice = status.store_notice.as_ref();
    let notice = notice.map(|notice| format!("Notice:    {ALERT}{notice}{ALERT:#}\n"));
    let notice = notice.unwrap_or_default();
    let enforced = match status.enforcement {
        Enforcement::On => "lockouts refuse whoever is locked".to_owned(),
        Enforcement::OtherServices => "only in the services that `services` names".to_owned(),
        Enforcement::Monitor => {
            format!("{ALERT}nobody is locked out (lock_out_at_failure = false){ALERT:#}")
        }
        Enforcement::StoreFails => {
            format!(
                "{ALERT}whoever is counted is refused until the alarm is over (on_store_error){ALERT:#}"
            )
        }
        Enforcement::PanicOff => panic_off::enforced(status.panic_off.as_ref()),
        Enforcement::Off => {
            format!("{ALERT}nobody is counted or refused (enabled = false){ALERT:#}")
        }
    };
    let Status { version, store, counters, locked, in_flight, waiting, totals, .. } = status;
    let crowded_out = crowded_out(status.crowded_out);
    let uptime = time::span(status.uptime_s);
    format!(
        "axesd {version}, up {uptime}\n\
         Store:     {store}, {alarm}\n\
         {notice}Enforced:  {enforced}\n\
         Counters:  {counters} with failures, {locked} of them locked{crowded_out}\n\
         Attempts:  {in_flight} in flight, {waiting} of them waiting at the gate\n\
         Outcomes:  {} success, {} failure, {} refused, {} abandoned, {} error since the start\n",
        totals.success, totals.failure, totals.refused, totals.abandoned, totals.error,
    )
}

/// What was forgotten though its time was not over.
fn crowded_out(failures: u64) -> String {
    match failures {
        0 => String::new(),
        some => {
            let some = amount(some, "failure");
            format!("; {ALERT}{some} forgotten for want of room ([store] max_memory){ALERT:#}")
        }
    }
}

fn copied(backup: &Backup) -> String {
    let Backup { path, records, bytes } = backup;
    format!("{path}: {}, {}.\n", amount(*records, "record"), amount(*bytes, "byte"))
}

fn unknown(subject: &Subject) -> String {
    match subject {
        Subject::User(name) => format!("Nothing is known of user {name}.\n"),
        Subject::Address(address) => format!("Nothing is known of address {address}.\n"),
    }
}

fn history(counters: &[Counter], attempts: &[Attempt], now: &Zoned) -> String {
    let counted = match counters {
        [] => "No failure is counted.\n".to_owned(),
        counters => counter_table(counters, now.timestamp()),
    };
    let tried = match attempts {
        [] => "No recent attempt is recorded.\n".to_owned(),
        attempts => attempt_table(attempts, now),
    };
    format!("{counted}\n{tried}")
}

fn lifted(reset: Reset, counters: &[Counter]) -> String {
    let lines: String = counters.iter().map(lifted_line).collect();
    let lockouts = amount(reset.unlocked, "lockout");
    let failures = amount(reset.failures, "failure");
    format!("{lines}{lockouts} lifted, {failures} forgotten.\n")
}

fn lifted_line(counter: &Counter) -> String {
    let verb = counter.locked_ms.map_or("cleared", |_| "unlocked");
    format!("{verb} {} ({})\n", whom(counter), fraction(counter))
}

/// Whose failures a counter counts.
pub(super) fn whom(counter: &Counter) -> String {
    let user = counter.username.as_ref().map_or("anyone", Text::as_str);
    let from = place("from", counter.address.as_ref());
    let through = place("through", counter.service.as_ref());
    let on = place("on", counter.tty.as_ref());
    format!("{user}{from}{through}{on}")
}

pub(super) fn place<const MAX: usize>(preposition: &str, name: Option<&Text<MAX>>) -> String {
    name.map(|name| format!(" {preposition} {name}")).unwrap_or_default()
}

/// Such as `1 failure` or `5 failures`.
pub(super) fn amount(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use axes_proto::control::Outcome;
    use axes_proto::pam;
    use axes_proto::text::{Label, Name, Sentence};
    use jiff::tz::{TimeZone, offset};

    use super::*;
    use crate::ctl::samples::{self, NOW_MS};

    fn plain(report: &Report) -> String {
        let now = time::moment(NOW_MS).to_zoned(TimeZone::fixed(offset(1)));
        anstream::adapter::strip_str(&render(report, &now)).to_string()
    }

    #[test]
    fn a_list_leaves_out_unused_columns_and_stars_unused_attributes() {
        let counters = vec![samples::counter(), samples::address_counter()];
        assert_eq!(
            plain(&Report::List(Which::All, counters)),
            "USER   ADDRESS    FAILURES  STATE     SINCE   UNTIL\n\
             alice  192.0.2.7  5/5       locked    3m ago  in 12m 30s\n\
             *      192.0.2.7  3/20      counting  5m ago  until reset\n"
        );
    }

    #[test]
    fn an_empty_list_is_a_sentence() {
        let listed = |which| plain(&Report::List(which, vec![]));
        assert_eq!(listed(Which::Locked), "Nobody is locked out.\n");
        assert_eq!(listed(Which::All), "No failure is counted against anybody.\n");
    }

    #[test]
    fn attempts_are_shown_in_local_time_below_the_counters() {
        let mut failure = samples::attempt();
        failure.outcome = Outcome::Reported(pam::Outcome::Failure);
        failure.reason = None;
        let subject = Subject::User(Name::from_typed("alice"));
        let attempts = vec![failure, samples::attempt()];
        assert_eq!(
            plain(&Report::Show(subject, vec![], attempts)),
            "No failure is counted.\n\
             \n\
             WHEN                 USER   ADDRESS    SERVICE  OUTCOME  REASON\n\
             2025-11-23 10:28:20  alice  192.0.2.7  sshd     failure  -\n\
             2025-11-23 10:28:20  alice  192.0.2.7  sshd     refused  locked\n"
        );
    }

    #[test]
    fn a_reset_says_what_it_lifted() {
        let mut narrow = samples::address_counter();
        narrow.service = Some(Label::from_typed("login"));
        narrow.tty = Some(Label::from_typed("tty1"));
        let counters = vec![samples::counter(), narrow];
        assert_eq!(
            plain(&Report::Reset(Reset { failures: 8, unlocked: 1 }, counters)),
            "unlocked alice from 192.0.2.7 (5/5)\n\
             cleared anyone from 192.0.2.7 through login on tty1 (3/20)\n\
             1 lockout lifted, 8 failures forgotten.\n"
        );
    }

    #[test]
    fn a_backup_says_where_it_is_and_what_it_holds() {
        let path = Sentence::from_typed("/var/lib/axes/dumps/dump-7");
        let backup = Backup { path, records: 1, bytes: 200 };
        assert_eq!(
            plain(&Report::Backup(backup)),
            "/var/lib/axes/dumps/dump-7: 1 record, 200 bytes.\n"
        );
    }

    #[test]
    fn the_status_names_an_alarm() {
        let mut status = samples::status();
        status.store_alarm = Some(Sentence::from_typed("the disk is full"));
        status.store_notice = Some(Sentence::from_typed("restored"));
        assert_eq!(
            plain(&Report::Status(status)),
            "axesd 0.1.0, up 3days 4h\n\
             Store:     sled, ALARM: the disk is full\n\
             Notice:    restored\n\
             Enforced:  lockouts refuse whoever is locked\n\
             Counters:  12 with failures, 3 of them locked\n\
             Attempts:  2 in flight, 1 of them waiting at the gate\n\
             Outcomes:  5 success, 6 failure, 7 refused, 8 abandoned, 9 error since the start\n"
        );
    }
}
