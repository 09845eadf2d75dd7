//! The one thread that writes: whoever waits at the same time shares one flush.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Change, Dumped, Store, StoreError};

/// Commits that may wait; one more is refused.
pub(super) const QUEUE: usize = 10_000;
/// What failed to be written is tried again this often, even when nothing new comes.
const RETRY: Duration = Duration::from_secs(1);
/// The newest dump is never much older than this.
const DUMP_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// A dump that failed is tried again after this.
const DUMP_AGAIN: Duration = Duration::from_secs(60 * 60);
/// Whoever asks for one while another is written waits, and is looked after this often.
const DUMP_STEP: Duration = Duration::from_millis(20);

/// What became of a commit.
pub type Committed = Result<(), Arc<StoreError>>;
/// What became of a dump; `None` where nothing is kept.
pub type Dumping = Result<Option<Dumped>, Arc<StoreError>>;

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
            dump_at: Instant::now(),
            dump: None,
            asked: Vec::new(),
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
}

struct Worker<A> {
    store: Box<dyn Store>,
    on_alarm: Arc<A>,
    jobs: Receiver<Job>,
    failing: bool,
    /// When to look at the age of the newest dump.
    dump_at: Instant,
    /// Writes a dump, or did.
    dump: Option<JoinHandle<()>>,
    /// Those who want the next one.
    asked: Vec<oneshot::Sender<Dumping>>,
}

impl<A: Fn(Alarm) + Send + Sync + 'static> Worker<A> {
    fn run(mut self) {
        self.dump_if_old();
        loop {
            let group = self.next_group();
            let result = self.commit(&group.changes);
            for waiting in group.waiting {
                let _ = waiting.send(result.clone());
            }
            self.asked.extend(group.dumps);
            if group.last {
                return self.dump_at_last();
            }
            if !self.asked.is_empty() && !self.is_dumping() {
                let asked = std::mem::take(&mut self.asked);
                self.dump(|written| tell_all(asked, &written));
            }
            if Instant::now() >= self.dump_at {
                self.dump_if_old();
            }
        }
    }

    /// Everything that waits; nothing when it is time for a retry or a dump.
    fn next_group(&self) -> Group {
        let mut group = Group::default();
        match self.jobs.recv_timeout(self.patience()) {
            Ok(job) => group.add(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => group.last = true,
        }
        while group.waiting.len() < QUEUE
            && let Ok(job) = self.jobs.try_recv()
        {
            group.add(job);
        }
        group
    }

    fn patience(&self) -> Duration {
        let until_dump = self.dump_at.saturating_duration_since(Instant::now());
        match (self.asked.is_empty(), self.failing) {
            (false, _) => DUMP_STEP,
            (true, true) => RETRY.min(until_dump),
            (true, false) => until_dump,
        }
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

    /// However often the daemon is killed before a day is over.
    fn dump_if_old(&mut self) {
        let left = DUMP_EVERY.saturating_sub(self.store.dump_age());
        self.dump_at = Instant::now() + left.max(DUMP_AGAIN);
        if left.is_zero() && !self.is_dumping() {
            let on_alarm = self.on_alarm.clone();
            self.dump(move |written| alarm_of(&*on_alarm, written));
        }
    }

    /// Takes a snapshot now, and writes it while commits go on.
    fn dump(&mut self, tell: impl FnOnce(Dumping) + Send + 'static) {
        let snapshot = match self.store.snapshot() {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return tell(Ok(None)),
            Err(error) => return tell(Err(Arc::new(error))),
        };
        let write = move || tell(snapshot.write().map(Some).map_err(Arc::new));
        match thread::Builder::new().name("dump".into()).spawn(write) {
            Ok(thread) => self.dump = Some(thread),
            Err(error) => (self.on_alarm)(Alarm::DumpFailed(error.to_string())),
        }
    }

    fn is_dumping(&self) -> bool {
        self.dump.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    fn dump_at_last(mut self) {
        if let Some(thread) = self.dump.take() {
            // It told how it ended.
            let _ = thread.join();
        }
        let written = self.store.dump().map_err(Arc::new);
        tell_all(self.asked, &written);
        alarm_of(&*self.on_alarm, written);
    }
}

fn tell_all(asked: Vec<oneshot::Sender<Dumping>>, written: &Dumping) {
    for waiting in asked {
        // Whoever asked may be gone.
        let _ = waiting.send(written.clone());
    }
}

fn alarm_of(on_alarm: &impl Fn(Alarm), written: Dumping) {
    if let Err(error) = written {
        on_alarm(Alarm::DumpFailed(error.to_string()));
    }
}

impl Group {
    fn add(&mut self, job: Job) {
        match job {
            Job::Commit(changes, answer) => {
                self.changes.extend(changes);
                self.waiting.push(answer);
            }
            Job::Dump(answer) => self.dumps.push(answer),
            Job::Close => self.last = true,
        }
    }
}
