//! Whether it is axesd that listens. Nobody else's word lets anybody in, or keeps him out.
//!
//! The kernel says which user listens (`SO_PEERCRED`); names are not looked up, since NSS may
//! hang. Root is believed: systemd makes the socket. So is the user that this program runs as,
//! who could do with it what he likes. Of everybody else only he to whom root gave the folder of
//! the socket, which nobody but root could have done.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use axes_proto::client::{ClientError, Connection, Patience};

use crate::ffi;

const ROOT: u32 = 0;
/// Bits of a mode that let the group or others write.
const WRITABLE: u32 = 0o022;
/// `S_IFMT` and `S_IFLNK`.
const KIND: u32 = 0o170_000;
const LINK: u32 = 0o120_000;

/// A connection to axesd.
pub(crate) fn connect(socket: &Path, patience: &mut Patience) -> Result<Connection, ClientError> {
    let connection = Connection::open(socket, patience)?;
    let uid = connection.peer_uid()?;
    if is_believed(uid, ffi::effective_user(), socket) {
        Ok(connection)
    } else {
        Err(ClientError::Impostor(uid))
    }
}

fn is_believed(uid: u32, own: u32, socket: &Path) -> bool {
    uid == ROOT || uid == own || owner(socket) == Some(uid)
}

/// The owner of the socket's folder, where only root could make that folder.
fn owner(socket: &Path) -> Option<u32> {
    let folder = socket.parent()?;
    let mut above = folder.ancestors().skip(1);
    // Of links the link itself is looked at: whoever may make one leads anywhere.
    let only_root = above.all(|path| fs::symlink_metadata(path).is_ok_and(|it| is_roots(&it)));
    let owner = fs::symlink_metadata(folder).ok()?.uid();
    only_root.then_some(owner)
}

/// Whether nobody but root changes what is in there. The mode of a link says nothing.
fn is_roots(found: &Metadata) -> bool {
    let is_link = found.mode() & KIND == LINK;
    found.uid() == ROOT && (is_link || found.mode() & WRITABLE == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MALLORY: u32 = 4_000_000_000;

    #[test]
    fn root_and_the_own_user_are_believed_wherever_the_socket_is() {
        for socket in ["/tmp/x/axesd.sock", "/nonexistent/axesd.sock", "axesd.sock", "/"] {
            assert!(is_believed(ROOT, 7, Path::new(socket)), "{socket}");
            assert!(is_believed(7, 7, Path::new(socket)), "{socket}");
        }
    }

    #[test]
    fn nobody_else_is_where_the_folder_is_roots_or_missing() {
        for socket in ["/run/axesd.sock", "/etc/axesd.sock", "/nonexistent/axesd.sock", "x", "/"] {
            assert!(!is_believed(MALLORY, ROOT, Path::new(socket)), "{socket}");
        }
    }

    #[test]
    fn a_folder_below_one_that_others_may_write_to_is_nobodys() {
        for socket in ["/tmp/x/axesd.sock", "/dev/shm/x/axesd.sock", "/var/tmp/x/y/axesd.sock"] {
            assert_eq!(owner(Path::new(socket)), None, "{socket}");
        }
        let own = owner(Path::new("/tmp/axesd.sock"));
        assert_eq!(own, Some(ROOT), "what is in it may be anybody's, its owner is known");
    }

    #[test]
    fn a_path_that_is_not_from_the_root_is_nobodys() {
        assert_eq!(owner(Path::new("run/axes/axesd.sock")), None);
        assert_eq!(owner(Path::new("")), None);
    }
}
