//! What the administrator decided.

mod counter;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::account::Account;
use crate::client::Client;
use crate::lists::List;
use crate::message::Messages;
use crate::networks::Networks;
use crate::storage::OnStoreError;
use crate::subject::Subject;

pub use counter::{CoolOff, CounterId, CounterRule};

/// Everything that the rules depend on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every kind of counter; profiles name them by their place in here.
    pub counters: Vec<Arc<CounterRule>>,
    /// What applies to clients that no rule matches.
    pub base: Arc<Profile>,
    /// Exceptions; the first that matches a client applies.
    pub rules: Vec<Rule>,
    /// The services in which a lockout refuses anybody.
    pub services: Services,
    /// Whose logins are counted at all.
    pub users: Users,
    /// Whether root at the console of this machine can be locked like anybody else.
    pub even_deny_root: bool,
    /// Clients that are never counted and never refused.
    pub whitelist: List,
    /// Whether clients outside the whitelist are always refused.
    pub only_whitelist: bool,
    /// Clients that are always refused; stronger than the whitelist.
    pub blacklist: List,
    /// Addresses shared by many: never counted without a user name.
    pub trusted_proxies: Networks,
    /// For how long an address is familiar from which a user logged in; `None` for never.
    pub familiar_for: Option<Duration>,
    /// How addresses are folded into networks before they are counted.
    pub prefixes: Prefixes,
    /// What a person is told whom a lockout refuses.
    pub messages: Messages,
    /// What of names and addresses is kept.
    pub privacy: Privacy,
    /// Bytes that failures and their counters may take, by an estimate that is rather too high.
    pub room: usize,
    /// Longest wait for a free place at the gate.
    pub gate_wait: Duration,
    /// After this long at the password module an attempt counts as a failure.
    pub place_lease: Duration,
    /// What becomes of logins while nothing can be written.
    pub on_store_error: OnStoreError,
}

/// How clients are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The rule that it belongs to; `None` for everybody else.
    pub rule: Option<Arc<str>>,
    /// Whether anybody is counted or refused at all.
    pub enforcement: Enforcement,
    /// An attempt falls into one of each of these.
    pub counters: Vec<CounterId>,
    /// Whether a success forgives the counters that name its user.
    pub reset_on_success: bool,
    /// What a try that a lockout refuses does to the counters.
    pub refused_tries: RefusedTries,
}

/// An exception for some clients.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Services concerned; none means all.
    pub services: BTreeSet<Arc<str>>,
    /// Users and groups concerned; none means all.
    pub accounts: Vec<Subject>,
    /// Addresses concerned; none means all.
    pub networks: Networks,
    /// How they are judged.
    pub profile: Arc<Profile>,
}

/// Services in which lockouts are enforced; in the others they are only counted and logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Services {
    /// In every one.
    #[default]
    All,
    /// In these.
    Only(BTreeSet<Arc<str>>),
}

/// Whose logins are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Users {
    /// Everybody's.
    #[default]
    All,
    /// Not those of accounts that a directory keeps, which has lockouts of its own.
    Local,
}

/// What of names and addresses is kept: on disk, in lists and in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Privacy {
    /// Of user names.
    pub usernames: Keep,
    /// Of remote addresses and host names.
    pub addresses: Keep,
}

/// What of a value is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// All of it.
    #[default]
    Plain,
    /// A keyed hash: the same value is known again, and not to be read.
    Hash,
    /// Nothing.
    Nothing,
}

/// Whether the rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// They do.
    On,
    /// Everybody is counted; only the lists refuse.
    Monitor,
    /// Nobody is counted, nobody is refused.
    Off,
}

/// What a try that a lockout refuses does to the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedTries {
    /// Nothing.
    Ignored,
    /// It counts as a failure in all counters of the client, and so prolongs their lockouts.
    Counted,
}

/// Bits of an address that a counter looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefixes {
    /// Of 32.
    pub v4: u8,
    /// Of 128; a customer usually has a whole /64 (RFC 6177).
    pub v6: u8,
}

impl Prefixes {
    /// Of addresses of this family.
    #[must_use]
    pub const fn of(self, ip: IpAddr) -> u8 {
        if ip.is_ipv4() { self.v4 } else { self.v6 }
    }
}

impl Default for Prefixes {
    fn default() -> Self {
        Self { v4: 32, v6: 64 }
    }
}

/// As shipped: see `packaging/axes.toml` for the reasons.
impl Default for Settings {
    fn default() -> Self {
        Self {
            counters: Vec::new(),
            base: Arc::new(Profile::default()),
            rules: Vec::new(),
            services: Services::All,
            users: Users::All,
            even_deny_root: false,
            whitelist: List::default(),
            only_whitelist: false,
            blacklist: List::default(),
            trusted_proxies: Networks::default(),
            familiar_for: Some(Duration::from_secs(30 * 24 * 3600)),
            prefixes: Prefixes::default(),
            messages: Messages::default(),
            privacy: Privacy::default(),
            room: 160 << 20,
            gate_wait: Duration::from_secs(10),
            place_lease: Duration::from_secs(120),
            on_store_error: OnStoreError::Safe,
        }
        .with_counters(CounterRule::shipped())
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            rule: None,
            enforcement: Enforcement::On,
            counters: Vec::new(),
            reset_on_success: true,
            refused_tries: RefusedTries::Ignored,
        }
    }
}

impl Settings {
    /// The same with these counters for everybody, and no rules.
    #[must_use]
    pub fn with_counters(self, counters: Vec<CounterRule>) -> Self {
        let ids = (0..).map(CounterId).zip(&counters).map(|(id, _)| id).collect();
        let base = Arc::new(Profile { counters: ids, ..(*self.base).clone() });
        let counters = counters.into_iter().map(Arc::new).collect();
        Self { counters, base, rules: Vec::new(), ..self }
    }

    /// How a client is judged: by the first rule that matches, else like everybody.
    #[must_use]
    pub fn profile(&self, client: &Client, account: Option<&Account>) -> &Arc<Profile> {
        let rule = self.rules.iter().find(|rule| rule.matches(client, account));
        rule.map_or(&self.base, |rule| &rule.profile)
    }

    /// A kind of counter.
    #[must_use]
    pub fn counter(&self, id: CounterId) -> Option<&Arc<CounterRule>> {
        self.counters.get(usize::from(id.0))
    }

    /// Whether some rule judges a user otherwise by one account of his than by the other.
    #[must_use]
    pub fn tells_apart(&self, user: &str, one: Option<&Account>, other: Option<&Account>) -> bool {
        let mut subjects = self.rules.iter().flat_map(|rule| &rule.accounts);
        subjects.any(|subject| subject.means(user, one) != subject.means(user, other))
    }

    /// Whether some rule asks for more than the name of an account.
    #[must_use]
    pub fn asks_for_accounts(&self) -> bool {
        let mut subjects = self.rules.iter().flat_map(|rule| &rule.accounts);
        subjects.any(|subject| matches!(subject, Subject::Group(_) | Subject::Uids(..)))
    }
}

impl Rule {
    fn matches(&self, client: &Client, account: Option<&Account>) -> bool {
        let named = |subject: &Subject| subject.means(&client.user, account);
        (self.services.is_empty() || self.services.contains(&*client.service))
            && (self.accounts.is_empty() || self.accounts.iter().any(named))
            && (self.networks.is_empty() || self.networks.find(&client.address).is_some())
    }
}

impl Services {
    /// Whether lockouts are enforced in a service.
    #[must_use]
    pub fn enforced(&self, service: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(services) => services.contains(service),
        }
    }
}
