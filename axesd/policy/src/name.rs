//! Short names of counters.

use std::hash::{BuildHasher as _, Hash as _, RandomState};
use std::ops::Deref;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::key::CounterKey;

/// Stands for a key in 16 bytes, as nobody outside this process could tell beforehand: of a
/// million counters two have the same one with a probability of 2^-89.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(u64, u64);

/// A key whose name is known, so that it is made once for all that an attempt asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) key: CounterKey,
    pub(crate) name: Name,
}

/// Names keys, each always the same while the process lives.
#[derive(Debug)]
pub(crate) struct Namer {
    /// With a key that nobody else knows, and nothing in it yet.
    hasher: SipHasher13,
}

impl Name {
    /// For a table: a part of a hash is as good as any other hash of it.
    pub(crate) const fn hash(self) -> u64 {
        self.0
    }
}

impl Namer {
    pub(crate) fn named(&self, key: CounterKey) -> Named {
        Named { name: self.name(&key), key }
    }

    pub(crate) fn name(&self, key: &CounterKey) -> Name {
        let mut hasher = self.hasher;
        key.hash(&mut hasher);
        let hash = hasher.finish128();
        Name(hash.h1, hash.h2)
    }
}

impl Default for Namer {
    fn default() -> Self {
        let random = || RandomState::new().hash_one(());
        Self { hasher: SipHasher13::new_with_keys(random(), random()) }
    }
}

impl Deref for Named {
    type Target = CounterKey;

    fn deref(&self) -> &CounterKey {
        &self.key
    }
}
