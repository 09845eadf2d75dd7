//! Values of the configuration; each can only hold what is allowed.

use std::num::NonZeroU32;
use std::time::Duration;

use axes_policy::attribute::{Attribute, AttributeError, AttributeSet};
use ipnetwork::IpNetwork;
use serde::Deserialize;
use toml::Value;

/// As long as the module waits (`MAX_GATE_WAIT` in pam_axes).
const MAX_GATE_WAIT: Duration = Duration::from_secs(60);

/// The kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Handler {
    /// On disk, in an embedded database.
    Sled,
    /// In memory: forgotten at every restart.
    Memory,
    /// Nowhere: nobody is counted, nobody is refused.
    Dummy,
}

/// `failure_limit`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Limit(pub(super) NonZeroU32);

/// `lockout_parameters`
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<Combination>")]
pub(super) struct Parameters(pub(super) Vec<AttributeSet>);

/// One item of `lockout_parameters`.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an attribute such as \"username\", or a list of attributes")]
enum Combination {
    One(String),
    All(Vec<String>),
}

/// `cooloff_time`; `None` for never.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct CoolOff(pub(super) Option<Duration>);

/// A duration with a unit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Period(pub(super) Duration);

/// `gate_wait`: no program waits longer for a module.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct GateWait(pub(super) Duration);

/// An address or a network.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Network(pub(super) IpNetwork);

/// Bits of an address that has `MAX` of them.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Prefix<const MAX: u8>(pub(super) u8);

impl Default for Limit {
    fn default() -> Self {
        const DEFAULT: NonZeroU32 = NonZeroU32::new(5).unwrap();
        Self(DEFAULT)
    }
}

impl Default for Parameters {
    fn default() -> Self {
        let pair = AttributeSet::new(&[Attribute::Username, Attribute::Address]);
        Self(pair.into_iter().collect())
    }
}

impl Default for CoolOff {
    fn default() -> Self {
        Self(Some(Duration::from_secs(15 * 60)))
    }
}

impl TryFrom<Value> for Limit {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
        match number.map(NonZeroU32::new) {
            Some(Some(limit)) => Ok(Self(limit)),
            Some(None) => Err("a limit of 0 would lock everybody; use at least 1".to_owned()),
            None => Err(format!("{value} is not a limit; use a whole number from 1")),
        }
    }
}

impl TryFrom<Vec<Combination>> for Parameters {
    type Error = String;

    fn try_from(items: Vec<Combination>) -> Result<Self, String> {
        if items.is_empty() {
            return Err("an empty list would count nobody; name at least one parameter".to_owned());
        }
        let mut sets = Vec::new();
        for item in items {
            let set = item.attributes().map_err(|error| error.to_string())?;
            if sets.contains(&set) {
                return Err(format!("the combination {set} stands here twice"));
            }
            sets.push(set);
        }
        Ok(Self(sets))
    }
}

impl Combination {
    fn attributes(self) -> Result<AttributeSet, AttributeError> {
        let names = match self {
            Self::One(name) => vec![name],
            Self::All(names) => names,
        };
        let attributes: Result<Vec<_>, _> =
            names.iter().map(|name| Attribute::parse(name)).collect();
        AttributeSet::new(&attributes?)
    }
}

impl TryFrom<Value> for CoolOff {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value.as_str() == Some("never") {
            return Ok(Self(None));
        }
        let period = Period::try_from(value);
        period.map(|period| Self(Some(period.0))).map_err(|error| error + ", or \"never\"")
    }
}

impl TryFrom<Value> for Period {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let advice = "use a number with a unit, such as \"90s\", \"15m\" or \"1h 30m\"";
        let text = value.as_str().ok_or_else(|| format!("{value} has no unit; {advice}"))?;
        match humantime::parse_duration(text) {
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

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            format!("\"{text}\" is not an address or network; write 192.0.2.7 or 2001:db8::/32")
        })
    }
}

impl<const MAX: u8> TryFrom<Value> for Prefix<MAX> {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let number = value.as_integer().and_then(|number| u8::try_from(number).ok());
        let bits = number.filter(|bits| *bits <= MAX);
        bits.map(Self).ok_or_else(|| format!("{value} is not a prefix length; use 0 to {MAX}"))
    }
}
