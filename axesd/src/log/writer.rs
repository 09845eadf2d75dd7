//! The thread that writes lines to syslog, or to stderr while there is no syslog.

use std::io::{self, ErrorKind, Write as _};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;
use std::time::Duration;

use super::line::{Line, Severity};

/// A receiver that is this slow loses the line.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// What waits in the queue.
#[derive(Debug)]
pub(super) enum Job {
    Write(Line),
    /// Tells when all before it was written.
    Tell(SyncSender<()>),
}

/// Owns the socket.
pub(super) struct Writer {
    path: PathBuf,
    socket: Option<UnixDatagram>,
    /// Lines that nobody will read.
    dropped: Arc<AtomicU64>,
}

enum Sent {
    Whole,
    Lost,
    /// There is no socket at all, or none for us.
    Nowhere,
}

impl Writer {
    pub(super) fn new(path: &Path, dropped: Arc<AtomicU64>) -> Self {
        Self { path: path.to_owned(), socket: None, dropped }
    }

    /// Writes until the last handle is gone.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        for job in jobs {
            match job {
                Job::Write(line) => self.write(&line),
                // Whoever asked may have lost patience.
                Job::Tell(done) => drop(done.try_send(())),
            }
        }
    }

    fn write(&mut self, line: &Line) {
        match self.send(line) {
            Sent::Whole => self.tell_dropped(),
            // A macro would panic where stderr is closed.
            Sent::Nowhere => drop(writeln!(io::stderr(), "{}", line.text())),
            Sent::Lost => drop(self.dropped.fetch_add(1, Ordering::Relaxed)),
        }
    }

    fn tell_dropped(&mut self) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped == 0 {
            return;
        }
        let line = Line::new(Severity::Warning, &format!("{dropped} messages dropped"));
        if !matches!(self.send(&line), Sent::Whole) {
            self.dropped.fetch_add(dropped, Ordering::Relaxed);
        }
    }

    fn send(&mut self, line: &Line) -> Sent {
        let datagram = line.datagram();
        for _ in 0..TRIES {
            match self.try_send(&datagram) {
                Ok(()) => return Sent::Whole,
                Err(error) => match error.kind() {
                    ErrorKind::NotFound | ErrorKind::PermissionDenied => return Sent::Nowhere,
                    ErrorKind::WouldBlock => {}
                    // The socket that we know is gone; perhaps there is another one.
                    _ => self.socket = None,
                },
            }
            thread::sleep(PAUSE);
        }
        Sent::Lost
    }

    fn try_send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => connect(&self.path)?,
        };
        let sent = socket.send(datagram);
        self.socket = Some(socket);
        sent.map(drop)
    }
}

fn connect(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(path)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::start;
    use super::*;

    fn received(receiver: &UnixDatagram) -> String {
        let mut bytes = [0; 4096];
        receiver.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let length = receiver.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[test]
    fn lines_arrive_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let logger = start(&path);
        logger.error("first".into());
        logger.warning("second".into());
        logger.info("third".into());
        for (priority, text) in [("<83>", "first"), ("<84>", "second"), ("<86>", "third")] {
            let line = received(&receiver);
            assert!(line.starts_with(priority) && line.ends_with(text), "{line}");
        }
    }

    #[test]
    fn a_receiver_that_never_reads_stops_nobody_and_what_it_missed_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let logger = start(&path);
        let begun = Instant::now();
        for number in 0..5_000 {
            logger.notice(format!("line {number}"));
        }
        assert!(begun.elapsed() < Duration::from_secs(2));
        let told = (0..5_000).map(|_| received(&receiver));
        let last = told.skip_while(|line| !line.ends_with(" messages dropped"));
        assert!(last.take(1).count() == 1);
    }

    #[test]
    fn a_receiver_that_comes_back_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let logger = start(&path);
        logger.notice("before".into());
        assert!(received(&receiver).ends_with("before"));
        drop(receiver);
        logger.notice("refused by a dead socket".into());
        logger.flush(Duration::from_secs(10));
        std::fs::remove_file(&path).unwrap();
        let receiver = UnixDatagram::bind(&path).unwrap();
        logger.notice("after".into());
        assert!(received(&receiver).ends_with("after"));
        assert!(received(&receiver).ends_with("1 messages dropped"));
    }

    #[test]
    fn without_a_socket_lines_are_no_loss() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let logger = start(&path);
        logger.notice("for stderr".into());
        logger.flush(Duration::from_secs(10));
        let receiver = UnixDatagram::bind(&path).unwrap();
        logger.notice("for syslog".into());
        assert!(received(&receiver).ends_with("for syslog"));
    }
}
