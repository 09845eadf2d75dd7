//! Values of the configuration; each can only hold what is allowed.

mod periods;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use axes_policy::attribute::{Attribute, AttributeError, AttributeSet};
use axes_policy::message::{Message, MessageError};
use axes_policy::settings::{Keep, Services};
use axes_policy::subject::{Subject, SubjectError};
use serde::Deserialize;
use toml::Value;

pub(super) use periods::{CoolOffTime, FamiliarFor, GateWait, Period, Window};

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

/// `on_store_error`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StoreErrorMode {
    Safe,
    Secure,
}

/// `failure_limit`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Limit(pub(super) NonZeroU32);

/// `lockout_parameters`
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<Combination>")]
pub(super) struct Parameters(pub(super) Vec<AttributeSet>);

/// `parameters` of a counter: one combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Combination")]
pub(super) struct Parameter(pub(super) AttributeSet);

/// One item of `lockout_parameters`.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an attribute such as \"username\", or a list of attributes")]
enum Combination {
    One(String),
    All(Vec<String>),
}

/// What of names or of addresses is kept.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Stored(pub(super) Keep);

/// A sentence with places to be filled in.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Sentence(pub(super) Message);

/// `services`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(super) struct ServiceNames(pub(super) Services);

/// The name of a PAM service.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ServiceName(pub(super) Arc<str>);

/// The folder of the database.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Folder(pub(super) PathBuf);

/// A user, a `@group`, or a range of uids.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Who(pub(super) Subject);

/// What a counter or a rule is called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Title(pub(super) Arc<str>);

/// One value, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
pub(super) enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

/// An address or a network.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Network(pub(super) Subject);

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

impl<T> OneOrMore<T> {
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
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

impl TryFrom<Combination> for Parameter {
    type Error = AttributeError;

    fn try_from(combination: Combination) -> Result<Self, AttributeError> {
        combination.attributes().map(Self)
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

impl TryFrom<Value> for Stored {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match (value.as_bool(), value.as_str()) {
            (Some(true), _) => Ok(Self(Keep::Plain)),
            (Some(false), _) => Ok(Self(Keep::Nothing)),
            (None, Some("hash")) => Ok(Self(Keep::Hash)),
            _ => Err(format!("{value} is not allowed; use true, \"hash\" or false")),
        }
    }
}

impl TryFrom<String> for Sentence {
    type Error = MessageError;

    fn try_from(text: String) -> Result<Self, MessageError> {
        text.parse().map(Self)
    }
}

impl TryFrom<Vec<String>> for ServiceNames {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        if names.is_empty() {
            let advice = "to refuse nobody, use lock_out_at_failure = false";
            return Err(format!("an empty list would enforce nothing; {advice}"));
        }
        if names.iter().any(|name| name == "*") {
            return Ok(Self(Services::All));
        }
        let names: Result<_, _> = names.into_iter().map(ServiceName::try_from).collect();
        Ok(Self(Services::Only(Vec::into_iter(names?).map(|name: ServiceName| name.0).collect())))
    }
}

impl TryFrom<String> for ServiceName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.contains('/') || text.chars().any(char::is_control) {
            return Err(format!("\"{text}\" is no service; use the name of a file in /etc/pam.d"));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for Folder {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty path is no folder".to_owned());
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for Who {
    type Error = SubjectError;

    fn try_from(text: String) -> Result<Self, SubjectError> {
        Subject::account(&text).map(Self)
    }
}

impl TryFrom<String> for Title {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if text.is_empty() || text.len() > 31 || !text.bytes().all(plain) {
            let allowed = "1 to 31 letters, digits, `-`, `_` or `.`";
            return Err(format!("\"{text}\" is no name for this; use {allowed}"));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for Network {
    type Error = SubjectError;

    fn try_from(text: String) -> Result<Self, SubjectError> {
        Subject::network(&text).map(Self)
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
