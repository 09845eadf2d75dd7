//! One message in one frame: length, version, kind, payload.
//!
//! ```text
//! u16 big endian   bytes that follow (version, kind and payload)
//! u8               protocol version
//! u8               kind of message
//! ...              the message in postcard
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version that this code speaks. A new version is a new set of message types.
pub const VERSION: u8 = 1;
/// The largest frame, its length prefix included.
pub const MAX_FRAME: usize = 4096;
/// Bytes of the length prefix.
pub const PREFIX: usize = 2;

const HEAD: usize = 2;

/// A message that travels in frames of its own kind.
pub trait Message: Serialize + DeserializeOwned {
    /// Tells the kinds apart on the wire.
    const KIND: u8;
}

/// Why a frame or the message in it was not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length prefix is above [`MAX_FRAME`] or too small to hold a head.
    #[error("frame length {0} is outside 2 to {max}", max = MAX_FRAME - PREFIX)]
    Length(usize),
    /// The peer speaks another version; update the older side.
    #[error("protocol version {0} is not {VERSION}: module and daemon are of different releases")]
    Version(u8),
    /// A message of another kind than the one expected here.
    #[error("message kind {0} does not belong on this connection")]
    Kind(u8),
    /// The payload is not a message, or something follows it.
    #[error("the message cannot be decoded")]
    Payload,
    /// The message does not fit into a frame.
    #[error("the message is larger than a frame")]
    TooLarge,
}

/// The whole frame for a message.
///
/// # Errors
///
/// [`FrameError::TooLarge`] when the message does not fit.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, FrameError> {
    let payload = postcard::to_allocvec(message).map_err(|_| FrameError::TooLarge)?;
    let body = HEAD + payload.len();
    if PREFIX + body > MAX_FRAME {
        return Err(FrameError::TooLarge);
    }
    let length = u16::try_from(body).map_err(|_| FrameError::TooLarge)?;
    let mut frame = Vec::with_capacity(PREFIX + body);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[VERSION, M::KIND]);
    frame.extend_from_slice(&payload);
    Ok(frame)
}

/// How many bytes follow a length prefix.
///
/// # Errors
///
/// [`FrameError::Length`] when no frame has that length.
pub fn body_length(prefix: [u8; PREFIX]) -> Result<usize, FrameError> {
    let length = usize::from(u16::from_be_bytes(prefix));
    if (HEAD..=MAX_FRAME - PREFIX).contains(&length) {
        Ok(length)
    } else {
        Err(FrameError::Length(length))
    }
}

/// The message in what follows a length prefix.
///
/// # Errors
///
/// Any [`FrameError`] but [`FrameError::TooLarge`].
pub fn decode<M: Message>(body: &[u8]) -> Result<M, FrameError> {
    let [version, kind, payload @ ..] = body else {
        return Err(FrameError::Length(body.len()));
    };
    if *version != VERSION {
        return Err(FrameError::Version(*version));
    }
    if *kind != M::KIND {
        return Err(FrameError::Kind(*kind));
    }
    match postcard::take_from_bytes(payload) {
        Ok((message, [])) => Ok(message),
        _ => Err(FrameError::Payload),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::control;
    use crate::pam::{Outcome, Request};

    fn body(message: &Request) -> Vec<u8> {
        encode(message).unwrap().split_off(PREFIX)
    }

    #[test]
    fn a_message_comes_back_as_it_was() {
        let request = Request::Verdict(Outcome::Abandoned);
        assert_eq!(decode::<Request>(&body(&request)), Ok(request));
    }

    #[test]
    fn the_prefix_counts_what_follows_it() {
        let frame = encode(&Request::Answered).unwrap();
        let prefix = [frame[0], frame[1]];
        assert_eq!(body_length(prefix), Ok(frame.len() - PREFIX));
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = body(&Request::Answered);
        bytes[0] = 9;
        assert_eq!(decode::<Request>(&bytes), Err(FrameError::Version(9)));
    }

    #[test]
    fn a_message_of_another_kind_is_refused() {
        let bytes = body(&Request::Answered);
        let kind = FrameError::Kind(Request::KIND);
        assert_eq!(decode::<control::Request>(&bytes), Err(kind));
    }

    #[test]
    fn every_truncation_and_every_appended_byte_is_refused() {
        let whole = body(&Request::Verdict(Outcome::Failure));
        for cut in 0..whole.len() {
            assert!(decode::<Request>(&whole[..cut]).is_err(), "cut at {cut}");
        }
        let longer = [whole.as_slice(), &[0]].concat();
        assert_eq!(decode::<Request>(&longer), Err(FrameError::Payload));
    }

    #[test]
    fn lengths_outside_the_cap_are_refused_before_anything_is_read() {
        for length in [0_u16, 1, 4095, u16::MAX] {
            let refused = Err(FrameError::Length(length.into()));
            assert_eq!(body_length(length.to_be_bytes()), refused);
        }
        assert_eq!(body_length(4094_u16.to_be_bytes()), Ok(4094));
    }

    proptest! {
        #[test]
        fn random_bytes_are_an_error_or_a_message_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut framed = vec![VERSION, Request::KIND];
            framed.extend(bytes);
            if let Ok(message) = decode::<Request>(&framed) {
                prop_assert!(decode::<Request>(&body(&message)) == Ok(message));
            }
        }
    }
}
