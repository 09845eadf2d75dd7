//! From an earlier version to this one.

use super::visitors::during;
use super::{INSTALL, REMOVE};
use crate::doors::{su, sudo};
use crate::host::{Host, RIGHT, WRONG};
use crate::lab::Outcome;

/// This package with a lower number, and another configuration file: apt has something to decide.
const MAKE_EARLIER: &str = "
    [ -e /root/axes-earlier.deb ] && exit
    dpkg-deb --raw-extract /root/axes.deb /var/tmp/earlier
    sed --in-place 's/^Version: .*/Version: 0.0.9-1/' /var/tmp/earlier/DEBIAN/control
    echo '# As it was.' >> /var/tmp/earlier/etc/axes/axes.toml
    dpkg-deb --build /var/tmp/earlier /root/axes-earlier.deb
    rm -r /var/tmp/earlier";
const INSTALL_EARLIER: &str =
    "DEBIAN_FRONTEND=noninteractive apt-get install -y /root/axes-earlier.deb";
const VERSION: &str = "dpkg-query --show --showformat='${Version}' axes";

/// What an administrator may have changed.
const EDIT: &str = "
    echo '# Edited.' >> /etc/axes/axes.toml
    sed --in-place 's/pam_axes.so/& quiet/' /etc/pam.d/common-auth";
const EDITED: &str = "
    sha256sum /etc/axes/axes.toml /etc/axes/conf.d/*
    grep --only-matching 'pam_axes.so quiet' /etc/pam.d/common-auth";

/// Two who are at a prompt of su and answer when the file is there.
const SIT_DOWN: &str = "
    rm -f /var/tmp/answer
    su-later slow_right correct-horse > /dev/null 2>&1 &
    su-later slow_wrong battery-staple > /dev/null 2>&1 &
    for i in $(seq 100); do
        [ \"$(ss -xH state established src /run/axes/axesd.sock | wc -l)\" -lt 2 ] || exit 0
        sleep 0.1
    done
    exit 1";
const ANSWER: &str = "
    touch /var/tmp/answer
    for i in $(seq 100); do
        [ -e /var/tmp/slow_right ] && [ -e /var/tmp/slow_wrong ] && break
        sleep 0.1
    done
    cat /var/tmp/slow_right /var/tmp/slow_wrong";

pub(super) fn under_load(host: &Host) -> Outcome {
    let _restored = host.afterwards(INSTALL);
    host.guest.sh(MAKE_EARLIER)?;
    host.purge()?;
    host.guest.sh(INSTALL_EARLIER)?;
    host.configure(Host::USUAL)?;
    host.guest.sh(EDIT)?;
    let edited = host.guest.sh(EDITED)?;
    people_before(host)?;
    let opened = "systemctl show --property=ActiveEnterTimestampMonotonic axesd.socket";
    let since = host.guest.sh(opened)?;
    during(host, INSTALL, "upgrading")?;
    assert_ne!(host.guest.sh(VERSION)?, "0.0.9-1");
    assert_eq!(host.guest.sh(opened)?, since, "no login finds a closed door");
    assert_eq!(host.guest.sh(EDITED)?, edited);
    people_after(host)
}

fn people_before(host: &Host) -> Outcome {
    for user in ["kept_out", "half_way", "slow_right", "slow_wrong"] {
        host.account(user)?;
    }
    for _ in 0..3 {
        assert!(!sudo(host, "kept_out", WRONG)?);
    }
    assert!(!sudo(host, "half_way", WRONG)?);
    host.guest.sh(SIT_DOWN)?;
    Ok(())
}

fn people_after(host: &Host) -> Outcome {
    assert_eq!(host.guest.sh(ANSWER)?, "0\n1\n", "who was at a prompt");
    assert_eq!(host.outcomes("slow_right")?, ["success"]);
    assert_eq!(host.outcomes("slow_wrong")?, ["failure"]);
    assert!(host.is_locked("kept_out")?);
    assert!(!sudo(host, "kept_out", RIGHT)?);
    assert!(!sudo(host, "half_way", WRONG)?);
    assert_eq!(host.failures("half_way")?, 2);
    Ok(())
}

/// A file without the marks of pam-auth-update, which then leaves all of them alone.
pub(super) fn own_files(host: &Host) -> Outcome {
    let _restored = host.afterwards(INSTALL);
    host.guest.sh(MAKE_EARLIER)?;
    host.purge()?;
    let _before = host.afterwards("cp -a /var/tmp/pam.before/common-auth /etc/pam.d/");
    let (user, own) = ("own", "auth required pam_unix.so # My own.\n");
    host.account(user)?;
    host.guest.write("/etc/pam.d/common-auth", own)?;
    let all = "find /etc/pam.d /var/lib/pam -type f -exec sha256sum {} +";
    let before = host.guest.sh(all)?;
    for step in [INSTALL_EARLIER, INSTALL, REMOVE] {
        let said = host.guest.sh(&format!("{step} 2>&1"))?;
        assert_eq!(host.guest.sh(all)?, before, "{step}");
        let installs = step.contains("install");
        assert_eq!(said.contains("logins are not protected"), installs, "{step}: {said}");
        assert!(su(host, user, RIGHT)?, "{step}");
    }
    host.purge()?;
    assert_eq!(host.guest.sh(all)?, before, "purged");
    Ok(())
}
