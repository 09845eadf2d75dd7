//! Which entries are failures of whom.

use std::collections::{HashMap, VecDeque};

use smol_str::SmolStr;

/// Numbers of failures by user, rising.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<SmolStr, VecDeque<u64>>);

impl Failures {
    /// Adds a number higher than all before.
    pub(super) fn insert(&mut self, user: &SmolStr, number: u64) {
        self.0.entry(user.clone()).or_default().push_back(number);
    }

    pub(super) fn remove(&mut self, user: &SmolStr, number: u64) {
        let Some(numbers) = self.0.get_mut(user) else { return };
        if let Ok(place) = numbers.binary_search(&number) {
            numbers.remove(place);
        }
        // Anybody can make names up; no trace is left of those that nothing is recorded of.
        if numbers.is_empty() {
            self.0.remove(user);
        }
    }

    /// The oldest failures of a user that are above a limit.
    pub(super) fn surplus_of(&self, user: &SmolStr, limit: usize) -> Vec<u64> {
        self.0.get(user).map(|numbers| above(numbers, limit).collect()).unwrap_or_default()
    }

    /// The oldest failures of each user that are above a limit.
    pub(super) fn surplus(&self, limit: usize) -> Vec<u64> {
        self.0.values().flat_map(|numbers| above(numbers, limit)).collect()
    }
}

fn above(numbers: &VecDeque<u64>, limit: usize) -> impl Iterator<Item = u64> {
    numbers.iter().copied().take(numbers.len().saturating_sub(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_without_failures_leave_no_trace() {
        let mut failures = Failures::default();
        for number in 0..3 {
            failures.insert(&"alice".into(), number);
        }
        assert_eq!(failures.surplus_of(&"alice".into(), 2), [0]);
        for number in [1, 0, 2] {
            failures.remove(&"alice".into(), number);
        }
        assert!(failures.0.is_empty());
    }
}
