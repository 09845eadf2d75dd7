//! What stands in a frame: both directions of both sockets.

use axes_proto::frame::{self, Message, PREFIX, VERSION};
use axes_proto::{control, pam};

use crate::printable::assert_texts;

/// The first byte chooses the kind; the head of a frame is put before the rest.
pub fn message(bytes: &[u8]) {
    let Some((kind, payload)) = bytes.split_first() else {
        return;
    };
    match kind % 4 {
        0 => try_kind::<pam::Request>(payload),
        1 => try_kind::<pam::Reply>(payload),
        2 => try_kind::<control::Request>(payload),
        _ => try_kind::<control::Reply>(payload),
    }
}

/// Whatever is read can be shown, has bounded texts, and is sent on as what it is.
fn try_kind<M: Message + PartialEq + std::fmt::Debug>(payload: &[u8]) {
    let body = [&[VERSION, M::KIND], payload].concat();
    let Ok(message) = frame::decode::<M>(&body) else {
        return;
    };
    assert_texts(&message);
    match frame::encode(&message) {
        Ok(again) => assert_eq!(frame::decode::<M>(&again[PREFIX..]), Ok(message)),
        Err(error) => assert!(body.len() > frame::MAX_FRAME - PREFIX, "{error}: {message:?}"),
    }
}
