//! Lines for syslog (authpriv). Whoever logs never waits.
//!
//! The socket is our own, because one that blocks when syslog is slow would stop logins.

mod line;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use line::{Line, Severity};
use writer::{Job, Writer};

/// Lines that may wait; one more is dropped, and counted.
const QUEUE: usize = 1_000;

/// A handle on the thread that writes the lines.
#[derive(Clone, Debug)]
pub struct Logger {
    queue: SyncSender<Job>,
    dropped: Arc<AtomicU64>,
}

/// Starts the thread, which ends with the last handle.
///
/// Lines go to the socket at `path`, and to stderr while there is none.
#[must_use]
pub fn start(path: &Path) -> Logger {
    let (queue, jobs) = sync_channel(QUEUE);
    let dropped = Arc::new(AtomicU64::new(0));
    let writer = Writer::new(path, dropped.clone());
    // Without the thread, all lines are dropped: no reason to keep anybody from logging in.
    let _ = thread::Builder::new().name("log".into()).spawn(move || writer.run(&jobs));
    Logger { queue, dropped }
}

impl Logger {
    /// Something is broken.
    pub fn error(&self, text: String) {
        self.log(Severity::Error, text);
    }

    /// Something may break, or somebody attacks.
    pub fn warning(&self, text: String) {
        self.log(Severity::Warning, text);
    }

    /// Something that the administrator should find.
    pub fn notice(&self, text: String) {
        self.log(Severity::Notice, text);
    }

    /// All in order.
    pub fn info(&self, text: String) {
        self.log(Severity::Info, text);
    }

    /// Waits until the lines so far are written, at most for this long; for the end of the
    /// daemon.
    pub fn flush(&self, patience: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Job::Tell(done)).is_ok() {
            let _ = written.recv_timeout(patience);
        }
    }

    fn log(&self, severity: Severity, text: String) {
        let line = Line::new(severity, &text);
        if self.queue.try_send(Job::Write(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
