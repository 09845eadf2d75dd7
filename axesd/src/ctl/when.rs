//! Moments and ages as people type them.

use jiff::civil::DateTime;
use jiff::{Span, Timestamp, Zoned};

/// A time so long ago, or a moment in RFC 3339, or a date with or without a time of day here.
pub(super) fn moment(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    if let Ok(here) = text.parse::<DateTime>() {
        let zoned = here.to_zoned(now.time_zone().clone());
        return zoned.map(|zoned| zoned.timestamp()).map_err(|error| error.to_string());
    }
    ago(text, now).ok_or_else(|| {
        "use a time back (2h, 7d), 2026-11-23, \"2026-11-23 14:00\" or RFC 3339".to_owned()
    })
}

/// Milliseconds of an age; months and years are those before now.
pub(super) fn age_ms(text: &str, now: &Zoned) -> Result<u64, String> {
    let begin = ago(text, now).filter(|begin| *begin < now.timestamp());
    let milliseconds = begin.map(|begin| now.timestamp().duration_since(begin).as_millis());
    milliseconds
        .and_then(|milliseconds| u64::try_from(milliseconds).ok())
        .ok_or_else(|| "use a time with a unit, such as 12h or 30d".to_owned())
}

/// Milliseconds of a time that begins now.
pub(super) fn time_ms(text: &str, now: &Zoned) -> Result<u64, String> {
    let span = text.parse::<Span>().ok().filter(|span| span.is_positive());
    let end = span.and_then(|span| now.checked_add(span).ok());
    let milliseconds = end.map(|end| end.timestamp().duration_since(now.timestamp()).as_millis());
    milliseconds
        .and_then(|milliseconds| u64::try_from(milliseconds).ok())
        .filter(|milliseconds| *milliseconds > 0)
        .ok_or_else(|| "use a time with a unit, such as 2h or 30d".to_owned())
}

fn ago(text: &str, now: &Zoned) -> Option<Timestamp> {
    // "2h ago" is a negative span, and nobody means the future.
    let span = text.parse::<Span>().ok()?.abs();
    now.checked_sub(span).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-11-23T15:30:00+01:00[+01:00]".parse().unwrap()
    }

    fn shown(text: &str) -> Result<String, String> {
        moment(text, &now()).map(|moment| moment.to_string())
    }

    #[test]
    fn a_moment_is_a_time_back_a_local_date_or_rfc_3339() {
        for (text, utc) in [
            ("2h", "2026-11-23T12:30:00Z"),
            ("2h ago", "2026-11-23T12:30:00Z"),
            ("1h 30m", "2026-11-23T13:00:00Z"),
            ("7d", "2026-11-16T14:30:00Z"),
            ("2026-11-23", "2026-11-22T23:00:00Z"),
            ("2026-11-23 14:00", "2026-11-23T13:00:00Z"),
            ("2026-11-23T14:00:05", "2026-11-23T13:00:05Z"),
            ("2026-11-23T14:00:00Z", "2026-11-23T14:00:00Z"),
            ("2026-11-23T14:00:00.500+02:00", "2026-11-23T12:00:00.5Z"),
        ] {
            assert_eq!(shown(text), Ok(utc.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused_with_examples() {
        for text in ["", "2", "yesterday", "2026-13-01", "14:00", "9999999y", "alice"] {
            assert!(shown(text).unwrap_err().contains("2026-11-23"), "{text}");
        }
    }

    #[test]
    fn a_time_to_come_has_a_unit_and_is_longer_than_nothing() {
        assert_eq!(time_ms("2h", &now()), Ok(7_200_000));
        assert_eq!(time_ms("1mo", &now()), Ok(30 * 86_400_000));
        for text in ["", "0s", "2", "2h ago", "-2h", "1ns", "99999y", "for ever"] {
            assert!(time_ms(text, &now()).unwrap_err().contains("30d"), "{text}");
        }
    }

    #[test]
    fn an_age_has_a_unit_and_is_longer_than_nothing() {
        assert_eq!(age_ms("30d", &now()), Ok(30 * 86_400_000));
        assert_eq!(age_ms("1h 30m", &now()), Ok(5_400_000));
        for text in ["", "0s", "30", "2026-11-23", "never", "99999y"] {
            assert!(age_ms(text, &now()).unwrap_err().contains("30d"), "{text}");
        }
    }
}
