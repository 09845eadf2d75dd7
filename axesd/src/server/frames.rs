//! Frames over a connection; every read has a cap and, once it began, a deadline.

use std::io;
use std::time::Duration;

use axes_proto::frame::{self, FrameError, Message, PREFIX};
use tokio::time::timeout;

use crate::server::stream::Stream;

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
    stream: &mut Stream,
    first: Option<Duration>,
) -> Result<M, Fault> {
    read_with(stream, first, frame::decode).await
}

/// Reads what one message of several kinds says. What came in of it is kept when nobody waits
/// any longer.
pub(super) async fn read_with<T>(
    stream: &mut Stream,
    first: Option<Duration>,
    decode: impl Fn(&[u8]) -> Result<T, FrameError>,
) -> Result<T, Fault> {
    let started = stream.fill(1);
    match first {
        Some(first) => timeout(first, started).await.map_err(|_| Fault::Slow)??,
        None => started.await?,
    }
    timeout(PATIENCE, rest(stream, decode)).await.map_err(|_| Fault::Slow)?
}

async fn rest<T>(
    stream: &mut Stream,
    decode: impl Fn(&[u8]) -> Result<T, FrameError>,
) -> Result<T, Fault> {
    stream.fill(PREFIX).await?;
    let prefix = stream.received().first_chunk().copied().unwrap_or_default();
    let length = PREFIX + frame::body_length(prefix)?;
    stream.fill(length).await?;
    let frame = stream.take(length);
    Ok(decode(frame.get(PREFIX..).unwrap_or_default())?)
}

/// Writes one message.
pub(super) async fn write<M: Message>(stream: &Stream, message: &M) -> Result<(), Fault> {
    write_bytes(stream, &frame::encode(message)?).await
}

/// Writes messages as one; the deadline is for all of them, so let them be few.
pub(super) async fn write_all<M: Message>(
    stream: &Stream,
    messages: impl Iterator<Item = M>,
) -> Result<(), Fault> {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend(frame::encode(&message)?);
    }
    write_bytes(stream, &bytes).await
}

/// Resolves when the peer hangs up, or says something while it should listen.
pub(super) async fn hung_up(stream: &mut Stream) -> Fault {
    let said = match stream.received() {
        [] => stream.receive().await,
        _ => Ok(()),
    };
    Fault::Io(said.err().unwrap_or(io::ErrorKind::UnexpectedEof.into()))
}

async fn write_bytes(stream: &Stream, bytes: &[u8]) -> Result<(), Fault> {
    timeout(PATIENCE, stream.write_all(bytes)).await.map_err(|_| Fault::Slow)??;
    Ok(())
}
