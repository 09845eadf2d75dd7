//! Dumps, made beside the commits: read a slice between two of them, written by a thread of their
//! own.
//!
//! A dump holds what was committed before it began. Of what comes meanwhile it may hold a part,
//! notes rather than what they stand for, as after a crash between two batches.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Alarm, Dumped, Snapshot, Store, StoreError};

/// The newest dump is never much older than this.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// One that failed is tried again after this.
const AGAIN: Duration = Duration::from_secs(60 * 60);
/// Whoever asks while one is written waits, and is looked after this often.
const STEP: Duration = Duration::from_millis(20);

/// What became of a dump; `None` where nothing is kept.
pub type Dumping = Result<Option<Dumped>, Arc<StoreError>>;

/// Those who wait for a dump.
type Asked = Vec<oneshot::Sender<Dumping>>;

/// The dump that is made, and when the next one is.
pub(super) struct Copies {
    /// When to look at the age of the newest.
    look_at: Instant,
    /// Those who want the next one.
    asked: Asked,
    reading: Option<(Snapshot, Asked)>,
    /// Writes one, or did.
    writer: Option<JoinHandle<()>>,
}

impl Copies {
    /// However often the daemon is killed before a day is over: looks at once.
    pub(super) fn new() -> Self {
        Self { look_at: Instant::now(), asked: Vec::new(), reading: None, writer: None }
    }

    /// More who want a dump of what is there by now.
    pub(super) fn ask(&mut self, asked: Asked) {
        self.asked.extend(asked);
    }

    /// When there is something to do.
    pub(super) fn patience(&self) -> Duration {
        let until_look = self.look_at.saturating_duration_since(Instant::now());
        match (&self.reading, self.asked.is_empty()) {
            (Some(_), _) => Duration::ZERO,
            (None, false) => STEP,
            (None, true) if self.is_writing() => until_look.max(STEP),
            (None, true) => until_look,
        }
    }

    /// Does a little of what there is to do.
    pub(super) fn go_on<A>(&mut self, store: &mut dyn Store, on_alarm: &Arc<A>)
    where
        A: Fn(Alarm) + Send + Sync + 'static,
    {
        if let Some((snapshot, asked)) = self.reading.take() {
            return self.read_on(store, snapshot, asked, on_alarm);
        }
        if self.is_writing() {
            return;
        }
        let is_old = self.is_old(store);
        if is_old || !self.asked.is_empty() {
            let asked = std::mem::take(&mut self.asked);
            match store.snapshot() {
                Ok(Some(snapshot)) => self.reading = Some((snapshot, asked)),
                Ok(None) => tell(asked, Ok(None), &**on_alarm),
                Err(error) => tell(asked, Err(Arc::new(error)), &**on_alarm),
            }
        }
    }

    /// Makes one that holds everything.
    pub(super) fn make_last(&mut self, store: &mut dyn Store, on_alarm: &impl Fn(Alarm)) {
        if let Some(writer) = self.writer.take() {
            // It told how it ended.
            let _ = writer.join();
        }
        let reading = self.reading.take().map(|(_, asked)| asked);
        self.asked.extend(reading.into_iter().flatten());
        tell(std::mem::take(&mut self.asked), store.dump().map_err(Arc::new), on_alarm);
    }

    fn is_writing(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| !writer.is_finished())
    }

    /// Whether it is time to look, and the newest is old.
    fn is_old(&mut self, store: &dyn Store) -> bool {
        if Instant::now() < self.look_at {
            return false;
        }
        let left = EVERY.saturating_sub(store.dump_age());
        self.look_at = Instant::now() + left.max(AGAIN);
        left.is_zero()
    }

    fn read_on<A>(
        &mut self,
        store: &mut dyn Store,
        mut snapshot: Snapshot,
        asked: Asked,
        on_alarm: &Arc<A>,
    ) where
        A: Fn(Alarm) + Send + Sync + 'static,
    {
        match store.read_on(&mut snapshot) {
            Ok(Reading::More) => self.reading = Some((snapshot, asked)),
            Err(error) => tell(asked, Err(Arc::new(error)), &**on_alarm),
            Ok(Reading::Whole) => {
                let alarm = on_alarm.clone();
                let write =
                    move || tell(asked, snapshot.write().map(Some).map_err(Arc::new), &*alarm);
                match thread::Builder::new().name("dump".into()).spawn(write) {
                    Ok(writer) => self.writer = Some(writer),
                    Err(error) => on_alarm(Alarm::DumpFailed(error.to_string())),
                }
            }
        }
    }
}

/// How far a [`Snapshot`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// There may be more.
    More,
    /// It holds everything.
    Whole,
}

fn tell(asked: Asked, written: Dumping, on_alarm: &impl Fn(Alarm)) {
    for waiting in asked {
        // Whoever asked may be gone.
        let _ = waiting.send(written.clone());
    }
    if let Err(error) = written {
        on_alarm(Alarm::DumpFailed(error.to_string()));
    }
}
