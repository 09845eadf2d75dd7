//! A blocking client with a bound on all that it waits for.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, getsockopt, recv, send, socket,
    sockopt,
};

use crate::frame::{self, FrameError, Message, PREFIX};

/// Between tries to connect.
const PAUSE: Duration = Duration::from_millis(5);

/// Why the daemon could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens, or this user may not connect.
    #[error("cannot connect: {0}")]
    Connect(#[source] Errno),
    /// Somebody listens there who is not the daemon.
    #[error(
        "uid {0} listens there, whose word does not count: axesd runs as root, or as the owner of \
         the socket's folder, above which nobody but root may write"
    )]
    Impostor(u32),
    /// The time given is used up.
    #[error("no answer in time")]
    TimedOut,
    /// The daemon closed the connection.
    #[error("the daemon closed the connection")]
    Closed,
    /// Reading or writing failed.
    #[error("connection failed: {0}")]
    Io(#[source] Errno),
    /// The daemon sent something that is not a message.
    #[error("unreadable answer: {0}")]
    Frame(#[from] FrameError),
}

/// How long may still be waited. Only time spent waiting counts.
///
/// Not a moment on a clock: whoever can stop a process (a user his own su) could let such a
/// moment pass before the answer was looked for, and would be let in by a fail mode.
#[derive(Clone, Copy, Debug)]
pub struct Patience(Duration);

impl Patience {
    /// Patience for this long.
    #[must_use]
    pub const fn of(time: Duration) -> Self {
        Self(time)
    }

    /// What is left of it.
    #[must_use]
    pub const fn left(&self) -> Duration {
        self.0
    }

    const fn spend(&mut self, time: Duration) {
        self.0 = self.0.saturating_sub(time);
    }

    /// As a poll argument, rounded up so that the last millisecond does not spin.
    fn timeout(&self) -> PollTimeout {
        let milliseconds = self.0.as_micros().div_ceil(1000);
        PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)
    }
}

/// A connection to the daemon; closed on drop, never inherited by a program that is executed.
#[derive(Debug)]
pub struct Connection(OwnedFd);

impl Connection {
    /// Connects to a Unix socket.
    ///
    /// # Errors
    ///
    /// [`ClientError::Connect`], or [`ClientError::TimedOut`] when its queue stays full.
    pub fn open(path: &Path, patience: &mut Patience) -> Result<Self, ClientError> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let descriptor = socket(AddressFamily::Unix, SockType::Stream, flags, None)
            .map_err(ClientError::Connect)?;
        let address = UnixAddr::new(path).map_err(ClientError::Connect)?;
        loop {
            match connect(descriptor.as_raw_fd(), &address) {
                Ok(()) => return Ok(Self(descriptor)),
                // The listener's queue is full; a Unix socket offers no event for "try again".
                Err(Errno::EAGAIN | Errno::EINTR) => pause(patience)?,
                Err(errno) => return Err(ClientError::Connect(errno)),
            }
        }
    }

    /// The user who listens, or whose program made the listener: the kernel says, not he.
    ///
    /// # Errors
    ///
    /// [`ClientError::Io`].
    pub fn peer_uid(&self) -> Result<u32, ClientError> {
        let peer = getsockopt(&self.0, sockopt::PeerCredentials).map_err(ClientError::Io)?;
        Ok(peer.uid())
    }

    /// Sends one message and waits for one answer.
    ///
    /// # Errors
    ///
    /// Any [`ClientError`] but [`ClientError::Connect`].
    pub fn ask<Q: Message, A: Message>(
        &self,
        question: &Q,
        patience: &mut Patience,
    ) -> Result<A, ClientError> {
        self.send(question, patience)?;
        // Looking at once would find nothing: it takes the daemon a moment.
        self.wait(PollFlags::POLLIN, patience)?;
        self.receive(patience)
    }

    /// Sends one message.
    ///
    /// # Errors
    ///
    /// Any [`ClientError`] but [`ClientError::Connect`].
    pub fn send<M: Message>(
        &self,
        message: &M,
        patience: &mut Patience,
    ) -> Result<(), ClientError> {
        let bytes = frame::encode(message)?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            // MSG_NOSIGNAL: a SIGPIPE would end the host program.
            match send(self.0.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(Errno::EAGAIN) => self.wait(PollFlags::POLLOUT, patience)?,
                Err(Errno::EINTR) => {}
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(ClientError::Closed),
                Err(errno) => return Err(ClientError::Io(errno)),
            }
        }
        Ok(())
    }

    /// Waits for one message.
    ///
    /// # Errors
    ///
    /// Any [`ClientError`] but [`ClientError::Connect`].
    pub fn receive<M: Message>(&self, patience: &mut Patience) -> Result<M, ClientError> {
        let mut prefix = [0; PREFIX];
        self.fill(&mut prefix, patience)?;
        let mut body = vec![0; frame::body_length(prefix)?];
        self.fill(&mut body, patience)?;
        Ok(frame::decode(&body)?)
    }

    fn fill(&self, mut buffer: &mut [u8], patience: &mut Patience) -> Result<(), ClientError> {
        while !buffer.is_empty() {
            match recv(self.0.as_raw_fd(), buffer, MsgFlags::empty()) {
                Ok(0) | Err(Errno::ECONNRESET) => return Err(ClientError::Closed),
                Ok(read) => buffer = buffer.get_mut(read..).unwrap_or_default(),
                Err(Errno::EAGAIN) => self.wait(PollFlags::POLLIN, patience)?,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(ClientError::Io(errno)),
            }
        }
        Ok(())
    }

    fn wait(&self, event: PollFlags, patience: &mut Patience) -> Result<(), ClientError> {
        let mut descriptors = [PollFd::new(self.0.as_fd(), event)];
        let started = Instant::now();
        // Without patience left it still looks once: the answer may be there.
        let ready = poll(&mut descriptors, patience.timeout());
        patience.spend(started.elapsed());
        match ready {
            Ok(0) => Err(ClientError::TimedOut),
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(ClientError::Io(errno)),
        }
    }
}

