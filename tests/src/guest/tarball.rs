//! Root file systems, made once by mmdebstrap and kept outside the repository.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use super::{GuestError, Suite};

/// Part of the file name; raise it when [`PACKAGES`] or [`ASIDE`] changes.
const EDITION: u32 = 3;

const PACKAGES: &[&str] = &[
    "apparmor",
    "dbus",
    "expect",
    "iproute2",
    "libnss-extrausers",
    "libpam-runtime",
    "login",
    "openssh-client",
    "openssh-server",
    "pamtester",
    "passwd",
    "procps",
    "sudo",
    "systemd",
    "systemd-sysv",
];

/// What [`Suite::Rpm`] has on top of them.
const RPM_PACKAGES: &[&str] = &[
    "libnss-sss",
    "libpam-fprintd",
    "libpam-pwquality",
    "libpam-sss",
    "oddjob-mkhomedir",
    "policycoreutils",
    "rpm",
    "selinux-policy-default",
    "selinux-utils",
    "sssd-proxy",
];

/// Downloaded into /opt/packages of [`Suite::Trixie`] with all they need, for trials that install
/// them: a guest has no network.
const ASIDE: &[&str] =
    &["krb5-admin-server", "krb5-kdc", "libpam-fprintd", "libpam-krb5", "libpam-sss", "sssd-proxy"];

/// The tarball of a release; fetched from a Debian mirror where it is not in the cache yet.
pub(super) fn cached(suite: Suite) -> Result<PathBuf, GuestError> {
    let folder = cache_folder()?;
    let tarball = folder.join(format!("{suite}-{EDITION}.tar"));
    if !tarball.exists() {
        fs::create_dir_all(&folder).map_err(|error| GuestError::Cache(folder, error))?;
        make(suite, &tarball)?;
    }
    Ok(tarball)
}

fn packages(suite: Suite) -> Vec<&'static str> {
    let more = if suite == Suite::Rpm { RPM_PACKAGES } else { &[] };
    [PACKAGES, more].concat()
}

fn release(suite: Suite) -> &'static str {
    match suite {
        Suite::Bookworm | Suite::Rpm => "bookworm",
        Suite::Trixie => "trixie",
    }
}

fn cache_folder() -> Result<PathBuf, GuestError> {
    let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("AXES_E2E_CACHE")
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("axes-e2e")))
        .or_else(|| Some(folder("HOME")?.join(".cache/axes-e2e")))
        .ok_or(GuestError::NoCacheFolder)
}

/// A line of shell for the moment when all is installed.
fn download(suite: Suite) -> String {
    if suite != Suite::Trixie {
        return "true".to_owned();
    }
    let options = "--yes --download-only --no-install-recommends";
    let folder = "--option=Dir::Cache::archives=/opt/packages";
    let packages = ASIDE.join(" ");
    format!(
        "mkdir --parents \"$1/opt/packages/partial\"
         chroot \"$1\" apt-get install {options} {folder} {packages}"
    )
}

/// Under another name first, so that a half-written tarball is never taken for a whole one.
fn make(suite: Suite, tarball: &Path) -> Result<(), GuestError> {
    let unfinished = tarball.with_extension(format!("{}.tar", process::id()));
    let made = Command::new("mmdebstrap")
        .arg("--variant=minbase")
        .arg(format!("--include={}", packages(suite).join(",")))
        .arg(format!("--customize-hook={}", download(suite)))
        .arg(release(suite))
        .arg(&unfinished)
        .output()
        .map_err(GuestError::Start)?;
    if !made.status.success() {
        let _ = fs::remove_file(&unfinished);
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        return Err(GuestError::Bootstrap(suite, said));
    }
    fs::rename(&unfinished, tarball).map_err(|error| GuestError::Cache(tarball.into(), error))
}
