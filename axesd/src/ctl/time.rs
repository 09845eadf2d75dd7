//! Times as the daemon sends them, and as people read them.

use std::time::Duration;

use jiff::{Timestamp, Zoned};

/// Milliseconds since 1970; further away than a calendar reaches is its last day.
pub(super) fn moment(milliseconds: u64) -> Timestamp {
    later(Timestamp::UNIX_EPOCH, milliseconds)
}

/// The moment this many milliseconds from now.
pub(super) fn later(now: Timestamp, milliseconds: u64) -> Timestamp {
    let sum = now.checked_add(Duration::from_millis(milliseconds));
    sum.unwrap_or(Timestamp::MAX)
}

/// RFC 3339 in UTC, always of the same length.
pub(super) fn rfc3339(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

/// Date and time of day, where the reader is.
pub(super) fn local(milliseconds: u64, now: &Zoned) -> String {
    let moment = moment(milliseconds).to_zoned(now.time_zone().clone());
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// How long ago, to the minute once there are minutes.
pub(super) fn ago(milliseconds: u64, now: Timestamp) -> String {
    let seconds = now.duration_since(moment(milliseconds)).as_secs();
    match u64::try_from(seconds).unwrap_or(0) {
        0 => "just now".to_owned(),
        seconds @ 1..60 => format!("{seconds}s ago"),
        seconds => format!("{} ago", span(seconds - seconds % 60)),
    }
}

/// The two largest units of a time in seconds.
pub(super) fn span(seconds: u64) -> String {
    let whole = humantime::format_duration(Duration::from_secs(seconds)).to_string();
    let units: Vec<_> = whole.split(' ').take(2).collect();
    units.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        assert_eq!(span(0), "0s");
        assert_eq!(span(59), "59s");
        assert_eq!(span(3600), "1h");
        assert_eq!(span(90_061), "1day 1h");
        assert_eq!(span(172_800), "2days");
    }

    #[test]
    fn the_past_is_told_to_the_minute_and_the_future_is_just_now() {
        let now = moment(10_000_000);
        assert_eq!(ago(9_999_500, now), "just now");
        assert_eq!(ago(9_955_000, now), "45s ago");
        assert_eq!(ago(9_801_000, now), "3m ago");
        assert_eq!(ago(3_100_000, now), "1h 55m ago");
        assert_eq!(ago(10_500_000, now), "just now");
    }

    #[test]
    fn times_that_no_calendar_has_are_bounded() {
        assert_eq!(moment(u64::MAX), Timestamp::MAX);
        assert_eq!(later(moment(1), u64::MAX), Timestamp::MAX);
        let east = moment(0).to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(14)));
        assert!(local(u64::MAX, &east).starts_with("9999-12-31"));
        assert_eq!(rfc3339(later(moment(500), 500)), "1970-01-01T00:00:01.000Z");
    }
}
