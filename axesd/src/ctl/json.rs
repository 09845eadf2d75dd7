//! Answers as scripts read them. Names and types in here are a promise: add, never change.

use axes_proto::control::{Attempt, Backup, Counter, Enforcement, Lane, Reset, Status};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::exchange::{Report, outcome_word};
use super::time::{later, moment, rfc3339};
use super::{lists, panic_off};

/// One object.
pub(super) fn render(report: &Report, now: Timestamp) -> Value {
    let counted = |counters: &[Counter]| counter_objects(counters, now);
    match report {
        Report::Status(status) => status_object(status),
        Report::List(_, counters) => json!({ "counters": counted(counters) }),
        Report::Show(_, counters, attempts) => {
            let attempts: Value = attempts.iter().map(attempt_object).collect();
            json!({ "counters": counted(counters), "attempts": attempts })
        }
        Report::Log(attempts) => {
            json!({ "attempts": attempts.iter().map(attempt_object).collect::<Value>() })
        }
        Report::LogsReset(entries) => json!({ "removed": entries }),
        Report::Entries(list, entries) => lists::json_entries(*list, entries, now),
        Report::Amended(amended) => lists::json(amended, now),
        Report::PanicOff(switched) => switched.json(now),
        Report::Backup(Backup { path, records, bytes }) => {
            json!({ "path": path, "records": records, "bytes": bytes })
        }
        Report::Reloaded(rest) => json!({ "reloaded": true, "note": rest }),
        Report::Why(why) => why.json(now),
        Report::Reset(Reset { failures, unlocked }, counters) => {
            json!({ "failures": failures, "unlocked": unlocked, "counters": counted(counters) })
        }
    }
}

/// An error as an object.
pub(super) fn error(error: &impl ToString) -> Value {
    // Usage errors come with a label of their own, and with an end of line.
    json!({ "error": error.to_string().trim_start_matches("error: ").trim_end() })
}

fn status_object(status: &Status) -> Value {
    let panic_off = panic_off::members(status.panic_off.as_ref());
    json!({
        "panic_off": panic_off.by, "panic_off_seconds_left": panic_off.seconds_left,
        "panic_off_reason": panic_off.reason,
        "version": status.version, "uptime_seconds": status.uptime_s,
        "store": status.store, "store_alarm": status.store_alarm,
        "store_notice": status.store_notice,
        "enforcement": enforcement_word(status.enforcement),
        "counters_held": status.counters, "counters_locked": status.locked,
        "failures_crowded_out": status.crowded_out,
        "in_flight": status.in_flight, "waiting": status.waiting,
        "totals": status.totals,
    })
}

/// The word for how far lockouts are enforced.
pub(super) const fn enforcement_word(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::On => "on",
        Enforcement::Monitor => "monitor",
        Enforcement::OtherServices => "other_services",
        Enforcement::Off => "off",
        Enforcement::PanicOff => "panic_off",
        Enforcement::StoreFails => "store_fails",
    }
}

/// An object for each counter.
pub(super) fn counter_objects(counters: &[Counter], now: Timestamp) -> Value {
    counters.iter().map(|counter| counter_object(counter, now)).collect()
}

pub(super) fn counter_object(counter: &Counter, now: Timestamp) -> Value {
    json!({
        "name": counter.name, "username": counter.username, "address": counter.address,
        "familiar": counter.lane == Lane::Familiar,
        "service": counter.service, "tty": counter.tty, "level": counter.level,
        "failures": counter.failures, "limit": counter.limit,
        "locked": counter.locked_ms.is_some(),
        "first_failure": rfc3339(moment(counter.first_ms)),
        "last_failure": rfc3339(moment(counter.last_ms)),
        "locked_since": counter.locked_ms.map(|since| rfc3339(moment(since))),
        "until": counter.left_ms.map(|left| rfc3339(later(now, left))),
        "seconds_left": counter.left_ms.map(|left| left.div_ceil(1000)),
    })
}

