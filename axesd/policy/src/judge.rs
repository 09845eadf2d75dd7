//! What a client is to the rules, and which counters it falls into.

use std::fmt;
use std::sync::Arc;

use crate::account::{Account, Accounts, Home};
use crate::attempt::{Failure, Lane, Reporter};
use crate::client::{Address, Client, Visitor};
use crate::effect::Refusal;
use crate::key::CounterKey;
use crate::lists::{Entries, List, ListName};
use crate::name::{Named, Namer};
use crate::panic_off::Panic;
use crate::settings::{Enforcement, Profile, Settings, Users};
use crate::storage::Storage;
use crate::subject::Subject;

/// Settings, and what else decides how a client is judged.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) settings: Settings,
    pub(crate) entries: Entries,
    pub(crate) accounts: Accounts,
    pub(crate) panic: Panic,
    pub(crate) storage: Storage,
    pub(crate) namer: Namer,
}

/// What a client is to the rules.
pub(crate) enum Standing {
    /// Never counted, never refused.
    Exempt(Exemption),
    /// Always refused.
    Banned(Refusal),
    /// Counted, and refused where a counter is locked.
    Judged(Arc<Profile>),
}

/// Why a client is neither counted nor refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exemption {
    /// Protection is switched off, by this rule or for everybody.
    Off(Option<Arc<str>>),
    /// This entry of the whitelist.
    Whitelisted(Subject),
    /// Root at the console (`even_deny_root`).
    RootConsole,
    /// A directory keeps the account (`local_users_only`).
    DirectoryAccount,
}

