//! What a guest needs before the first trial: programs, settings of sshd and sudo, the package.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use axes_e2e::guest::{Guest, GuestError, Suite};

/// Programs that run in the guest.
const PROGRAMS: &[(&str, &str)] = &[
    ("ssh-with", include_str!("guest/ssh-with")),
    ("ssh-run", include_str!("guest/ssh-run")),
    ("ssh-burst", include_str!("guest/ssh-burst")),
    ("next-answer", include_str!("guest/next-answer")),
    ("note-password", include_str!("guest/note-password")),
    ("login-with", include_str!("guest/login-with")),
    ("scan", include_str!("guest/scan")),
    ("set-up-servers", include_str!("guest/set-up-servers")),
    ("su-later", include_str!("guest/su-later")),
    ("sudo-cancelled", include_str!("guest/sudo-cancelled")),
];

const SSHD: &str = "\
KbdInteractiveAuthentication yes
MaxAuthTries 20
MaxStartups 300
";

const SUDOERS: &str = "\
Defaults timestamp_timeout=0, passwd_tries=1
Defaults:thrice passwd_tries=3
ALL ALL=(ALL) ALL
";

const LOCKER: &str = "\
@include common-auth
@include common-account
";

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no axes_*.deb in {0}: run `make deb` first, or name one with AXES_DEB")]
    NoPackage(PathBuf),
    #[error("no axes-*.rpm in {0}: run `make rpm` first")]
    NoRpm(PathBuf),
    #[error(transparent)]
    Guest(#[from] GuestError),
}

/// Everything but the package.
pub(crate) fn prepare(guest: &Guest, suite: Suite) -> Result<(), GuestError> {
    for (name, text) in PROGRAMS {
        guest.write(&format!("/usr/local/bin/{name}"), text)?;
    }
    guest.sh("chmod 755 /usr/local/bin/*")?;
    // Its own limit on guessing would hide ours.
    let penalties = if suite == Suite::Trixie { "PerSourcePenalties no\n" } else { "" };
    guest.write("/etc/ssh/sshd_config.d/test.conf", &format!("{SSHD}{penalties}"))?;
    guest.write("/etc/sudoers.d/test", SUDOERS)?;
    guest.write("/etc/pam.d/locker", LOCKER)?;
    guest.sh("systemctl restart ssh; useradd -m asker")?;
    guest.sh("cp -a /etc/pam.d /var/tmp/pam.before")?;
    Ok(())
}

/// The package to test.
pub(crate) fn package() -> Result<PathBuf, Failure> {
    if let Some(named) = env::var_os("AXES_DEB") {
        return Ok(named.into());
    }
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let folder = target.unwrap_or(workspace).join("debian");
    let files = fs::read_dir(&folder).into_iter().flatten().flatten();
    files
        .map(|file| file.path())
        .filter(|path| is_package(path))
        .max_by_key(|path| path.metadata().and_then(|about| about.modified()).ok())
        .ok_or(Failure::NoPackage(folder))
}

fn is_package(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("axes_") && name.ends_with(".deb")
}
