//! What can go wrong with a guest, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::Suite;

/// Why there is no guest, or why it did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// Namespaces and device nodes need root.
    #[error("booting a Debian needs root: run the tests as root, for example with sudo")]
    NotRoot,
    /// A program is not there.
    #[error("{tool} is not installed: apt-get install {package}")]
    Missing {
        /// The program.
        tool: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// No environment variable says where.
    #[error(
        "no place for root file systems: set AXES_E2E_CACHE to a folder outside the repository"
    )]
    NoCacheFolder,
    /// The cache cannot be written.
    #[error("cannot write {0}: {1}; set AXES_E2E_CACHE to another folder")]
    Cache(PathBuf, #[source] io::Error),
    /// mmdebstrap failed.
    #[error("mmdebstrap could not make a {0} (is a Debian mirror reachable?):\n{1}")]
    Bootstrap(Suite, String),
    /// A helper program did not start.
    #[error("cannot start a program: {0}")]
    Start(#[source] io::Error),
    /// The guest's init never ran, or never became ready.
    #[error("the guest did not boot; its console says:\n{0}")]
    NotBooted(String),
    /// A set-up command failed.
    #[error("in the guest, `{command}` failed:\n{output}")]
    Failed {
        /// What was run.
        command: String,
        /// What it printed.
        output: String,
    },
    /// A file could not be copied, written or read.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] io::Error),
    /// Something that nearly always works.
    #[error(transparent)]
    Io(#[from] io::Error),
}
