//! The two sockets: those that systemd passed, or our own.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use nix::unistd::{Group, chown};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::config::DaemonConfig;
use crate::server::watched;

/// Modules of any user may connect; the peer's credentials decide what they may say.
const PAM_MODE: u32 = 0o666;
const CONTROL_MODE: u32 = 0o660;
const CONTROL_GROUP: &str = "axes";

/// The sockets that the daemon serves.
pub(super) struct Sockets {
    pub(super) pam: AsyncFd<UnixListener>,
    pub(super) control: AsyncFd<UnixListener>,
}

/// Why there is no socket to serve.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    #[error("{path}: {source}", path = path.display())]
    Bind { path: PathBuf, source: io::Error },
    #[error("{path}: another axesd is listening; stop it first", path = path.display())]
    Busy { path: PathBuf },
    #[error("systemd passed sockets, but none at {path}; axesd.socket and axesd-control.socket must name the paths of the configuration", path = path.display())]
    NotPassed { path: PathBuf },
    #[error("the sockets that systemd passed cannot be used: {0}")]
    Passed(io::Error),
}

impl Sockets {
    /// Takes what systemd passed; without that, listens at the paths of the configuration.
    pub(super) fn open(config: &DaemonConfig) -> Result<Self, SocketError> {
        let mut passed = passed().map_err(SocketError::Passed)?;
        let (pam, control) = if passed.is_empty() {
            let control = bind(&config.control_socket, CONTROL_MODE)?;
            give_to_group(&config.control_socket);
            (bind(&config.socket, PAM_MODE)?, control)
        } else {
            let pam = take(&mut passed, &config.socket)?;
            (pam, take(&mut passed, &config.control_socket)?)
        };
        Ok(Self { pam: served(pam)?, control: served(control)? })
    }
}

fn passed() -> io::Result<Vec<UnixListener>> {
    let mut passed = ListenFd::from_env();
    let listeners = (0..passed.len()).map(|index| passed.take_unix_listener(index));
    Ok(listeners.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn take(passed: &mut Vec<UnixListener>, path: &Path) -> Result<UnixListener, SocketError> {
    let is_at = |listener: &UnixListener| {
        listener.local_addr().is_ok_and(|address| address.as_pathname() == Some(path))
    };
    let index = passed.iter().position(is_at);
    let index = index.ok_or_else(|| SocketError::NotPassed { path: path.to_owned() })?;
    Ok(passed.swap_remove(index))
}

fn bind(path: &Path, mode: u32) -> Result<UnixListener, SocketError> {
    let failed = |source| SocketError::Bind { path: path.to_owned(), source };
    if UnixStream::connect(path).is_ok() {
        return Err(SocketError::Busy { path: path.to_owned() });
    }
    // What a daemon that was killed left behind; never anything but a socket.
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        fs::remove_file(path).map_err(failed)?;
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
    Ok(listener)
}

/// Where the group does not exist, or may not be given, the socket stays with its owner.
fn give_to_group(path: &Path) {
    if let Ok(Some(group)) = Group::from_name(CONTROL_GROUP) {
        let _ = chown(path, None, Some(group.gid));
    }
}

fn served(listener: UnixListener) -> Result<AsyncFd<UnixListener>, SocketError> {
    listener.set_nonblocking(true).map_err(SocketError::Passed)?;
    watched(listener, Interest::READABLE).map_err(SocketError::Passed)
}
