//! The one thread that writes: whoever waits at the same time shares one flush.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::copies::{Copies, Dumping};
use super::{Change, Store, StoreError};

/// Commits that may wait; one more is refused.
pub(super) const QUEUE: usize = 10_000;
/// What failed to be written is tried again this often, even when nothing new comes.
const RETRY: Duration = Duration::from_secs(1);
/// What nobody waits for waits this long for company.
const LINGER: Duration = Duration::from_millis(100);

/// What became of a commit.
pub type Committed = Result<(), Arc<StoreError>>;

/// What the administrator should hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Commits begin to fail, for this reason; told once.
    Raised(String),
    /// Commits work again, and nothing was lost.
    Cleared,
    /// A dump that nobody asked for failed, for this reason.
    DumpFailed(String),
}

/// A handle on the committer thread.
#[derive(Clone, Debug)]
pub struct Committer {
    queue: SyncSender<Job>,
}

impl Committer {
    /// Starts the thread, which ends after [`Committer::close`] or with the last handle.
    ///
    /// # Errors
    ///
    /// What the system says when it has no thread to give.
    pub fn start(
        store: Box<dyn Store>,
        on_alarm: impl Fn(Alarm) + Send + Sync + 'static,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = sync_channel(QUEUE);
        let worker = Worker {
            store,
            on_alarm: Arc::new(on_alarm),
            jobs,
            failing: false,
            copies: Copies::new(),
        };
        let thread = thread::Builder::new().name("committer".into()).spawn(move || worker.run())?;
        Ok((Self { queue }, thread))
    }

    /// Resolves when the changes are durable, or could not be made so.
    ///
    /// Never blocks. Changes that failed are still written with the next commit that works,
    /// except after [`StoreError::QueueFull`] and [`StoreError::Closed`].
    pub fn commit(&self, changes: Vec<Change>) -> oneshot::Receiver<Committed> {
        let (answer, answered) = oneshot::channel();
        let refused = match self.queue.try_send(Job::Commit(changes, answer)) {
            Ok(()) => None,
            Err(TrySendError::Full(job)) => Some((job, StoreError::QueueFull)),
            Err(TrySendError::Disconnected(job)) => Some((job, StoreError::Closed)),
        };
        if let Some((Job::Commit(_, answer), error)) = refused {
            // Whoever dropped the receiver does not want to know.
            let _ = answer.send(Err(Arc::new(error)));
        }
        answered
    }

    /// The same for changes that nobody waits for: they share a commit with those that come within
    /// a moment.
    pub fn commit_later(&self, changes: Vec<Change>) {
        // What a full queue refuses nobody was promised.
        let _ = self.queue.try_send(Job::CommitLater(changes));
    }

    /// Resolves when a copy of everything stands beside the database, or could not be made.
    /// Commits go on meanwhile.
    pub fn dump(&self) -> oneshot::Receiver<Dumping> {
        let (answer, answered) = oneshot::channel();
        // Nobody hears of it where the queue is full or closed: the sender is gone then.
        let _ = self.queue.try_send(Job::Dump(answer));
        answered
    }

    /// Writes what waits, dumps, and ends the thread; join it to wait for that.
    pub fn close(self) {
        // A thread that is gone is closed already.
        let _ = self.queue.send(Job::Close);
    }
}

#[derive(Debug)]
enum Job {
    Commit(Vec<Change>, oneshot::Sender<Committed>),
    CommitLater(Vec<Change>),
    Dump(oneshot::Sender<Dumping>),
    Close,
}

/// Commits that become durable together.
#[derive(Default)]
struct Group {
    changes: Vec<Change>,
    waiting: Vec<oneshot::Sender<Committed>>,
    dumps: Vec<oneshot::Sender<Dumping>>,
    last: bool,
    jobs: usize,
}

struct Worker<A> {
    store: Box<dyn Store>,
    on_alarm: Arc<A>,
    jobs: Receiver<Job>,
    failing: bool,
    copies: Copies,
}

impl<A: Fn(Alarm) + Send + Sync + 'static> Worker<A> {
    fn run(mut self) {
        loop {
            self.copies.go_on(&mut *self.store, &self.on_alarm);
            let group = self.next_group();
            let result = self.commit(&group.changes);
            for waiting in group.waiting {
                let _ = waiting.send(result.clone());
            }
            self.copies.ask(group.dumps);
            if group.last {
                return self.copies.make_last(&mut *self.store, &*self.on_alarm);
            }
        }
    }

    /// Everything that waits; nothing when it is time for a retry or a copy.
    fn next_group(&self) -> Group {
        let mut group = Group::default();
        self.join(&mut group, self.patience());
        let begun = Instant::now();
        while group.jobs > 0 && group.jobs < QUEUE {
            let linger = if group.is_urgent() { Duration::ZERO } else { LINGER };
            if !self.join(&mut group, linger.saturating_sub(begun.elapsed())) {
                break;
            }
        }
        group
    }

    /// Whether one more came in time.
    fn join(&self, group: &mut Group, patience: Duration) -> bool {
        match self.jobs.recv_timeout(patience) {
            Ok(job) => group.add(job),
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => group.last = true,
        }
        !group.last
    }

    fn patience(&self) -> Duration {
        let patience = self.copies.patience();
        if self.failing { RETRY.min(patience) } else { patience }
    }

    fn commit(&mut self, changes: &[Change]) -> Committed {
        let result = self.store.commit(changes);
        match &result {
            Err(error) if !self.failing => (self.on_alarm)(Alarm::Raised(error.to_string())),
            Ok(()) if self.failing => (self.on_alarm)(Alarm::Cleared),
            _ => {}
        }
        self.failing = result.is_err();
        result.map_err(Arc::new)
    }
}

impl Group {
    /// Whether somebody waits.
    fn is_urgent(&self) -> bool {
        !self.waiting.is_empty() || !self.dumps.is_empty() || self.last
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
