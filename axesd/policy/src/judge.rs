//! What a client is to the rules before any attempt of it is looked at.

use std::sync::Arc;

use crate::attempt::Reporter;
use crate::client::{Address, Client};
use crate::effect::Refusal;
use crate::key::CounterKey;
use crate::settings::{Enforcement, Settings};

/// What a client is to the rules.
pub(crate) enum Standing {
    /// Never counted, never refused.
    Exempt,
    /// Always refused.
    Banned(Refusal),
    /// Falls into these counters.
    Judged(Arc<[CounterKey]>),
}

impl Standing {
    /// Judges a client.
    pub(crate) fn of(settings: &Settings, client: &Client, reporter: Reporter) -> Self {
        if settings.enforcement == Enforcement::Off {
            return Self::Exempt;
        }
        if let Some(refusal) = banned(settings, client) {
            return Self::Banned(refusal);
        }
        let listed = settings.whitelist.find(&client.address).is_some();
        let console = !settings.even_deny_root && is_root_console(client, reporter);
        if listed || console {
            return Self::Exempt;
        }
        let keys = keys_of(settings, client);
        // What a user says of himself concerns nobody else.
        let own = |key: &&CounterKey| reporter == Reporter::Root || key.names_user();
        Self::Judged(keys.iter().filter(own).cloned().collect())
    }

    /// Its counters; none unless it is judged.
    pub(crate) fn keys(self) -> Arc<[CounterKey]> {
        match self {
            Self::Judged(keys) => keys,
            Self::Exempt | Self::Banned(_) => Arc::default(),
        }
    }
}

/// Why the lists refuse a client, whatever it does.
pub(crate) fn banned(settings: &Settings, client: &Client) -> Option<Refusal> {
    if settings.enforcement == Enforcement::Off {
        return None;
    }
    if let Some(network) = settings.blacklist.find(&client.address) {
        return Some(Refusal::Blacklisted(network));
    }
    // A whitelist is about addresses: whoever sits at this machine has none.
    let remote = client.address != Address::Local;
    let unlisted = remote && settings.whitelist.find(&client.address).is_none();
    (settings.only_whitelist && unlisted).then_some(Refusal::NotWhitelisted)
}

/// The counters that a client falls into.
pub(crate) fn keys_of(settings: &Settings, client: &Client) -> Arc<[CounterKey]> {
    let rules = settings.rules.iter();
    rules.filter_map(|rule| CounterKey::of(client, rule.attributes, settings.prefixes)).collect()
}

/// Whether root logs in at a terminal of this machine itself.
///
/// A pseudo terminal is not one: `su` on it would be a way to guess without a limit, and so
/// would `su` on a console by somebody who is logged in there.
fn is_root_console(client: &Client, reporter: Reporter) -> bool {
    let by_root = client.ruser.as_deref().is_none_or(|user| user.is_empty() || user == "root");
    let root = &*client.user == "root" && by_root && reporter == Reporter::Root;
    root && client.address == Address::Local && client.tty.as_deref().is_some_and(is_console)
}

fn is_console(tty: &str) -> bool {
    let name = tty.strip_prefix("/dev/").unwrap_or(tty);
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    name == "console" || ["tty", "ttyS", "ttyAMA", "ttyUSB", "hvc", "xvc"].into_iter().any(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root_at(tty: &str, ruser: Option<&str>) -> Client {
        Client {
            user: "root".into(),
            address: Address::Local,
            service: "login".into(),
            tty: Some(tty.into()),
            ruser: ruser.map(Into::into),
        }
    }

    #[test]
    fn root_at_a_console_is_told_from_root_elsewhere() {
        for tty in ["tty1", "/dev/tty12", "ttyS0", "console", "hvc0"] {
            assert!(is_root_console(&root_at(tty, None), Reporter::Root), "{tty}");
        }
        for tty in ["pts/0", "ssh", "tty", ":0", "ttyx"] {
            assert!(!is_root_console(&root_at(tty, None), Reporter::Root), "{tty}");
        }
    }

    #[test]
    fn su_on_a_console_is_not_a_console_login() {
        assert!(!is_root_console(&root_at("tty1", Some("mallory")), Reporter::Root));
        assert!(!is_root_console(&root_at("tty1", None), Reporter::Owner));
    }
}
