//! The counters: in short or as tables, for everybody or for a rule.

use std::collections::HashSet;
use std::sync::Arc;

use axes_policy::attribute::AttributeSet;
use axes_policy::settings::{CoolOff, CounterId, CounterRule, Settings};

use super::Conflict;
use crate::config::tables::{Changes, CounterTable};
use crate::config::values::{CoolOffTime, Limit, Parameter, Parameters, Period, Window};

/// The short settings that counters fall back on.
pub(super) struct Fallback {
    pub(super) limit: Limit,
    pub(super) window: Window,
    pub(super) cooloff: CoolOffTime,
    pub(super) decay: Period,
}

/// A counter of a rule: that of everybody where it is the same.
pub(super) fn own_counter(
    settings: &mut Settings,
    rule: &Arc<str>,
    counter: CounterRule,
) -> Result<CounterId, Conflict> {
    let same = settings.base.counters.iter().copied();
    let mut same = same.filter(|id| settings.counter(*id).is_some_and(|it| **it == counter));
    if let Some(id) = same.next() {
        return Ok(id);
    }
    let name = match &counter.name {
        Some(name) => format!("{rule}/{name}").into(),
        None => rule.clone(),
    };
    let id = u16::try_from(settings.counters.len()).map_err(|_| Conflict {
        key: "rule",
        message: "these are too many kinds of counters; use fewer rules".to_owned(),
    })?;
    settings.counters.push(Arc::new(CounterRule { name: Some(name), ..counter }));
    Ok(CounterId(id))
}

impl Changes {
    /// The counters of a rule, where they are not simply those of everybody.
    pub(super) fn counters(
        &self,
        fallback: &Fallback,
        base: &[CounterTable],
    ) -> Result<Option<Vec<CounterRule>>, Conflict> {
        let own = tables(self.lockout_parameters.clone(), self.counter.clone())?;
        let limits = self.failure_limit.is_some() || self.failure_window.is_some();
        let times = self.cooloff_time.is_some() || self.cooloff_decay.is_some();
        if own.is_none() && !limits && !times {
            return Ok(None);
        }
        let fallback = Fallback {
            limit: self.failure_limit.unwrap_or(fallback.limit),
            window: self.failure_window.unwrap_or(fallback.window),
            cooloff: self.cooloff_time.clone().unwrap_or_else(|| fallback.cooloff.clone()),
            decay: self.cooloff_decay.unwrap_or(fallback.decay),
        };
        fallback.counters(own.as_deref().unwrap_or(base)).map(Some)
    }
}

impl Fallback {
    pub(super) fn counters(&self, tables: &[CounterTable]) -> Result<Vec<CounterRule>, Conflict> {
        let mut names = HashSet::new();
        for table in tables {
            if !names.insert((&table.parameters.0, table.name.as_ref().map(|name| &name.0))) {
                let message =
                    format!("two counters over {} need a `name` each", table.parameters.0);
                return Err(Conflict { key: "counter", message });
            }
        }
        Ok(tables.iter().map(|table| self.counter(table)).collect())
    }

    fn counter(&self, table: &CounterTable) -> CounterRule {
        let levels = table.cooloff_time.as_ref().unwrap_or(&self.cooloff).0.clone();
        CounterRule {
            name: table.name.as_ref().map(|name| name.0.clone()),
            attributes: table.parameters.0,
            limit: table.failure_limit.unwrap_or(self.limit).0,
            window: table.failure_window.unwrap_or(self.window).0,
            cooloff: CoolOff { levels, decay: table.cooloff_decay.unwrap_or(self.decay).0 },
        }
    }
}

/// Both forms of the same thing as tables.
pub(super) fn tables(
    parameters: Option<Parameters>,
    counters: Option<Vec<CounterTable>>,
) -> Result<Option<Vec<CounterTable>>, Conflict> {
    let conflict = |message: &str| Conflict { key: "counter", message: message.to_owned() };
    match (parameters, counters) {
        (Some(_), Some(_)) => {
            Err(conflict("[[counter]] and lockout_parameters say the same; use one of them"))
        }
        (_, Some(tables)) if tables.is_empty() => {
            Err(conflict("no counter would count nobody; name at least one"))
        }
        (Some(Parameters(sets)), None) => Ok(Some(sets.into_iter().map(plain).collect())),
        (None, tables) => Ok(tables),
    }
}

fn plain(attributes: AttributeSet) -> CounterTable {
    CounterTable {
        name: None,
        parameters: Parameter(attributes),
        failure_limit: None,
        failure_window: None,
        cooloff_time: None,
        cooloff_decay: None,
    }
}

/// The first follows `failure_limit`, the others have limits of their own.
pub(super) fn shipped() -> Vec<CounterTable> {
    let counters = CounterRule::shipped().into_iter().enumerate();
    let table = |(index, counter): (usize, CounterRule)| CounterTable {
        failure_limit: (index > 0).then_some(Limit(counter.limit)),
        ..plain(counter.attributes)
    };
    counters.map(table).collect()
}
