//! The next version over this one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use axes_e2e::guest::GuestError;

use crate::doors::sudo;
use crate::host::{Host, WRONG};
use crate::lab::Outcome;

use super::authselect;
use super::package::{newest, repository, rpm, target};
use super::profile;

const SETTINGS: &str = "/etc/axes/axes.toml";
const OPENED: &str = "systemctl show --property=ActiveEnterTimestampMonotonic axesd.socket";
const STARTED: &str = "systemctl show --property=ExecMainStartTimestampMonotonic axesd.service";

pub(super) fn keeps(host: &Host) -> Outcome {
    let user = "upgraded";
    let _restored = host.afterwards("rm --force /etc/axes/axes.toml.rpmnew");
    profile::select(host, &["with-axes"])?;
    host.account(user)?;
    assert!(!sudo(host, user, WRONG)?);
    host.guest.sh(&format!("echo '# mine' >> {SETTINGS}"))?;
    let (opened, started) = (host.guest.sh(OPENED)?, host.guest.sh(STARTED)?);
    let folder = tempfile::tempdir()?;
    host.guest.copy_in(&next_version(folder.path())?, "/root/next.rpm")?;
    authselect::put(host)?;
    rpm(&host.guest, "--upgrade --nodeps /root/next.rpm")?;
    assert_eq!(authselect::taken_away(host)?, "current --raw\napply-changes\n");
    assert_eq!(rpm(&host.guest, "--query axes")?, "axes-999.0.0-1.x86_64\n");
    assert!(host.guest.read(SETTINGS)?.ends_with("# mine\n"));
    assert!(host.guest.read(&format!("{SETTINGS}.rpmnew"))?.ends_with("# next\n"));
    assert_eq!(host.guest.sh(OPENED)?, opened, "no login finds a closed door");
    assert_ne!(host.guest.sh(STARTED)?, started, "the new daemon runs");
    assert_eq!(host.failures(user)?, 1);
    assert!(!sudo(host, user, WRONG)?);
    assert_eq!(host.failures(user)?, 2);
    Ok(())
}

/// Packs this repository as a later version, with other settings.
fn next_version(folder: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let source = folder.join("source");
    fs::create_dir(&source)?;
    for name in ["packaging", "CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md"] {
        let copied =
            Command::new("cp").arg("-r").arg(repository().join(name)).arg(&source).status();
        assert!(copied.map_err(GuestError::Start)?.success(), "{name}");
    }
    symlink(target().canonicalize()?, source.join("target"))?;
    let settings = source.join("packaging/axes.toml");
    fs::write(&settings, fs::read_to_string(&settings)? + "# next\n")?;
    let built = Command::new("rpmbuild")
        .args(["-bb", "--quiet", "--define", "axes_version 999.0.0"])
        .args(["--define", &format!("_topdir {}", folder.join("rpm").display())])
        .args(["--define", &format!("source {}", source.display())])
        .arg(source.join("packaging/rpm/axes.spec"))
        .output()?;
    assert!(built.status.success(), "{built:?}");
    Ok(newest(&folder.join("rpm"))?)
}
