//! A stream of bytes, cut into frames as both ends of both sockets do it.

use axes_proto::frame::{self, MAX_FRAME, Message, PREFIX, VERSION};
use axes_proto::{control, pam};

/// Reads frames until one is refused or the bytes are used up.
pub fn frame(bytes: &[u8]) {
    let mut rest = bytes;
    while let Some((prefix, behind)) = rest.split_first_chunk::<PREFIX>() {
        let Ok(length) = frame::body_length(*prefix) else {
            return;
        };
        assert!((2..=MAX_FRAME - PREFIX).contains(&length), "{length} bytes");
        let Some((body, behind)) = behind.split_at_checked(length) else {
            return;
        };
        let read = [
            reads::<pam::Request>(body),
            reads::<pam::Reply>(body),
            reads::<control::Request>(body),
            reads::<control::Reply>(body),
        ];
        assert!(read.iter().filter(|read| **read).count() <= 1, "of two kinds: {body:?}");
        rest = behind;
    }
}

/// Whether the body is a message of this kind, which then is the only reading of these bytes.
fn reads<M: Message + PartialEq + std::fmt::Debug>(body: &[u8]) -> bool {
    let Ok(message) = frame::decode::<M>(body) else {
        return false;
    };
    assert_eq!(body[..2], [VERSION, M::KIND]);
    let again = frame::encode(&message).expect("what came in a frame fits into one");
    assert!(again.len() <= PREFIX + body.len(), "it grew: {message:?}");
    let (prefix, whole) = again.split_first_chunk::<PREFIX>().expect("a frame has a prefix");
    assert_eq!(frame::body_length(*prefix), Ok(whole.len()));
    assert_eq!(frame::decode::<M>(whole), Ok(message));
    assert!(frame::decode::<M>(&body[..body.len() - 1]).is_err(), "cut short: {body:?}");
    assert!(frame::decode::<M>(&[body, &[0]].concat()).is_err(), "with one more: {body:?}");
    true
}
