//! Frames over a tokio stream; every read has a cap and, once it began, a deadline.

use std::io;
use std::time::Duration;

use axes_proto::frame::{self, FrameError, Message, PREFIX};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// For the rest of a frame whose first byte has come, and for writing one.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The peer hung up, or the socket failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The peer sent something that is not a message.
    #[error("{0}")]
    Frame(#[from] FrameError),
    /// The peer is too slow.
    #[error("too slow")]
    Slow,
}

/// Reads one message. Its first byte may take as long as `first`; `None` for ever.
pub(super) async fn read<M: Message>(
    stream: &mut UnixStream,
    first: Option<Duration>,
) -> Result<M, Fault> {
    read_with(stream, first, frame::decode).await
}

/// Reads what one message of several kinds says.
pub(super) async fn read_with<T>(
    stream: &mut UnixStream,
    first: Option<Duration>,
    decode: impl Fn(&[u8]) -> Result<T, FrameError>,
) -> Result<T, Fault> {
    let mut begin = [0; 1];
    let started = stream.read_exact(&mut begin);
    match first {
        Some(first) => timeout(first, started).await.map_err(|_| Fault::Slow)??,
        None => started.await?,
    };
    let whole = async {
        let mut rest = [0; PREFIX - 1];
        stream.read_exact(&mut rest).await?;
        let [high] = begin;
        let [low] = rest;
        let mut body = vec![0; frame::body_length([high, low])?];
        stream.read_exact(&mut body).await?;
        Ok(decode(&body)?)
    };
    timeout(PATIENCE, whole).await.map_err(|_| Fault::Slow)?
}

/// Writes one message.
pub(super) async fn write<M: Message>(stream: &mut UnixStream, message: &M) -> Result<(), Fault> {
    write_bytes(stream, &frame::encode(message)?).await
}

/// Writes messages as one; the deadline is for all of them, so let them be few.
pub(super) async fn write_all<M: Message>(
    stream: &mut UnixStream,
    messages: impl Iterator<Item = M>,
) -> Result<(), Fault> {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend(frame::encode(&message)?);
    }
    write_bytes(stream, &bytes).await
}

/// Resolves when the peer hangs up, or says something while it should listen.
pub(super) async fn hung_up(stream: &UnixStream) -> Fault {
    loop {
        if let Err(error) = stream.readable().await {
            return Fault::Io(error);
        }
        match stream.try_read(&mut [0]) {
            // Readiness left over from the request itself.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Fault::Io(error),
            Ok(_) => return Fault::Io(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

async fn write_bytes(stream: &mut UnixStream, bytes: &[u8]) -> Result<(), Fault> {
    timeout(PATIENCE, stream.write_all(bytes)).await.map_err(|_| Fault::Slow)??;
    Ok(())
}
