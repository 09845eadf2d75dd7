//! A file that is only there to be deleted: sled cannot open on a full disk.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::fcntl::posix_fallocate;
use nix::sys::statvfs::statvfs;

use super::{StoreError, files};

const FILE: &str = "ballast";
const SIZE: u32 = 2 << 20;
/// Free space at which the file is laid again.
const PLENTY: u64 = 4 << 20;

/// Throws the ballast out when little space is left.
pub(super) fn make_room(store: &Path) {
    if free(store) < u64::from(SIZE) {
        // Without ballast there is nothing to throw out.
        let _ = fs::remove_file(store.join(FILE));
    }
}

/// Lays the ballast again once there is space for it; a next time comes when this fails.
pub(super) fn lay(store: &Path) {
    let path = store.join(FILE);
    if !path.exists() && free(store) > PLENTY && fill(&path).is_err() {
        let _ = fs::remove_file(&path);
    }
}

fn fill(path: &Path) -> Result<(), StoreError> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::io(path))?;
    posix_fallocate(&file, 0, SIZE.into()).map_err(|errno| StoreError::io(path)(errno.into()))?;
    file.sync_all().map_err(StoreError::io(path))?;
    files::sync(files::parent(path))
}

fn free(store: &Path) -> u64 {
    statvfs(store).map_or(u64::MAX, |space| space.blocks_available() * space.fragment_size())
}
