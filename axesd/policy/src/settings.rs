//! What the administrator decided.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::attribute::AttributeSet;
use crate::networks::Networks;

/// Everything that the rules depend on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether anybody is counted or refused at all.
    pub enforcement: Enforcement,
    /// The counters; an attempt falls into one of each rule.
    pub rules: Vec<CounterRule>,
    /// Whether a success forgives the counters that name its user.
    pub reset_on_success: bool,
    /// What a try that a lockout refuses does to the counters.
    pub refused_tries: RefusedTries,
    /// Whether root at the console of this machine can be locked like anybody else.
    pub even_deny_root: bool,
    /// Clients that are never counted and never refused.
    pub whitelist: Networks,
    /// Whether clients outside the whitelist are always refused.
    pub only_whitelist: bool,
    /// Clients that are always refused; stronger than the whitelist.
    pub blacklist: Networks,
    /// How addresses are folded into networks before they are counted.
    pub prefixes: Prefixes,
    /// Longest wait for a free place at the gate.
    pub gate_wait: Duration,
    /// After this long at the password module an attempt counts as a failure.
    pub place_lease: Duration,
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

/// One kind of counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterRule {
    /// What it looks at.
    pub attributes: AttributeSet,
    /// Failures at which it locks.
    pub limit: NonZeroU32,
    /// Time without a counted failure after which it forgets; `None` for never.
    pub cooloff: Option<Duration>,
}

/// Bits of an address that a counter looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefixes {
    /// Of 32.
    pub v4: u8,
    /// Of 128; a customer usually has a whole /64 (RFC 6177).
    pub v6: u8,
}

impl Default for Prefixes {
    fn default() -> Self {
        Self { v4: 32, v6: 64 }
    }
}

impl Settings {
    /// The rule for counters over these attributes.
    #[must_use]
    pub fn rule(&self, attributes: AttributeSet) -> Option<CounterRule> {
        self.rules.iter().copied().find(|rule| rule.attributes == attributes)
    }
}
