//! What people are told.

use std::time::Duration;

use axes_policy::effect::{CounterState, Refusal};
use jiff::tz::TimeZone;

use crate::engine::Clock;

/// For the person who tries to log in.
pub(super) fn refusal(refusal: &Refusal, clock: &Clock) -> String {
    match refusal {
        Refusal::Locked(counter) => {
            format!("Too many failed logins: locked{}.", until(counter, clock))
        }
        Refusal::Blacklisted(_) | Refusal::NotWhitelisted => {
            "Logins from this address are not allowed.".to_owned()
        }
        Refusal::Busy => "Too many logins at once; try again in a moment.".to_owned(),
    }
}

/// How long a lockout lasts, as the end of a sentence.
pub(super) fn until(counter: &CounterState, clock: &Clock) -> String {
    let Some(until) = counter.until else {
        return " until an administrator lifts it".to_owned();
    };
    let left = until.since(clock.now());
    let left = Duration::from_secs(left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX));
    let moment = local_time(clock.wall_ms(until), left);
    format!(" until {moment} (for {})", humantime::format_duration(left))
}

fn local_time(milliseconds: u64, left: Duration) -> String {
    let moment = i64::try_from(milliseconds).ok();
    let moment = moment.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let soon = left < Duration::from_secs(12 * 3600);
    let format = if soon { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    let shown = moment.map(|at| at.to_zoned(TimeZone::system()).strftime(format).to_string());
    shown.unwrap_or_else(|| "the end of time".to_owned())
}
