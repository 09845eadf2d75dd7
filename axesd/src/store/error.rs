//! What can go wrong in the store, in sentences for the administrator.

use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be read or made durable.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the folder.
    #[error("{0} is in use by another axesd: stop that one, or set another `path` in [store]")]
    InUse(PathBuf),
    /// Written by a later release.
    #[error(
        "{path} was written by a newer axesd (format {found}; this one knows {known}): install \
         that release again, nothing was changed"
    )]
    Newer {
        /// What was found.
        path: PathBuf,
        /// Its format.
        found: u8,
        /// The newest format known here.
        known: u8,
    },
    /// The file system says no.
    #[error("{path}: {source}; check free space, permissions and mount options")]
    Io {
        /// What was to be read or written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Bytes that cannot be what was written.
    #[error("{path} is damaged ({what}): restart axesd to restore the newest dump")]
    Damaged {
        /// The damaged file or folder.
        path: PathBuf,
        /// How that shows.
        what: String,
    },
    /// The last try failed less than a second ago.
    #[error("nothing can be written at the moment: {0}")]
    Down(String),
    /// The disk is slower than logins are reported.
    #[error("too many changes wait to be written: the disk is too slow or hangs")]
    QueueFull,
    /// The committer has ended.
    #[error("axesd is stopping")]
    Closed,
}

impl StoreError {
    pub(super) fn damaged(path: &Path, what: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.to_string() }
    }

    /// For `map_err`.
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
