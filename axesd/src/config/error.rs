//! What can be wrong with the configuration, in words for whoever wrote it.

use std::io;
use std::path::PathBuf;

/// Why the configuration was not accepted; nothing of it is in force.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file or folder cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not a text of this size.
    #[error("{path}: larger than {max} bytes; this cannot be a configuration", path = path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// The cap.
        max: u64,
    },
    /// Somebody other than its owner could change who is let in.
    #[error("{path}: may be written by others; run `chmod go-w {path}`", path = path.display())]
    Writable {
        /// Which.
        path: PathBuf,
    },
    /// Neither root nor the user who runs the daemon owns it.
    #[error("{path}: belongs to uid {owner}; run `chown root {path}`", path = path.display())]
    Owner {
        /// Which.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// A key or value is wrong.
    #[error("{path}:{line}: {message}", path = path.display())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong, and what is allowed.
        message: String,
    },
    /// The files are right one by one but not together.
    #[error("the files together are not a configuration: {message}")]
    Together {
        /// What is wrong.
        message: String,
    },
}
