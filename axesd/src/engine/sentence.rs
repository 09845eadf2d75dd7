//! What people are told.

use std::time::Duration;

use axes_policy::effect::{CounterState, Refusal};
use axes_policy::message::{Facts, Speech};
use axes_policy::time::Timestamp;
use jiff::tz::TimeZone;

use crate::engine::{Clock, Engine};

impl Engine {
    /// For the person who tries to log in; empty where nothing shall be said.
    pub(super) fn sentence(&self, refusal: &Refusal, user: &str) -> String {
        let state = self.state.borrow();
        let messages = &state.keeper.settings().messages;
        if messages.speech == Speech::Silent {
            return String::new();
        }
        let counter = match refusal {
            Refusal::Locked(counter, _) => counter,
            Refusal::Blacklisted(_) | Refusal::NotWhitelisted => {
                return "Logins from this address or as this user are not allowed.".to_owned();
            }
            Refusal::Busy => {
                return "Too many logins at once; try again in a moment.".to_owned();
            }
            Refusal::Unkept => {
                return "Logins cannot be recorded at the moment; try again later.".to_owned();
            }
        };
        let help = &messages.help_address;
        let Some(end) = counter.until else {
            return messages.permalock.fill(Facts { left: "", until: "", user, help });
        };
        let (left, until) = end_of(end, &self.clock);
        messages.cooloff.fill(Facts { left: &left, until: &until, user, help })
    }
}

/// How long a lockout lasts, as the end of a sentence.
pub(super) fn until(counter: &CounterState, clock: &Clock) -> String {
    let Some(end) = counter.until else {
        return " until an administrator lifts it".to_owned();
    };
    let (left, until) = end_of(end, clock);
    format!(" until {until} (for {left})")
}

/// How long an entry of a list holds, as the end of a sentence.
pub(super) fn entry_until(end: Option<Timestamp>, clock: &Clock) -> String {
    let Some(end) = end else { return String::new() };
    let (left, until) = end_of(end, clock);
    format!(" until {until} (for {left})")
}

/// How long it is until a moment, and what people call it.
fn end_of(end: Timestamp, clock: &Clock) -> (String, String) {
    let left = end.since(clock.now());
    let left = Duration::from_secs(left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX));
    (humantime::format_duration(left).to_string(), local_time(clock.wall_ms(end), left))
}

fn local_time(milliseconds: u64, left: Duration) -> String {
    let moment = i64::try_from(milliseconds).ok();
    let moment = moment.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let soon = left < Duration::from_secs(12 * 3600);
    let format = if soon { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    let shown = moment.map(|at| at.to_zoned(TimeZone::system()).strftime(format).to_string());
    shown.unwrap_or_else(|| "the end of time".to_owned())
}
