//! Durations, each with a unit or a word that stands for none.

use std::time::Duration;

use axes_policy::settings::{CoolOff, Settings};
use serde::Deserialize;
use toml::Value;

/// As long as the module waits (`MAX_GATE_WAIT` in pam_axes).
const MAX_GATE_WAIT: Duration = Duration::from_secs(60);
/// Longer than any host lives.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);
/// Lockouts of one counter that can differ.
const MAX_LEVELS: usize = 32;

/// `cooloff_time`: one period for each level; `None` for never.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(in crate::config) struct CoolOffTime(pub(in crate::config) Vec<Option<Duration>>);

/// `failure_window`; `None` for none.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "Value")]
pub(in crate::config) struct Window(pub(in crate::config) Option<Duration>);

/// `familiar_for`; `None` for never.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(in crate::config) struct FamiliarFor(pub(in crate::config) Option<Duration>);

/// A duration with a unit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(in crate::config) struct Period(pub(in crate::config) Duration);

/// `gate_wait`: no program waits longer for a module.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(in crate::config) struct GateWait(pub(in crate::config) Duration);

impl Default for CoolOffTime {
    fn default() -> Self {
        Self(CoolOff::default().levels)
    }
}

impl Default for FamiliarFor {
    fn default() -> Self {
        Self(Settings::default().familiar_for)
    }
}

impl TryFrom<Value> for CoolOffTime {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let Value::Array(levels) = value else {
            return period_or("never", value).map(|time| Self(vec![time]));
        };
        if levels.is_empty() || levels.len() > MAX_LEVELS {
            return Err(format!("a list needs 1 to {MAX_LEVELS} durations, one for each lockout"));
        }
        let levels: Result<Vec<_>, _> =
            levels.into_iter().map(|level| period_or("never", level)).collect();
        let levels = levels?;
        if levels.iter().rev().skip(1).any(Option::is_none) {
            return Err("\"never\" can only be the last, for nothing comes after it".to_owned());
        }
        Ok(Self(levels))
    }
}

impl TryFrom<Value> for Window {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        period_or("none", value).map(Self)
    }
}

impl TryFrom<Value> for FamiliarFor {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        period_or("never", value).map(Self)
    }
}

fn period_or(word: &str, value: Value) -> Result<Option<Duration>, String> {
    if value.as_str() == Some(word) {
        return Ok(None);
    }
    let period = Period::try_from(value);
    period.map(|period| Some(period.0)).map_err(|error| format!("{error}, or \"{word}\""))
}

impl TryFrom<Value> for Period {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let advice = "use a number with a unit, such as \"90s\", \"15m\" or \"1h 30m\"";
        let text = value.as_str().ok_or_else(|| format!("{value} has no unit; {advice}"))?;
        match humantime::parse_duration(text) {
            Ok(time) if time > LONGEST => {
                Err("use at most 100years, or a word for ever".to_owned())
            }
            Ok(Duration::ZERO) => Err(format!("it must be longer than nothing; {advice}")),
            Ok(time) => Ok(Self(time)),
            Err(error) => Err(format!("\"{text}\" is not a duration ({error}); {advice}")),
        }
    }
}

impl TryFrom<Value> for GateWait {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match Period::try_from(value)? {
            Period(time) if time <= MAX_GATE_WAIT => Ok(Self(time)),
            Period(_) => Err("use at most \"1m\": no login should wait longer".to_owned()),
        }
    }
}
