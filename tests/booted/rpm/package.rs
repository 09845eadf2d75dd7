//! The package, and a guest that is ready for it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use axes_e2e::guest::{Guest, GuestError};

use crate::setup::Failure;

/// A policy that is big enough for the module; loaded nowhere.
const POLICY: &str = "\
mkdir -p /etc/selinux/targeted
echo SELINUXTYPE=targeted > /etc/selinux/config
cd /usr/share/selinux/default
semodule -n -s targeted -X 100 -i base.pp.bz2 staff.pp.bz2 unprivuser.pp.bz2 unconfined.pp.bz2 \
    xdg.pp.bz2 xserver.pp.bz2 getty.pp.bz2 ssh.pp.bz2 sudo.pp.bz2 su.pp.bz2 cockpit.pp.bz2
";

/// Debian's libpam looks for modules elsewhere.
const MODULE_FOLDER: &str =
    "ln -s /usr/lib64/security/pam_axes.so /usr/lib/x86_64-linux-gnu/security/pam_axes.so";

/// Installs the package as dnf would. Debian's packages are not in the database of rpm, so that
/// nothing it depends on can be found there.
pub(crate) fn install(guest: &Guest) -> Result<(), Failure> {
    guest.sh(POLICY)?;
    guest.sh(MODULE_FOLDER)?;
    guest.copy_in(&package()?, "/root/axes.rpm")?;
    rpm(guest, "--install --nodeps /root/axes.rpm")?;
    Ok(())
}

/// Runs rpm; what it prints.
pub(super) fn rpm(guest: &Guest, arguments: &str) -> Result<String, GuestError> {
    guest.sh(&format!("rpm {arguments}"))
}

/// The package that `make rpm` left.
pub(super) fn package() -> Result<PathBuf, Failure> {
    newest(&target().join("rpm"))
}

/// The newest package below a folder in which rpmbuild worked.
pub(super) fn newest(topdir: &Path) -> Result<PathBuf, Failure> {
    let architectures = fs::read_dir(topdir.join("RPMS")).into_iter().flatten().flatten();
    let files = architectures.flat_map(|folder| fs::read_dir(folder.path())).flatten().flatten();
    files
        .map(|file| file.path())
        .max_by_key(|path| path.metadata().and_then(|about| about.modified()).ok())
        .ok_or(Failure::NoRpm(topdir.to_owned()))
}

/// The repository.
pub(super) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where cargo and rpmbuild put things.
pub(super) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}
