//! The access log: the newest attempts, whatever their outcome, within bounds.

mod failures;
mod filter;
mod settings;
mod totals;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use axes_policy::attempt::{Attempt, Outcome};
use axes_policy::time::Timestamp;
use tokio::sync::watch;

use crate::engine::access_log::failures::Failures;
pub use crate::engine::access_log::filter::LogFilter;
pub use crate::engine::access_log::settings::{LogSettings, Recorded};
pub use crate::engine::access_log::totals::Totals;
use crate::store::Change;

/// Entries that make room at one attempt, which waits for that: far more than it needs.
const AT_ONCE: usize = 100;
/// Who may follow at once.
const FOLLOWERS: usize = 8;
/// Entries that a reader looks at before it is the turn of others.
const SLICE: usize = 256;

/// The newest attempts, and how many there were of each outcome since the start.
#[derive(Debug)]
pub(super) struct AccessLog {
    settings: LogSettings,
    entries: BTreeMap<u64, Arc<Attempt>>,
    /// Numbers of the failures among them.
    failures: Failures,
    /// Numbers of those among them that neither failed nor logged in.
    others: Failures,
    bytes: usize,
    /// The number of the next entry; followers watch it.
    next: watch::Sender<u64>,
    totals: Totals,
}

/// Some entries, and where the next ones begin.
#[derive(Debug, PartialEq, Eq)]
pub struct Slice {
    /// Those that match, oldest first.
    pub attempts: Vec<Arc<Attempt>>,
    /// The number to go on from.
    pub next: u64,
    /// Numbers passed over that have no entry any more.
    pub gone: u64,
}

impl AccessLog {
    /// A log that goes on from these entries, given in the order of their numbers. They need not
    /// be within the bounds until [`AccessLog::expire`].
    pub(super) fn new(settings: LogSettings, kept: Vec<(u64, Attempt)>) -> Self {
        let next = kept.last().map_or(0, |(number, _)| number + 1);
        let mut log = Self {
            settings,
            entries: BTreeMap::new(),
            failures: Failures::default(),
            others: Failures::default(),
            bytes: 0,
            next: watch::Sender::new(next),
            totals: Totals::default(),
        };
        for (number, attempt) in kept {
            log.insert(number, attempt);
        }
        log
    }

    /// Adds an attempt; what is to be stored of that.
    pub(super) fn record(&mut self, attempt: Attempt) -> Vec<Change> {
        self.totals.count(attempt.outcome);
        let now = attempt.at;
        if !self.settings.recorded.covers(attempt.outcome) {
            return self.drop_oldest(now, AT_ONCE);
        }
        let (number, user) = (self.end(), attempt.client.user.clone());
        let mut changes = vec![Change::PutAttempt(number, attempt.clone())];
        self.insert(number, attempt);
        if let Some(limit) = self.settings.failures_per_user {
            changes.extend(self.remove_all(self.failures.surplus_of(&user, limit.get())));
            changes.extend(self.remove_all(self.others.surplus_of(&user, limit.get())));
        }
        changes.extend(self.drop_oldest(now, AT_ONCE));
        // Last: who follows must find what he is told of.
        self.next.send_replace(number + 1);
        changes
    }

    /// Puts other bounds in force; what is to be removed from the store.
    pub(super) fn reconfigure(&mut self, settings: LogSettings, now: Timestamp) -> Vec<Change> {
        self.settings = settings;
        self.expire(now)
    }