impl Judge {
    /// One that knows nobody yet.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            entries: Entries::default(),
            accounts: Accounts::default(),
            panic: Panic::default(),
            storage: Storage::Works,
            namer: Namer::default(),
        }
    }

    /// Judges a visitor before any attempt of it is looked at.
    pub(crate) fn standing(&self, visitor: &Visitor) -> Standing {
        if let Some(refusal) = self.banned(visitor) {
            return Standing::Banned(refusal);
        }
        let client = &visitor.client;
        let profile = self.profile(visitor);
        let exemption = self.exemption(visitor, profile);
        exemption.map_or_else(|| Standing::Judged(self.enforced(profile, client)), Standing::Exempt)
    }

    /// Why the lists refuse a client, whatever it does.
    pub(crate) fn banned(&self, visitor: &Visitor) -> Option<Refusal> {
        let off = self.settings.base.enforcement == Enforcement::Off;
        if off || self.panic.span().is_some() {
            return None;
        }
        if let Some(subject) = self.listed(ListName::Black, visitor) {
            return Some(Refusal::Blacklisted(subject));
        }
        // Whoever sits at this machine has no address to be listed.
        let remote = visitor.client.address != Address::Local;
        let holds = |list: &List| list.holds(&visitor.client.address);
        let unlisted = || !self.lists(ListName::White).into_iter().any(holds);
        (self.settings.only_whitelist && remote && unlisted()).then_some(Refusal::NotWhitelisted)
    }

    /// A list as the settings have it.
    pub(crate) const fn configured(&self, name: ListName) -> &List {
        match name {
            ListName::White => &self.settings.whitelist,
            ListName::Black => &self.settings.blacklist,
        }
    }

    /// A list as the settings have it, and as it was made at run time.
    pub(crate) const fn lists(&self, name: ListName) -> [&List; 2] {
        [self.configured(name), self.entries.list(name)]
    }

    /// Whether some rule or list names a group or a range of uids.
    pub(crate) fn asks_for_accounts(&self) -> bool {
        let mut lists =
            [ListName::White, ListName::Black].into_iter().flat_map(|it| self.lists(it));
        self.settings.asks_for_accounts() || lists.any(List::asks_for_accounts)
    }

    /// What is known of the account of a visitor: what was said now, else what is remembered.
    pub(crate) fn account<'a>(&'a self, visitor: &'a Visitor) -> Option<&'a Account> {
        let remembered = || self.accounts.get(&visitor.stored.user);
        visitor.account.as_ref().or_else(remembered).map(|account| &**account)
    }

    /// How a visitor is judged, whatever the lists say.
    pub(crate) fn profile(&self, visitor: &Visitor) -> &Arc<Profile> {
        self.settings.profile(&visitor.client, self.account(visitor))
    }

    /// The counters of a client that is judged by a profile.
    pub(crate) fn keys(
        &self,
        profile: &Profile,
        client: &Client,
        reporter: Reporter,
        lane: Lane,
    ) -> Vec<Named> {
        let shared = self.settings.trusted_proxies.find(&client.address).is_some();
        let keys = profile.counters.iter().filter_map(|id| {
            let attributes = self.settings.counter(*id)?.attributes;
            CounterKey::of(client, *id, attributes, self.settings.prefixes, lane)
        });
        // What a user says of himself concerns nobody else; what many share concerns no one.
        let concerned =
            |key: &CounterKey| key.names_user() || (reporter == Reporter::Root && !shared);
        keys.filter(concerned).map(|key| self.namer.named(key)).collect()
    }

    /// The counters of strangers beside those of a familiar address: they count its failures as
    /// well, but never refuse it.
    pub(crate) fn keys_beside(
        &self,
        profile: &Profile,
        client: &Client,
        reporter: Reporter,
        lane: Lane,
    ) -> Vec<Named> {
        if lane == Lane::Stranger {
            return Vec::new();
        }
        let mut keys = self.keys(profile, client, reporter, Lane::Stranger);
        keys.retain(|key| key.has_lanes());
        keys
    }

    /// The counters that a failure falls into.
    pub(crate) fn keys_of(&self, failure: &Failure) -> Vec<Named> {
        let Failure { client, reporter, lane, .. } = failure;
        let account = self.accounts.get(&client.user);
        let profile = self.settings.profile(client, account.map(|account| &**account));
        let mut keys = self.keys(profile, client, *reporter, *lane);
        keys.extend(self.keys_beside(profile, client, *reporter, *lane));
        keys
    }

    fn exemption(&self, visitor: &Visitor, profile: &Profile) -> Option<Exemption> {
        if profile.enforcement == Enforcement::Off {
            return Some(Exemption::Off(profile.rule.clone()));
        }
        if let Some(subject) = self.listed(ListName::White, visitor) {
            return Some(Exemption::Whitelisted(subject));
        }
        if !self.settings.even_deny_root && is_root_console(&visitor.client, visitor.reporter) {
            return Some(Exemption::RootConsole);
        }
        let elsewhere = |account: &Account| account.home == Home::Directory;
        let foreign =
            self.settings.users == Users::Local && self.account(visitor).is_some_and(elsewhere);
        foreign.then_some(Exemption::DirectoryAccount)
    }

    /// The profile, as it is enforced now and in the service of a client.
    fn enforced(&self, profile: &Arc<Profile>, client: &Client) -> Arc<Profile> {
        if self.panic.span().is_none() && self.settings.services.enforced(&client.service) {
            return profile.clone();
        }
        Arc::new(Profile { enforcement: Enforcement::Monitor, ..(**profile).clone() })
    }

    fn listed(&self, name: ListName, visitor: &Visitor) -> Option<Subject> {
        let (client, account) = (&visitor.client, self.account(visitor));
        self.lists(name).into_iter().find_map(|list| list.find(client, account))
    }
}

impl fmt::Display for Exemption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off(None) => formatter.write_str("protection is switched off"),
            Self::Off(Some(rule)) => write!(formatter, "protection is switched off by rule {rule}"),
            Self::Whitelisted(subject) => write!(formatter, "whitelisted: {subject}"),
            Self::RootConsole => {
                formatter.write_str("root at the console is never locked (even_deny_root)")
            }
            Self::DirectoryAccount => {
                formatter.write_str("the account is kept by a directory (local_users_only)")
            }
        }
    }
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
