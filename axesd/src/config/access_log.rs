//! What is written about the access log.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;
use toml::Value;

use crate::config::space;
use crate::config::values::Period;

/// More entries would be hundreds of megabytes.
const MOST_ENTRIES: usize = 1_000_000;
/// Some dozens of entries; whoever writes less forgot the unit.
const BYTES: RangeInclusive<ByteSize> = ByteSize::kib(64)..=ByteSize::gib(1);

/// What the access log records and keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Nothing is recorded.
    pub disabled: bool,
    /// No success is recorded.
    pub successes_disabled: bool,
    /// Failures that are kept of one user; `None` for as many as there are.
    pub failures_per_user: Option<NonZeroUsize>,
    /// Entries that are kept.
    pub entries: usize,
    /// Bytes that they may take.
    pub bytes: usize,
    /// How long an entry is kept; `None` for ever.
    pub age: Option<Duration>,
}

/// `access_failure_log_per_user_limit`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct PerUser(pub(super) Option<NonZeroUsize>);

/// `access_log_entries`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Entries(pub(super) usize);

/// `access_log_bytes`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Bytes(pub(super) usize);

/// `access_log_age`; `None` for never.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Age(pub(super) Option<Duration>);

impl Default for PerUser {
    fn default() -> Self {
        Self(NonZeroUsize::new(1000))
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self(50_000)
    }
}

impl Default for Bytes {
    fn default() -> Self {
        Self(16 << 20)
    }
}

impl Default for Age {
    fn default() -> Self {
        Self(Some(Duration::from_secs(90 * 24 * 3600)))
    }
}

impl TryFrom<Value> for PerUser {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value == Value::Boolean(false) {
            return Ok(Self(None));
        }
        let number = value.as_integer().and_then(|number| usize::try_from(number).ok());
        let limit = number.and_then(NonZeroUsize::new);
        limit.map(|limit| Self(Some(limit))).ok_or_else(|| {
            format!(
                "{value} is not a limit; use a whole number of at least 1, or false for no limit"
            )
        })
    }
}

impl TryFrom<Value> for Entries {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let number = value.as_integer().and_then(|number| usize::try_from(number).ok());
        let entries = number.filter(|number| (1..=MOST_ENTRIES).contains(number));
        entries.map(Self).ok_or_else(|| {
            format!(
                "{value} entries cannot be kept; use 1 to {MOST_ENTRIES}, or disable_access_log"
            )
        })
    }
}

impl TryFrom<Value> for Bytes {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        space::size(&value, &BYTES).map(Self)
    }
}

impl TryFrom<Value> for Age {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value.as_str() == Some("never") {
            return Ok(Self(None));
        }
        let period = Period::try_from(value);
        period.map(|period| Self(Some(period.0))).map_err(|error| {
            error + "; or \"never\" to keep entries for ever; to keep none, use disable_access_log"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Result<usize, String> {
        Bytes::try_from(Value::from(text)).map(|bytes| bytes.0)
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(bytes("16MiB"), Ok(16 << 20));
        assert_eq!(bytes("500 kB"), Ok(500_000));
        assert_eq!(bytes("64KiB"), Ok(64 << 10));
        for text in ["", "63KiB", "1025MiB", "-1MiB", "many"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_limit_is_taken_away_by_false_and_an_age_by_never() {
        assert_eq!(PerUser::try_from(Value::from(7)).unwrap().0, NonZeroUsize::new(7));
        assert_eq!(PerUser::try_from(Value::from(false)).unwrap().0, None);
        assert_eq!(Age::try_from(Value::from("never")).unwrap().0, None);
        assert_eq!(Age::try_from(Value::from("2h")).unwrap().0, Some(Duration::from_secs(7200)));
    }
}