pub(super) fn attempt_object(attempt: &Attempt) -> Value {
    json!({
        "at": rfc3339(moment(attempt.at_ms)),
        "username": attempt.username, "address": attempt.address,
        "service": attempt.service, "tty": attempt.tty, "ruser": attempt.ruser,
        "outcome": outcome_word(attempt.outcome), "reason": attempt.reason,
    })
}

#[cfg(test)]
mod tests {
    use axes_proto::control::{Subject, Which};
    use axes_proto::text::Name;

    use super::*;
    use crate::ctl::samples::{self, NOW_MS};

    fn value(report: &Report) -> Value {
        render(report, moment(NOW_MS))
    }

    fn alice() -> Value {
        json!({
            "name": null, "username": "alice", "address": "192.0.2.7", "familiar": false,
            "service": null, "tty": null, "level": 1,
            "failures": 5, "limit": 5, "locked": true,
            "first_failure": "2025-11-23T09:26:40.000Z",
            "last_failure": "2025-11-23T09:28:20.500Z",
            "locked_since": "2025-11-23T09:28:20.500Z",
            "until": "2025-11-23T09:44:09.500Z", "seconds_left": 750,
        })
    }

    #[test]
    fn a_counter_has_every_member_also_where_it_is_null() {
        let anybody = json!({
            "name": null, "username": null, "address": "192.0.2.7", "familiar": false,
            "service": null, "tty": null, "level": 1,
            "failures": 3, "limit": 20, "locked": false,
            "first_failure": "2025-11-23T09:26:40.000Z",
            "last_failure": "2025-11-23T09:28:20.500Z",
            "locked_since": null, "until": null, "seconds_left": null,
        });
        let counters = vec![samples::counter(), samples::address_counter()];
        let list = value(&Report::List(Which::All, counters));
        assert_eq!(list, json!({ "counters": [alice(), anybody] }));
    }

    #[test]
    fn an_attempt_has_every_member() {
        let subject = Subject::User(Name::from_typed("alice"));
        let shown = value(&Report::Show(subject, vec![], vec![samples::attempt()]));
        let attempt = json!({
            "at": "2025-11-23T09:28:20.500Z", "username": "alice", "address": "192.0.2.7",
            "service": "sshd", "tty": null, "ruser": null, "outcome": "refused",
            "reason": "locked",
        });
        assert_eq!(shown, json!({ "counters": [], "attempts": [attempt] }));
    }

    #[test]
    fn a_log_is_one_object_and_its_reset_a_number() {
        let log = value(&Report::Log(vec![samples::attempt(), samples::attempt()]));
        assert_eq!(log["attempts"].as_array().unwrap().len(), 2);
        assert_eq!(log["attempts"][0]["outcome"], "refused");
        assert_eq!(value(&Report::Log(vec![])), json!({ "attempts": [] }));
        assert_eq!(value(&Report::LogsReset(7)), json!({ "removed": 7 }));
    }

    #[test]
    fn a_reset_has_its_counters() {
        let lowered = Reset { failures: 5, unlocked: 1 };
        let reset = Report::Reset(lowered, vec![samples::counter()]);
        let expected = json!({ "failures": 5, "unlocked": 1, "counters": [alice()] });
        assert_eq!(value(&reset), expected);
    }

    #[test]
    fn the_status_has_every_member() {
        let expected = json!({
            "version": "0.1.0", "uptime_seconds": 273_600, "store": "sled", "store_alarm": null,
            "store_notice": null,
            "enforcement": "on", "panic_off": null, "panic_off_seconds_left": null,
            "panic_off_reason": null, "counters_held": 12, "counters_locked": 3,
            "failures_crowded_out": 0, "in_flight": 2, "waiting": 1,
            "totals": { "success": 5, "failure": 6, "refused": 7, "abandoned": 8, "error": 9 },
        });
        assert_eq!(value(&Report::Status(samples::status())), expected);
    }

    #[test]
    fn an_error_is_one_line_whatever_it_says() {
        assert_eq!(error(&"no\n\"x\"\n").to_string(), r#"{"error":"no\n\"x\""}"#);
    }
}
