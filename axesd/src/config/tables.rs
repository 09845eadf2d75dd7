//! The long form: `[[counter]]` and `[[rule]]`.

use serde::Deserialize;

use crate::config::values::{
    CoolOffTime, Limit, Network, OneOrMore, Parameter, Parameters, Period, ServiceName, Title, Who,
    Window,
};

/// `[[counter]]`; what is missing is as the short settings say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CounterTable {
    pub(super) name: Option<Title>,
    pub(super) parameters: Parameter,
    pub(super) failure_limit: Option<Limit>,
    pub(super) failure_window: Option<Window>,
    pub(super) cooloff_time: Option<CoolOffTime>,
    pub(super) cooloff_decay: Option<Period>,
}

/// `[[rule]]`: whom it concerns, and what is different for them.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawRule")]
pub(super) struct RuleTable {
    pub(super) name: Title,
    pub(super) services: Vec<ServiceName>,
    pub(super) accounts: Vec<Who>,
    pub(super) networks: Vec<Network>,
    pub(super) changes: Changes,
}

/// What a rule changes; `None` leaves a setting as it is for everybody.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    pub(super) enabled: Option<bool>,
    pub(super) lock_out_at_failure: Option<bool>,
    pub(super) reset_on_success: Option<bool>,
    pub(super) reset_cool_off_on_failure_during_lockout: Option<bool>,
    pub(super) failure_limit: Option<Limit>,
    pub(super) failure_window: Option<Window>,
    pub(super) cooloff_time: Option<CoolOffTime>,
    pub(super) cooloff_decay: Option<Period>,
    pub(super) lockout_parameters: Option<Parameters>,
    pub(super) counter: Option<Vec<CounterTable>>,
}

/// As it is written. serde cannot flatten and refuse unknown keys at once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: Title,
    service: Option<OneOrMore<ServiceName>>,
    user: Option<OneOrMore<Who>>,
    group: Option<OneOrMore<String>>,
    network: Option<OneOrMore<Network>>,
    enabled: Option<bool>,
    lock_out_at_failure: Option<bool>,
    reset_on_success: Option<bool>,
    reset_cool_off_on_failure_during_lockout: Option<bool>,
    failure_limit: Option<Limit>,
    failure_window: Option<Window>,
    cooloff_time: Option<CoolOffTime>,
    cooloff_decay: Option<Period>,
    lockout_parameters: Option<Parameters>,
    counter: Option<Vec<CounterTable>>,
}

impl TryFrom<RawRule> for RuleTable {
    type Error = String;

    fn try_from(raw: RawRule) -> Result<Self, String> {
        let mut accounts = list(raw.user);
        for group in list(raw.group) {
            let group = group.strip_prefix('@').unwrap_or(&group);
            accounts.push(Who::try_from(format!("@{group}")).map_err(|error| error.to_string())?);
        }
        let (services, networks) = (list(raw.service), list(raw.network));
        if services.is_empty() && accounts.is_empty() && networks.is_empty() {
            let keys = "`service`, `user`, `group` or `network`";
            return Err(format!("rule {} concerns nobody; give it a {keys}", raw.name.0));
        }
        let changes = Changes {
            enabled: raw.enabled,
            lock_out_at_failure: raw.lock_out_at_failure,
            reset_on_success: raw.reset_on_success,
            reset_cool_off_on_failure_during_lockout: raw.reset_cool_off_on_failure_during_lockout,
            failure_limit: raw.failure_limit,
            failure_window: raw.failure_window,
            cooloff_time: raw.cooloff_time,
            cooloff_decay: raw.cooloff_decay,
            lockout_parameters: raw.lockout_parameters,
            counter: raw.counter,
        };
        Ok(Self { name: raw.name, services, accounts, networks, changes })
    }
}

fn list<T>(value: Option<OneOrMore<T>>) -> Vec<T> {
    value.map(OneOrMore::into_vec).unwrap_or_default()
}