    /// Removes all that is outside the bounds, in whatever order the clock of this host put it.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<Change> {
        let settings = self.settings;
        let mut changes = self.remove_if(|attempt| settings.is_old(attempt, now));
        if let Some(limit) = settings.failures_per_user {
            changes.extend(self.remove_all(self.failures.surplus(limit.get())));
            changes.extend(self.remove_all(self.others.surplus(limit.get())));
        }
        changes.extend(self.drop_oldest(now, usize::MAX));
        changes
    }

    /// Removes what is meant; what is to be removed from the store.
    pub(super) fn remove_if(&mut self, is_meant: impl Fn(&Attempt) -> bool) -> Vec<Change> {
        let meant = self.entries.iter().filter(|(_, attempt)| is_meant(attempt));
        let numbers = meant.map(|(number, _)| *number).collect();
        self.remove_all(numbers)
    }

    /// The number where the newest entries that match begin, this many of them.
    pub(super) fn begin_of_newest(&self, filter: &LogFilter, most: usize) -> u64 {
        let matching = self.entries.iter().rev().filter(|(_, attempt)| filter.covers(attempt));
        matching.take(most).last().map_or(self.end(), |(number, _)| *number)
    }

    /// The first entries of a range that match; looks at no more than a few.
    pub(super) fn slice(&self, numbers: Range<u64>, filter: &LogFilter) -> Slice {
        let (mut next, mut gone, mut attempts) = (numbers.start, 0, Vec::new());
        for (looked_at, (number, attempt)) in self.entries.range(numbers.clone()).enumerate() {
            if looked_at == SLICE {
                return Slice { attempts, next, gone };
            }
            gone += number - next;
            next = number + 1;
            if filter.covers(attempt) {
                attempts.push(attempt.clone());
            }
        }
        gone += numbers.end.saturating_sub(next);
        Slice { attempts, next: numbers.end.max(next), gone }
    }

    /// The newest entries that are meant, oldest first; looks at no more than so many.
    pub(super) fn newest(
        &self,
        most: usize,
        looked_at: usize,
        is_meant: impl Fn(&Attempt) -> bool,
    ) -> Vec<Arc<Attempt>> {
        let newest = self.entries.values().rev().take(looked_at);
        let meant = newest.filter(|attempt| is_meant(attempt)).take(most);
        let mut meant: Vec<_> = meant.cloned().collect();
        meant.reverse();
        meant
    }

    /// The number of the next entry.
    pub(super) fn end(&self) -> u64 {
        *self.next.borrow()
    }

    /// Changes with [`AccessLog::end`]; `None` when there are too many followers already.
    pub(super) fn follow(&self) -> Option<watch::Receiver<u64>> {
        (self.next.receiver_count() < FOLLOWERS).then(|| self.next.subscribe())
    }

    /// Attempts by outcome since the start, those that are not recorded too.
    pub(super) const fn totals(&self) -> Totals {
        self.totals
    }

    /// Where the numbers of attempts are kept that have a limit of their own.
    const fn numbers(&mut self, outcome: Outcome) -> Option<&mut Failures> {
        match outcome {
            Outcome::Success => None,
            Outcome::Failure => Some(&mut self.failures),
            Outcome::Refused | Outcome::Abandoned | Outcome::Error => Some(&mut self.others),
        }
    }

    fn insert(&mut self, number: u64, attempt: Attempt) {
        self.bytes += settings::size(&attempt);
        if let Some(numbers) = self.numbers(attempt.outcome) {
            numbers.insert(&attempt.client.user, number);
        }
        self.entries.insert(number, Arc::new(attempt));
    }

    /// Cheap where nothing is to be done: with each attempt.
    fn drop_oldest(&mut self, now: Timestamp, most: usize) -> Vec<Change> {
        let mut changes = Vec::new();
        while changes.len() < most
            && let Some((&number, oldest)) = self.entries.first_key_value()
        {
            let is_too_much =
                self.entries.len() > self.settings.entries || self.bytes > self.settings.bytes;
            if !is_too_much && !self.settings.is_old(oldest, now) {
                break;
            }
            changes.extend(self.remove(number));
        }
        changes
    }

    fn remove_all(&mut self, numbers: Vec<u64>) -> Vec<Change> {
        numbers.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    fn remove(&mut self, number: u64) -> Option<Change> {
        let attempt = self.entries.remove(&number)?;
        self.bytes -= settings::size(&attempt);
        if let Some(numbers) = self.numbers(attempt.outcome) {
            numbers.remove(&attempt.client.user, number);
        }
        Some(Change::ForgetAttempt(number))
    }
}

#[cfg(test)]
mod tests;
