//! From the file as it is written to settings.

mod counters;

use std::collections::HashSet;
use std::sync::Arc;

use axes_policy::attribute::Attribute;
use axes_policy::message::{Messages, Speech};
use axes_policy::networks::Networks;
use axes_policy::settings::{
    Enforcement, Keep, Prefixes, Privacy, Profile, RefusedTries, Rule, Settings, Users,
};
use axes_policy::storage::OnStoreError;
use axes_policy::subject::Subject;

use counters::{Fallback, own_counter, shipped, tables};

use crate::config::document::{DaemonTable, Document, StoreTable};
use crate::config::tables::{CounterTable, RuleTable};
use crate::config::values::{Handler, Network, StoreErrorMode, Who};
use crate::config::{Config, DaemonConfig, LogConfig, StoreConfig, space};

/// Two keys that do not go together, each of which may be right.
pub(super) struct Conflict {
    /// The one to look at.
    pub(super) key: &'static str,
    pub(super) message: String,
}

pub(super) fn config(document: Document) -> Result<Config, Conflict> {
    let access_log = LogConfig {
        disabled: document.disable_access_log,
        successes_disabled: document.disable_success_access_log,
        failures_per_user: document.access_failure_log_per_user_limit.0,
        entries: document.access_log_entries.0,
        bytes: document.access_log_bytes.0,
        age: document.access_log_age.0,
    };
    let StoreTable { handler, path, on_store_error, max_memory, max_disk } = document.store;
    let room = space::room(max_memory, max_disk, access_log.bytes)?;
    let DaemonTable { socket, control_socket, log_socket } = document.daemon;
    let document = Document {
        enabled: document.enabled && handler != Handler::Dummy,
        daemon: DaemonTable::default(),
        store: StoreTable::default(),
        ..document
    };
    let on_store_error = mode(on_store_error);
    let settings = Settings { on_store_error, room, ..settings(document)? };
    check_privacy(&settings)?;
    Ok(Config {
        settings,
        access_log,
        daemon: DaemonConfig { socket, control_socket, log_socket },
        store: StoreConfig { handler, path: path.0 },
    })
}

const fn mode(word: StoreErrorMode) -> OnStoreError {
    match word {
        StoreErrorMode::Safe => OnStoreError::Safe,
        StoreErrorMode::Secure => OnStoreError::Secure,
    }
}

fn settings(document: Document) -> Result<Settings, Conflict> {
    let messages = messages(&document)?;
    let privacy =
        Privacy { usernames: document.store_username.0, addresses: document.store_ip_address.0 };
    let fallback = Fallback {
        limit: document.failure_limit,
        window: document.failure_window,
        cooloff: document.cooloff_time,
        decay: document.cooloff_decay,
    };
    let tables = tables(document.lockout_parameters, document.counter)?.unwrap_or_else(shipped);
    let counters = fallback.counters(&tables)?;
    let mut settings = Settings::default().with_counters(counters);
    settings.base = Arc::new(Profile {
        enforcement: match (document.enabled, document.lock_out_at_failure) {
            (false, _) => Enforcement::Off,
            (true, true) => Enforcement::On,
            (true, false) => Enforcement::Monitor,
        },
        reset_on_success: document.reset_on_success,
        refused_tries: match document.reset_cool_off_on_failure_during_lockout {
            true => RefusedTries::Counted,
            false => RefusedTries::Ignored,
        },
        ..(*settings.base).clone()
    });
    check_names(&document.rule)?;
    for rule in document.rule {
        add_rule(&mut settings, &fallback, &tables, rule)?;
    }
    Ok(Settings {
        services: document.services.0,
        users: if document.local_users_only { Users::Local } else { Users::All },
        even_deny_root: document.even_deny_root,
        whitelist: subjects(document.ip_whitelist, document.username_whitelist).collect(),
        only_whitelist: document.only_whitelist,
        blacklist: subjects(document.ip_blacklist, document.username_blacklist).collect(),
        trusted_proxies: networks(document.trusted_proxies),
        // Nothing is familiar of which nothing is kept.
        familiar_for: document
            .familiar_for
            .0
            .filter(|_| privacy.addresses != Keep::Nothing && privacy.usernames != Keep::Nothing),
        prefixes: Prefixes { v4: document.ipv4_prefix.0, v6: document.ipv6_prefix.0 },
        messages,
        privacy,
        gate_wait: document.gate_wait.0,
        place_lease: document.place_lease.0,
        ..settings
    })
}

