//! What this machine must have before it can boot a guest.

use std::env;

use super::GuestError;

/// Programs and the Debian packages that bring them.
const TOOLS: &[(&str, &str)] = &[
    ("mmdebstrap", "mmdebstrap"),
    ("systemd-nspawn", "systemd-container"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("setpriv", "util-linux"),
];

/// Says what is missing.
pub(super) fn check() -> Result<(), GuestError> {
    if !nix::unistd::geteuid().is_root() {
        return Err(GuestError::NotRoot);
    }
    match TOOLS.iter().find(|(tool, _)| !is_installed(tool)) {
        None => Ok(()),
        Some((tool, package)) => Err(GuestError::Missing { tool, package }),
    }
}

fn is_installed(tool: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}
