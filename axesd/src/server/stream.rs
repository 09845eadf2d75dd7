//! A connection as bytes. Only what comes in wakes the daemon: it does not care that the peer has
//! read what it was told.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{getsockopt, sockopt};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Of what came in, taken at once.
const CHUNK: usize = 512;

/// A socket that does not block, and wakes the daemon for this alone.
pub(crate) fn watched<T: AsRawFd + Into<OwnedFd>>(
    socket: T,
    interest: Interest,
) -> io::Result<AsyncFd<T>> {
    #[expect(deprecated, reason = "its successor is unsafe, for what does not own its descriptor")]
    AsyncFd::with_interest(socket, interest)
}

/// A connection.
#[derive(Debug)]
pub(super) struct Stream {
    socket: AsyncFd<UnixStream>,
    /// What came in and was not taken yet; less than a chunk more than was asked for.
    received: Vec<u8>,
}

impl Stream {
    /// For a connection that was accepted.
    pub(super) fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { socket: watched(socket, Interest::READABLE)?, received: Vec::new() })
    }

    /// The user at the other end, by the word of the kernel.
    pub(super) fn peer_uid(&self) -> io::Result<u32> {
        Ok(getsockopt(&self.socket.as_fd(), sockopt::PeerCredentials)?.uid())
    }

    /// What came in so far.
    pub(super) fn received(&self) -> &[u8] {
        &self.received
    }

    /// Waits until so much came in; what came is kept when nobody waits any longer.
    pub(super) async fn fill(&mut self, length: usize) -> io::Result<()> {
        while self.received.len() < length {
            self.receive().await?;
        }
        Ok(())
    }

    /// Takes so much of what came in.
    pub(super) fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.received.split_off(length.min(self.received.len()));
        std::mem::replace(&mut self.received, rest)
    }

    /// Waits until something more comes in.
    pub(super) async fn receive(&mut self) -> io::Result<()> {
        let mut chunk = [0; CHUNK];
        let read = match self.try_read(&mut chunk)? {
            Some(read) => read,
            None => self.wait(&mut chunk).await?,
        };
        self.keep(chunk.get(..read).unwrap_or_default())
    }

    /// `None` when there is nothing to read now.
    fn try_read(&self, chunk: &mut [u8]) -> io::Result<Option<usize>> {
        match self.socket.get_ref().read(chunk) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            read => read.map(Some),
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.received.extend_from_slice(bytes);
        Ok(())
    }

    async fn wait(&self, chunk: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.socket.readable().await?;
            if let Ok(read) = ready.try_io(|socket| socket.get_ref().read(chunk)) {
                // Whatever comes next is told anew.
                ready.clear_ready();
                return read;
            }
        }
    }

    /// Writes all of it, as fast as the peer reads.
    pub(super) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.socket.get_ref().write(bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether something came in that nobody was told of yet.
    pub(super) fn look(&mut self) -> io::Result<bool> {
        let mut chunk = [0; CHUNK];
        if let Some(read) = self.try_read(&mut chunk)? {
            self.keep(chunk.get(..read).unwrap_or_default())?;
        }
        Ok(!self.received.is_empty())
    }

    /// From now on the peer can say nothing more; what he said is still there.
    pub(super) fn stop_listening(&self) -> io::Result<()> {
        self.socket.get_ref().shutdown(Shutdown::Read)
    }

    async fn writable(&self) -> io::Result<()> {
        let socket = self.socket.get_ref().try_clone()?;
        let _ready = watched(socket, Interest::WRITABLE)?.writable().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Builder;
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    fn run<F: Future>(future: impl FnOnce(Stream, UnixStream) -> F) -> F::Output {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let _inside = runtime.enter();
        runtime.block_on(future(Stream::new(ours).unwrap(), theirs))
    }

    #[test]
    fn what_came_in_is_kept_when_nobody_waits_any_longer() {
        run(async |mut stream, mut theirs| {
            theirs.write_all(&[1, 2]).unwrap();
            assert!(timeout(SHORT, stream.fill(3)).await.is_err());
            theirs.write_all(&[3, 4]).unwrap();
            timeout(SHORT, stream.fill(3)).await.unwrap().unwrap();
            assert_eq!((stream.take(3), stream.received()), (vec![1, 2, 3], &[4][..]));
        });
    }

    #[test]
    fn more_than_a_socket_holds_is_written_as_it_is_read() {
        run(async |stream, mut theirs| {
            let bytes = vec![7; 1 << 20];
            let reader = std::thread::spawn(move || {
                let mut read = Vec::new();
                theirs.read_to_end(&mut read).unwrap();
                read.len()
            });
            stream.write_all(&bytes).await.unwrap();
            drop(stream);
            assert_eq!(reader.join().unwrap(), bytes.len());
        });
    }

    #[test]
    fn whoever_does_not_read_is_waited_for() {
        run(async |stream, _theirs| {
            assert!(timeout(SHORT, stream.write_all(&vec![7; 1 << 20])).await.is_err());
        });
    }

    #[test]
    fn what_was_said_before_we_stopped_listening_is_heard_and_nothing_after_it_can_be_said() {
        run(async |mut stream, mut theirs| {
            theirs.write_all(&[1]).unwrap();
            stream.stop_listening().unwrap();
            let late = theirs.write_all(&[2]).unwrap_err();
            assert_eq!(late.kind(), ErrorKind::BrokenPipe);
            stream.fill(1).await.unwrap();
            let end = stream.fill(2).await.unwrap_err();
            assert_eq!((stream.received(), end.kind()), (&[1][..], ErrorKind::UnexpectedEof));
        });
    }
}
