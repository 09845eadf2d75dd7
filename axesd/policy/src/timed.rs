//! A map whose entries end at a moment.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use crate::time::Timestamp;

/// A map whose entries end at a moment.
#[derive(Debug)]
pub(crate) struct Timed<K, V> {
    values: HashMap<K, (V, Timestamp)>,
    ends: BTreeSet<(Timestamp, K)>,
}

impl<K, V> Default for Timed<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), ends: BTreeSet::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord, V> Timed<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key).map(|(value, _)| value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V, until: Timestamp) {
        self.remove(&key);
        self.ends.insert((until, key.clone()));
        self.values.insert(key, (value, until));
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (value, until) = self.values.remove(key)?;
        self.ends.remove(&(until, key.clone()));
        Some(value)
    }

    /// Takes out an entry that has ended.
    pub(crate) fn pop_ended(&mut self, now: Timestamp) -> Option<(K, V)> {
        self.next_end().filter(|end| *end <= now).and_then(|_| self.pop_first())
    }

    /// Takes out the entry that ends first.
    pub(crate) fn pop_first(&mut self) -> Option<(K, V)> {
        let (_, key) = self.ends.pop_first()?;
        let (value, _) = self.values.remove(&key)?;
        Some((key, value))
    }

    /// When the next entry ends.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(end, _)| *end)
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.values.keys()
    }
}
