//! One kind of counter: what it looks at, when it locks, when it forgets.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::attribute::{Attribute, AttributeSet};
use crate::key::{CounterKey, Tag};

/// The place of a kind of counter in `Settings::counters`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterId(pub u16);

/// One kind of counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterRule {
    /// What the administrator calls it.
    pub name: Option<Arc<str>>,
    /// What it looks at.
    pub attributes: AttributeSet,
    /// Failures at which it locks.
    pub limit: NonZeroU32,
    /// How long a failure counts; `None` for as long as the cool-off.
    pub window: Option<Duration>,
    /// When it forgets.
    pub cooloff: CoolOff,
}

/// Time without a counted failure after which a counter forgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoolOff {
    /// For the first lockout, the second and so on, the last one for all that follow. `None` is
    /// never; no level at all is never too.
    pub levels: Vec<Option<Duration>>,
    /// This long after a lockout ended the next one is a first one again.
    pub decay: Duration,
}

impl CounterRule {
    /// Five guesses at one user from one address; twenty from one address, whoever is guessed
    /// at; a hundred at one user, wherever from.
    #[must_use]
    pub fn shipped() -> Vec<Self> {
        use Attribute::{Address, Username};
        const FIVE: NonZeroU32 = NonZeroU32::new(5).unwrap();
        const TWENTY: NonZeroU32 = NonZeroU32::new(20).unwrap();
        const HUNDRED: NonZeroU32 = NonZeroU32::new(100).unwrap();
        let kinds: [(&[Attribute], _); 3] =
            [(&[Username, Address], FIVE), (&[Address], TWENTY), (&[Username], HUNDRED)];
        let rule = |(attributes, limit): (&[Attribute], NonZeroU32)| {
            // Nothing is empty here.
            let attributes = AttributeSet::new(attributes).ok()?;
            let cooloff = CoolOff::default();
            Some(Self { name: None, attributes, limit, window: None, cooloff })
        };
        kinds.into_iter().filter_map(rule).collect()
    }

    /// Tells a counter of this kind from the others that a failure falls into, whatever the
    /// settings become.
    pub(crate) fn tag(&self, key: &CounterKey) -> Tag {
        let name = self.name.as_deref().unwrap_or_default();
        let lane = u8::from(key.is_familiar());
        let bytes = name.bytes().chain([0, self.attributes.bits(), lane]);
        // FNV-1a: https://www.rfc-editor.org/rfc/rfc9923
        let fnv = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        Tag(bytes.fold(0x811c_9dc5, fnv))
    }
}

impl Default for CoolOff {
    fn default() -> Self {
        Self { levels: vec![Some(Duration::from_secs(15 * 60))], decay: Self::DECAY }
    }
}

impl CoolOff {
    /// A day without a lockout, and the next one is a first one again.
    pub const DECAY: Duration = Duration::from_secs(24 * 3600);

    /// The same for every lockout; `None` for never.
    #[must_use]
    pub fn constant(time: Option<Duration>) -> Self {
        Self { levels: vec![time], ..Self::default() }
    }

    /// Whether it depends on how many lockouts there were.
    #[must_use]
    pub fn rises(&self) -> bool {
        self.levels.len() > 1
    }

    /// For the lockout of this level, from 0; `None` for never.
    #[must_use]
    pub fn at(&self, level: u8) -> Option<Duration> {
        self.levels.get(usize::from(self.clamped(level))).copied().flatten()
    }

    /// A level that there is.
    #[must_use]
    pub fn clamped(&self, level: u8) -> u8 {
        let last = self.levels.len().saturating_sub(1);
        level.min(u8::try_from(last).unwrap_or(u8::MAX))
    }
}
