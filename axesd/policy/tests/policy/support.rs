//! Settings and clients for the tests of the policy.

use std::num::NonZeroU32;
use std::time::Duration;

use axes_policy::attribute::{Attribute, AttributeSet};
use axes_policy::client::{Address, Client};
use axes_policy::networks::Networks;
use axes_policy::settings::{CounterRule, Enforcement, Prefixes, RefusedTries, Settings};
use axes_policy::time::Timestamp;

pub(crate) const COOLOFF: Duration = Duration::from_secs(900);
pub(crate) const GATE_WAIT: Duration = Duration::from_secs(10);
pub(crate) const LEASE: Duration = Duration::from_secs(120);

pub(crate) const PAIR: &[Attribute] = &[Attribute::Username, Attribute::Address];
pub(crate) const ADDRESS: &[Attribute] = &[Attribute::Address];
pub(crate) const USER: &[Attribute] = &[Attribute::Username];

/// Counters over these attributes with these limits.
pub(crate) fn settings(counters: &[(&[Attribute], u32)]) -> Settings {
    let rule = |(attributes, limit): &(&[Attribute], u32)| CounterRule {
        attributes: AttributeSet::new(attributes).unwrap(),
        limit: NonZeroU32::new(*limit).unwrap(),
        cooloff: Some(COOLOFF),
    };
    Settings {
        enforcement: Enforcement::On,
        rules: counters.iter().map(rule).collect(),
        reset_on_success: true,
        refused_tries: RefusedTries::Ignored,
        only_whitelist: false,
        even_deny_root: false,
        whitelist: Networks::default(),
        blacklist: Networks::default(),
        prefixes: Prefixes::default(),
        gate_wait: GATE_WAIT,
        place_lease: LEASE,
    }
}

pub(crate) fn client(user: &str, address: &str) -> Client {
    Client {
        user: user.into(),
        address: Address::parse(address),
        service: "sshd".into(),
        tty: Some("ssh".into()),
        ruser: None,
    }
}

/// Seconds after the start of the test.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}
