//! What waits for the committer. Its bell rings only when there is a reason to wake: whoever adds
//! to what nobody waits for is through in no time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::committer::Committed;
use super::copies::Dumping;
use super::{Change, StoreError};

/// Jobs that may wait; one more is refused.
pub(super) const QUEUE: usize = 10_000;
/// What nobody waits for waits this long for company.
const LINGER: Duration = Duration::from_millis(100);

/// Something to do.
#[derive(Debug)]
pub(super) enum Job {
    Commit(Vec<Change>, oneshot::Sender<Committed>),
    CommitLater(Vec<Change>),
    Dump(oneshot::Sender<Dumping>),
    Close,
}

/// Jobs that are done together.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) changes: Vec<Change>,
    pub(super) waiting: Vec<oneshot::Sender<Committed>>,
    pub(super) dumps: Vec<oneshot::Sender<Dumping>>,
    pub(super) last: bool,
    jobs: usize,
}

/// When a group is to be begun with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    /// There is nothing to do.
    Never,
    /// Nobody waits.
    Soon,
    Now,
}

#[derive(Debug, Default)]
pub(super) struct Inbox {
    open: Mutex<Open>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Open {
    group: Group,
    is_closed: bool,
}

impl Inbox {
    /// Adds a job; one that is refused comes back.
    pub(super) fn put(&self, job: Job) -> Result<(), (Job, StoreError)> {
        let mut open = self.lock();
        if open.is_closed {
            return Err((job, StoreError::Closed));
        }
        if open.group.jobs >= QUEUE && !matches!(job, Job::Close) {
            return Err((job, StoreError::QueueFull));
        }
        let before = open.group.urgency();
        open.group.add(job);
        if open.group.urgency() > before {
            self.bell.notify_one();
        }
        Ok(())
    }

    /// Everything that waits; nothing when there is nothing for so long.
    pub(super) fn next(&self, patience: Duration) -> Group {
        let open = self.wait(self.lock(), patience, Urgency::Never);
        let mut open = self.wait(open, LINGER, Urgency::Soon);
        std::mem::take(&mut open.group)
    }

    /// From now on everything is refused; what waits is answered with that.
    pub(super) fn close(&self) {
        let mut open = self.lock();
        open.is_closed = true;
        open.group = Group::default();
    }

    /// As long as it is no more urgent than this.
    fn wait<'a>(
        &self,
        open: MutexGuard<'a, Open>,
        patience: Duration,
        urgency: Urgency,
    ) -> MutexGuard<'a, Open> {
        let is_early = |open: &mut Open| open.group.urgency() == urgency;
        let waited = self.bell.wait_timeout_while(open, patience, is_early);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Group {
    fn urgency(&self) -> Urgency {
        if !self.waiting.is_empty() || !self.dumps.is_empty() || self.last || self.jobs >= QUEUE {
            Urgency::Now
        } else if self.jobs > 0 {
            Urgency::Soon
        } else {
            Urgency::Never
        }
    }

    fn add(&mut self, job: Job) {
        self.jobs += 1;
        match job {
            Job::Commit(changes, answer) => {
                self.changes.extend(changes);
                self.waiting.push(answer);
            }
            Job::CommitLater(changes) => self.changes.extend(changes),
            Job::Dump(answer) => self.dumps.push(answer),
            Job::Close => self.last = true,
        }
    }
}
