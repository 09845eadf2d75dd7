//! The access log as the engine keeps it: read in slices, followed, bounded, reset.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axes_policy::attempt::Attempt;
use axes_policy::filter::Filter;
use tokio::sync::watch;
use tokio::task::spawn_local;

use crate::engine::{Engine, LogFilter, LogSettings, Slice, Totals};
use crate::store::{Change, Committed, Committer, StoreError};

/// Removals that are committed at once: however many there are, verdicts come between.
const TOGETHER: usize = 1000;

/// Which entries of the access log to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogScope {
    /// Those of attempts that ended longer ago than this.
    OlderThan(Duration),
    /// Every one.
    All,
}

impl Engine {
    /// The newest attempts of the clients that a filter covers, oldest first.
    #[must_use]
    pub fn attempts(&self, filter: &Filter, most: usize) -> Vec<Attempt> {
        let filter = filter.clone().into();
        let mut next = self.log_begin(&filter, Some(most));
        let (end, mut attempts) = (self.log_end(), Vec::new());
        while next < end {
            let slice = self.log_slice(next..end, &filter);
            attempts.extend(slice.attempts.iter().map(|attempt| (**attempt).clone()));
            next = slice.next;
        }
        attempts
    }

    /// Where reading begins: what is too old is gone, and of the rest only the newest is wanted.
    #[must_use]
    pub fn log_begin(&self, filter: &LogFilter, newest: Option<usize>) -> u64 {
        self.expire_log();
        newest.map_or(0, |most| self.state.borrow().log.begin_of_newest(filter, most))
    }

    /// The number of the next entry.
    #[must_use]
    pub fn log_end(&self) -> u64 {
        self.state.borrow().log.end()
    }

    /// The first entries of a range that match.
    #[must_use]
    pub fn log_slice(&self, numbers: Range<u64>, filter: &LogFilter) -> Slice {
        self.state.borrow().log.slice(numbers, filter)
    }

    /// Changes with [`Engine::log_end`]; `None` when there are too many followers already.
    #[must_use]
    pub fn follow_log(&self) -> Option<watch::Receiver<u64>> {
        self.state.borrow().log.follow()
    }

    /// How attempts ended since the start.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.state.borrow().log.totals()
    }

    /// Removes entries; how many there were. Returns when they are gone from the disk.
    ///
    /// # Errors
    ///
    /// Why they are not; they are not shown any more.
    pub async fn reset_log(&self, scope: LogScope) -> Result<usize, Arc<StoreError>> {
        let now = self.clock.now();
        let is_meant = |attempt: &Attempt| match scope {
            LogScope::OlderThan(age) => now.since(attempt.at) > age,
            LogScope::All => true,
        };
        let changes = self.state.borrow_mut().log.remove_if(is_meant);
        let removed = changes.len();
        forget(self.committer.clone(), changes).await.map(|()| removed)
    }

    /// Puts other bounds of the access log in force.
    pub fn reconfigure_log(&self, settings: LogSettings) {
        let changes = self.state.borrow_mut().log.reconfigure(settings, self.clock.now());
        self.forget_meanwhile(changes);
    }

    /// Removes what is outside the bounds.
    pub(super) fn expire_log(&self) {
        let changes = self.state.borrow_mut().log.expire(self.clock.now());
        self.forget_meanwhile(changes);
    }

    /// What cannot be removed now is outside the bounds at the next start too.
    fn forget_meanwhile(&self, changes: Vec<Change>) {
        if !changes.is_empty() {
            spawn_local(forget(self.committer.clone(), changes));
        }
    }
}

/// Removes all that can be removed; the last error.
async fn forget(committer: Committer, changes: Vec<Change>) -> Committed {
    let mut forgotten = Ok(());
    for some in changes.chunks(TOGETHER) {
        let answer = committer.commit(some.to_vec()).await;
        let committed = answer.unwrap_or_else(|_| Err(StoreError::Closed.into()));
        forgotten = committed.and(forgotten);
    }
    forgotten
}

#[cfg(test)]
mod tests {
    use axes_policy::attempt::Outcome;
    use axes_policy::client::{Address, Client};
    use axes_policy::time::Timestamp;
    use tokio::runtime::Builder;

    use super::*;
    use crate::engine::Recorded;
    use crate::engine::access_log::AccessLog;
    use crate::store;

    const ALL: LogSettings = LogSettings {
        recorded: Recorded::Everything,
        failures_per_user: None,
        entries: usize::MAX,
        bytes: usize::MAX,
        age: None,
    };

    fn attempt() -> Attempt {
        let client = Client {
            user: "alice".into(),
            address: Address::Local,
            service: "sudo".into(),
            tty: None,
            ruser: None,
        };
        Attempt { at: Timestamp::default(), client, outcome: Outcome::Failure, reason: None }
    }

    #[test]
    fn bounds_that_drop_forty_thousand_entries_drop_them_from_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = store::sled(folder.path()).unwrap();
        let (committer, thread) = Committer::start(store, |alarm| panic!("{alarm:?}")).unwrap();
        let mut log = AccessLog::new(ALL, Vec::new());
        let recorded = (0..40_010).flat_map(|_| log.record(attempt())).collect();
        committer.commit(recorded).blocking_recv().unwrap().unwrap();

        let narrow = LogSettings { entries: 10, ..ALL };
        let changes = log.reconfigure(narrow, Timestamp::default());
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(forget(committer.clone(), changes)).unwrap();
        committer.close();
        thread.join().unwrap();
        let kept = store::sled(folder.path()).unwrap().load().unwrap();
        let numbers: Vec<_> = kept.attempts.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (40_000..40_010).collect::<Vec<_>>());
    }
}
