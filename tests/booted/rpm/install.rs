//! What is there once the package is installed.

use crate::host::Host;
use crate::lab::Outcome;

use super::package::rpm;

const UNITS: &str = "axesd.socket axesd-control.socket axesd.service";
/// RHEL 9 and everything after it have this.
const GLIBC: (u32, u32) = (2, 34);

pub(super) fn is_complete(host: &Host) -> Outcome {
    host.guest.sh("getent passwd axes; getent group axes")?;
    let folders = host.guest.sh("stat --format='%n %a %U %G' /run/axes /var/lib/axes")?;
    assert_eq!(folders, "/run/axes 755 root root\n/var/lib/axes 700 axes axes\n");
    host.guest.sh(&format!("systemctl is-enabled {UNITS}; systemctl is-active {UNITS}"))?;
    // Silent where every file is as it was packed; the settings of these trials are no such file.
    assert_eq!(rpm(&host.guest, "--verify --nodeps axes")?, "");
    Ok(())
}

pub(super) fn requirements(host: &Host) -> Outcome {
    let required = rpm(&host.guest, "--query --package --requires /root/axes.rpm 2>/dev/null")?;
    let versions = required.lines().filter_map(glibc).collect::<Vec<_>>();
    assert!(!versions.is_empty(), "{required}");
    assert!(versions.iter().all(|version| *version <= GLIBC), "{required}");
    let known =
        ["/bin/sh", "(policycoreutils", "config(axes)", "ld-linux-", "rtld(", "rpmlib(", "systemd"];
    let libraries = ["libc.so.6(", "libm.so.6(", "libgcc_s.so.1(", "libpam.so.0("];
    let is_known =
        |line: &&str| [&known[..], &libraries].concat().iter().any(|it| line.starts_with(it));
    let unknown = required.lines().filter(|line| !is_known(line)).collect::<Vec<_>>();
    assert!(unknown.is_empty(), "{unknown:?}");
    Ok(())
}

/// A package does not change who gets in; the administrator selects a profile.
pub(super) fn pam_is_as_before(host: &Host) -> Outcome {
    host.guest.sh("diff --recursive /var/tmp/pam.before /etc/pam.d")?;
    Ok(())
}

fn glibc(requirement: &str) -> Option<(u32, u32)> {
    let version = requirement.split_once("(GLIBC_")?.1.split(')').next()?;
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}