fn messages(document: &Document) -> Result<Messages, Conflict> {
    if document.permalock_message.0.names_an_end() {
        let message = "a lockout for ever has no {left} and no {until}".to_owned();
        return Err(Conflict { key: "permalock_message", message });
    }
    if document.help_address.len() > 100 || document.help_address.chars().any(char::is_control) {
        let message = "a help address is one line of at most 100 bytes".to_owned();
        return Err(Conflict { key: "help_address", message });
    }
    Ok(Messages {
        cooloff: document.cooloff_message.0.clone(),
        permalock: document.permalock_message.0.clone(),
        help_address: document.help_address.clone(),
        speech: if document.silent { Speech::Silent } else { Speech::Spoken },
    })
}

/// Settings for some clients. Where limits are others they have counters of their own.
fn add_rule(
    settings: &mut Settings,
    fallback: &Fallback,
    base: &[CounterTable],
    rule: RuleTable,
) -> Result<(), Conflict> {
    let RuleTable { name, services, accounts, networks: within, changes } = rule;
    let name = name.0;
    let counters = match changes.counters(fallback, base)? {
        None => settings.base.counters.clone(),
        Some(counters) => {
            let ids = counters.into_iter().map(|counter| own_counter(settings, &name, counter));
            ids.collect::<Result<_, _>>()?
        }
    };
    let base = &settings.base;
    let enforcement = match (base.enforcement, changes.enabled, changes.lock_out_at_failure) {
        // Switched off for everybody is switched off.
        (Enforcement::Off, ..) | (_, Some(false), _) => Enforcement::Off,
        (before, _, None) => before,
        (_, _, Some(true)) => Enforcement::On,
        (_, _, Some(false)) => Enforcement::Monitor,
    };
    let profile = Profile {
        rule: Some(name),
        enforcement,
        counters,
        reset_on_success: changes.reset_on_success.unwrap_or(base.reset_on_success),
        refused_tries: match changes.reset_cool_off_on_failure_during_lockout {
            Some(true) => RefusedTries::Counted,
            Some(false) => RefusedTries::Ignored,
            None => base.refused_tries,
        },
    };
    settings.rules.push(Rule {
        services: services.into_iter().map(|service| service.0).collect(),
        accounts: accounts.into_iter().map(|who| who.0).collect(),
        networks: networks(within),
        profile: Arc::new(profile),
    });
    Ok(())
}

fn check_names(rules: &[RuleTable]) -> Result<(), Conflict> {
    let mut names = HashSet::new();
    match rules.iter().find(|rule| !names.insert(&rule.name.0)) {
        None => Ok(()),
        Some(rule) => {
            let message = format!("two rules are called {}", rule.name.0);
            Err(Conflict { key: "rule", message })
        }
    }
}

/// What is not kept cannot be asked for when history is counted again.
fn check_privacy(settings: &Settings) -> Result<(), Conflict> {
    let privacy = settings.privacy;
    let counted = |attribute| settings.counters.iter().any(|it| it.attributes.contains(attribute));
    let of = |key, message: &str| Err(Conflict { key, message: message.to_owned() });
    let by_account = settings.rules.iter().any(|rule| !rule.accounts.is_empty());
    let by_network = settings.rules.iter().any(|rule| !rule.networks.is_empty());
    if privacy.addresses == Keep::Nothing && counted(Attribute::Address) {
        return of("store_ip_address", &uncounted("ip_address"));
    }
    if privacy.usernames == Keep::Nothing && counted(Attribute::Username) {
        return of("store_username", &uncounted("username"));
    }
    if privacy.addresses != Keep::Plain && (by_network || !settings.trusted_proxies.is_empty()) {
        return of(
            "store_ip_address",
            &needed("rules with `network` and trusted_proxies", "addresses"),
        );
    }
    if privacy.usernames != Keep::Plain && by_account {
        return of("store_username", &needed("rules with `user` or `group`", "names"));
    }
    Ok(())
}

fn subjects(networks: Vec<Network>, accounts: Vec<Who>) -> impl Iterator<Item = Subject> {
    let networks = networks.into_iter().map(|network| network.0);
    networks.chain(accounts.into_iter().map(|who| who.0))
}

fn networks(list: Vec<Network>) -> Networks {
    let network = |Network(subject)| match subject {
        Subject::Network(network) => Some(network),
        _ => None,
    };
    list.into_iter().filter_map(network).collect()
}

fn uncounted(attribute: &str) -> String {
    let advice = "set lockout_parameters without it, or use \"hash\"";
    format!("counters look at {attribute}, of which nothing would be kept; {advice}")
}

fn needed(what: &str, values: &str) -> String {
    format!("{what} need {values} as they are; use true, or do without them")
}
