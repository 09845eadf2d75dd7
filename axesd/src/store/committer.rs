//! The one thread that writes: whoever waits at the same time shares one flush.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

use super::copies::{Copies, Dumping};
use super::inbox::{Inbox, Job};
use super::{Change, Store, StoreError};

/// What failed to be written is tried again this often, even when nothing new comes.
const RETRY: Duration = Duration::from_secs(1);

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
pub struct Committer(Arc<Handle>);

/// The last one closes.
#[derive(Debug)]
struct Handle(Arc<Inbox>);

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
        let inbox = Arc::new(Inbox::default());
        let worker = Worker {
            store,
            on_alarm: Arc::new(on_alarm),
            inbox: inbox.clone(),
            failing: false,
            copies: Copies::new(),
        };
        let thread = thread::Builder::new().name("committer".into()).spawn(move || worker.run())?;
        Ok((Self(Arc::new(Handle(inbox))), thread))
    }

    /// Resolves when the changes are durable, or could not be made so.
    ///
    /// Never blocks. Changes that failed are still written with the next commit that works,
    /// except after [`StoreError::QueueFull`] and [`StoreError::Closed`].
    pub fn commit(&self, changes: Vec<Change>) -> oneshot::Receiver<Committed> {
        let (answer, answered) = oneshot::channel();
        if let Err((Job::Commit(_, answer), error)) = self.put(Job::Commit(changes, answer)) {
            // Whoever dropped the receiver does not want to know.
            let _ = answer.send(Err(Arc::new(error)));
        }
        answered
    }

    /// The same for changes that nobody waits for: they share a commit with those that come within
    /// a moment.
    pub fn commit_later(&self, changes: Vec<Change>) {
        // What a full queue refuses nobody was promised.
        let _ = self.put(Job::CommitLater(changes));
    }

    /// Resolves when a copy of everything stands beside the database, or could not be made.
    /// Commits go on meanwhile.
    pub fn dump(&self) -> oneshot::Receiver<Dumping> {
        let (answer, answered) = oneshot::channel();
        // Nobody hears of it where the queue is full or closed: the sender is gone then.
        let _ = self.put(Job::Dump(answer));
        answered
    }

    /// Writes what waits, dumps, and ends the thread; join it to wait for that.
    pub fn close(self) {
        // A thread that is gone is closed already.
        let _ = self.put(Job::Close);
    }

    fn put(&self, job: Job) -> Result<(), (Job, StoreError)> {
        let Handle(inbox) = &*self.0;
        inbox.put(job)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.0.put(Job::Close);
    }
}

struct Worker<A> {
    store: Box<dyn Store>,
    on_alarm: Arc<A>,
    inbox: Arc<Inbox>,
    failing: bool,
    copies: Copies,
}

impl<A: Fn(Alarm) + Send + Sync + 'static> Worker<A> {
    fn run(mut self) {
        loop {
            self.copies.go_on(&mut *self.store, &self.on_alarm);
            let group = self.inbox.next(self.patience());
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

    /// Until it is time for a retry or a copy.
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

impl<A> Drop for Worker<A> {
    /// However it ends.
    fn drop(&mut self) {
        self.inbox.close();
    }
}
