//! Files and folders that are still there after a power cut.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::StoreError;

/// Old dumps and damaged databases that stay beside the newest.
const KEEP: usize = 3;
/// Of files that are not whole yet.
const DRAFT: &str = "new";

/// Makes a folder that only its owner may enter; one that is there stays as it is.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o700)))
        .map_err(StoreError::io(path))?;
    sync(parent(path))
}

/// Holds a file or folder for this process alone, as long as the lock lives.
pub(super) fn claim(path: &Path) -> Result<Flock<File>, StoreError> {
    let file = File::open(path).map_err(StoreError::io(path))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
        Errno::EWOULDBLOCK => StoreError::InUse(path.to_owned()),
        other => StoreError::io(path)(other.into()),
    })
}

/// Puts a whole file in place of another; after a crash it is the one or the other.
pub(super) fn replace(path: &Path, pieces: &[&[u8]]) -> Result<(), StoreError> {
    let draft = path.with_extension(DRAFT);
    let written = write(&draft, pieces).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // It may have filled the disk.
        let _ = fs::remove_file(&draft);
    }
    written.map_err(StoreError::io(path))?;
    sync(parent(path))
}

/// The bytes of a file; `None` when there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path)(error)),
    }
}

/// Keeps what is damaged under another name, with the day on which it was last written to and a
/// number that rises; `None` where there is nothing.
pub(super) fn set_aside(path: &Path, number: u64) -> Result<Option<PathBuf>, StoreError> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Ok(None);
    };
    let last_used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let day = Timestamp::try_from(last_used).unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside =
        path.with_file_name(format!("{name}.damaged-{}-{number:010}", day.strftime("%Y-%m-%d")));
    fs::rename(path, &aside).map_err(StoreError::io(path))?;
    Ok(Some(aside))
}

/// In a notice: where [`set_aside`] keeps something, if it does.
pub(super) fn kept_as(aside: Option<PathBuf>) -> String {
    aside.map_or_else(String::new, |aside| format!("; kept as {}", aside.display()))
}

/// Flushes a file, or the names in a folder.
pub(super) fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(StoreError::io(path))
}

/// Removes a folder and all in it; none is fine.
pub(super) fn remove_folder(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io(path)(error)),
        _ => Ok(()),
    }
}

/// What begins with a prefix in a folder, newest last: the names sort by age.
pub(super) fn list(folder: &Path, prefix: &str) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(Result::ok),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(folder)(error)),
    };
    let mut found: Vec<_> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_none_or(|extension| extension != DRAFT))
        .collect();
    found.sort();
    Ok(found)
}

/// Removes what [`replace`] left half-written in a folder when the process was killed.
pub(super) fn remove_drafts(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(StoreError::io(folder))?.filter_map(Result::ok) {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == DRAFT) {
            fs::remove_file(&path).map_err(StoreError::io(&path))?;
        }
    }
    Ok(())
}

/// Removes all but the newest of what begins with a prefix.
pub(super) fn prune(folder: &Path, prefix: &str) -> Result<(), StoreError> {
    let found = list(folder, prefix)?;
    for old in found.iter().rev().skip(KEEP) {
        let removed = if old.is_dir() { fs::remove_dir_all(old) } else { fs::remove_file(old) };
        removed.map_err(StoreError::io(old))?;
    }
    Ok(())
}

/// The folder that a path stands in.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn write(path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    pieces.iter().try_for_each(|piece| file.write_all(piece))?;
    file.sync_all()
}
