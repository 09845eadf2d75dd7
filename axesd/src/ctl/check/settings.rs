//! The settings that are judged here. Everything that this room wants of `Config` is read in this
//! file.

use std::path::PathBuf;

use axes_policy::attribute::Attribute;
use axes_policy::lists::List;
use axes_policy::networks::Networks;
use axes_policy::settings::{CounterRule, Enforcement, Services};
use axes_proto::control::{Entry, Kind, ListName};
use ipnetwork::IpNetwork;

use super::pam::Service;
use crate::config::{Config, Handler};

/// What the administrator decided, as far as it can be unwise.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) handler: Handler,
    pub(super) locks: Locks,
    pub(super) whitelist: Vec<IpNetwork>,
    pub(super) blacklist: Vec<IpNetwork>,
    /// Users, groups and ranges of uids in the whitelist.
    pub(super) listed_users: Vec<String>,
    pub(super) proxies: Networks,
    pub(super) services: Services,
    pub(super) only_whitelist: bool,
    pub(super) even_deny_root: bool,
    pub(super) counters: Vec<Counter>,
    pub(super) socket: PathBuf,
    pub(super) control_socket: PathBuf,
    pub(super) state: PathBuf,
}

/// Whether a full counter refuses anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locks {
    Refuse,
    AreOnlyLogged,
    AreOff,
}

/// One kind of counter.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    /// As it is written: `username and ip_address`, with its name where it has one.
    pub(super) name: String,
    pub(super) scope: Scope,
    pub(super) limit: u32,
    pub(super) memory: Memory,
}

/// Whom a full counter concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// One user from one address.
    Pair,
    /// One user from everywhere.
    User,
    /// Everybody at one address.
    Address,
    /// Everybody.
    Neither,
}

/// How long a counter remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    Cools,
    ForEver,
}

impl Policy {
    pub(super) fn of(config: &Config) -> Self {
        let settings = &config.settings;
        let list = |list: &List| list.networks().iter().collect();
        Self {
            handler: config.store.handler,
            locks: match settings.base.enforcement {
                Enforcement::On => Locks::Refuse,
                Enforcement::Monitor => Locks::AreOnlyLogged,
                Enforcement::Off => Locks::AreOff,
            },
            proxies: settings.trusted_proxies.clone(),
            services: settings.services.clone(),
            listed_users: settings.whitelist.accounts().map(|it| it.to_string()).collect(),
            whitelist: list(&settings.whitelist),
            blacklist: list(&settings.blacklist),
            only_whitelist: settings.only_whitelist,
            even_deny_root: settings.even_deny_root,
            counters: settings.counters.iter().map(|rule| counter(rule)).collect(),
            socket: config.daemon.socket.clone(),
            control_socket: config.daemon.control_socket.clone(),
            state: config.store.path.clone(),
        }
    }
}

impl Policy {
    /// Adds what the lists hold beside the configuration.
    pub(super) fn add(&mut self, entries: &[Entry]) {
        for Entry { list, kind, subject, .. } in entries {
            match (list, kind, subject.as_str().parse::<IpNetwork>()) {
                (ListName::White, Kind::Network, Ok(network)) => self.whitelist.push(network),
                (ListName::Black, Kind::Network, Ok(network)) => self.blacklist.push(network),
                (ListName::White, Kind::User | Kind::Group | Kind::Uids, _) => {
                    self.listed_users.push(subject.to_string());
                }
                _ => {}
            }
        }
    }

    /// Whether a lockout refuses anybody in a service.
    pub(super) fn enforces(&self, service: &Service) -> bool {
        self.services.enforced(&service.name)
    }
}

fn counter(rule: &CounterRule) -> Counter {
    let looks_at = |attribute| rule.attributes.contains(attribute);
    Counter {
        name: match &rule.name {
            Some(name) => format!("{} ({name})", rule.attributes),
            None => rule.attributes.to_string(),
        },
        scope: match (looks_at(Attribute::Username), looks_at(Attribute::Address)) {
            (true, true) => Scope::Pair,
            (true, false) => Scope::User,
            (false, true) => Scope::Address,
            (false, false) => Scope::Neither,
        },
        limit: rule.limit.get(),
        memory: match rule.cooloff.levels.last() {
            Some(Some(_)) => Memory::Cools,
            _ => Memory::ForEver,
        },
    }
}
