//! The time of an event: seconds from the start, or a moment of the calendar.

use axes_policy::time::Timestamp;
use serde_json::Value;

/// When an event happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Moment {
    /// Milliseconds from the start.
    Relative(u64),
    /// Milliseconds since 1970, written as RFC 3339.
    Absolute(u64),
}

impl Moment {
    pub(super) const START: Self = Self::Relative(0);

    /// Reads `at`.
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let wrong = || format!("at: {value} is neither a number of seconds nor an RFC 3339 time");
        match value {
            Value::Number(number) => {
                let seconds = number.as_f64().filter(|it| (0.0..1e12).contains(it));
                let rounded = seconds.map(|seconds| format!("{:.0}", seconds * 1000.0));
                let milliseconds = rounded.and_then(|text| text.parse().ok());
                milliseconds.map(Self::Relative).ok_or_else(wrong)
            }
            Value::String(text) => {
                let moment = text.parse::<jiff::Timestamp>().ok();
                let milliseconds = moment.and_then(|it| u64::try_from(it.as_millisecond()).ok());
                milliseconds.map(Self::Absolute).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    /// As the policy counts time.
    pub(super) const fn timestamp(self) -> Timestamp {
        match self {
            Self::Relative(milliseconds) | Self::Absolute(milliseconds) => {
                Timestamp::from_millis(milliseconds)
            }
        }
    }

    /// Another moment, written as this one is.
    pub(super) const fn like(self, other: Timestamp) -> Self {
        match self {
            Self::Relative(_) => Self::Relative(other.as_millis()),
            Self::Absolute(_) => Self::Absolute(other.as_millis()),
        }
    }

    /// As it stands in an answer.
    pub(super) fn to_json(self) -> Value {
        match self {
            Self::Relative(milliseconds) if milliseconds % 1000 == 0 => {
                (milliseconds / 1000).into()
            }
            Self::Relative(milliseconds) => {
                let seconds = std::time::Duration::from_millis(milliseconds).as_secs_f64();
                serde_json::Number::from_f64(seconds).map_or(Value::Null, Value::Number)
            }
            Self::Absolute(milliseconds) => {
                let moment = i64::try_from(milliseconds).ok();
                let moment = moment.and_then(|it| jiff::Timestamp::from_millisecond(it).ok());
                moment.map_or(Value::Null, |moment| moment.to_string().into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_come_out_as_they_went_in() {
        for value in [json!(0), json!(61), json!(60.5), json!("2026-01-31T12:00:00Z")] {
            assert_eq!(Moment::parse(&value).unwrap().to_json(), value);
        }
    }

    #[test]
    fn what_is_no_time_is_named() {
        for value in [json!(-1), json!("yesterday"), json!(null), json!(1e300), json!([])] {
            assert!(Moment::parse(&value).unwrap_err().contains("RFC 3339"), "{value}");
        }
    }
}