fn pause(patience: &mut Patience) -> Result<(), ClientError> {
    if patience.left().is_zero() {
        return Err(ClientError::TimedOut);
    }
    std::thread::sleep(PAUSE);
    patience.spend(PAUSE);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::PathBuf;
    use std::thread;

    use super::*;
    use crate::pam::{Reply, Request};

    const SHORT: Duration = Duration::from_millis(60);

    /// A listener in a folder of its own; the folder goes with it.
    fn listener() -> (tempfile::TempDir, PathBuf, UnixListener) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        (folder, path, listener)
    }

    /// What the client makes of a daemon that answers with these bytes and goes.
    fn answered_with(bytes: &'static [u8]) -> Result<Reply, ClientError> {
        let (_folder, path, listener) = listener();
        let daemon = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 5]).unwrap();
            stream.write_all(bytes).unwrap();
        });
        let connection = Connection::open(&path, &mut Patience::of(SHORT * 10)).unwrap();
        let answer = connection.ask(&Request::Answered, &mut Patience::of(SHORT * 10));
        daemon.join().unwrap();
        answer
    }

    #[test]
    fn an_answer_in_time_arrives() {
        assert_eq!(answered_with(&[0, 3, 1, 2, 1]).unwrap(), Reply::Proceed);
    }

    #[test]
    fn garbage_truncation_and_oversize_are_errors() {
        let oversize = answered_with(&[0xff, 0xff]);
        assert!(matches!(oversize, Err(ClientError::Frame(FrameError::Length(65535)))));
        assert!(matches!(answered_with(&[0, 3, 1]), Err(ClientError::Closed)));
        let garbage = answered_with(&[0, 3, 1, 2, 99]);
        assert!(matches!(garbage, Err(ClientError::Frame(FrameError::Payload))));
        let version = answered_with(&[0, 3, 2, 2, 1]);
        assert!(matches!(version, Err(ClientError::Frame(FrameError::Version(2)))));
    }

    #[test]
    fn a_silent_daemon_is_waited_for_no_longer_than_the_patience() {
        let (_folder, path, _listener) = listener();
        let connection = Connection::open(&path, &mut Patience::of(SHORT)).unwrap();
        let started = Instant::now();
        let answer = connection.ask::<_, Reply>(&Request::Answered, &mut Patience::of(SHORT));
        assert!(matches!(answer, Err(ClientError::TimedOut)));
        assert!(started.elapsed() < SHORT * 20, "waited {:?}", started.elapsed());
    }

    #[test]
    fn a_full_queue_is_waited_for_no_longer_than_the_patience() {
        let (_folder, path, _listener) = listener();
        let mut held = Vec::new();
        let refused = loop {
            match Connection::open(&path, &mut Patience::of(SHORT)) {
                Ok(connection) => held.push(connection),
                Err(error) => break error,
            }
            assert!(held.len() < 100_000, "the queue never filled");
        };
        assert!(matches!(refused, ClientError::TimedOut));
    }

    #[test]
    fn an_answer_that_is_there_is_read_without_any_patience_left() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.write_all(&[0, 3, 1, 2, 1]).unwrap();
        let connection = Connection(OwnedFd::from(ours));
        let answer =
            connection.ask::<_, Reply>(&Request::Answered, &mut Patience::of(Duration::ZERO));
        assert_eq!(answer.unwrap(), Reply::Proceed);
    }

    #[test]
    fn a_missing_daemon_is_told_at_once() {
        let refused = Connection::open(Path::new("/nonexistent/s"), &mut Patience::of(SHORT));
        assert!(matches!(refused, Err(ClientError::Connect(Errno::ENOENT))));
    }

    #[test]
    fn a_closed_peer_is_an_error_not_a_signal() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        let connection = Connection(OwnedFd::from(ours));
        let told = connection.send(&Request::Answered, &mut Patience::of(SHORT));
        assert!(matches!(told, Err(ClientError::Closed)));
    }
}
