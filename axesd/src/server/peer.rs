//! Who is at the other end of a socket: the kernel says, not the peer.

use std::io;

use crate::server::stream::Stream;

/// The user at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// May report anybody: root, and the user whom the daemon itself runs as.
    Root,
    /// May report himself.
    User(u32),
}

impl Peer {
    /// Asks the kernel (`SO_PEERCRED`).
    pub(super) fn of(stream: &Stream) -> io::Result<Self> {
        let own = nix::unistd::geteuid().as_raw();
        Ok(match stream.peer_uid()? {
            0 => Self::Root,
            uid if uid == own => Self::Root,
            uid => Self::User(uid),
        })
    }

    pub(super) const fn uid(self) -> u32 {
        match self {
            Self::Root => 0,
            Self::User(uid) => uid,
        }
    }
}
